"""Whether a judge sees known faults, and keeps still where it should; needs ``picofw[ablate]``."""
