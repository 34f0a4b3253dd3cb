"""A run to look at: its figures and a gallery, as one folder of pages that needs no network."""

from picofw.report.write import Summary, write

__all__ = ["Summary", "write"]
