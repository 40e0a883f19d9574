"""Work: what is waiting, running and over."""
