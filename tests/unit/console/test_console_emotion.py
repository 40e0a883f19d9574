"""The tab of emotions and second opinions without a browser, with a made-up recogniser."""

import asyncio
import json
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import Waveform
from richspeech.console.sessions import Session
from richspeech.console.tabs.emotion import render as emotion_render
from richspeech.console.view import segment_line
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.hub import Source
from richspeech.engines.lazy import Lazy
from richspeech.errors import ModelError, UnexpectedError
from richspeech.jobs import emotion as emotion_work
from richspeech.jobs.emotion import EmotionJob, EmotionRequest, Emotions
from richspeech.jobs.emotion_recogniser import SharedEmotionRecogniser
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import AT_ONCE, Runner
from richspeech.jobs.second_opinion import SecondOpinions
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import say
from richspeech.model.corrections import Correction
from richspeech.model.emotion_scores import EmotionScores, NineEmotion
from richspeech.model.job_state import State
from richspeech.model.labels import word_of
from richspeech.model.place import Place
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.settings import EmotionSettings
from tests.fakes import FakeEmotionRecogniser, loaded_emotion_recogniser, wait_until, wav_at
from tests.transcripts import put_right

LIMITS = AudioLimits(10_000_000, 600)
LIMIT = {NineEmotion.ANGRY: 0.75}
SECONDS = 10


def loudness(waveform: Waveform) -> EmotionScores:
    """Anger wherever it is loud, sadness wherever it is quiet."""
    frames = waveform[: len(waveform) // 320 * 320].reshape(-1, 320)
    logits = np.zeros((len(frames), 9), np.float32)
    loud = np.abs(frames).max(axis=1) > 0.5
    logits[loud, [*NineEmotion].index(NineEmotion.ANGRY)] = 6.0
    logits[~loud, [*NineEmotion].index(NineEmotion.SAD)] = 6.0
    features = np.ones((len(frames), 4), np.float32)
    seconds = len(waveform) / 16_000
    return EmotionScores(seconds, tuple(NineEmotion), logits, features[0], features, 0.02)


def recogniser_with(load: Callable[[], LoadedEmotionRecogniser]) -> SharedEmotionRecogniser:
    return SharedEmotionRecogniser(Lazy(load, None))


def loaded(
    fed: Callable[[], None] = lambda: None, source: Source = Source.EMBEDDED
) -> LoadedEmotionRecogniser:
    return loaded_emotion_recogniser(FakeEmotionRecogniser(loudness, fed), source)


def work_with(
    settings: EmotionSettings | None = None,
    load: Callable[[], LoadedEmotionRecogniser] | None = None,
) -> Emotions:
    recogniser = recogniser_with(load or (loaded))
    return Emotions(Runner(), recogniser, LIMITS, settings or EmotionSettings())


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """Five quiet seconds, then five loud ones."""
    return write(tmp_path / "call <1>.wav", [0.1] * 5 + [0.9] * 5)


def write(path: Path, levels: list[float]) -> Path:
    samples = np.repeat(np.array(levels) * 32_000, 16_000)
    return wav_at(path, samples)


def heard(
    path: Path, folder: Path, asked: EmotionRequest, work: Emotions | None = None
) -> EmotionJob:
    job = EmotionJob(path, asked)
    work = work or work_with()
    Runner().run(job, partial(work.run, job, path, folder))
    return job


# One job --------------------------------------------------------------------------------------


def test_a_recording_gives_an_emotion_a_curve_files_and_a_log(call: Path, tmp_path: Path) -> None:
    job = heard(call, tmp_path / "page", EmotionRequest(frames=True, embedding=True))
    result = job.result
    assert job.state is State.FINISHED
    assert result is not None
    quiet, loud = result.curve[2], result.curve[-3]
    assert quiet.scores[NineEmotion.SAD] > 0.9
    assert loud.scores[NineEmotion.ANGRY] > 0.9
    document = json.loads(result.files["result.json"].read_text("utf-8"))
    assert (document["file"], document["duration"]) == (call.name, float(SECONDS))
    assert document["scores"]["angry"] == pytest.approx(document["scores"]["sad"], abs=1e-5)
    assert len(document["frames"]) == len(result.curve)
    assert np.load(result.files["embedding.npy"]).shape == (SECONDS * 50, 4)
    with wave.open(str(result.files["processed_audio.wav"])) as file:
        assert (file.getframerate(), file.getnframes()) == (16_000, SECONDS * 16_000)
    assert [s.name for s in job.steps] == ["open", "load", "decode", "recognise", "curve", "files"]
    assert all(step.milliseconds >= 0 for step in job.steps)


def test_only_what_was_asked_for_is_written(call: Path, tmp_path: Path) -> None:
    result = heard(call, tmp_path / "page", EmotionRequest()).result
    assert result is not None
    assert {*result.files} == {"result.json", "processed_audio.wav"}
    assert result.curve == ()
    assert result.kept is None
    assert "frames" not in json.loads(result.files["result.json"].read_text("utf-8"))


def test_a_run_that_is_to_stay_is_copied_to_the_folder_of_the_settings(
    call: Path, tmp_path: Path
) -> None:
    work = work_with(EmotionSettings(outputs_folder=tmp_path / "kept"))
    result = heard(call, tmp_path / "page", EmotionRequest(embedding=True, keep=True), work).result
    assert result is not None
    assert result.kept is not None
    assert result.kept.parent == tmp_path / "kept"
    for name, path in result.files.items():
        assert (result.kept / name).read_bytes() == path.read_bytes()


def test_nothing_stays_where_the_settings_allow_no_folder(call: Path, tmp_path: Path) -> None:
    work = work_with(EmotionSettings(outputs_folder=None))
    result = heard(call, tmp_path / "page", EmotionRequest(keep=True), work).result
    assert result is not None
    assert result.kept is None


def test_the_curve_of_a_long_recording_is_thinned_and_its_file_is_not(
    call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emotion_work, "MOST_POINTS", 5)
    result = heard(call, tmp_path / "page", EmotionRequest(frames=True)).result
    assert result is not None
    assert 5 <= len(result.curve) < 8
    assert result.curve[-1].end == SECONDS
    frames = json.loads(result.files["result.json"].read_text("utf-8"))["frames"]
    assert len(frames) > 20


def test_silence_is_told_in_chinese_and_leaves_no_files(tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.wav", [0.0] * 2)
    job = heard(silent, tmp_path / "page", EmotionRequest())
    assert job.state is State.FAILED
    assert "识别失败：</strong>整段都是静音" in emotion_render.status(job, "zh")
    assert "only silence" in emotion_render.status(job, "en")
    assert [*(tmp_path / "page").iterdir()] == []


def test_a_model_that_cannot_be_loaded_fails_the_job_with_its_sentence(
    call: Path, tmp_path: Path
) -> None:
    def load() -> LoadedEmotionRecogniser:
        raise ModelError("emotion.features_only", name="x")

    job = heard(call, tmp_path / "page", EmotionRequest(), work_with(load=load))
    assert job.state is State.FAILED
    assert "只输出特征" in emotion_render.status(job, "zh")


def test_an_unexpected_failure_is_one_sentence(call: Path, tmp_path: Path) -> None:
    def load() -> LoadedEmotionRecogniser:
        raise RuntimeError("out of memory <here>")

    job = heard(call, tmp_path / "page", EmotionRequest(), work_with(load=load))
    assert isinstance(job.error, UnexpectedError)
    assert "memory" not in emotion_render.status(job, "en")


# Stopping -----------------------------------------------------------------------------------------


def test_cancelling_ends_a_job_with_the_block_it_recognises_and_keeps_nothing(
    call: Path, tmp_path: Path
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def fed() -> None:
        reached.set()
        assert go_on.wait(60)

    work = work_with(load=lambda: loaded(fed))
    job = EmotionJob(call, EmotionRequest())
    work.submit(job, tmp_path / "page")
    assert reached.wait(60)
    job.cancel()
    assert "正在停止" in emotion_render.status(job, "zh")
    go_on.set()
    wait_until(lambda: job.is_over)
    wait_until(lambda: not [*(tmp_path / "page").iterdir()])
    assert (job.state, job.result) == (State.CANCELLED, None)


def test_who_waits_for_the_model_can_leave_and_the_next_one_finds_it(
    call: Path, tmp_path: Path
) -> None:
    go_on, loads = threading.Event(), []

    def load() -> LoadedEmotionRecogniser:
        loads.append(1)
        assert go_on.wait(60)
        return loaded()

    work = work_with(load=load)
    first = EmotionJob(call, EmotionRequest())
    work.submit(first, tmp_path / "page")
    wait_until(lambda: first.state is State.LOADING)
    first.cancel()
    wait_until(lambda: first.state is State.CANCELLED)
    go_on.set()
    second = heard(call, tmp_path / "page", EmotionRequest(), work)
    assert second.state is State.FINISHED
    assert loads == [1]


def test_more_jobs_than_places_wait_for_their_turn(call: Path, tmp_path: Path) -> None:
    go_on = threading.Event()

    def load() -> LoadedEmotionRecogniser:
        go_on.wait()
        return loaded()

    work = work_with(load=load)
    jobs = [EmotionJob(call, EmotionRequest()) for _ in range(AT_ONCE[Kind.EMOTION] + 1)]
    for job in jobs:
        work.submit(job, tmp_path / "page")
    *first, last = jobs
    wait_until(lambda: all(each.state is State.LOADING for each in first))
    assert last.state is State.WAITING
    go_on.set()
    wait_until(lambda: all(each.state is State.FINISHED for each in jobs))


def test_a_page_sees_every_change_and_the_end(call: Path, tmp_path: Path) -> None:
    job = EmotionJob(call, EmotionRequest())

    async def watched() -> list[State]:
        work_with().submit(job, tmp_path / "page")
        return [job.state async for _ in job.watch()]

    assert asyncio.run(watched())[-1] is State.FINISHED


def test_a_closed_window_stops_emotion_jobs_and_opinions(call: Path) -> None:
    session = Session()
    session.put(EmotionJob(call, EmotionRequest()))
    assert session.has_work
    for task in session.tasks:
        task.cancel()
    assert all(task.stop.is_set() for task in session.tasks)


# What is shown ------------------------------------------------------------------------------------


def finished(call: Path, folder: Path, **asked: bool) -> EmotionJob:
    return heard(call, folder, EmotionRequest(**asked))


def test_the_result_has_nine_bars_with_numbers_that_sum_to_one(call: Path, tmp_path: Path) -> None:
    job = finished(call, tmp_path)
    html = emotion_render.scores(job, "zh")
    assert html.count("<li") == 9
    for emotion in NineEmotion:
        assert word_of(emotion, "zh") in html
        assert word_of(emotion, "en") in emotion_render.scores(job, "en")
    numbers = [float(part.split("%")[0]) for part in html.split("<b>")[1:]]
    assert sum(numbers) == pytest.approx(100, abs=0.5)
    assert numbers == sorted(numbers, reverse=True)


def test_a_high_risk_names_emotion_score_and_limit_and_no_risk_names_none(
    tmp_path: Path,
) -> None:
    loud = finished(write(tmp_path / "loud.wav", [0.9] * 3), tmp_path)
    html = emotion_render.verdict(loud, LIMIT, "zh")
    assert "愤怒" in html
    assert "高风险" in html
    assert "75.0%" in html
    quiet = finished(write(tmp_path / "quiet.wav", [0.1] * 3), tmp_path)
    assert "高风险" not in emotion_render.verdict(quiet, LIMIT, "zh")


def test_the_small_model_says_that_it_is_the_small_model(call: Path, tmp_path: Path) -> None:
    assert say("emotion_tiny_head", "zh") in emotion_render.verdict(
        finished(call, tmp_path), LIMIT, "zh"
    )
    big = work_with(load=lambda: loaded(source=Source.CACHE))
    job = heard(call, tmp_path, EmotionRequest(), big)
    assert say("emotion_tiny_head", "zh") not in emotion_render.verdict(job, LIMIT, "zh")


def test_the_log_has_a_line_a_step_and_the_place_of_a_kept_run(call: Path, tmp_path: Path) -> None:
    work = work_with(EmotionSettings(outputs_folder=tmp_path / "kept"))
    job = heard(call, tmp_path, EmotionRequest(keep=True), work)
    html = emotion_render.journal(job, "zh")
    assert html.count("毫秒") == len(job.steps)
    assert job.result is not None
    assert str(job.result.kept) in html


def test_a_file_name_is_escaped(call: Path, tmp_path: Path) -> None:
    html = emotion_render.player(finished(call, tmp_path), "zh")
    assert "call &lt;1&gt;.wav" in html
    assert "<1>" not in html


def test_the_curve_is_thousandths_a_point_for_every_emotion(call: Path, tmp_path: Path) -> None:
    drawn = emotion_render.curve(finished(call, tmp_path, frames=True), "en")
    assert drawn is not None
    assert [*drawn["scores"]] == [*NineEmotion]
    assert {len(row) for row in drawn["scores"].values()} == {len(drawn["times"])}
    sums = np.sum([*drawn["scores"].values()], axis=0)
    np.testing.assert_allclose(sums, 1000, atol=5)
    assert drawn["times"] == sorted(drawn["times"])
    assert drawn["emotions"]["angry"] == "angry"
    assert emotion_render.curve(finished(call, tmp_path), "en") is None


def test_progress_tells_seconds_and_time_left_and_not_more_than_is_known() -> None:
    job = EmotionJob(Path("a.wav"), EmotionRequest(), seconds_total=100.0)
    job.begin()
    job.seconds_done = 25.0
    job.began = time.monotonic() - 5
    html = emotion_render.status(job, "zh")
    assert "25%" in html
    assert "0:25 / 1:40" in html
    assert "15 秒" in html
    job.seconds_done = 100.0
    assert "moving" in emotion_render.status(job, "zh")


# A second opinion ---------------------------------------------------------------------------------


def segment(start: float, end: float, emotion: Emotion) -> Segment:
    probabilities = {emotion.value: 0.9}
    return Segment(start, end, "你好。", "zh", 0.9, emotion, probabilities, (), {}, (), "")


def job_of(path: Path) -> Transcription:
    segments = (segment(0, 4, Emotion.SAD), segment(6, 10, Emotion.HAPPY))
    whole = Transcript(SECONDS, 1.0, "sensevoice", "models/tiny", segments)
    return Transcription(
        path,
        TranscriptionRequest(),
        Progress(whole, segments, SECONDS, finished=True),
        state=State.FINISHED,
    )


@contextmanager
def asked(
    job: Transcription, load: Callable[[], LoadedEmotionRecogniser] | None = None
) -> Iterator[SecondOpinions]:
    work = SecondOpinions(Runner(), recogniser_with(load or (loaded)), LIMITS)
    work.ask(job)
    yield work
    wait_until(lambda: job.second_opinion is None or job.second_opinion.is_over)


def lines(job: Transcription) -> list[dict[str, Any]]:
    assert job.transcript is not None
    return [
        json.loads(segment_line(Place(n), s, "label"))
        for n, s in enumerate(job.transcript.segments)
    ]


def test_a_second_opinion_is_in_the_views_and_where_they_disagree_is_marked(call: Path) -> None:
    job = job_of(call)
    assert [each["second"] for each in lines(job)] == [None, None]
    with asked(job):
        pass
    first, second = lines(job)
    assert (first["second"]["emotion"], first["disagrees"]) == ("sad", False)
    assert (second["second"]["emotion"], second["disagrees"]) == ("angry", True)
    assert second["second"]["emotions"]["angry"] == second["second"]["probability"] > 0.9
    said = emotion_render.second_opinion(job, LIMIT, "zh")
    assert "1 句判断不同" in said
    assert "高风险：愤怒" in said


def test_a_person_settles_a_dispute_and_the_opinion_stays(call: Path) -> None:
    job = job_of(call)
    put_right(job, Correction(0, text="再见。"))
    with asked(job):
        pass
    put_right(job, *job.corrections, Correction(1, emotion=Emotion.SURPRISED))
    first, second = lines(job)
    assert (first["text"], first["second"]["emotion"]) == ("再见。", "sad")
    assert (second["emotion"], second["disagrees"]) == ("surprised", False)
    assert "没有判断不同" in emotion_render.second_opinion(job, LIMIT, "zh")


def test_an_opinion_that_is_stopped_changes_nothing(call: Path) -> None:
    job, reached = job_of(call), threading.Event()
    before = job.transcript
    go_on = threading.Event()

    def fed() -> None:
        reached.set()
        assert go_on.wait(60)

    with asked(job, lambda: loaded(fed)):
        assert reached.wait(60)
        assert job.second_opinion is not None
        job.second_opinion.cancel()
        go_on.set()
    assert job.transcript is before
    assert say("second_opinion_cancelled", "zh") in emotion_render.second_opinion(job, LIMIT, "zh")


def test_no_opinion_can_be_had_on_a_recording_that_is_gone_or_a_job_that_runs(call: Path) -> None:
    gone, running = replace(job_of(call), path=None), job_of(call)
    running.state = State.RUNNING
    for job in (gone, running):
        with asked(job):
            assert job.second_opinion is None


def test_a_second_press_while_it_runs_is_one_opinion(call: Path) -> None:
    job, go_on = job_of(call), threading.Event()

    def load() -> LoadedEmotionRecogniser:
        assert go_on.wait(60)
        return loaded()

    with asked(job, load) as work:
        first = job.second_opinion
        work.ask(job)
        assert job.second_opinion is first
        go_on.set()


def test_an_opinion_that_fails_says_why(tmp_path: Path) -> None:
    job = job_of(tmp_path / "gone.wav")
    with asked(job):
        pass
    assert "gone.wav" in emotion_render.second_opinion(job, LIMIT, "zh")
    assert job.second_opinion is not None
    assert job.second_opinion.state is State.FAILED
