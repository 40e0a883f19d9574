"""Read hours of nothing that fit into megabytes: ``python -m scripts.measure_silence``.

A FLAC of eight channels at 384 kHz goes through the reading processes, with the limits of the
settings, while a short recording is read beside it again and again. Printed are the bytes, what
came of it, which limit answered if one did, time, memory, and how long the short one took.
"""

import resource
import statistics
import struct
import sys
import threading
import time
from contextlib import closing
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from cyclopts import App

from richspeech.audio.container import AudioLimits
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.errors import AudioError
from richspeech.model.options import Options
from richspeech.places import HOME, SHIPPED
from richspeech.readers.limits import ReaderLimits
from richspeech.readers.pool import ReaderPool
from richspeech.recognition.reading import Reader
from richspeech.settings import load_settings

SAMPLE_RATE, CHANNELS = 384_000, 8
FRAME_SAMPLES = 24_576
SHORT = SHIPPED / "examples" / "zh-laughter.wav"
app = App(help=__doc__)


def flac_of_silence(seconds: int) -> bytes:
    """Return a FLAC (RFC 9639) of digital silence, 38 bytes or less for 512,000 samples."""
    samples = seconds * SAMPLE_RATE
    rate = SAMPLE_RATE << 44 | (CHANNELS - 1) << 41 | 15 << 36 | samples
    sizes = struct.pack(">HH", FRAME_SAMPLES, FRAME_SAMPLES) + bytes(6)
    content = BytesIO()
    content.write(b"fLaC\x80\0\0\x22" + sizes + rate.to_bytes(8) + bytes(16))
    for number in range(samples // FRAME_SAMPLES):
        _write_frame(content, number, FRAME_SAMPLES)
    if rest := samples % FRAME_SAMPLES:
        _write_frame(content, samples // FRAME_SAMPLES, rest)
    return content.getvalue()


def _write_frame(content: BinaryIO, number: int, samples: int) -> None:
    """Write one frame, each channel of which is the number nought."""
    head = b"\xff\xf8\x70\x78" + chr(number).encode("utf-8", "surrogatepass")
    head += (samples - 1).to_bytes(2)
    frame = head + bytes([_crc(head, 0x07, 8)]) + bytes(3 * CHANNELS)
    content.write(frame + _crc(frame, 0x8005, 16).to_bytes(2))


def _crc(content: bytes, polynomial: int, bits: int) -> int:
    crc, table = 0, _table(polynomial, bits)
    for byte in content:
        crc = (crc << 8 & (1 << bits) - 1) ^ table[crc >> bits - 8 ^ byte]
    return crc


@cache
def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    return tuple(_remainder(byte << bits - 8, polynomial, bits) for byte in range(256))


def _remainder(crc: int, polynomial: int, bits: int) -> int:
    for _ in range(8):
        crc = (crc << 1 ^ (polynomial if crc >> bits - 1 else 0)) & (1 << bits) - 1
    return crc


@app.default
def measure(hours: float = 12.0, config: Path = HOME / "config.yaml") -> None:
    """Read so many hours of silence."""
    settings = load_settings(config)
    asked, most = settings.reading, settings.limits
    limits = ReaderLimits(
        asked.memory_bytes, asked.cpu_seconds, asked.cpu_seconds_per_second, asked.stall_seconds
    )
    content = flac_of_silence(round(hours * 3_600))
    print(f"{len(content) / 1e6:.1f} MB for {hours:g} h")
    audio = AudioLimits(most.max_bytes, most.max_seconds)
    over = threading.Event()
    beside: list[float] = []
    with closing(ReaderPool(limits, 1)) as pool:
        short = threading.Thread(target=_read_again, args=(pool, audio, over, beside))
        began, seconds, answer = time.monotonic(), 0.0, "no limit answered"
        short.start()
        try:
            with pool.open(content, audio, Options(), name="silence.flac") as recording:
                for stretch in _reader().read(recording, Options()):
                    seconds = stretch.seconds
        except AudioError as error:
            answer = f"{error.key}: {error}"
        took = time.monotonic() - began
        over.set()
        short.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"heard {seconds / 3600:.2f} h in {took:.0f} s; {answer}")
    print(f"readers: {used.ru_utime + used.ru_stime:.0f} s of processor time in all, at most")
    print(f"{used.ru_maxrss / 1024:.0f} MiB in one, of which importing is most")
    if beside:
        print(f"a short one beside it, {len(beside)} times: {statistics.median(beside):.2f} s in")
        print(f"the middle, {max(beside):.2f} s at most")


def _reader() -> Reader:
    return Reader(Fbank(), FsmnVad.load(EMBEDDED_DETECTOR), hears_sounds=True, raises_quiet=True)


def _read_again(
    pool: ReaderPool, limits: AudioLimits, over: threading.Event, took: list[float]
) -> None:
    """Read a short recording every few seconds."""
    reader = _reader()
    while not over.wait(5.0):
        began = time.monotonic()
        with pool.open(SHORT, limits, Options()) as recording:
            for _ in reader.read(recording, Options()):
                pass
        took.append(time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(app())
