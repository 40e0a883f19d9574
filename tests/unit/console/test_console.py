"""The console without a browser: words, drawing, and handlers with a fake transcriber."""

import asyncio
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.console import render
from richspeech.console.events import Step, Trimming
from richspeech.console.examples import find_examples
from richspeech.console.layout import set_locale
from richspeech.console.login import login_page
from richspeech.console.offers import language_choices, voices_offer
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import is_busy, settle, show, shown, watch
from richspeech.console.tabs.transcribe.handlers import Choices, Handlers, Painting, paint
from richspeech.console.tabs.transcribe.welcome import welcome
from richspeech.engines.hub import Source
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import (
    AudioError,
    Cancelled,
    ModelError,
    NoRecordingError,
    NothingToCompareError,
    OptionError,
    RichSpeechError,
    UnexpectedError,
)
from richspeech.jobs.export import file_stem
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.language.catalog import Notice, locales, say
from richspeech.language.languages import language_name
from richspeech.model.corrections import Correction
from richspeech.model.job_state import State
from richspeech.model.labels import word_of
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber
from richspeech.recognition.reading import WaveformSource
from richspeech.review.highlights import Highlight, pick_highlights
from richspeech.settings import HighlightSettings, Settings
from tests.fakes import loaded_with, ready, wait_until, wav_at
from tests.transcripts import put_right

LIMITS = AudioLimits(10_000_000, 600)
CHOICES = Choices("auto", ["zh", "en"], True, False, 15.0, False)
CHINESE = re.compile(r"[\u3400-\u9fff]")


def segment(
    text: str = "你好。",
    start: float = 0.0,
    emotion: Emotion = Emotion.HAPPY,
    events: tuple[AudioEvent, ...] = (AudioEvent.LAUGHTER,),
    rules: tuple[str, ...] = (),
) -> Segment:
    return Segment(
        start=start,
        end=start + 2.5,
        text=text,
        language="zh",
        language_probability=0.97,
        emotion=emotion,
        emotion_probabilities={"happy": 0.93, "unknown": 0.07},
        events=events,
        event_probabilities={"laughter": 0.8},
        tokens=(),
        raw_text="",
        rules=rules,
    )


def progress(
    *segments: Segment,
    done: float = 20.0,
    total: float | None = 80.0,
    seconds: float = 2.0,
    finished: bool = False,
) -> Progress:
    transcript = Transcript(done, seconds, "sensevoice", "models/tiny", segments)
    return Progress(transcript, segments, total, finished)


def finished_job(*segments: Segment, name: str = "会议.wav") -> Transcription:
    last = progress(*segments, finished=True)
    return Transcription(render_path(name), TranscriptionRequest(), last, state=State.FINISHED)


def render_path(name: str) -> Path:
    return Path("/somewhere") / name


@pytest.mark.parametrize("locale", locales())
def test_what_is_amiss_with_a_recording_is_said_below_its_end(locale: str) -> None:
    lost = RecordingWarning.of("damaged_packets", packets=3)
    last = progress(finished=True)
    last = replace(last, transcript=replace(last.transcript, warnings=(lost,)))
    job = Transcription(render_path("a"), TranscriptionRequest(), last, state=State.FINISHED)
    assert f'"message warning" role="status">{lost.sentence(locale)}<' in render.status(job, locale)


class FakeTranscriber:
    def __init__(self, *steps: Progress | Exception) -> None:
        self.steps = steps
        self.options: Options | None = None

    def transcribe(
        self,
        recording: WaveformSource,  # noqa: ARG002 - the port
        options: Options,
        cancelled: Cancel,
    ) -> Iterator[Progress]:
        self.options = options
        for step in self.steps:
            if cancelled():
                raise Cancelled
            if isinstance(step, Exception):
                raise step
            yield step


@pytest.fixture
def recording(tmp_path: Path) -> str:
    return str(wav_at(tmp_path / "my talk.wav", np.zeros(16_000)))


def handlers_on(readiness: Readiness) -> Handlers:
    return Handlers(
        Transcriptions(Runner(), Transcribers(readiness, Settings()), LIMITS), Sessions(3600)
    )


def handlers_of(transcriber: Transcriber) -> Handlers:
    return handlers_on(ready(loaded_with(transcriber)))


def handlers_with(*steps: Progress | Exception) -> Handlers:
    return handlers_of(FakeTranscriber(*steps))


def run_through(
    handlers: Handlers, path: str | None, choices: Choices = CHOICES
) -> tuple[list[Painting], Session]:
    session = handlers.begin("page", path, choices)
    return watched(handlers), session


def watched(handlers: Handlers) -> list[Painting]:
    """All paintings until the job is over."""

    async def paintings() -> list[Painting]:
        return [paint(session) async for session in watch(handlers.sessions, "page")]

    return asyncio.run(paintings())


def stepped(
    *steps: Progress | Exception, path: str
) -> tuple[Transcription, Session, Iterator[None]]:
    """A job whose steps the test takes itself."""
    job, session = Transcription(Path(path)), Session()
    show(session, job)
    work = Transcriptions(
        Runner(), Transcribers(ready(loaded_with(FakeTranscriber(*steps))), Settings()), LIMITS
    )
    return job, session, work.steps(job, Path(path))


def texts(painting: Painting) -> list[str]:
    """What stands in the rows of the transcript."""
    assert painting.view is not None
    return [json.loads(line)["text"] for line in painting.view["segments"]]


# words


@pytest.mark.parametrize(
    ("locale", "title", "name"),
    [
        ("zh", "SenseVoice 智能语音识别控制台", "听见"),
        ("en", "SenseVoice Speech Recognition Console", "Hear"),
    ],
)
def test_the_browser_s_tab_and_the_page_have_the_same_heading(
    locale: str, title: str, name: str
) -> None:
    assert say("page_title", locale) == f"{title} · {name}"
    head = render.header(locale)
    assert f"<h1>{title}</h1>" in head
    assert re.search(rf"<p>{name} <button [^>]*>\?</button></p>", head)
    assert f"<h1>{title}</h1>" in login_page(locale)


def test_the_empty_page_names_all_that_is_heard() -> None:
    for locale in locales():
        lines = re.findall("<li>(.*?)</li>", welcome((), locale))
        known = (
            [language_name(each, locale) for each in LANGUAGES],
            [word_of(each, locale) for each in Emotion if each is not Emotion.UNKNOWN],
            [word_of(each, locale) for each in AudioEvent if each is not AudioEvent.SPEECH],
        )
        for line, words in zip(lines, known, strict=True):
            assert [word for word in words if word not in line] == []


@pytest.mark.parametrize("locale", locales())
def test_the_choice_of_the_language_offers_auto_and_all_languages_with_their_tags(
    locale: str,
) -> None:
    offered = language_choices(engine_named("sensevoice"), locale)
    assert [value for _, value in offered] == ["auto", "zh", "en", "yue", "ja", "ko"]
    assert {value for _, value in offered} == {"auto", *LANGUAGES}
    names = {"auto": say("auto", locale)} | {x: language_name(x, locale) for x in LANGUAGES}
    assert all(text == f"{value} · {names[value]}" for text, value in offered)


# sentences


def failing(tmp_path: Path, name: str, content: bytes, limits: AudioLimits = LIMITS) -> Notice:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught, open_recording(path, limits) as recording:
        list(recording.blocks())
    return Notice.of(caught.value)


def test_a_broken_file_is_told_in_chinese_with_a_way_out(tmp_path: Path) -> None:
    notice = failing(tmp_path, "a.wav", b"this is no sound")
    assert notice.sentence("zh") == (
        "a.wav 不是能识别的音频或视频：请另存为 WAV、MP3、M4A、FLAC 或 OGG 再试。"
    )
    assert notice.sentence("en").startswith("a.wav cannot be read as sound or video: ")


def test_what_the_decoder_says_is_translated(tmp_path: Path) -> None:
    assert failing(tmp_path, "b.wav", b"").sentence("zh").startswith("b.wav 是空文件：")
    big = failing(tmp_path, "c.wav", b"x" * 100_000, AudioLimits(50_000, 60))
    assert big.sentence("zh").startswith("c.wav 有 97.7 kB，超过了允许的 48.8 kB：")


# drawing


def test_everything_from_outside_is_escaped() -> None:
    job = finished_job(segment("<script>alert('x')</script>"), name='"><img src=x>.wav')
    html = "".join(
        (
            render.status(job, "zh"),
            render.player(job, "zh"),
            render.table(job, "zh"),
        )
    )
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("error", [NoRecordingError(), NothingToCompareError()])
def test_who_names_no_recording_is_asked_for_one_and_nothing_has_failed(
    error: RichSpeechError,
) -> None:
    asked = render.failure(error, "zh")
    assert "请先上传音频文件" in asked
    assert "识别失败" not in asked


@pytest.mark.parametrize(("locale", "said"), [("zh", "识别失败："), ("en", "Recognition failed: ")])
def test_a_failure_is_told_before_its_reason(locale: str, said: str) -> None:
    for error in (ModelError("The tensor is wrong."), UnexpectedError()):
        job = Transcription(None)
        job.fail(error)
        shown = unescape(re.sub("<[^>]*>", "", render.status(job, locale)))
        assert shown == said + Notice.of(error).sentence(locale)


def test_an_error_is_escaped() -> None:
    job = Transcription(None)
    job.fail(AudioError("<b>bold</b>"))
    assert "<b>" not in render.status(job, "zh")


def test_a_row_shows_words_emotion_with_probability_and_events() -> None:
    html = render.table(finished_job(segment(start=67.0)), "zh")
    assert all(part in html for part in ("1:07.0", "你好。", "开心", "93%", "笑声", "80%"))
    english = render.table(finished_job(segment(start=67.0)), "en")
    assert "happy" in english
    assert "laughter" in english


def test_unknown_is_shown_as_unknown() -> None:
    assert "未知" in render.table(finished_job(segment(emotion=Emotion.UNKNOWN)), "zh")


def test_a_probability_that_was_not_measured_is_not_invented() -> None:
    silent = replace(
        segment(events=()),
        language_probability=None,
        emotion_probabilities={},
        event_probabilities={},
    )
    assert "%" not in render.table(finished_job(silent), "zh")


def test_a_corrected_label_has_no_probability_of_the_model() -> None:
    job = finished_job(segment())
    put_right(job, Correction(0, emotion=Emotion.UNKNOWN, events=(AudioEvent.LAUGHTER,)))
    html = render.table(job, "zh")
    assert "<small>7%" not in html
    assert "已人工修改" in html


def test_a_long_running_job_draws_the_newest_rows_only() -> None:
    many = [segment(f"第{number}句。", start=number) for number in range(150)]
    job = Transcription(
        render_path("a.wav"), TranscriptionRequest(), progress(*many), state=State.RUNNING
    )
    html = render.table(job, "zh")
    assert "第49句" not in html
    assert "第149句" in html
    assert "前面 50 段" in html
    job.state = State.FINISHED
    assert "第0句" in render.table(job, "zh")


def test_the_table_has_all_columns_in_both_languages() -> None:
    job = finished_job(segment(rules=("hesitant-sad",)))
    chinese, english = render.table(job, "zh"), render.table(job, "en")
    assert re.findall(r"<th [^>]*>([^<]*)", chinese) == [
        "开始",
        "结束",
        "语言",
        "情绪",
        "声音",
        "文字",
    ]
    assert re.findall(r"<th [^>]*>([^<]*)", english) == [
        "Start",
        "End",
        "Language",
        "Emotion",
        "Sounds",
        "Text",
    ]
    assert "0:02.5" in chinese
    assert "已按规则修正" in chinese


def test_progress_tells_audio_seconds_percentage_time_left_and_speed() -> None:
    job = Transcription(
        render_path("a.wav"), TranscriptionRequest(), progress(segment()), state=State.RUNNING
    )
    html = render.status(job, "zh")
    assert all(x in html for x in ("0:20 / 1:20", "25%", "还需约 6 秒", "速度 10 倍"))
    assert 'aria-valuenow="25"' in html
    assert "about 6 sec left" in render.status(job, "en")


def test_progress_of_a_recording_of_unknown_length_has_no_percentage() -> None:
    job = Transcription(
        render_path("a.wav"), TranscriptionRequest(), progress(total=None), state=State.RUNNING
    )
    html = render.status(job, "zh")
    assert "已识别 0:20" in html
    assert "aria-valuenow" not in html
    assert "还需" not in html


def test_the_numbers_say_how_fast_it_went_and_name_the_model_without_its_folder() -> None:
    html = render.numbers(finished_job(segment()), "zh")
    assert all(x in html for x in ("20 秒", "2.00 秒", "比实时快 10 倍", "普通话", ">tiny<"))
    assert "models/" not in html


def test_a_machine_that_is_slower_than_people_talk_says_so() -> None:
    assert render.times_faster(21.6, "en") == "22 times faster than real time"
    assert render.times_faster(0.5, "en") == "2.0 times as long as the recording"
    assert render.times_faster(None, "en") == ""


def test_no_speech_says_so() -> None:
    assert "没有听到说话声" in render.status(finished_job(), "zh")
    applause = segment("", events=(AudioEvent.APPLAUSE,))
    html = render.status(finished_job(applause), "zh")
    assert "只有下面这些声音" in html
    assert "掌声" in render.table(finished_job(applause), "zh")


def test_the_banner_is_there_for_the_tiny_model_only() -> None:
    tiny, real = (loaded_with(FakeTranscriber(), source=s) for s in (Source.EMBEDDED, Source.CACHE))
    assert "iic/SenseVoiceSmall" in render.banner(tiny, "zh")
    assert render.banner(real, "zh") == ""


FACTS = render.Facts("1.2", 6006, 3600, 1, 1)


def test_the_page_names_the_model_once_it_is_there() -> None:
    assert "模型加载中" in render.banner(None, "zh")
    assert "Loading the model" in render.banner(None, "en")
    assert "加载中" in render.footer(FACTS, None, "zh")
    footer = render.footer(FACTS, loaded_with(FakeTranscriber()), "zh")
    assert ">tiny<" in footer
    assert "cpu（按设置）" in footer
    assert "加载中" not in footer


def test_the_page_tells_what_happens_to_recordings_and_how_to_reach_it() -> None:
    assert "1 小时后删除" in render.footer(FACTS, None, "zh")
    assert "ssh -L 6006:127.0.0.1:6006" in render.insecure_notice(FACTS, "zh")


# handlers


def test_segments_appear_one_by_one(recording: str) -> None:
    steps = (
        progress(segment("一。")),
        progress(segment("一。"), segment("二。", start=4), finished=True),
    )
    paintings, _ = run_through(handlers_with(*steps), recording)
    assert "一。" in texts(paintings[-1])
    assert "二。" in texts(paintings[-1])
    assert paintings[-1].can_start
    assert not paintings[-1].can_cancel


def test_no_audio_says_so_and_does_not_blank_the_page() -> None:
    paintings, _ = run_through(handlers_with(), None)
    assert "请先上传音频文件" in paintings[-1].status
    assert paintings[-1].can_start


def test_the_options_of_the_form_reach_the_transcriber(recording: str) -> None:
    transcriber = FakeTranscriber(progress(segment(), finished=True))
    choices = Choices("yue", ["yue"], False, True, 9.0, True)
    run_through(handlers_of(transcriber), recording, choices)
    assert transcriber.options == Options("yue", ("yue",), False, True, 9.0, True)


@pytest.mark.parametrize(("chosen", "asked"), [("off", "off"), ("auto", "auto"), ("3", 3)])
def test_so_many_speakers_are_told_apart_as_are_chosen(
    recording: str, chosen: str, asked: str | int
) -> None:
    transcriber = FakeTranscriber(progress(segment(), finished=True))
    run_through(handlers_of(transcriber), recording, replace(CHOICES, voices=chosen))
    assert transcriber.options is not None
    assert transcriber.options.voices == asked


def test_a_number_of_speakers_that_the_settings_name_can_be_chosen() -> None:
    choices = [each for _, each in voices_offer("12")(engine_named("sensevoice"), "en")["choices"]]
    assert choices == ["off", "auto", *map(str, range(2, 9)), "12"]


def test_no_allowed_language_is_a_sentence(recording: str) -> None:
    paintings, _ = run_through(handlers_with(), recording, replace(CHOICES, allowed_languages=[]))
    assert "没有勾选任何语言" in paintings[-1].status


def test_a_failure_keeps_what_was_heard(recording: str) -> None:
    steps = (progress(segment("一。")), OptionError("Something else."))
    paintings, _ = run_through(handlers_with(*steps), recording)
    assert "出错了：Something else." in paintings[-1].status
    assert "一。" in texts(paintings[-1])


def test_an_unexpected_failure_is_logged_and_told_in_one_sentence(
    recording: str, caplog: pytest.LogCaptureFixture
) -> None:
    paintings, _ = run_through(handlers_with(KeyError("secret")), recording)
    assert "程序内部出错" in paintings[-1].status
    assert "secret" not in paintings[-1].status
    assert "secret" in caplog.text


def test_cancelling_keeps_and_labels_what_was_heard(recording: str) -> None:
    both = progress(segment("一。"), segment("二。"))
    job, session, steps = stepped(progress(segment("一。")), both, path=recording)
    while job.progress is None:
        next(steps)
    job.cancel()
    assert "正在停止" in paint(session).status
    Runner().run(job, partial(exhaust, steps))
    last = paint(session)
    assert "已取消" in last.status
    assert texts(last) == ["一。"]
    assert last.can_start


def exhaust(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def test_a_job_that_was_cancelled_in_the_queue_never_runs(recording: str) -> None:
    job, session, steps = stepped(progress(segment("一。"), finished=True), path=recording)
    job.cancel()
    Runner().run(job, partial(exhaust, steps))
    last = paint(session)
    assert "已取消" in last.status
    assert last.can_start
    assert last.view is None


def test_a_job_waits_for_the_model_and_says_so(recording: str) -> None:
    readiness = Readiness()
    handlers = handlers_on(readiness)
    session = handlers.begin("page", recording, CHOICES)
    wait_until(lambda: "模型加载中" in paint(session).status)
    assert paint(session).can_cancel
    assert not paint(session).can_start
    steps_of_model = FakeTranscriber(progress(segment("一。"), finished=True))
    readiness.load(lambda: loaded_with(steps_of_model))
    last = watched(handlers)[-1]
    assert "识别完成" in last.status
    assert texts(last) == ["一。"]


def test_a_job_that_waits_for_the_model_can_be_cancelled(recording: str) -> None:
    handlers = handlers_on(Readiness())
    session = handlers.begin("page", recording, CHOICES)
    wait_until(lambda: "模型加载中" in paint(session).status)
    assert "正在停止" in paint(handlers.cancel("page")).status
    assert "已取消" in watched(handlers)[-1].status


def test_who_changes_something_in_a_running_job_sees_its_end_painted_last(recording: str) -> None:
    readiness = Readiness()
    handlers = handlers_on(readiness)
    handlers.begin("page", recording, CHOICES)

    async def cancelled() -> list[Painting]:
        return [paint(each) async for each in settle(handlers.cancel("page"))]

    paintings = asyncio.run(cancelled())
    assert "正在停止" in paintings[0].status
    assert "已取消" in paintings[-1].status


@pytest.mark.parametrize(
    ("painted", "states"),
    [
        (State.WAITING, [State.LOADING, State.RUNNING, State.FINISHED]),
        (None, [State.WAITING, State.LOADING, State.RUNNING, State.FINISHED]),
    ],
)
def test_all_is_painted_anew_only_in_a_state_that_was_not_painted(
    painted: State | None, states: list[State]
) -> None:
    coming = {State.WAITING: State.LOADING, State.LOADING: State.RUNNING}

    async def seen() -> list[State]:
        job, session, found = Transcription(None), Session(), list[State]()
        show(session, job)
        if painted:
            asyncio.get_running_loop().call_soon(job.enter, State.LOADING)
        async for _ in settle(session, painted):
            found.append(job.state)
            job.enter(coming.get(job.state, State.FINISHED))
        return found

    assert asyncio.run(seen()) == states


def test_a_job_whose_turn_comes_is_painted_by_its_progress_alone() -> None:
    async def seen() -> list[State]:
        job, session = Transcription(None), Session()
        show(session, job)

        async def work() -> None:
            for state in (State.RUNNING, State.FINISHED):
                for _ in range(10):  # whoever looks on has seen the one before
                    await asyncio.sleep(0)
                job.enter(state)

        working = asyncio.create_task(work())
        found = [job.state async for _ in settle(session, State.WAITING)]
        await working
        return found

    assert asyncio.run(seen()) == [State.FINISHED]


def test_a_job_goes_on_when_nobody_looks_on(recording: str) -> None:
    handlers = handlers_with(progress(segment("一。"), finished=True))
    session = handlers.begin("page", recording, CHOICES)
    wait_until(lambda: not is_busy(session))
    assert texts(paint(session)) == ["一。"]


def test_a_broken_file_does_not_wait_for_the_model(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("these are only words")
    handlers = handlers_on(Readiness())
    assert "不是能识别的音频或视频" in run_through(handlers, str(broken))[0][-1].status


def test_a_model_that_cannot_be_loaded_fails_the_job_with_its_sentence(recording: str) -> None:
    def fail() -> Loaded:
        message = "The weights are gone."
        raise ModelError(message)

    readiness = Readiness()
    readiness.load(fail)
    paintings, _ = run_through(handlers_on(readiness), recording)
    assert "出错了：The weights are gone." in paintings[-1].status


def test_a_new_press_stops_the_job_before(recording: str) -> None:
    handlers = handlers_with(progress(segment("一。"), finished=True))
    first = shown(handlers.begin("page", recording, CHOICES))
    handlers.begin("page", recording, CHOICES)
    assert first is not None
    assert first.stop.is_set()


def test_language_and_style_change_the_page_without_a_new_transcription(recording: str) -> None:
    handlers = handlers_with(progress(segment(), finished=True))
    run_through(handlers, recording)
    handlers.show_table("page", shows=True)
    english = paint(set_locale(handlers.sessions.get("page"), "en"))
    assert "happy" in english.table
    assert "Finished" in english.status
    assert shown_text(english) == "你好。(happy)(laughter)"
    assert shown_text(paint(handlers.set_style("page", "plain"))) == "你好。"


def shown_text(painting: Painting) -> object:
    assert painting.view is not None
    return painting.view["copy"]


def test_the_table_is_drawn_only_while_it_is_open(recording: str) -> None:
    handlers = handlers_with(progress(segment(), finished=True))
    paintings, session = run_through(handlers, recording)
    assert paintings[-1].table == ""
    assert "你好。" in paint(handlers.show_table("page", shows=True)).table
    handlers.show_table("page", shows=False)
    assert paint(session).table == ""


def corrected(handlers: Handlers, **values: object) -> Painting:
    return paint(handlers.correct("page", {"index": 0, **values}))


def test_a_correction_is_in_every_view_until_it_is_undone(recording: str) -> None:
    handlers = handlers_with(progress(segment("一。"), segment("二。", start=4), finished=True))
    run_through(handlers, recording)
    handlers.show_table("page", shows=True)
    painting = corrected(handlers, text="三。", emotion="sad")
    assert texts(painting) == ["三。", "二。"]
    assert "三。" in painting.table
    undone = paint(handlers.undo("page"))
    assert texts(undone) == ["一。", "二。"]
    assert "三。" not in undone.table


def speakers(painting: Painting) -> list[str]:
    assert painting.view is not None
    return [json.loads(each)["speaker"] for each in painting.view["segments"]]


def call() -> Progress:
    one, other = segment("一。"), segment("二。", start=4)
    agent, customer = replace(one, channel=1, speaker="A"), replace(other, channel=2, speaker="B")
    return progress(agent, customer, replace(segment("三。", start=8), speaker="A"), finished=True)


def test_a_speaker_is_renamed_wherever_they_speak_until_that_is_undone(recording: str) -> None:
    handlers = handlers_with(call())
    run_through(handlers, recording)
    painting = paint(handlers.rename("page", "A", " Ann  Lee "))
    assert speakers(painting) == ["Ann Lee", "B", "Ann Lee"]
    assert painting.view is not None
    assert (painting.view["speakers"], painting.view["corrections"]) == (("Ann Lee", "B"), 1)
    assert speakers(paint(handlers.undo("page"))) == ["A", "B", "A"]


@pytest.mark.parametrize(
    ("speaker", "name"), [("C", "Ann"), ("", "Ann"), ("A", " "), ("A", "\x07")]
)
def test_a_name_that_cannot_be_taken_is_refused_and_changes_nothing(
    recording: str, speaker: str, name: str
) -> None:
    handlers = handlers_with(call())
    _, session = run_through(handlers, recording)
    with pytest.raises(OptionError):
        handlers.rename("page", speaker, name)
    assert speakers(paint(session)) == ["A", "B", "A"]
    assert paint(handlers_with().rename("page", "A", "Ann")).view is None


def test_a_segment_is_given_to_whom_the_page_calls_so(recording: str) -> None:
    handlers = handlers_with(call())
    run_through(handlers, recording)
    handlers.rename("page", "B", "Ann")
    assert speakers(corrected(handlers, speaker="Ann")) == ["Ann", "Ann", "A"]
    assert speakers(paint(handlers.rename("page", "Ann", "Bea"))) == ["Bea", "Bea", "A"]


def test_words_are_replaced_everywhere_until_that_is_undone(recording: str) -> None:
    handlers = handlers_with(progress(segment("一二一。"), segment("一。", start=4), finished=True))
    run_through(handlers, recording)
    painting = paint(handlers.replace("page", "一", "三"))
    assert texts(painting) == ["三二三。", "三。"]
    with pytest.raises(OptionError, match="“一” stands nowhere"):
        handlers.replace("page", "一", "四")
    assert texts(paint(handlers.undo("page"))) == ["一二一。", "一。"]
    assert paint(handlers_with().replace("page", "一", "三")).view is None


def test_a_highlight_is_moved_until_that_is_undone(recording: str) -> None:
    handlers = handlers_with(progress(segment("", start=4), finished=True))
    _, session = run_through(handlers, recording)
    settings = HighlightSettings(padding_seconds=0, min_seconds=0.1)

    def found() -> tuple[Highlight, ...]:
        job = shown(session)
        assert job is not None
        assert job.transcript is not None
        return pick_highlights(job.transcript, settings)

    [before] = found()
    points: list[Any] = [before.start, before.end - 0.3]
    asked = Trimming(key=before.key, start=points[0], end=points[1])
    assert paint(handlers.trim("page", asked, settings)).view is not None
    assert [(each.start, each.end) for each in found()] == [tuple(points)]
    with pytest.raises(OptionError, match="no longer there"):
        handlers.trim("page", asked.model_copy(update={"key": "0.000-1.000"}), settings)
    with pytest.raises(OptionError, match="end of the recording"):
        handlers.trim("page", asked.model_copy(update={"end": 590.0}), settings)
    handlers.undo("page")
    assert found() == (before,)


@pytest.mark.parametrize("start", [-0.1, math.nan, math.inf, "x", [], 10**400])
def test_points_that_no_page_of_ours_sends_are_refused(start: Any) -> None:
    with pytest.raises(ValidationError):
        Trimming.model_validate({"key": "1.000-2.000", "start": start, "end": 2})


def step(handlers: Handlers, kind: str, **more: Any) -> Painting:
    return paint(handlers.step("page", Step.model_validate({"kind": kind, "part": 0, **more})))


def test_lines_are_cut_joined_and_removed_until_that_is_undone(recording: str) -> None:
    handlers = handlers_with(progress(segment("一二。"), segment("三。", start=4), finished=True))
    run_through(handlers, recording)
    said = {"correction": {"index": 0, "text": "一二四。"}}
    painting = step(handlers, "split", index=0, caret=1, at=0.5, **said)
    assert texts(painting) == ["一", "二四。", "三。"]
    assert painting.view is not None
    lines = [json.loads(each) for each in painting.view["segments"]]
    assert [(each["index"], each["part"]) for each in lines] == [(0, 0), (0, 1), (1, 0)]
    assert [(each["start"], each["end"]) for each in lines] == [(0, 0.5), (0.5, 2.5), (4, 6.5)]
    assert texts(step(handlers, "merge", index=0)) == ["一二四。", "三。"]
    assert texts(step(handlers, "remove", index=1)) == ["一二四。"]
    handlers.undo("page")
    assert texts(paint(handlers.undo("page"))) == ["一", "二四。", "三。"]
    handlers.undo("page")
    assert texts(paint(handlers.undo("page"))) == ["一二。", "三。"]
    with pytest.raises(OptionError, match="not there any more"):
        step(handlers, "merge", index=7)


@pytest.mark.parametrize(
    "document", [{"index": 7}, {"index": 0, "emotion": "furious"}, "nonsense", None]
)
def test_a_correction_that_does_not_fit_changes_nothing(recording: str, document: object) -> None:
    handlers = handlers_with(progress(segment("一。"), finished=True))
    _, session = run_through(handlers, recording)
    with pytest.raises(OptionError):
        handlers.correct("page", document, sent=7)
    job = shown(session)
    assert job is not None
    assert (job.corrections, job.answers) == ((), {7: False})


def test_a_correction_before_anything_was_heard_changes_nothing() -> None:
    assert paint(handlers_with().correct("page", {"index": 0, "text": "一"})).view is None
    assert paint(handlers_with().undo("page")).view is None


def test_corrections_made_while_more_is_heard_stay(recording: str) -> None:
    more = progress(segment("一。"), segment("二。", start=4), finished=True)
    job, session, steps = stepped(progress(segment("一。")), more, path=recording)
    while job.progress is None:
        next(steps)
    put_right(job, Correction(0, text="三。"))
    exhaust(steps)
    assert texts(paint(session)) == ["三。", "二。"]


def test_each_step_of_a_page_is_answered_by_its_number(recording: str) -> None:
    handlers = handlers_with(progress(segment("一。"), segment("二。", start=4), finished=True))
    _, session = run_through(handlers, recording)
    handlers.correct("page", {"index": 1, "text": "三。"}, sent=5)
    with pytest.raises(OptionError):
        step(handlers, "merge", index=1, sent=6)
    painting = paint(handlers.correct("page", {"index": 1, "text": "三。"}, sent=8))
    assert painting.view is not None
    assert painting.view["answers"] == {"5": True, "6": False, "8": True}
    assert painting.view["corrections"] == 1  # what changes nothing is no step to be taken back
    job = shown(session)
    assert job is not None
    for number in range(100, 200):
        job.answer(number, is_taken=True)
    assert [*job.answers] == [*range(150, 200)]


def test_two_pages_do_not_see_each_other() -> None:
    sessions = Sessions(3600)
    assert sessions.get("a") is sessions.get("a")
    assert sessions.get("a") is not sessions.get("b")


def test_an_old_page_is_forgotten_with_its_files() -> None:
    sessions = Sessions(0.0)
    folder = sessions.get("a").folder
    folder.mkdir(exist_ok=True)
    sessions.get("b")
    assert not folder.exists()


def test_a_closed_page_stops_its_work() -> None:
    sessions, job = (
        Sessions(3600),
        Transcription(render_path("a.wav"), TranscriptionRequest(), state=State.RUNNING),
    )
    show(sessions.get("a"), job)
    sessions.leave("a")
    sessions.leave("never seen")
    assert job.stop.wait(60)


def test_a_window_finds_its_work_again_after_a_reload() -> None:
    sessions, job = (
        Sessions(3600, 60),
        Transcription(render_path("a.wav"), TranscriptionRequest(), state=State.RUNNING),
    )
    show(sessions.attach("first load", "window"), job)
    sessions.leave("first load")
    assert shown(sessions.attach("second load", "window")) is job
    assert shown(sessions.get("second load")) is job
    assert not job.stop.is_set()


def test_a_page_that_is_back_in_time_keeps_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    due: list[Callable[[], None]] = []

    class Timer:
        """Is over when the test says so."""

        daemon = False

        def __init__(self, _seconds: float, do: Callable[..., None], arguments: list[Any]) -> None:
            self.start = lambda: due.append(partial(do, *arguments))

    monkeypatch.setattr("richspeech.console.sessions.threading.Timer", Timer)
    sessions, job = (
        Sessions(3600, 60),
        Transcription(render_path("a.wav"), TranscriptionRequest(), state=State.RUNNING),
    )
    show(sessions.attach("first load", "window"), job)
    sessions.leave("first load")
    sessions.attach("second load", "window")
    [time_is_over] = due
    time_is_over()
    assert not job.stop.is_set()


def test_another_window_sees_nothing_of_it() -> None:
    sessions = Sessions(3600)
    one = sessions.attach("first load", "window")
    assert sessions.attach("second load", "another window") is not one


def test_a_session_is_safe_from_many_threads() -> None:
    sessions, seen = Sessions(3600), []
    threads = [threading.Thread(target=lambda: seen.append(sessions.get("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(session) for session in seen}) == 1


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("会议 1.wav", "会议_1"),
        ("../../etc/passwd", "passwd"),
        ("...", "transcript"),
        ("", "transcript"),
    ],
)
def test_downloads_are_named_after_the_recording(name: str, stem: str) -> None:
    assert file_stem(name) == stem


# examples


def test_examples_have_titles_from_the_references(tmp_path: Path) -> None:
    (tmp_path / "zh-happy.wav").touch()
    (tmp_path / "other.wav").touch()
    references = {"zh-happy.wav": {"title": {"zh": "开心", "en": "Happy"}, "text": "…"}}
    (tmp_path / "references.json").write_text(json.dumps(references), encoding="utf-8")
    happy, other = find_examples(tmp_path)
    assert (happy.title("zh"), happy.title("en")) == ("开心", "Happy")
    assert other.title("zh") == "other"


def test_a_card_says_how_long_an_example_is_and_what_is_to_be_heard_in_it(tmp_path: Path) -> None:
    wav_at(tmp_path / "zh-happy.wav", np.zeros(16_000 * 65))
    (tmp_path / "torn.wav").write_bytes(b"RIFF")
    lines = [
        {"text": "你好", "emotion": "happy", "event": None},
        {"text": "", "emotion": "happy", "event": "laughter"},
    ]
    entry = {"title": {"zh": "<开心>"}, "language": "zh", "lines": lines}
    (tmp_path / "references.json").write_text(json.dumps({"zh-happy.wav": entry}), encoding="utf-8")
    happy, torn = find_examples(tmp_path)
    assert (happy.seconds, happy.emotions, happy.sounds) == (65, ("happy",), ("laughter",))
    assert torn.seconds is None
    card, other = re.findall("<button[^>]*data-example.*?</button>", welcome((happy, torn), "zh"))
    assert all(each in card for each in ("&lt;开心&gt;", "1:05", "普通话", "笑声", "tone-happy"))
    assert all(each in other for each in ('data-example="1"', ">torn<"))


def test_no_examples_folder_means_no_examples(tmp_path: Path) -> None:
    assert find_examples(tmp_path / "none") == ()


def test_broken_references_leave_the_file_names(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "references.json").write_text("[1]", encoding="utf-8")
    assert find_examples(tmp_path)[0].title("zh") == "a"


def test_say_fills_in_values() -> None:
    assert say("left", "en", time="3 sec") == "about 3 sec left"
    assert isinstance(Session().folder.name, str)
