#!/usr/bin/env bash
# pyannote.metrics and spy-der: the same collar of 0.25 s forgives twice as much in the one as in the
# other, so the error rates of two papers, or of a tool and an aim written in the other's terms, are
# not comparable though both say "collar 0.25".
#
# Expected: both leave out 0.25 s on either side of every boundary of the reference, as NIST's
# md-eval does, whose option the number comes from.
# What happens: pyannote.metrics 4.2.0 takes the collar as the whole length that is left out, half of
# it on either side (0.125 s); spy-der 0.4.1 takes it as the length on each side. A boundary
# that is 0.2 s late costs something in the first and nothing in the second; the first has to be told
# 0.5 to give the figures of the second.
# Source: pyannote/metrics/utils.py, UEMSupportMixin.extrude; spyder's --collar; md-eval-22 -c.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyannote.metrics==4.2.0 spy-der==0.4.1
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import spyder
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

said = [("a", 0.0, 10.0), ("b", 10.0, 20.0)]
heard = [("x", 0.0, 10.2), ("y", 10.2, 20.0)]


def annotation(turns):
    made = Annotation()
    for speaker, start, end in turns:
        made[Segment(start, end)] = speaker
    return made


def pyannote(collar):
    whole = Timeline([Segment(0, 20)])
    return DiarizationErrorRate(collar=collar)(annotation(said), annotation(heard), uem=whole)


def spy(collar):
    return spyder.DER(said, heard, collar=collar).der


print("pyannote.metrics", version("pyannote.metrics"), "spy-der", version("spy-der"))
for collar in (0.0, 0.1, 0.25, 0.5):
    print(f"collar {collar}: pyannote.metrics {pyannote(collar):.4f}, spy-der {spy(collar):.4f}")
assert abs(pyannote(0.0) - spy(0.0)) < 1e-9
assert pyannote(0.25) > 0.003
assert spy(0.25) == 0
assert pyannote(0.5) == 0
assert abs(pyannote(0.2) - spy(0.1)) < 1e-6
PYTHON
