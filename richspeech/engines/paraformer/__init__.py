"""Paraformer: Mandarin words in one pass, each character with its time."""
