"""What outlives a request: the history, the disk."""
