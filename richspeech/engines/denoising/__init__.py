"""Noise taken out of recordings as they come: RNNoise and GTCRN."""
