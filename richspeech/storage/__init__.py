"""What outlives a request: the history and the disk."""
