"""The audit log says who has done what, where it is done; it outlives full files and full disks."""

import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from richspeech.access.accounts import Accounts
from richspeech.access.principal import ANYBODY, Role
from richspeech.access.shares import Shares
from richspeech.errors import OptionError
from richspeech.jobs.export import Exports, Material, order
from richspeech.jobs.runner import Runner
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.operations.audit import MOST_LETTERS, Action, audit_written, record
from richspeech.operations.caller import Caller, called_by
from richspeech.settings import OperationsSettings, Settings
from richspeech.storage.transcripts import Fingerprint, Store
from richspeech.writers import WriterOptions
from tests.fakes import HAPPY, wait_until
from tests.unit.operations.test_metrics import LIMITS

ANN = Caller("r-1", "192.0.2.7", "ann", "phone")
HEARD = Transcript(2.0, 0.1, "ear", "tiny", (HAPPY,))

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    """What ann has done so far, without what is the same in every line."""
    path = tmp_path / "audit" / "audit.jsonl"

    def read() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        own = {"user": "ann", "key": "phone", "address": "192.0.2.7", "request": "r-1"}
        assert all(own.items() <= line.items() for line in found)
        assert all(line["time"].endswith("+00:00") for line in found)
        return [{k: v for k, v in line.items() if k not in (*own, "time")} for line in found]

    with audit_written(OperationsSettings(audit_file=path)), called_by(ANN):
        yield read


def kept(store: Store, name: str) -> int:
    document = Document(HEARD)
    return store.keep(Fingerprint(name, name), name, TranscriptionRequest(), document).id


def test_what_is_opened_and_deleted_in_the_history(store: Store, lines: Lines) -> None:
    first, second, third = (kept(store, name) for name in ("a.wav", "b.wav", "c.wav"))
    store.open(first)
    store.entry(second)
    store.delete(second)
    store.delete(second)
    store.wipe()
    assert lines() == [
        {"action": "opened", "transcript": first, "name": "a.wav"},
        {"action": "deleted", "what": "one", "count": 1, "transcripts": [second]},
        {"action": "deleted", "what": "all", "count": 2, "transcripts": [first, third]},
    ]


def test_who_shares_a_transcript_and_that_somebody_follows_the_link(
    store: Store, lines: Lines
) -> None:
    number, shares = kept(store, "a.wav"), Shares(store)
    token = shares.make(number, 7, ANYBODY)
    shares.open(token)
    for _ in range(2):  # the second time there is none to take back
        shares.revoke(number, ANYBODY)
    assert lines() == [
        {"action": "shared", "transcript": number, "days": 7},
        {"action": "opened", "transcript": number, "name": "a.wav"},
        {"action": "unshared", "transcript": number, "count": 1},
    ]
    assert token not in str(lines())


def test_a_file_that_is_made_of_a_transcript(tmp_path: Path, lines: Lines) -> None:
    job = order("srt", Material(HEARD, "a.wav", None, Options(), WriterOptions()), tmp_path)
    Exports(Runner(), LIMITS).submit(job)
    wait_until(lambda: job.is_over)
    assert lines() == [{"action": "exported", "form": "srt", "name": "a.wav"}]


def test_what_is_done_to_accounts_holds_no_secret(store: Store, lines: Lines) -> None:
    accounts = Accounts(store.accounts)
    accounts.add_user("bob", "long enough", Role.ADMIN)
    accounts.add_user("eve", "long enough", Role.MEMBER)
    accounts.set_password("eve", "another one")
    accounts.set_role("eve", Role.VIEWER)
    secret = accounts.add_key("bob", "laptop")
    accounts.revoke_key("bob", "laptop")
    accounts.remove_user("eve")
    with pytest.raises(OptionError):
        accounts.remove_user("nobody")
    found = lines()
    assert [(each["action"], each["name"]) for each in found] == [
        *(("user_added", "bob"), ("user_added", "eve")),
        *(("user_changed", "eve"), ("user_changed", "eve")),
        *(("key_made", "laptop"), ("key_revoked", "laptop")),
        ("user_removed", "eve"),
    ]
    assert not any(word in str(found) for word in (secret, "long enough", "another one"))


def test_the_file_is_for_its_owner_alone(tmp_path: Path, lines: Lines) -> None:
    record(Action.OPENED)
    mode = (tmp_path / "audit" / "audit.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_long_name_is_cut(lines: Lines) -> None:
    record(Action.OPENED, name="x" * 10_000)
    (line,) = lines()
    assert len(line["name"]) == MOST_LETTERS


def test_a_full_file_is_put_aside_and_no_line_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    settings = OperationsSettings(audit_file=path, audit_bytes=10_000, audit_files=9)

    def write(writer: int) -> None:
        for number in range(50):
            record(Action.OPENED, transcript=100 * writer + number)

    with audit_written(settings):
        writers = [threading.Thread(target=write, args=[each]) for each in range(4)]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
    files = [each for each in tmp_path.glob("audit.jsonl*") if each.suffix != ".lock"]
    assert len(files) > 2
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert len({line["transcript"] for line in found}) == len(found) == 200


def test_what_cannot_be_written_is_in_the_log_and_keeps_nobody_from_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    with audit_written(OperationsSettings(audit_file=tmp_path / "taken" / "audit.jsonl")):
        record(Action.DELETED, count=1)
    assert "the audit log cannot be written" in caplog.text


def test_nothing_is_written_where_nobody_wants_it(tmp_path: Path) -> None:
    with audit_written(OperationsSettings(audit_file=None)):
        record(Action.DELETED, count=1)
    assert [*tmp_path.iterdir()] == []


def test_tests_write_nothing_beside_the_project() -> None:
    assert str(Settings().operations.audit_file) == os.environ["RICHSPEECH_OPERATIONS__AUDIT_FILE"]
