#!/usr/bin/env bash
# PyAV (libavformat): a big-endian WAV is opened without a word and read as little-endian.
#
# Expected: RIFX, the big-endian form of RIFF that old Mac and SGI programs wrote, is read as such, or refused.
# What happens (PyAV 18.1.0, libavformat 62.12): the header is read in the right order, so rate, channels and length
# are right; the samples get the decoder pcm_s16le. A sine of a quarter of full scale comes out as noise that fills
# all of it. Nothing is raised or logged. The same samples in AU, which is big-endian by rule, are right.
# Source: libavformat/wavdec.c, where RIFX sets the reading order of chunks but the codec comes from the format tag.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import struct
from importlib.metadata import version
from io import BytesIO

import av
import numpy as np

AMPLITUDE = 8_000
sine = np.round(AMPLITUDE * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(">i2").tobytes()
form = struct.pack(">4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
data = struct.pack(">4sI", b"data", len(sine)) + sine
rifx = b"RIFX" + struct.pack(">I", 4 + len(form) + len(data)) + b"WAVE" + form + data
au = struct.pack(">4sIIIII", b".snd", 24, len(sine), 3, 16_000, 1) + sine


def heard(content):
    with av.open(BytesIO(content)) as container:
        stream = container.streams.audio[0]
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(stream)])
        return stream.codec_context.name, stream.rate, len(samples), int(abs(samples.astype(int)).max())


print("av", version("av"), "libavformat", ".".join(map(str, av.library_versions["libavformat"])))
for name, content in (("RIFX", rifx), ("AU", au)):
    print(name, *heard(content))
assert heard(au) == ("pcm_s16be", 16_000, 16_000, AMPLITUDE)
codec, rate, length, peak = heard(rifx)
assert (codec, rate, length) == ("pcm_s16le", 16_000, 16_000)
assert peak > 30_000
PYTHON
