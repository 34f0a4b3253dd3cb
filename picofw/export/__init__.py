"""Exports: a run's data in the format of a trainer or a hub, whole or not at all."""

from picofw.export.atomic import Summary, write
from picofw.export.remote import upload

__all__ = ["Summary", "upload", "write"]
