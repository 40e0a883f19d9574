"""Voices that are remembered: whom speakers sound like, and what is kept."""
