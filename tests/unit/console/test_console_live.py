"""Where a live recording goes: to its window, to the views, and to the history."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.access.principal import Principal
from richspeech.audio.container import AudioLimits
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import show, shown
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.live.tab import LiveTab, live_words, recording
from richspeech.console.tabs.live.windows import LiveWindows, Recorded
from richspeech.console.widgets import Widgets
from richspeech.engines.registry import engine_named
from richspeech.errors import AudioError, OptionError
from richspeech.jobs.live import LiveSession
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.transcript import Segment, Transcript
from richspeech.operations.caller import Caller
from richspeech.recognition.pipeline import Progress
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store
from tests.fakes import FakeTranscriber, loaded_with, ready, wait_until

LIMITS = AudioLimits(10_000_000, 600)
WAIT_SECONDS = 60.0
"""How long a hung test lasts."""


def heard(text: str) -> Progress:
    said = Segment(0.0, 1.0, text, "zh", 0.9, Emotion.HAPPY, {}, (), {}, (), text)
    return Progress(Transcript(1.0, 0.1, "ear", "tiny", (said,)), (said,), None, finished=True)


@pytest.fixture
def ear() -> FakeTranscriber:
    return FakeTranscriber(*heard("又听一遍").new)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    store = Store(f"sqlite:///{tmp_path}/history.sqlite")
    yield History(store, Settings(), "1.0")
    store.close()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(3600)


@pytest.fixture
def windows(
    sessions: Sessions, ear: FakeTranscriber, history: History, tmp_path: Path
) -> LiveWindows:
    folder = tmp_path / "weights"
    folder.mkdir()
    readiness = ready(loaded_with(ear, folder=folder))
    return LiveWindows(sessions, build(Settings(), readiness, history=history))


def recorded(live: LiveSession) -> LiveSession:
    live.recording.feed(np.full(16_000, 9_000, np.int16))
    live.recording.finish()
    return live


def end(live: LiveSession, progress: Progress | None) -> None:
    """What its thread does in the end."""
    Runner().run(live, partial(live.end, progress))


def finished(sessions: Sessions) -> Transcription:
    job = shown(sessions.of_window("window"))
    assert job is not None
    wait_until(lambda: job.is_over)
    assert job.state is State.FINISHED, job.error
    return job


def test_what_was_heard_becomes_the_job_of_its_window(
    windows: LiveWindows, sessions: Sessions, ear: FakeTranscriber
) -> None:
    live = recorded(windows.open("window", "", Options(language="zh")))
    session = sessions.attach("page", "window")
    assert session.job_of(LiveSession) is live
    end(live, heard("你好"))
    job = finished(sessions)
    assert shown(session) is job
    assert job.transcript is not None
    assert job.transcript.text == "你好"
    assert ear.heard == []
    assert job.request.options == Options(language="zh")
    assert job.path == live.path
    assert session.was_sent(str(live.path))
    assert len(job.meter.peaks.values) > 0
    assert live.is_over


class Front:
    """The page around the tab for talking; it has one widget, which names what is open."""

    opened = ("front",)
    viewer = SimpleNamespace(sources=["player"], showing=lambda path: {"player": path})

    def open(self, session: Session) -> dict[str, str]:
        job = shown(session)
        return {"front": job.transcript.text if job and job.transcript else ""}


def opens(sessions: Sessions) -> tuple[Callable[[Session], bool], Callable[[], dict[Any, Any]]]:
    """What a page that opens does about talks: whether it wants to, and the first it shows."""
    added: list[Any] = []
    session = sessions.attach("page", "window")
    context = SimpleNamespace(
        settings=Settings(), sessions=sessions, widgets=Widgets(), session=lambda _: session
    )
    tab = LiveTab(cast("Context", context), cast("Shell", Front()))
    tab.build()
    tab.resume(cast("PageLoad", SimpleNamespace(add=lambda *event: added.append(event))))
    is_wanted, handler, _ = added[0]
    request = SimpleNamespace(session_hash="page")
    return is_wanted, lambda: asyncio.run(anext(handler(request)))


def test_a_talk_that_ends_before_a_reloaded_page_asks_for_it_is_opened_all_the_same(
    windows: LiveWindows, sessions: Sessions
) -> None:
    is_wanted, first_shown = opens(sessions)
    live = recorded(windows.open("window", "", Options()))
    assert is_wanted(sessions.of_window("window"))
    end(live, heard("你好"))
    finished(sessions)
    values = first_shown()
    assert values["front"] == "你好"
    assert values["player"] == str(live.path)


def test_the_last_recording_can_be_played_as_long_as_its_file_is_there(
    windows: LiveWindows, sessions: Sessions
) -> None:
    session = sessions.attach("page", "window")
    assert recording(session) is None
    live = recorded(windows.open("window", "", Options()))
    assert recording(session) is None
    end(live, heard("你好"))
    finished(sessions)
    made = recording(session)
    assert made is not None
    assert made == {"name": live.path.name, "seconds": 1.0, "address": made["address"]}
    assert made["address"] == f"gradio_api/file={quote(str(live.path))}"
    assert sessions.shows("", str(live.path))
    live.path.unlink()
    assert recording(session) is None


def test_who_may_hear_nothing_personal_is_not_given_what_nobody_has_looked_through(
    windows: LiveWindows, sessions: Sessions
) -> None:
    live = recorded(windows.open("window", "", Options()))
    whole, masking = Transcription(live.path), Caller(principal=Principal(masks=True))
    session = sessions.of_window("window")
    session.keep(Recorded(whole))
    assert recording(session) is not None
    session.keep(Recorded(replace(whole, caller=masking)))
    assert recording(session) is None


def test_a_recording_whose_words_were_lost_is_transcribed(
    windows: LiveWindows, sessions: Sessions, ear: FakeTranscriber
) -> None:
    live = recorded(windows.open("window", "", Options()))
    end(live, None)
    job = finished(sessions)
    assert job.transcript is not None
    assert job.transcript.text == "又听一遍"
    assert len(ear.heard) == 1


def test_the_history_keeps_it(windows: LiveWindows, sessions: Sessions, history: History) -> None:
    live = recorded(windows.open("window", "", Options()))
    end(live, heard("你好"))
    job = finished(sessions)
    (entry,) = history.store.search(parse_query("你好"))
    assert job.entry == entry
    assert entry.name == live.path.name


def test_nobody_talks_while_the_window_transcribes(
    windows: LiveWindows, sessions: Sessions
) -> None:
    show(sessions.attach("page", "window"), Transcription(Path("long.wav")))
    with pytest.raises(OptionError, match="wait for its end or cancel it"):
        windows.open("window", "", Options())
    assert recorded(windows.open("another", "", Options())).path.name.startswith("live-")


def test_a_second_live_session_ends_the_first_and_has_a_file_of_its_own(
    windows: LiveWindows,
) -> None:
    first = recorded(windows.open("window", "", Options()))
    second = recorded(windows.open("window", "", Options()))
    assert first.stop.is_set()
    assert not second.stop.is_set()
    assert second.path != first.path


def test_a_talk_is_work_that_stops_when_its_window_is_left(
    windows: LiveWindows, sessions: Sessions
) -> None:
    session = sessions.attach("page", "window")
    live = recorded(windows.open("window", "", Options()))
    assert session.has_work
    sessions.leave("page")
    assert live.stop.wait(WAIT_SECONDS)


def test_errors_are_told_in_the_language_of_the_window(
    windows: LiveWindows, sessions: Sessions
) -> None:
    error = AudioError("live.too_long", longest=60.0)
    assert windows.sentence("window", "", error).startswith("实时录音到了允许的最长时间 60 秒")
    sessions.of_window("window").locale = "en"
    assert windows.sentence("window", "", error) == str(error)
    assert "log" in windows.sentence("window", "", None)


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_script_gets_its_words_and_the_languages_to_choose_from(locale: str) -> None:
    words = live_words(locale, 6006, engine_named("sensevoice"))
    assert [value for value, _ in words["languages"]] == ["auto", "zh", "en", "yue", "ja", "ko"]
    assert "127.0.0.1:6006" in words["live_insecure"]
    assert "{value}" in words["live_seconds"]
