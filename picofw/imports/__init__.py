"""Imports: a dataset that exists already becomes a run, to be judged again, reviewed, reported and exported."""

from picofw.imports.intake import Report, bring
from picofw.imports.options import ImportOptions, open_collection

__all__ = ["ImportOptions", "Report", "bring", "open_collection"]
