"""The plain path of the model's authors, for comparing."""
