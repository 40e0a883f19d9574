"""Training a cascade: clips with labels, what a model makes of them, the fit, and its worth."""
