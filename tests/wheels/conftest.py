"""What is built here has tests of its own, which are run where it is installed."""

collect_ignore = ["picofw-darkroom"]
