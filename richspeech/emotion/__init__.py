"""The second listener: nine emotions, embeddings, and what it thinks of a transcript."""
