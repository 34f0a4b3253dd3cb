"""Any provider of picofw on a Ray cluster."""
