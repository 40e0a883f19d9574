"""The parts below a transcript: shares, highlights, risk."""
