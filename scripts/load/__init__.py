"""Parts of ``scripts.load_test``."""
