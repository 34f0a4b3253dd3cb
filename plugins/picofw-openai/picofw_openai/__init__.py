"""OpenAI's models, and those of any server that speaks its protocol, for picofw."""
