"""How often somebody looks who cannot be told: one time for whoever waits, one for the page."""

WAITING_POLL_SECONDS = 0.05
"""Between two looks of a wait that may be cancelled: short enough that a press of a button takes
effect at once, long enough that a waiting thread wakes up only twenty times a second."""
PAGE_POLL_SECONDS = 0.25
"""Between two looks of a page at its job: text that changes more often cannot be read, and every
change is sent and drawn."""
