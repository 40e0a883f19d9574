"""The log is JSON lines, names the request and the job, and holds nothing that moves a cursor."""

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.errors import SettingsError
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.operations.caller import Caller, called_by, request_id_of
from richspeech.operations.logs import FILE_NAME, MOST_LETTERS, bounded, logs_written
from richspeech.settings import OperationsSettings
from tests.fakes import wait_until

log = logging.getLogger("richspeech.somewhere")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Worked(Job):
    kind = Kind.EXPORT


def written(*messages: str) -> list[dict[str, Any]]:
    stream = io.StringIO()
    with logs_written(OperationsSettings(), stream):
        for each in messages:
            log.info(each)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_time_level_and_logger() -> None:
    (line,) = written("all is well")
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "all is well", "level": "info", "logger": "richspeech.somewhere"}


def test_a_job_and_the_lines_of_its_thread_name_the_request_and_who_asked() -> None:
    stream, runner, job = io.StringIO(), Runner(), None
    with logs_written(OperationsSettings(), stream):
        with called_by(Caller("r-1", "192.0.2.7", "ann", "laptop")):
            job = Worked()
        log.info("before")
        runner.submit(job, lambda: log.info("at work"))
        wait_until(lambda: job.is_over)
    before, at_work = map(json.loads, stream.getvalue().splitlines())
    assert not {"request", "job", "user", "key"} & {*before}
    assert (at_work["request"], at_work["job"]) == ("r-1", job.id)
    assert (at_work["user"], at_work["key"]) == ("ann", "laptop")
    assert job.caller.request == "r-1"


def test_a_fault_is_one_line_with_its_traceback() -> None:
    stream = io.StringIO()
    with logs_written(OperationsSettings(), stream):
        try:
            _ = 1 / len("")
        except ZeroDivisionError:
            log.exception("that failed")
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback")


def test_a_traceback_on_a_terminal_shows_no_values_of_variables() -> None:
    stream, heard = Terminal(), "what somebody " + "said"
    with logs_written(OperationsSettings(), stream):
        try:
            assert not heard
        except AssertionError:
            log.exception("that failed")
    assert "Traceback" in stream.getvalue()
    assert "what somebody said" not in stream.getvalue().split("AssertionError")[0]


def test_a_terminal_gets_no_json() -> None:
    stream = Terminal()
    with logs_written(OperationsSettings(), stream):
        log.warning("careful")
    assert "careful" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_file_is_put_aside_when_it_is_full_and_the_oldest_goes(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    settings = OperationsSettings(log_folder=folder, log_bytes=10_000, log_files=2)
    with logs_written(settings, io.StringIO()):
        for number in range(400):
            log.info("line %d", number)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [FILE_NAME, f"{FILE_NAME}.1", f"{FILE_NAME}.2"]
    assert all(path.stat().st_size <= 10_000 for path in folder.iterdir())
    last = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["event"] == "line 399"


def test_a_folder_that_takes_no_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    settings = OperationsSettings(log_folder=tmp_path / "taken")
    with (
        pytest.raises(SettingsError, match=r"taken .*operations\.log_folder"),
        logs_written(settings, io.StringIO()),
    ):
        pass


def test_logging_is_afterwards_as_it_was_before() -> None:
    before = [*logging.root.handlers]
    written("once")
    assert logging.root.handlers == before


@given(st.text(max_size=3 * MOST_LETTERS))
def test_a_value_is_one_line_of_a_bounded_length(text: str) -> None:
    shown = bounded(None, "", {"event": text})["event"]
    assert len(shown) <= MOST_LETTERS + 1
    assert shown.isprintable()


@given(st.text(max_size=80))
def test_a_request_keeps_its_number_if_that_is_short_and_harmless(shown: str) -> None:
    kept = request_id_of(shown)
    assert kept.isascii()
    assert 0 < len(kept) <= 64
    assert all(each.isalnum() or each in "._-" for each in kept)


def test_a_good_number_is_kept_and_others_are_replaced_by_new_ones() -> None:
    assert request_id_of("abc-123_4.5") == "abc-123_4.5"
    assert request_id_of("a b") != request_id_of("a b")
