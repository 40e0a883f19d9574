"""A recording that is transcribed while it is made."""
