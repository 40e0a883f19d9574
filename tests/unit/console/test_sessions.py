"""Whose page, window and files these are, and when they go."""

import time
from pathlib import Path

import pytest

from richspeech.console.sessions import MOST_OPEN_SECONDS, Session, Sessions, delete_older
from richspeech.console.shown import show
from richspeech.errors import AccessError, BusyError, OptionError
from richspeech.jobs.transcribe import Transcription
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.queue.batches import Packing

MING, HONG = "visitor ming", "visitor hong"
KEPT_SECONDS = 600.0


class Clock:
    """The real one, ahead of it by so many seconds."""

    ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("richspeech.console.sessions.time", clock)
    return clock


def uploaded(session: Session, name: str = "call.wav") -> str:
    path = session.uploads / "1" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    return str(path)


def test_a_page_belongs_to_who_named_it_first() -> None:
    sessions = Sessions(3600)
    assert sessions.claims("page", MING)
    assert not sessions.claims("page", HONG)
    assert sessions.claims("page", MING)


def test_a_page_that_nobody_sees_looks_seldom_until_somebody_does() -> None:
    sessions = Sessions(3600)
    usual = sessions.rhythm("page").seconds
    rhythm, told = sessions.rhythm("page"), list[float]()
    rhythm.listeners.append(lambda: told.append(rhythm.seconds))
    sessions.take_sight("page", is_hidden=True)
    assert rhythm.seconds >= 10 * usual
    assert sessions.rhythm("another").seconds == usual
    sessions.take_sight("page", is_hidden=False)
    assert told[1:] == [usual]


def test_how_often_a_page_looks_is_forgotten_when_it_is_left() -> None:
    sessions = Sessions(3600)
    sessions.get("page")
    sessions.take_sight("page", is_hidden=True)
    sessions.leave("page")
    assert sessions.rhythm("page").seconds == Sessions(3600).rhythm("page").seconds


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_gradio_never_gives_is_nobody_s(name: str) -> None:
    assert not Sessions(3600).claims(name, MING)


def test_a_page_that_nobody_has_used_for_long_may_be_named_anew() -> None:
    sessions = Sessions(0.0)
    assert sessions.claims("page", MING)
    sessions.sweep()
    assert sessions.claims("page", HONG)


def test_the_key_of_a_window_is_of_no_use_to_another_visitor() -> None:
    sessions = Sessions(3600)
    session = sessions.attach("page", "key", MING)
    assert sessions.attach("other page", "key", HONG) is not session
    assert sessions.of_window("key", HONG) is not session
    assert sessions.attach("later page", "key", MING) is session


@pytest.mark.parametrize("key", ["", "k" * 65])
def test_a_window_without_a_key_is_refused(key: str) -> None:
    sessions = Sessions(3600)
    with pytest.raises(AccessError, match="This window has no key"):
        sessions.attach("page", key, MING)
    with pytest.raises(AccessError, match="This window has no key"):
        sessions.uploading(key, MING).__enter__()


def test_an_event_may_name_the_uploads_of_its_own_window_and_examples(tmp_path: Path) -> None:
    example, private = tmp_path / "example.wav", tmp_path / "config.yaml"
    for path in (example, private):
        path.write_bytes(b"x")
    sessions = Sessions(3600, shared=[example])
    mine = uploaded(sessions.attach("mine", "key", MING))
    other = uploaded(sessions.attach("other", "another key", MING))
    assert sessions.takes("mine", mine)
    assert sessions.takes("mine", str(example))
    for each in (other, str(private), mine.replace("1", ".."), f"{mine}\0", "call.wav", ""):
        assert not sessions.takes("mine", each)
    assert not sessions.takes("a page that nobody has loaded", mine)


def test_a_link_among_the_uploads_leads_nowhere_else(tmp_path: Path) -> None:
    private = tmp_path / "config.yaml"
    private.write_bytes(b"x")
    sessions = Sessions(3600)
    link = Path(uploaded(sessions.attach("mine", "key", MING)))
    link.unlink()
    link.symlink_to(private)
    assert not sessions.takes("mine", str(link))
    assert not sessions.shows(MING, str(link))


def test_a_visitor_may_fetch_what_any_of_his_windows_has(tmp_path: Path) -> None:
    sessions = Sessions(3600)
    session = sessions.attach("mine", "key", MING)
    made = session.folder / "call.srt"
    made.write_bytes(b"text")
    assert sessions.shows(MING, str(made))
    assert sessions.shows(MING, uploaded(session))
    assert not sessions.shows(HONG, str(made))
    assert not sessions.shows(MING, str(session.folder))


def test_files_go_when_they_are_old_unless_somebody_works_on_them(clock: Clock) -> None:
    sessions = Sessions(KEPT_SECONDS)
    idle, busy = (sessions.attach(name, name, MING) for name in ("idle", "busy"))
    paths = [Path(uploaded(session)) for session in (idle, busy)]
    job = Transcription(paths[1], TranscriptionRequest(), state=State.RUNNING)
    show(busy, job)
    clock.ahead += KEPT_SECONDS + 1
    sessions.of_window("idle", MING)
    sessions.sweep()
    assert [path.exists() for path in paths] == [False, True]
    job.state = State.FINISHED
    sessions.sweep()
    assert paths[1].exists()  # for as long again after the end
    clock.ahead += KEPT_SECONDS + 1
    sessions.sweep()
    assert not paths[1].exists()


def test_what_came_of_long_work_is_there_after_its_end(clock: Clock) -> None:
    sessions = Sessions(KEPT_SECONDS)
    session = sessions.attach("page", "key", MING)
    run = Packing("b1", ("txt",), session.folder / "batch.zip")
    session.put(run)
    run.path.write_bytes(b"PK")
    run.state = State.RUNNING
    clock.ahead += KEPT_SECONDS + 1
    sessions.sweep()
    run.state = State.FINISHED
    sessions.leave("page")
    sessions.sweep()
    assert run.path.exists()
    assert sessions.of_window("key", MING) is session


def test_a_window_has_a_mark_that_outlasts_the_process_and_is_not_its_key() -> None:
    marks = [Sessions(60).attach("page", key, MING).mark for key in ("key", "key", "other")]
    assert marks[0] == marks[1] != marks[2]
    assert "key" not in marks[0]


def test_an_upload_that_takes_long_stays_while_it_comes(clock: Clock) -> None:
    sessions = Sessions(KEPT_SECONDS)
    with sessions.uploading("key", MING) as folder:
        (folder / "half").write_bytes(b"sound")
        clock.ahead += KEPT_SECONDS + 1
        sessions.sweep()
        assert (folder / "half").exists()


def test_asking_for_a_file_makes_no_folder() -> None:
    sessions = Sessions(3600)
    session = sessions.attach("page", "key", MING)
    assert not sessions.takes("page", "/etc/hostname")
    assert not sessions.shows(MING, "/etc/hostname")
    assert not session.has_folder


def test_there_is_an_end_to_windows_and_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("richspeech.console.sessions.MOST_WINDOWS", 1)
    monkeypatch.setattr("richspeech.console.sessions.MOST_PAGES", 1)
    sessions = Sessions(3600)
    first = sessions.attach("page", "key", MING)
    with pytest.raises(BusyError, match="come back later"):
        sessions.attach("other page", "another key", MING)
    assert sessions.attach("page", "key", MING) is first
    assert sessions.claims("page", MING)
    assert not sessions.claims("other page", MING)
    assert sessions.claims("page", MING)


def test_a_file_that_cannot_be_deleted_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "stays", "z"):
        (tmp_path / name).touch()
    unlink = Path.unlink

    def refuse(path: Path) -> None:
        if path.name == "stays":
            raise PermissionError(1, "Operation not permitted")
        unlink(path)

    monkeypatch.setattr(Path, "unlink", refuse)
    delete_older(tmp_path, time.time() + 1)
    assert [path.name for path in tmp_path.iterdir()] == ["stays"]
    assert "cannot be deleted (Operation not permitted)" in caplog.text


def test_who_comes_back_to_an_open_page_can_use_it() -> None:
    sessions = Sessions(0.0)
    sessions.claims("page", MING)
    session = sessions.attach("page", "key", MING)
    sessions.sweep()
    assert sessions.claims("page", MING)
    assert sessions.of_window("key", MING) is session
    assert sessions.takes("page", uploaded(session))


def test_a_window_whose_page_was_closed_is_forgotten_with_its_files() -> None:
    sessions = Sessions(0.0)
    session = sessions.attach("page", "key", MING)
    folder = session.folder
    sessions.leave("page")
    sessions.sweep()
    assert not folder.exists()
    assert sessions.of_window("key", MING) is not session


def test_a_page_that_never_says_that_it_was_closed_is_forgotten_after_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions = Sessions(0.0)
    session = sessions.attach("page", "key", MING)
    later = time.monotonic() + MOST_OPEN_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    sessions.sweep()
    assert sessions.of_window("key", MING) is not session


def test_a_young_file_stays() -> None:
    sessions = Sessions(3600)
    path = Path(uploaded(sessions.attach("page", "key", MING)))
    sessions.sweep()
    assert path.exists()


def test_sentences_are_in_the_language_of_the_window_and_its_page() -> None:
    sessions = Sessions(3600)
    sessions.attach("page", "key", MING).locale = "en"
    error = AccessError("page.foreign_file")
    assert sessions.sentence("key", MING, error) == str(error)
    assert sessions.page_sentence("page", error) == str(error)
    assert "本窗口" in sessions.sentence("key", HONG, error)
    assert sessions.sentence("key", HONG, OptionError("Odd."))


def test_what_a_tab_looks_for_while_it_is_drawn_is_drawn_instead() -> None:
    session = Session()
    session.keep("all")

    def draw(line: str) -> str:
        if line == "all":  # somebody types meanwhile
            session.keep("refund")
        return f"found for {line}"

    assert session.drawn(str, draw) == "found for refund"
