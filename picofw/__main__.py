"""``python -m picofw`` is the command ``picofw``."""

from picofw.cli import main

main()
