#!/usr/bin/env bash
# librosa: the first pitch of a process without numba's cache takes as long as minutes of recognition.
#
# Expected: yin and pyin are some products of matrices; the first call takes what the others take.
# What happens (librosa 0.11.0, numba 0.68.1): functions with signatures are compiled as soon as somebody names one of
# librosa's, and pyin's others when it is called. What was compiled is kept beside the functions, or in NUMBA_CACHE_DIR:
# where neither can be written, as in an image with a folder of packages that is read only, it is done at every start.
# And pyin takes many times as long as yin for the same sound. So richspeech/audio/prosody.py has lines of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  librosa==0.11.0 numba==0.68.1 numpy==2.4.6 scipy==1.17.1
NUMBA_CACHE_DIR="$folder/cache" "$folder/venv/bin/python" - <<'PYTHON'
import time
from importlib.metadata import version

import librosa
import numpy as np

SECONDS, RATE = 3, 16_000
sound = np.random.default_rng(0).normal(size=SECONDS * RATE).astype(np.float32)
WANTED = {"fmin": 62.5, "fmax": 500, "sr": RATE, "frame_length": 1_024, "hop_length": 320}


def seconds(name, **more):
    """Return how long the first call takes, its name included, and the third."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        getattr(librosa, name)(sound, **WANTED, **more)
        taken.append(time.perf_counter() - began)
    return taken[0], taken[2]


print("librosa", version("librosa"), "numba", version("numba"))
for name, more in (("yin", {}), ("pyin", {"resolution": 0.5})):
    first, later = seconds(name, **more)
    print(f"{name}: {first:.2f} s for the first {SECONDS} s of sound, then {later:.3f} s")
    assert first > 10 * later
PYTHON
