#!/usr/bin/env bash
# OpenTimelineIO: an edl of a recording with 12 or 15 pictures a second cannot be written at all, and
# the answer to "is this rate valid" is no for 29.97, for which timecode is then written.
#
# Expected: whole rates such as 15 (webcams, screen recordings) have a plain timecode of 15 frames a
# second; and a rate that `is_valid_timecode_rate` refuses is refused when timecode is made of it.
# What happens (OpenTimelineIO 0.18.1, otio-cmx3600-adapter 1.0.0): 12 and 15 raise ValueError, in
# `to_timecode` as in the edl. 29.97 and 23.976, as containers are mostly described, are "not valid",
# and `to_timecode` takes them all the same; nobody asks for drop frames, and 29.97 gets them, with
# the semicolon. So ask neither the rate nor the check: try, and choose a rate that is known.
# Source: opentime/rationalTime.cpp, in whose list of valid rates 12 and 29.97 used to stand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  opentimelineio==0.18.1 otio-cmx3600-adapter==1.0.0
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange, to_timecode


def edl(rate):
    clip = otio.schema.Clip(
        "talk",
        media_reference=otio.schema.ExternalReference("talk.mp4"),
        source_range=TimeRange(RationalTime(10, rate), RationalTime(30, rate)),
    )
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video, children=[clip])
    timeline = otio.schema.Timeline("cut", tracks=[track])
    return otio.adapters.write_to_string(timeline, "cmx_3600", rate=rate)


def attempt(make, *values):
    try:
        return make(*values)
    except ValueError as error:
        return f"ValueError: {error}"


REFUSED = "ValueError: SMPTE timecode does not support this rate"
SEEN = {  # rate: whether it is called valid, and the timecode of frame 100
    12: (False, REFUSED),
    15: (False, REFUSED),
    25: (True, "00:00:04:00"),
    30000 / 1001: (True, "00:00:03;10"),
    29.97: (False, "00:00:03;10"),
    23.976: (False, "00:00:04:04"),
}
for name in ("OpenTimelineIO", "otio-cmx3600-adapter"):
    print(name, version(name))
for rate, expected in SEEN.items():
    found = RationalTime.is_valid_timecode_rate(rate), attempt(to_timecode, RationalTime(100, rate), rate)
    print(f"{rate:8.5f} a second: valid {found[0]}, frame 100 is {found[1]}")
    assert found == expected, found
for rate in (12, 15):
    assert attempt(edl, rate) == REFUSED, attempt(edl, rate)
assert "00:00:00;10 00:00:01;10" in edl(30000 / 1001), edl(30000 / 1001)
PYTHON
