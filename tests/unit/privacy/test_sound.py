"""What was masked in the words is not heard, and the rest is as it was."""

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from richspeech.audio.container import AudioLimits
from richspeech.audio.cover import TONE_HZ, Cover, Hiding
from richspeech.audio.decode import open_recording
from richspeech.audio.mono import Waveform
from richspeech.jobs.export import Export, Exports, Material, order
from richspeech.jobs.runner import Runner
from richspeech.language.localized import LocalizedText
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.privacy.mask import mask
from richspeech.privacy.sound import cover_of
from richspeech.review.highlights import Highlight
from richspeech.settings import PrivacySettings
from richspeech.writers import WriterOptions
from tests.e2e.visitor import write_samples
from tests.transcripts import transcript
from tests.two_tracks import sound_in
from tests.unit.privacy.test_find import spoken

LIMITS = AudioLimits(10**9, 10**5)
RATE = 16_000
VOICE_HZ = 300
SAID = 3.2, 4.3
"""Seconds in which the number is said."""
MARGIN = 0.2


@pytest.fixture
def heard() -> Transcript:
    return mask(transcript(spoken(3.0, "电话13800138000，谢谢。"), duration=8.0))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Eight seconds of one voice."""
    moments = np.arange(8 * RATE) / RATE
    return write_samples(
        tmp_path / "call.wav", 10_000 * np.sin(2 * np.pi * VOICE_HZ * moments), RATE
    )


def export(form: str, heard: Transcript, recording: Path, folder: Path, sound: Hiding) -> Export:
    found = Highlight(2.0, 6.0, ("laughter",), (LocalizedText("笑声", "Laughter"),), 1.0, ())
    material = Material(heard, "call.wav", recording, Options(), WriterOptions(), (found,))
    made, runner = order(form, material, folder), Runner()
    privacy = PrivacySettings(sound=sound, margin_seconds=MARGIN)
    runner.run(made, partial(Exports(runner, LIMITS, privacy=privacy).make, made))
    assert made.path is not None, made.error
    return made


def sounds_of(made: Export) -> Iterator[tuple[Waveform, float]]:
    """The sound of a file, and the second of the recording at which it begins."""
    assert made.path is not None
    if made.form == "html":
        page = made.path.read_text(encoding="utf-8")
        yield decoded(sound_in(page)), 0.0
    elif made.form == "clips":
        with zipfile.ZipFile(made.path) as archive:
            [name] = archive.namelist()
            yield decoded(archive.read(name)), 2.0
    else:
        yield decoded(made.path), 2.0


def decoded(source: Path | bytes) -> Waveform:
    with open_recording(source, LIMITS) as opened:
        return np.concatenate([*opened.blocks()])


def strength(sound: Waveform, start: float, end: float, hertz: float) -> float:
    """How strongly a pitch sounds in a span, 0 to 1 of full scale."""
    part = sound[round(start * RATE) : round(end * RATE)]
    moments = np.arange(len(part)) / RATE
    return float(2 * abs(np.mean(part * np.exp(-2j * np.pi * hertz * moments))))


@pytest.mark.parametrize("form", ["clips", "reel", "html"])
@pytest.mark.parametrize("sound", ["beep", "silence"])
def test_nobody_hears_in_a_file_what_was_masked(
    form: str, sound: Hiding, heard: Transcript, recording: Path, tmp_path: Path
) -> None:
    made = export(form, heard, recording, tmp_path, sound)
    for waveform, begins in sounds_of(made):
        start, end = (moment - begins for moment in SAID)
        inside = (start - MARGIN + 0.1, end + MARGIN - 0.1)  # what codecs smear lies at its ends
        assert strength(waveform, *inside, VOICE_HZ) < 0.003
        assert (strength(waveform, *inside, TONE_HZ) > 0.05) == (sound == "beep")
        for around in ((start - 0.9, start - 0.4), (end + 0.4, end + 0.9)):
            assert strength(waveform, *around, VOICE_HZ) > 0.25


def test_a_transcript_that_is_not_masked_covers_nothing(recording: Path, tmp_path: Path) -> None:
    plain = transcript(spoken(3.0, "电话13800138000，谢谢。"), duration=8.0)
    [(waveform, begins)] = sounds_of(export("reel", plain, recording, tmp_path, "beep"))
    assert strength(waveform, SAID[0] - begins, SAID[1] - begins, VOICE_HZ) > 0.25


def test_words_without_times_take_their_segment_with_them(heard: Transcript) -> None:
    said = spoken(3.0, "电话13800138000")
    unmeasured = mask(transcript(type(said)(**{**vars(said), "tokens": ()})))
    [span] = cover_of(unmeasured, PrivacySettings(margin_seconds=0)).spans
    assert span == (said.start, said.end)


def test_the_tone_goes_on_from_block_to_block() -> None:
    cover, sound = Cover(((0.1, 0.9),)), np.ones((2, RATE), np.float32)
    whole = np.concatenate([*cover.blocks([sound])], axis=1)
    pieces = np.concatenate([*cover.blocks(np.split(sound, 10, axis=1))], axis=1)
    assert np.allclose(whole, pieces)
    assert np.all(sound == 1)
