"""Encoders of voices: what is said in a window, whatever it is, becomes a direction."""
