"""Which engines there are; plain names, so that settings and help texts need nothing else."""

NAMES = (
    "sensevoice",
    "paraformer",
    "reference",
    "whisper",
)
"""One line an engine: the folder beside this file whose ``ENGINE`` says the rest."""
