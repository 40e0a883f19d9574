"""Parts of the view of a transcript."""
