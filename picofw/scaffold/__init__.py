"""A complete plugin to start from: ``picofw new-plugin``."""
