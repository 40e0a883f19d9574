"""A batch on many machines, by Ray Data; nothing else knows Ray."""
