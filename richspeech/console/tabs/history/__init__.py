"""The tab of what was heard before."""
