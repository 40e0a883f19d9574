"""Read by schemathesis before it begins: what is binary here is a recording."""

import io
import wave
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

SPEECH = Path(__file__).parents[2] / "examples" / "zh-laughter.wav"
FRAMES = 3_200


def short_recording() -> bytes:
    """Return a fifth of a second, from where somebody speaks."""
    written = io.BytesIO()
    with wave.open(str(SPEECH)) as speech, wave.open(written, "wb") as short:
        speech.setpos(speech.getframerate())
        short.setparams(speech.getparams())
        short.writeframes(speech.readframes(FRAMES))
    return written.getvalue()


schemathesis.openapi.format("binary", st.just(short_recording()))
