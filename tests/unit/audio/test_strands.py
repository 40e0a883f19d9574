"""Tracks and channels of files that are written here; what is on channels is in test_channels."""

import wave
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.audio.strands import LONGEST_NAME, as_heard, open_strands
from richspeech.errors import AudioError, OptionError
from richspeech.model.audio_track import AudioTrack
from richspeech.model.options import Channels, Options, tracks_in
from richspeech.model.strand import Strand
from tests.fakes import HAPPY
from tests.unit.audio.test_channels import music, noise, voice

LIMITS = AudioLimits(max_bytes=200_000_000, max_seconds=3600.0)
TWO_SECONDS = 2 * SAMPLE_RATE

Signal = NDArray[np.float32]


def written(
    *tracks: Sequence[Signal], names: Sequence[dict[str, str]] = (), form: str = "matroska"
) -> bytes:
    """Write tracks, each of one or more channels, as 16-bit samples."""
    file = BytesIO()
    with av.open(file, "w", format=form) as output:
        streams = []
        for number, channels in enumerate(tracks):
            layout = {1: "mono", 2: "stereo", 4: "4.0", 6: "5.1"}[len(channels)]
            stream = output.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout=layout)
            stream.metadata.update(names[number] if names else {})
            streams.append(stream)
        for at in range(0, max(len(channels[0]) for channels in tracks), SAMPLE_RATE):
            for stream, channels in zip(streams, tracks, strict=True):
                parts = [each[at : at + SAMPLE_RATE] for each in channels]
                samples = (np.stack(parts, axis=1).reshape(1, -1) * 32_767).astype(np.int16)
                if samples.size:
                    frame = AudioFrame.from_ndarray(samples, "s16", stream.layout.name)
                    frame.sample_rate, frame.pts = SAMPLE_RATE, at
                    frame.time_base = Fraction(1, SAMPLE_RATE)
                    output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
    return file.getvalue()


def heard(
    source: bytes | Path | BinaryIO, options: Options | None = None
) -> tuple[Signal, tuple[Strand, ...], list[str]]:
    """Return the sound, [T] or [S, T], what it consists of, and the warnings."""
    with open_strands(source, LIMITS, options or Options(), name="a.mkv") as recording:
        sound = np.concatenate([*recording.blocks(4.0)], axis=-1)
        return sound, recording.strands, [str(each) for each in recording.warnings]


def assert_same(one: Signal, other: NDArray[np.floating[Any]]) -> None:
    assert one.shape == other.shape
    assert np.abs(one - other).max() < 0.001


ONE, OTHER = voice(1), voice(2)


def test_one_channel_is_read_as_it_always_was() -> None:
    content = written([ONE])
    sound, strands, warnings = heard(content)
    assert np.array_equal(sound, load_waveform(content, LIMITS))
    assert (strands, warnings) == ((), [])


def test_a_film_is_mixed_as_it_always_was() -> None:
    left, right = music(3)
    content = written([left + 0.5 * ONE, right + 0.5 * ONE])
    sound, strands, _ = heard(content)
    assert np.array_equal(sound, load_waveform(content, LIMITS))
    assert strands == ()


def test_different_voices_on_two_channels_are_parted() -> None:
    sound, strands, _ = heard(written([ONE, OTHER]))
    assert_same(sound, np.stack([ONE, OTHER]))
    assert strands == (Strand(None, 1, "A"), Strand(None, 2, "B"))


def test_they_are_mixed_for_whoever_wants_that() -> None:
    sound, strands, _ = heard(written([ONE, OTHER]), Options(channels="mix"))
    assert_same(sound, (ONE + OTHER) / 2)
    assert strands == ()


def test_the_same_voice_is_parted_for_whoever_wants_that() -> None:
    sound, strands, _ = heard(written([ONE, ONE]), Options(channels="split"))
    assert_same(sound, np.stack([ONE, ONE]))
    assert [each.label for each in strands] == ["A", "B"]


@pytest.mark.parametrize("count", [6, 8, 9, 16])
def test_any_number_of_channels_can_be_parted(count: int) -> None:
    signals = [voice(seed)[:TWO_SECONDS] for seed in range(count)]
    file = BytesIO()
    with wave.open(file, "wb") as output:
        output.setparams((count, 2, SAMPLE_RATE, 0, "NONE", ""))
        output.writeframes((np.stack(signals, axis=1) * 32_767).astype("<i2").tobytes())
    assert heard(file.getvalue())[0].shape[-1] == TWO_SECONDS
    sound, strands, _ = heard(file.getvalue(), Options(channels="split"))
    assert len(strands) == count
    assert_same(sound, np.stack(signals))


def test_there_is_nothing_to_split_in_one_channel() -> None:
    sound, strands, _ = heard(written([ONE]), Options(channels="split"))
    assert_same(sound, ONE)
    assert strands == ()


def test_channels_that_cancel_are_heard_and_so_is_what_only_one_of_them_has() -> None:
    sound, strands, _ = heard(written([ONE, -ONE]))
    assert_same(sound, ONE)
    assert strands == ()


def test_a_voice_beside_silence_keeps_its_level() -> None:
    sound, _, _ = heard(written([0 * ONE, ONE]))
    assert_same(sound, ONE)


def test_a_word_on_a_channel_that_seemed_silent_is_not_lost() -> None:
    """It is said where no window looks."""
    long = np.tile(ONE, 10)
    word = np.zeros_like(long)
    word[TWO_SECONDS * 5 : TWO_SECONDS * 5 + 4_000] = 0.3
    sound, _, _ = heard(written([long, word]))
    assert_same(sound, np.clip(long + word, -1, 1))


def test_a_long_call_whose_second_voice_comes_late_is_parted() -> None:
    silence = np.zeros(3 * len(ONE), np.float32)
    late = np.concatenate([silence, np.tile(OTHER, 3)])
    _, strands, _ = heard(written([np.tile(ONE, 6), late]))
    assert len(strands) == 2


@pytest.mark.parametrize("form", ["matroska", "mov"])
def test_one_track_is_heard_and_the_others_are_named(form: str) -> None:
    names = [{"title": "Boom", "handler_name": "Boom"}, {"language": "fra"}]
    sound, strands, warnings = heard(written([ONE], [OTHER], names=names, form=form))
    assert_same(sound, ONE)
    assert strands == ()
    assert len(warnings) == 1
    assert "fra" in warnings[0]


def test_all_tracks_are_heard_each_with_its_name() -> None:
    names = [{"title": "Boom", "language": "eng"}, {}]
    content = written([ONE], [OTHER[:TWO_SECONDS]], names=names)
    sound, strands, warnings = heard(content, Options(tracks="all"))
    assert [each.label for each in strands] == ["Boom (eng)", "Track 2"]
    assert_same(sound[0], ONE)
    assert_same(sound[1, :TWO_SECONDS], OTHER[:TWO_SECONDS])
    assert not sound[1, TWO_SECONDS:].any()
    assert warnings == []


def test_a_file_that_is_open_is_read_by_several_at_once(tmp_path: Path) -> None:
    content = written([ONE], [OTHER])
    path = tmp_path / "b.mkv"
    path.write_bytes(content)
    with path.open("rb") as file:
        sound, strands, _ = heard(file, Options(tracks="all"))
    assert_same(sound, np.stack([ONE, OTHER]))
    assert len(strands) == 2


def test_all_tracks_are_listed_whichever_are_heard() -> None:
    names = [{"language": "eng"}, {"title": "Commentary", "language": "und"}, {"title": ""}]
    content = written([ONE], [OTHER, ONE], [OTHER], names=names)
    for options in (Options(channels="mix"), Options(tracks=2), Options(tracks="all")):
        with open_strands(content, LIMITS, options, name="a.mkv") as recording:
            assert recording.tracks == (
                AudioTrack(1, "", "eng", "pcm_s16le", 1),
                AudioTrack(2, "Commentary", "", "pcm_s16le", 2),
                AudioTrack(3, "", "", "pcm_s16le", 1),
            )


def test_all_tracks_may_be_one_mixture() -> None:
    sound, strands, warnings = heard(written([ONE], [OTHER]), Options(tracks="mix"))
    assert_same(sound, (ONE + OTHER) / 2)
    assert (strands, warnings) == ((), [])


def test_a_track_is_chosen_by_its_number() -> None:
    content = written([ONE], [OTHER])
    assert_same(heard(content, Options(tracks=2))[0], OTHER)
    with pytest.raises(AudioError, match="no audio track 3"):
        heard(content, Options(tracks=3))


def test_channels_of_tracks_have_letters_of_their_own() -> None:
    content = written([ONE, OTHER], [ONE])
    _, strands, _ = heard(content, Options(tracks="all"))
    assert [each.label for each in strands] == ["Track 1 A", "Track 1 B", "Track 2"]


def test_names_of_tracks_are_short_printable_and_each_of_one_track() -> None:
    names = [{"title": "a\x1b[2J\n" + "b" * 500}, {"title": "Mic"}, {"title": "Mic"}]
    _, strands, _ = heard(written([ONE], [ONE], [OTHER], names=names), Options(tracks="all"))
    labels = [each.label for each in strands]
    assert labels[1:] == ["Mic 2", "Mic 3"]
    assert labels[0].isprintable()
    assert len(labels[0]) <= LONGEST_NAME


def test_a_transcript_tells_how_to_open_its_recording_once_more() -> None:
    content = written([ONE, OTHER], [ONE])
    for options in (Options(), Options(channels="split"), Options(tracks="all")):
        _, strands, _ = heard(content, options)
        parts = [replace(HAPPY, **vars(each)) for each in strands]
        assert heard(content, as_heard(parts))[1] == strands
    assert as_heard([HAPPY]) == Options()


def test_the_meter_sees_the_mixture() -> None:
    content = written([ONE, -OTHER])
    apart, mixed = PeakMeter(), PeakMeter()
    for meter, options in ((apart, Options()), (mixed, Options(channels="mix"))):
        with open_strands(content, LIMITS, options, name="a.mkv") as recording:
            for _ in MeteredRecording(recording, meter).blocks(4.0):
                pass
    assert np.abs(apart.peaks.values - mixed.peaks.values.astype(int)).max() <= 1


def test_hiss_and_a_voice_are_judged_alike_every_time() -> None:
    content = written([ONE + noise(3, -50), OTHER + noise(4, -50)])
    assert np.array_equal(heard(content)[0], heard(content)[0])


@pytest.mark.parametrize("value", ["second", "0", "100", "-1", "1.5", "1" * 5_000])
def test_tracks_that_do_not_exist_are_refused(value: str) -> None:
    with pytest.raises(OptionError, match="choose default, all, mix or a number"):
        tracks_in(value)


def test_what_is_chosen_is_read() -> None:
    assert [tracks_in(each) for each in ("", "default", "all", "mix", "3")] == [
        "default",
        "default",
        "all",
        "mix",
        3,
    ]
    with pytest.raises(OptionError, match="choose auto, mix or split"):
        Options(channels=cast("Channels", "left"))
