"""The tab for one recording."""
