"""Judges held against people, and rubrics fitted to what people say; needs ``picofw[ablate]``."""
