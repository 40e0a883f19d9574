"""The revisions of the history's tables, each of which leads from the one before."""
