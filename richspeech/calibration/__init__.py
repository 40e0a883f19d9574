"""Calibrating a model: recordings with their truth, what the model says of them, and the fit."""
