"""People rate edits blind, on a local web page; their answers land in the store at once."""
