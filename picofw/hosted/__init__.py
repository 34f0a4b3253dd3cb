"""For plugins of hosted models: prompts as data, questions and answers, pictures on the wire, batches as files.

Nothing here knows a vendor. Install it with ``picofw[hosted]``.
"""
