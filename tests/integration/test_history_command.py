"""``python -m richspeech history``: lists, tags, says what is too old, deletes it when told."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from richspeech.cli import app as command_line
from richspeech.model.document import Document
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.storage.query import Query
from richspeech.storage.transcripts import Fingerprint, Store

Run = Callable[..., int]
OTHERS = (("list",), ("tag",), ("untag",))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A history of three old transcripts and a new one."""
    url = f"sqlite:///{tmp_path}/history.sqlite"
    today = datetime(2025, 11, 20, 12, tzinfo=UTC)
    times = iter([*[today - timedelta(days=40)] * 3, today])
    with closing(Store(url, now=lambda: next(times))) as store:
        for number in range(4):
            key = Fingerprint(f"beginning {number}", f"whole {number}")
            store.keep(
                key,
                f"{number}.wav",
                TranscriptionRequest(),
                Document(Transcript(1.0, 0.1, "ear", "tiny")),
            )
    return url


@pytest.fixture
def run(url: str, tmp_path: Path) -> Run:
    def run(*arguments: str, days: str = "30") -> int:
        settings = tmp_path / "settings.yaml"
        settings.write_text(f"history:\n  url: {url}\n  keep_days: {days}\n", encoding="utf-8")
        arguments = arguments if arguments[:1] in OTHERS else ("prune", *arguments)
        return command_line.main(["history", *arguments, "--config", str(settings)])

    return run


def test_transcripts_are_tagged_and_listed_by_their_tags(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tag", "2", "VIP", "待回访") == 0
    assert run("untag", "2", "vip") == 0
    assert capsys.readouterr().out == "vip 待回访\n待回访\n"
    assert run("list", "tag:待回访", "risk:low") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["number", "made", "(UTC)", "length", "risk", "name", "tags"]
    assert line.split() == ["2", "2025-10-11", "12:00", "0:01", "low", "0", "1.wav", "待回访"]
    assert run("tag", "vip") == 1
    assert "NUMBER TAG" in capsys.readouterr().err
    assert run("tag", "99", "vip") == 1
    assert "99" in capsys.readouterr().err


def left(url: str) -> int:
    with closing(Store(url)) as store:
        return store.count(Query())


def test_without_yes_it_only_says_how_many_would_go(
    run: Run, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert capsys.readouterr().out == (
        "3 of 4 transcripts are more than 30 days older than the newest, "
        "of 2025-11-20 12:00 UTC: add --yes to delete them.\n"
    )
    assert left(url) == 4


def test_with_yes_it_deletes_more_than_half(
    run: Run, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--yes") == 0
    assert run() == 0
    assert capsys.readouterr().out == (
        "3 transcripts were deleted.\nNone of 1 transcripts is older than 30 days.\n"
    )
    assert left(url) == 1


def test_what_is_kept_for_good_cannot_be_pruned(
    run: Run, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--yes", days="null") == 1
    assert capsys.readouterr().err == (
        "history.keep_days is not set, so no transcript is too old: set it first.\n"
    )
    assert left(url) == 4
