"""Judges against each other, against people, and against other rules; needs ``picofw[ablate]``."""
