"""The row that makes a link to a transcript."""
