"""Imports: a dataset that exists already becomes a run, to be judged again, reviewed, reported and exported."""

from picofw.imports.intake import Report, bring
from picofw.imports.options import FORMATS, ImportOptions, PairsOptions, open_collection, options_of

__all__ = ["FORMATS", "ImportOptions", "PairsOptions", "Report", "bring", "open_collection", "options_of"]
