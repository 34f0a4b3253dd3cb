"""Pages to look at: templates that escape whatever they show, one style for all, and figures as inline SVG.

A page is whole in itself and asks no network for anything.
"""

from picofw.pages.svg import COLOURS, draw, name_rows
from picofw.pages.templates import FOLDER, environment

__all__ = ["COLOURS", "FOLDER", "draw", "environment", "name_rows"]
