#!/usr/bin/env bash
# pysubs2: cues late in a long recording all get one and the same time, by format at another hour.
#
# Expected: a cue at 11:05:00 is written at 11:05:00 in every subtitle format, as players read it.
# What happens (pysubs2 1.8.1): ass writes every time from ten hours on as 9:59:59.99, srt and vtt
# every time from a hundred hours on as 99:59:59.999, start and end alike, so that such a cue lasts
# nothing. ttml goes on counting. It is told by a RuntimeWarning alone, which a server does not show.
# Source: MAX_REPRESENTABLE_TIME in pysubs2/formats/substation.py and subrip.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import re
from importlib.metadata import version

from pysubs2 import SSAEvent, SSAFile, make_time

TIME = re.compile(r"\d+:\d\d:\d\d[.,]\d+")
SEEN = {
    ("ass", 9): ["9:05:00.00", "9:05:02.00"],
    ("ass", 11): ["9:59:59.99", "9:59:59.99"],
    ("srt", 11): ["11:05:00,000", "11:05:02,000"],
    ("srt", 101): ["99:59:59,999", "99:59:59,999"],
    ("vtt", 101): ["99:59:59.999", "99:59:59.999"],
    ("ttml", 101): ["101:05:00.000", "101:05:02.000"],
}
print("pysubs2", version("pysubs2"))
for (form, hours), expected in SEEN.items():
    start, end = make_time(h=hours, m=5), make_time(h=hours, m=5, s=2)
    file = SSAFile()
    file.events.append(SSAEvent(start=start, end=end, text="said late"))
    found = TIME.findall(file.to_string(form))
    print(f"{form:5} cue at {hours:3} h 5 min, 2 s long: {' to '.join(found)}")
    assert found == expected, (form, hours, found)
PYTHON
