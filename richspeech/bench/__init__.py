"""``python -m richspeech bench``: speed and memory beside other systems, in one process."""

SECTIONS = (
    *("speed", "tokens", "encoders", "vad", "sounds", "start", "first", "long", "clients", "clips"),
    *("sentiment", "reading", "recall"),
)
"""What ``--only`` chooses from; ``report`` says what each measures."""
