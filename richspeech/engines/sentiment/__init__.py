"""How words are meant: a classifier of texts."""
