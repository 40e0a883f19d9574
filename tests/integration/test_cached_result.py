"""The same audio with the same settings comes from the history; all else is recognised and kept."""

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest

from postprocess import DEFAULT_RULES, Emotion, Rule, RuleCondition
from richspeech.audio.container import AudioLimits, Source
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.errors import AudioError, Cancelled, StoreError
from richspeech.jobs.caching import CachingTranscriber, Interrupted, Kept, Step
from richspeech.model.corrections import Correction
from richspeech.model.edits import SETTINGS, CorrectionEdit
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import BLOCK_SECONDS, Reader, Stretch, WaveformSource
from richspeech.recognition.staged import StagedTranscriber
from richspeech.stages.chain import Recipe
from richspeech.storage import cached_result
from richspeech.storage.cached_result import EngineHistory
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store
from tests.fakes import FakeRecording, wav_at
from tests.integration.conftest import EXAMPLES

LIMITS = AudioLimits(max_bytes=2**27, max_seconds=600.0)


@dataclass
class Ear:
    """Hears one segment a block, and remembers every sample."""

    heard: list[Waveform] = field(default_factory=list)
    calls: int = 0
    finds: tuple[RecordingWarning, ...] = ()
    """What is amiss with any sound."""

    def transcribe(
        self, recording: WaveformSource, _options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        self.calls += 1
        self.heard, seconds = [], 0.0
        segments: tuple[Segment, ...] = ()
        for block in recording.blocks(BLOCK_SECONDS):
            if cancelled():
                raise Cancelled
            self.heard.append(block)
            new = (segment(seconds, seconds + len(block) / SAMPLE_RATE),)
            segments, seconds = (*segments, *new), new[0].end
            yield self._progress(seconds, segments, new, recording, finished=False)
        yield self._progress(seconds, segments, (), recording, finished=True)

    def _progress(
        self,
        seconds: float,
        segments: tuple[Segment, ...],
        new: tuple[Segment, ...],
        recording: WaveformSource,
        *,
        finished: bool,
    ) -> Progress:
        warnings = (*recording.warnings, *self.finds)
        transcript = Transcript(seconds, 0.1, "ear", "tiny", segments, warnings)
        return Progress(transcript, new, recording.duration, finished)


class TwoEars(Ear):
    """Hears two people by turns, each on a channel."""

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        for progress in super().transcribe(recording, options, cancelled):
            heard = progress.transcript
            apart = (
                replace(each, channel=1 + n % 2, speaker="AB"[n % 2])
                for n, each in enumerate(heard.segments)
            )
            yield replace(progress, transcript=replace(heard, segments=tuple(apart)))


def segment(start: float, end: float) -> Segment:
    text = f"from {start:g}"
    return Segment(start, end, text, "en", 0.9, Emotion.NEUTRAL, {}, (), {}, (), text)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def caching(ear: Ear, store: Store) -> CachingTranscriber:
    return CachingTranscriber(ear, EngineHistory(store, "these settings and weights"))


def noise(seconds: float, seed: int = 0) -> Waveform:
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * SAMPLE_RATE))
    return samples.astype(np.float32)


def written(path: Path, waveform: Waveform) -> Path:
    return wav_at(path, waveform * 32_767)


def as_flac(source: Path, path: Path) -> Path:
    with av.open(source) as read, av.open(path, "w") as write:
        stream = write.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
        for frame in read.decode(audio=0):
            write.mux(stream.encode(frame))
        write.mux(stream.encode(None))
    return path


def steps(
    transcriber: CachingTranscriber, path: Path, options: Options | None = None
) -> list[Step]:
    with open_recording(path, LIMITS) as recording:
        return [*transcriber.steps(recording, options or Options())]


class Last(NamedTuple):
    """The last step of what is kept."""

    progress: Progress
    kept: Kept


def last(transcriber: CachingTranscriber, path: Path) -> Last:
    return last_of(steps(transcriber, path))


def last_of(found: Sequence[Step]) -> Last:
    step = found[-1]
    assert step.kept is not None
    return Last(step.progress, step.kept)


LENGTHS = pytest.mark.parametrize("seconds", [0.5, 12.0, 30.0])
"""Shorter than what counts as a beginning, exactly that, and longer."""


@LENGTHS
def test_what_is_new_is_recognised_step_by_step_and_kept(
    caching: CachingTranscriber, ear: Ear, store: Store, tmp_path: Path, seconds: float
) -> None:
    path = written(tmp_path / "a.wav", noise(seconds))
    found = steps(caching, path)
    assert len(found) == len(ear.heard) + 1
    assert found[:-1] == [Step(step.progress) for step in found[:-1]]
    progress, kept = last_of(found)
    assert not kept.is_cached
    assert store.open(kept.entry.id).document.measured == progress.transcript
    assert (kept.entry.name, progress.finished, progress.seconds_total) == ("a.wav", True, seconds)


@LENGTHS
def test_caching_changes_no_sample_on_its_way(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path, seconds: float
) -> None:
    path = written(tmp_path / "a.wav", noise(seconds))
    steps(caching, path)
    with open_recording(path, LIMITS) as recording:
        expected = [*recording.blocks(BLOCK_SECONDS)]
    assert [block.tolist() for block in ear.heard] == [block.tolist() for block in expected]


@LENGTHS
def test_the_same_is_not_recognised_again(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path, seconds: float
) -> None:
    path = written(tmp_path / "a.wav", noise(seconds))
    first, second = last(caching, path), last(caching, path)
    assert ear.calls == 1
    assert second.kept.is_cached
    assert second.kept.entry == first.kept.entry
    heard, again = first.progress, second.progress
    assert again.transcript == heard.transcript
    assert (again.new, again.fraction) == (heard.transcript.segments, 1.0)


def test_the_same_sound_is_known_in_another_container_and_under_another_name(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(20.0))
    last(caching, path)
    again = last(caching, as_flac(path, tmp_path / "b.flac")).kept
    assert (again.is_cached, again.entry.name, ear.calls) == (True, "a.wav", 1)


def test_other_names_for_speakers_are_kept_and_nothing_is_recognised_again(
    store: Store, tmp_path: Path
) -> None:
    ear = TwoEars()
    staged = StagedTranscriber(ear, Recipe())
    caching = CachingTranscriber(staged, EngineHistory(store, "these settings and weights"))
    path = written(tmp_path / "a.wav", noise(20.0))
    asked = [Options(speakers=names) for names in (("agent",), ("clerk", "customer"), ())]
    found = [last_of(steps(caching, path, each)) for each in asked]
    named = [each.progress.transcript.speakers for each in found]
    assert named == [("agent", "B"), ("clerk", "customer"), ("clerk", "customer")]
    assert ear.calls == 1
    kept = store.open(found[0].kept.entry.id)
    assert kept.document.transcript.speakers == ("clerk", "customer")
    person = CorrectionEdit(correction=kept.document.naming("clerk", "Ann"), made=datetime.now(UTC))
    store.edit(kept.entry, kept.document.with_edit(person))
    again = last_of(steps(caching, path, Options(speakers=("boss",))))
    assert again.progress.transcript.speakers == ("boss", "customer")
    assert again.kept.document.transcript.speakers == ("Ann", "customer")
    assert store.open(kept.entry.id).document == again.kept.document


QUIET = RecordingWarning.of("very_quiet", decibels=60)


def without_length(source: Path, path: Path) -> Path:
    """Write the same WAV with a header that says nothing of its length."""
    before, sound = source.read_bytes().split(b"data", 1)
    path.write_bytes(before + b"data" + bytes(4) + sound[4:])
    return path


def codes(found: Last) -> list[str]:
    assert found.kept.document.transcript.warnings == found.progress.transcript.warnings
    return [each.code for each in found.progress.transcript.warnings]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_warnings_are_those_of_the_file_and_of_the_sound_but_of_no_other_file(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path, order: tuple[int, int]
) -> None:
    ear.finds = (QUIET,)
    right = written(tmp_path / "right.wav", noise(20.0))
    files = right, without_length(right, tmp_path / "wrong.wav")
    said = ["very_quiet"], ["wav_length_unknown", "very_quiet"]
    for at in (*order, *order):
        found = last(caching, files[at])
        assert codes(found) == said[at]
    assert (ear.calls, found.kept.is_cached) == (1, True)


def test_comparing_shows_how_far_it_is(caching: CachingTranscriber, tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(18.0))
    entry = last(caching, path).kept.entry
    *comparing, end = steps(caching, as_flac(path, tmp_path / "b.flac"))
    assert [step.progress.seconds_done for step in comparing] == [4.0, 8.0, 12.0, 16.0, 18.0]
    for step in comparing:
        progress = step.progress
        assert step.compared_with is not None
        assert (step.compared_with.id, step.kept, step.unkept) == (entry.id, None, None)
        assert (progress.finished, progress.seconds_total) == (False, 18.0)
        assert progress.transcript.segments == ()
    assert end.progress.finished
    assert end.compared_with is None


def decoded_seconds(
    transcriber: CachingTranscriber, source: Source, meter: PeakMeter | None = None
) -> float:
    """Return how much of a recording was decoded until its transcript came from the history."""
    with open_recording(source, LIMITS, name="a.wav") as recording:
        watched = recording if meter is None else MeteredRecording(recording, meter, "a.wav")
        step = [*transcriber.steps(watched, Options())][-1]
        assert step.kept is not None
        assert step.kept.is_cached
        return recording._clock.seconds


def test_a_file_that_was_heard_before_is_not_decoded_again(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(40.0))
    heard = last(caching, path).progress.transcript
    renamed = path.rename(tmp_path / "b.wav")
    [step] = steps(caching, renamed)
    assert step.progress.transcript == heard
    with renamed.open("rb") as opened:
        sources: tuple[Source, ...] = (renamed, str(renamed), renamed.read_bytes(), opened)
        for source in sources:
            assert decoded_seconds(caching, source) < 15
    assert ear.calls == 1


def test_what_cannot_be_digested_here_is_decoded(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(40.0))
    last(caching, path)
    assert decoded_seconds(caching, io.BytesIO(path.read_bytes())) == pytest.approx(40.0)
    assert ear.calls == 1


def test_the_second_container_of_a_sound_is_known_as_a_file_from_then_on(
    caching: CachingTranscriber, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(40.0))
    last(caching, path)
    other = as_flac(path, tmp_path / "b.flac")
    assert decoded_seconds(caching, other) == pytest.approx(40.0)
    assert decoded_seconds(caching, other) < 15


def test_a_known_file_has_its_waveform_at_once(caching: CachingTranscriber, tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(40.0))
    unseen, first, second = PeakMeter(), PeakMeter(), PeakMeter()
    last(caching, path)
    assert decoded_seconds(caching, path, first) == pytest.approx(40.0), "nobody has measured it"
    assert decoded_seconds(caching, path, second) < 15
    assert second.peaks.samples_per_peak == first.peaks.samples_per_peak
    np.testing.assert_array_equal(second.peaks.values, first.peaks.values)
    assert len(first.peaks.values) == 2_500 > len(unseen.peaks.values)


def test_a_file_is_forgotten_with_its_transcript_and_with_other_settings(
    caching: CachingTranscriber, ear: Ear, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(40.0))
    last(CachingTranscriber(ear, EngineHistory(store, "other weights")), path)
    store.delete(last(caching, path).kept.entry.id)
    last(caching, path)
    assert ear.calls == 3


def test_files_that_another_decoder_has_read_are_decoded(
    caching: CachingTranscriber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.wav", noise(40.0))
    last(caching, path)
    monkeypatch.setattr(av, "library_versions", {"libavcodec": (1, 0, 0)})
    assert decoded_seconds(caching, path) == pytest.approx(40.0)


@pytest.mark.parametrize("most_bytes", [1, 2**24])
def test_what_only_begins_alike_is_recognised_from_what_was_decoded(
    caching: CachingTranscriber,
    ear: Ear,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    most_bytes: int,
) -> None:
    monkeypatch.setattr(cached_result, "MOST_BYTES_IN_MEMORY", most_bytes)
    beginning = noise(15.0)
    last(caching, written(tmp_path / "a.wav", np.concatenate([beginning, noise(10.3, seed=1)])))
    other = written(tmp_path / "b.wav", np.concatenate([beginning, noise(10.3, seed=2)]))
    kept = last(caching, other).kept
    assert (kept.is_cached, ear.calls) == (False, 2)
    with open_recording(other, LIMITS) as recording:
        expected = [*recording.blocks(BLOCK_SECONDS)]
    assert [block.tolist() for block in ear.heard] == [block.tolist() for block in expected]
    assert all(block.flags.writeable for block in ear.heard)
    assert last(caching, other).kept.is_cached


@dataclass
class ReadingEar(Ear):
    """Hears the utterances that a reader finds."""

    reader: Reader = field(default_factory=lambda: Reader(Fbank(), FsmnVad.load(EMBEDDED_DETECTOR)))
    spans: list[tuple[float, float]] = field(default_factory=list)

    def transcribe(
        self, recording: WaveformSource, options: Options, _cancelled: Cancel
    ) -> Iterator[Progress]:
        found = [each for step in self.reader.read(recording, options) for each in step.utterances]
        self.spans = [(each.start, each.end) for each in found]
        segments = tuple(segment(*span) for span in self.spans)
        yield self._progress(segments[-1].end, segments, segments, recording, finished=True)


def test_what_only_begins_alike_is_searched_for_speech_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[WaveformSource] = []
    read_here = Reader.read_here

    def counted(self: Reader, recording: WaveformSource, options: Options) -> Iterator[Stretch]:
        reads.append(recording)
        return read_here(self, recording, options)

    monkeypatch.setattr(Reader, "read_here", counted)
    ear = ReadingEar()
    caching = CachingTranscriber(ear, EngineHistory(store, "these settings and weights"))
    speech = load_waveform(EXAMPLES / "zh-call.wav", LIMITS)[: 20 * SAMPLE_RATE]
    paths = [written(tmp_path / f"{n}.wav", np.append(speech, noise(1.0, n) / 9)) for n in (1, 2)]
    last(caching, paths[0])
    last(caching, paths[1])
    assert len(reads) == 2
    spans, ear.spans = ear.spans, []
    with open_recording(paths[1], LIMITS) as recording:
        assert [*ear.transcribe(recording, Options(), lambda: False)]
    assert spans == ear.spans


def test_a_longer_recording_with_the_same_beginning_is_another_one(
    caching: CachingTranscriber, ear: Ear, tmp_path: Path
) -> None:
    sound = noise(30.0)
    lengths = [sound[: 10 * SAMPLE_RATE], sound[: 20 * SAMPLE_RATE], sound]
    paths = [written(tmp_path / f"{len(part)}.wav", part) for part in lengths]
    ids = {last(caching, path).kept.entry.id for path in paths}
    assert (len(ids), ear.calls) == (3, 3)


def test_other_options_settings_or_weights_are_recognised_anew(
    caching: CachingTranscriber, ear: Ear, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(5.0))
    last(caching, path)
    steps(caching, path, Options(language="yue"))
    last(CachingTranscriber(ear, EngineHistory(store, "other weights")), path)
    assert ear.calls == 3
    assert store.count(parse_query("")) == 3


def test_a_recording_without_a_name_is_kept_without_one(
    caching: CachingTranscriber, tmp_path: Path
) -> None:
    nameless = FakeRecording([noise(1.0)])
    assert last_of([*caching.steps(nameless, Options())]).kept.entry.name is None


# What goes wrong ----------------------------------------------------------------------------------


def test_what_was_cancelled_or_broke_off_is_not_kept(
    caching: CachingTranscriber, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(20.0))
    with open_recording(path, LIMITS) as recording, pytest.raises(Cancelled):
        [*caching.steps(recording, Options(), lambda: True)]
    short = AudioLimits(LIMITS.max_bytes, max_seconds=15.0)
    with open_recording(path, short) as recording, pytest.raises(AudioError):
        [*caching.steps(recording, Options())]
    assert store.count(parse_query("")) == 0


def test_comparing_can_be_cancelled(caching: CachingTranscriber, tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(60.0))
    last(caching, path)
    done: list[Step] = []
    with (
        open_recording(as_flac(path, tmp_path / "b.flac"), LIMITS) as recording,
        pytest.raises(Cancelled),
    ):
        done.extend(caching.steps(recording, Options(), lambda: True))
    assert done == []


def test_without_its_database_all_is_heard_and_the_last_step_says_why_it_is_not_kept(
    ear: Ear, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Store):
        def __init__(self) -> None:
            super().__init__(f"sqlite:///{tmp_path}/history.sqlite")
            with self._database.session() as session:
                session.connection().exec_driver_sql("DROP TABLE richspeech_labels")
                session.connection().exec_driver_sql("DROP TABLE richspeech_transcripts")

    path = written(tmp_path / "a.wav", noise(5.0))
    store = Broken()
    with caplog.at_level(logging.WARNING):
        found = steps(CachingTranscriber(ear, EngineHistory(store, "")), path)
    store.close()
    *before, last_step = found
    assert before == [Step(step.progress) for step in before]
    assert len(before) == 2
    assert last_step.kept is None
    assert last_step.progress.finished
    assert "no such table" in str(last_step.unkept)
    (said,) = caplog.messages
    assert said.startswith("The history cannot be used (")


def test_a_cached_recording_is_the_one_that_was_corrected(
    caching: CachingTranscriber, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.wav", noise(5.0))
    first = last(caching, path)
    correction = Correction.from_dict({"index": 0, "text": "better"})
    better = first.kept.document.with_corrections([correction], datetime.now(UTC))
    corrected = store.edit(first.kept.entry, better)
    again = last(caching, path)
    assert (again.kept.entry, again.progress.transcript) == (corrected, first.progress.transcript)
    document = again.kept.document
    assert (document, document.corrections) == (better, (correction,))


def test_what_was_asked_for_is_kept_with_the_engine_that_heard_it(
    ear: Ear, store: Store, tmp_path: Path
) -> None:
    request = TranscriptionRequest(engine="paraformer", sentiment=True, rules=DEFAULT_RULES)
    caching = CachingTranscriber(ear, EngineHistory(store, "same", request))
    path, options = written(tmp_path / "a.wav", noise(1.0)), Options(hotwords=("退款",))
    kept = last_of(steps(caching, path, options)).kept
    assert store.open(kept.entry.id).entry.request == replace(request, options=options)


# The process ends before the recording ------------------------------------------------------------


def ended_after(blocks: int, transcriber: CachingTranscriber, path: Path) -> Cancelled:
    """How a transcription ended that was cancelled when so much was heard."""
    looks = count()
    with open_recording(path, LIMITS) as recording, pytest.raises(Cancelled) as caught:
        list(transcriber.steps(recording, Options(), lambda: next(looks) >= blocks))
    return caught.value


def test_what_was_heard_until_the_process_ended_is_kept_and_answers_for_nothing(
    ear: Ear, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "talk.wav", noise(40.0))
    ending = CachingTranscriber(ear, EngineHistory(store, "same"), interrupted=lambda: True)
    error = ended_after(5, ending, path)
    assert isinstance(error, Interrupted)
    assert error.entry.name == "talk.wav (interrupted)"
    kept = store.open(error.entry.id).document.measured
    assert kept.duration == 20.0
    assert kept.text.startswith("from 0")

    again = CachingTranscriber(ear, EngineHistory(store, "same"))
    whole = last(again, path)
    assert (whole.kept.is_cached, whole.progress.transcript.duration) == (False, 40.0)
    # Nor for a recording that is no longer than what was decoded by then.
    part = written(tmp_path / "part.wav", noise(40.0)[: 24 * SAMPLE_RATE])
    assert not last(again, part).kept.is_cached
    assert store.count(parse_query("")) == 3


def test_who_cancels_keeps_nothing(ear: Ear, store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "talk.wav", noise(40.0))
    error = ended_after(5, CachingTranscriber(ear, EngineHistory(store, "same")), path)
    assert type(error) is Cancelled
    assert store.count(parse_query("")) == 0


def test_what_ends_before_anything_was_heard_leaves_nothing(
    ear: Ear, store: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "talk.wav", noise(40.0))
    ending = CachingTranscriber(ear, EngineHistory(store, "same"), interrupted=lambda: True)
    assert type(ended_after(0, ending, path)) is Cancelled
    assert store.count(parse_query("")) == 0


def test_a_disk_that_is_full_while_sound_is_compared_is_a_sentence(
    caching: CachingTranscriber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    path = written(tmp_path / "a.wav", noise(20.0))
    last(caching, path)
    monkeypatch.setattr(cached_result, "SpooledTemporaryFile", lambda _: FullDisk())
    with pytest.raises(StoreError, match="No space left on device"):
        steps(caching, as_flac(path, tmp_path / "b.flac"))


# Edits


def test_what_was_measured_is_kept_and_what_the_settings_did_to_it_is_an_edit(
    ear: Ear, store: Store, tmp_path: Path
) -> None:
    loud = Rule("loud", RuleCondition(any_words=("from 0",)), set_emotion=Emotion.ANGRY)
    staged = StagedTranscriber(ear, Recipe((loud,)))
    transcriber = CachingTranscriber(staged, EngineHistory(store, "these settings"))
    path = written(tmp_path / "a.wav", noise(5))
    first = last(transcriber, path)
    document = store.open(first.kept.entry.id).document
    assert [each.emotion for each in document.measured.segments] == [Emotion.NEUTRAL] * 2
    assert [(each.kind, each.by) for each in document.edits] == [("rules", SETTINGS)]
    heard_first = [each.emotion for each in first.progress.transcript.segments]
    assert heard_first == [Emotion.ANGRY, Emotion.NEUTRAL]
    second = last(transcriber, path)
    assert second.kept.is_cached
    assert second.progress.transcript.segments == first.progress.transcript.segments
    assert second.progress.document == document
