"""The commands, one module each.

The modules are light: what a command needs, it imports when it is executed.
"""
