"""The emotion recogniser's opinion of a transcript."""
