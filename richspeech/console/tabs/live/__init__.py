"""The tab for talking."""
