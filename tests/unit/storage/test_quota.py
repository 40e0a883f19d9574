"""How much of the disk visitors take is counted once for all who wait for it."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from richspeech.errors import QuotaError
from richspeech.storage import quota
from richspeech.storage.quota import Quota
from tests.fakes import wait_until

MANY = 20


class Clock:
    """The real one, and how often somebody looked."""

    looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return time.monotonic()


def test_what_was_written_since_is_counted(tmp_path: Path) -> None:
    limited = Quota(tmp_path, total_bytes=100, window_bytes=100)
    for size in (40, 40):
        limited.require_room(tmp_path / "mine")
        (tmp_path / f"{time.monotonic_ns()}").write_bytes(bytes(size))
    with pytest.raises(QuotaError):
        limited.require_room(tmp_path / "mine", 21)


def test_with_plenty_of_room_a_count_of_the_last_second_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = Quota(tmp_path, total_bytes=5 * 2**30, window_bytes=5 * 2**30)
    limited.require_room(tmp_path / "mine")
    (tmp_path / "big").touch()
    os.truncate(tmp_path / "big", 3 * 2**30)
    limited.require_room(tmp_path / "mine")
    with pytest.raises(QuotaError):  # not that near to the limit
        limited.require_room(tmp_path / "mine", 2 * 2**30 + 1)
    with pytest.raises(QuotaError):  # nor once it was seen that little is left
        limited.require_room(tmp_path / "mine", 2 * 2**30 + 1)
    (tmp_path / "big").unlink()
    monkeypatch.setattr(quota, "ROOMY_SECONDS", 0.0)
    limited.require_room(tmp_path / "mine", 5 * 2**30)


def test_who_waits_for_a_count_shares_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Path] = []
    clock, may_end = Clock(), threading.Event()

    def slowly(folder: Path) -> int:
        if folder == tmp_path:
            counted.append(folder)
            may_end.wait()
        return 0

    monkeypatch.setattr(quota, "disk_bytes", slowly)
    monkeypatch.setattr(quota, "time", clock)
    limited = Quota(tmp_path, total_bytes=100, window_bytes=100)

    def ask(number: int) -> None:
        limited.require_room(tmp_path / str(number))

    with ThreadPoolExecutor(MANY) as senders:
        senders.submit(ask, 0)
        wait_until(lambda: len(counted) == 1)
        for number in range(1, MANY):
            senders.submit(ask, number)
        wait_until(lambda: clock.looks == 1 + MANY)  # at the count, and by everybody before it
        may_end.set()
    assert len(counted) == 2
