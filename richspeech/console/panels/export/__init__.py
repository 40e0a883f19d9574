"""Downloads: files that a person asks for."""
