"""Results of emotion recognition: JSON, embeddings, kept runs."""
