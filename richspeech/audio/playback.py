"""A recording as a small MP3, for pages that embed their audio.

Every browser plays MP3 of any length from any position. 32 kbit/s are 14 MB an hour, and at the
16 kHz of this package speech loses nothing audible.
"""

from collections.abc import Iterable
from io import BytesIO

import av

from richspeech.audio.mono import SAMPLE_RATE, Waveform, framed

BITS_PER_SECOND = 32_000


def to_mp3(blocks: Iterable[Waveform]) -> bytes:
    """Encode the blocks of a recording, one after the other."""
    content = BytesIO()
    with av.open(content, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = BITS_PER_SECOND
        samples = 0
        for block in blocks:
            frame = framed(block)
            frame.pts = samples
            samples += len(block)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()
