"""The tab for many recordings."""
