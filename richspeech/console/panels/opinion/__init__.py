"""The second listener's opinion of a transcript."""
