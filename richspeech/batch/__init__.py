"""Many recordings: where they come from, how far each is, and what is kept of them."""
