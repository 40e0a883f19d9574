"""Reading processes: they open and read what comes from outside, and may die of it."""
