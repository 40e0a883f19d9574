"""``python -m richspeech bench``: how fast and how small, beside the others, in one process."""

SECTIONS = (
    *("speed", "tokens", "encoders", "vad", "start", "first", "long", "clients", "clips"),
    "sentiment",
)
"""What ``--only`` chooses from; ``report`` says what each measures."""
