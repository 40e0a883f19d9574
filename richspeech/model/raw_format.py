"""Sound without any header: whoever hands it in says what it is, such as ``ulaw:8000``."""

import re
from dataclasses import dataclass
from typing import Self

from richspeech.errors import OptionError

DEMUXERS = {
    "ulaw": "mulaw",
    "alaw": "alaw",
    "gsm": "gsm",
    "u8": "u8",
    "s16le": "s16le",
    "s16be": "s16be",
    "s24le": "s24le",
    "f32le": "f32le",
}
"""What people write → ffmpeg's name. G.711 and GSM 06.10 as telephones have them, else PCM:
unsigned, signed or floating-point, bits a sample, order of bytes."""

RATES = range(4_000, 384_001)
"""Hz, as of any recording."""
CHANNELS = range(1, 65)
"""As of any recording, but of GSM, which has one."""

WRITTEN = re.compile(r"([a-z0-9]+):([0-9]{1,9})(?::([0-9]{1,9}))?")


@dataclass(frozen=True)
class RawFormat:
    """How samples are written; raises ``OptionError`` for what there is not."""

    encoding: str
    """One of DEMUXERS."""
    sample_rate: int
    """Hz."""
    channels: int = 1
    """Interleaved."""

    def __post_init__(self) -> None:
        if self.encoding not in DEMUXERS:
            raise OptionError("raw.encoding", value=self.encoding, known=tuple(DEMUXERS))
        if self.sample_rate not in RATES:
            raise OptionError("raw.rate", rate=self.sample_rate, low=RATES[0], high=RATES[-1])
        most = 1 if self.encoding == "gsm" else CHANNELS[-1]
        if not 1 <= self.channels <= most:
            raise OptionError("raw.channels", count=self.channels, most=most)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``ENCODING:RATE`` or ``ENCODING:RATE:CHANNELS``; raises ``OptionError``."""
        match = WRITTEN.fullmatch(text.strip().lower())
        if match is None:
            raise OptionError("raw.written", value=text)
        encoding, rate, channels = match.groups()
        return cls(encoding, int(rate), int(channels or 1))

    def __str__(self) -> str:
        return f"{self.encoding}:{self.sample_rate}:{self.channels}"

    @property
    def demuxer(self) -> str:
        """Ffmpeg's name of what reads it."""
        return DEMUXERS[self.encoding]

    @property
    def options(self) -> dict[str, str]:
        """What it has to be told."""
        rate = {"sample_rate": str(self.sample_rate)}
        return rate if self.encoding == "gsm" else {**rate, "ch_layout": f"{self.channels}c"}
