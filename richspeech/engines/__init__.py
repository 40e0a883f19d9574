"""The engines: the only place that imports funasr or torch."""
