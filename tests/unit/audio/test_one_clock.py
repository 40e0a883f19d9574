"""Whatever cuts, draws or lists a recording is on one clock, to a frame of its picture."""

from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest
import webvtt
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from richspeech.audio.clips import cut
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.audio.playback import to_mp3
from richspeech.audio.video import open_video
from richspeech.cli.highlights import Files, write_files
from richspeech.language.localized import LocalizedText
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.review.evidence import Evidence
from richspeech.review.highlights import Highlight
from richspeech.writers import write
from tests.transcripts import segment

LIMITS = AudioLimits(100_000_000, 3_600.0)
RATE = 48_000
NTSC = Fraction(30_000, 1_001)
FRAME_SECONDS = float(1 / NTSC)
SECONDS = 8
LATE = 1.3
"""Seconds at which the sound begins."""
FLASHES = (2.0, 5.5)
"""Seconds at which the picture is white for a fifth of a second, and a tone is heard."""
FRAMES_AN_HOUR = 107_892


def is_flash(seconds: float) -> bool:
    return any(flash <= seconds < flash + 0.2 for flash in FLASHES)


@pytest.fixture(scope="module", params=["mov", "mkv", "ts"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with drop-frame timecode, whose sound begins late and whose flashes are heard."""
    path = tmp_path_factory.mktemp("film") / f"film.{request.param}"
    moments = LATE + np.arange(round((SECONDS - LATE) * RATE)) / RATE
    heard = np.array([any(f <= t < f + 0.2 for f in FLASHES) for t in moments])
    tone = (0.5 * np.sin(2 * np.pi * 700 * moments) * heard).astype(np.float32)
    with av.open(str(path), "w") as output:
        screen = output.add_stream("libx264", rate=NTSC)
        screen.width, screen.height, screen.pix_fmt = 64, 48, "yuv420p"
        screen.metadata["timecode"] = "01:00:00;00"
        stream = output.add_stream("aac", rate=RATE, layout="mono")
        for number in range(int(SECONDS * NTSC)):
            level = 235 if is_flash(number * FRAME_SECONDS + 0.001) else 16
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8))
            frame.pts, frame.time_base = number, 1 / NTSC
            output.mux(screen.encode(frame))
        output.mux(screen.encode(None))
        resampler = av.AudioResampler("fltp", "mono", RATE, frame_size=stream.frame_size)
        sound = AudioFrame.from_ndarray(tone[np.newaxis], format="fltp", layout="mono")
        sound.sample_rate, sound.time_base = RATE, Fraction(1, RATE)
        sound.pts = round(LATE * RATE)
        for part in [*resampler.resample(sound), *resampler.resample(None), None]:
            output.mux(stream.encode(part))
    return path


def first_loud(samples: NDArray[Any], rate: float) -> float:
    return float(np.flatnonzero(np.abs(samples) > 0.1)[0]) / rate


def seconds_of(written: str) -> float:
    """Read HH:MM:SS.mmm."""
    hours, minutes, seconds = written.split(":")
    return int(hours) * 3_600 + int(minutes) * 60 + float(seconds)


def first_white(path: Path) -> float:
    """Seconds of the first white frame."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.to_ndarray(format="gray").mean() > 128:
                return float(frame.time or 0.0)
    raise AssertionError


@pytest.mark.parametrize("number", range(len(FLASHES)))
def test_all_that_comes_of_a_film_agrees_to_a_frame(
    film: Path, number: int, tmp_path: Path
) -> None:
    meter = PeakMeter()
    with open_recording(film, LIMITS) as recording:
        blocks = [*MeteredRecording(recording, meter).blocks(4.0)]
    waveform, peaks = np.concatenate(blocks), meter.peaks
    begin = round(FLASHES[number] - 1.0, 2)
    after = round(begin * 16_000)
    start = begin + first_loud(waveform[after:], 16_000)
    near = pytest.approx(FLASHES[number], abs=FRAME_SECONDS)
    assert start == near

    at = round(begin / peaks.seconds_per_peak)
    drawn = peaks.values[at:, 1].astype(np.float32) / 127
    assert begin + first_loud(drawn, 1 / peaks.seconds_per_peak) == near

    end = start + 0.5
    reel = tmp_path / "reel"
    reel.mkdir()
    [clip] = cut(film, [(begin, end)], reel, LIMITS, stem="clip").clips
    with open_recording(clip, LIMITS) as recording:
        played = np.concatenate([*recording.blocks()])
    assert begin + first_loud(played, 16_000) == near
    assert begin + first_white(clip) == near

    content = to_mp3(blocks)
    with open_recording(content, LIMITS) as recording:
        played = np.concatenate([*recording.blocks()])
    assert begin + first_loud(played[after:], 16_000) == near

    found = Evidence(start, end, "laughter", 0.9)
    highlight = Highlight(start, end, ("laughter",), (LocalizedText("笑", "L"),), 1.0, (found,))
    wanted = Files(output=tmp_path, edl=True, otio=True, chapters=True)
    files = write_files(film, wanted, (highlight,), LIMITS, Options())
    with open_video(film, LIMITS) as video:
        assert video
        shown = video.offset
    edl = otio.adapters.read_from_string(
        Path(files["edl"]).read_text(encoding="utf-8"), "cmx_3600", rate=float(NTSC)
    )
    timeline = otio.adapters.read_from_file(files["otio"])
    base = 0 if film.suffix == ".ts" else FRAMES_AN_HOUR  # MPEG-TS has no timecode
    for listed in (edl, timeline):
        first = listed.tracks[0][0].source_range.start_time.value
        assert (first - base) * FRAME_SECONDS - shown == near
    written = Path(files["chapters"]).read_text(encoding="utf-8")
    [chapter] = webvtt.from_buffer(StringIO(written)).captions
    assert seconds_of(chapter.start) == near

    said = Transcript(SECONDS, 1.0, "sensevoice", "tiny", (segment(start, end),))
    [cue] = webvtt.from_buffer(StringIO(write(said, "vtt").decode("utf-8-sig"))).captions
    assert seconds_of(cue.start) == near


def test_lists_of_a_broadcast_wave_begin_at_its_time_of_day(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    with av.open(str(path), "w", format="wav", options={"write_bext": "1"}) as output:
        output.metadata["time_reference"] = str(RATE * 3_601)
        stream = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        silence = np.zeros((1, 3 * RATE), np.int16)
        frame = AudioFrame.from_ndarray(silence, format="s16", layout="mono")
        frame.sample_rate = RATE
        output.mux([*stream.encode(frame), *stream.encode(None)])
    found = Evidence(1.0, 2.0, "laughter", 0.9)
    highlight = Highlight(1.0, 2.0, ("laughter",), (LocalizedText("笑", "L"),), 1.0, (found,))
    files = write_files(path, Files(output=tmp_path, edl=True), (highlight,), LIMITS, Options())
    assert "01:00:02:00 01:00:03:00" in Path(files["edl"]).read_text(encoding="utf-8")
