"""picofw builds instruction-based image-editing datasets with any instructor, editor and judge."""

__version__ = "0.1.0"
