"""Adapting a recogniser to somebody's own recordings: data, training, and whether it paid."""
