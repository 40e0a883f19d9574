"""The tab of the second listener."""
