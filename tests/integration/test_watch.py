"""A watched folder: what has come whole is transcribed once, whatever happens to the process."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from richspeech.cli.app import main
from richspeech.jobs.batch.manifest import open_manifest, read_records
from richspeech.jobs.batch.results import Results
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.queue import queue
from richspeech.queue.watch import WatchedFolder
from richspeech.service import Service
from richspeech.storage.query import parse_query
from richspeech.writers import WriterOptions
from tests.fakes import wait_until
from tests.integration.conftest import EXAMPLES
from tests.integration.queue_place import Place, queue_of


class Watched(Place):
    """Two folders beside the place: IN and OUT."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = 0.0
        self.told: list[str] = []
        self.incoming.mkdir(exist_ok=True)

    @property
    def incoming(self) -> Path:
        return self.folder / "in"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @contextmanager
    def watching(self, service: Service) -> Iterator[WatchedFolder]:
        results = Results(self.out, ("srt",), WriterOptions(), service.limits, Options())
        with open_manifest(self.out) as manifest:
            yield WatchedFolder(
                self.incoming,
                queue_of(service),
                TranscriptionRequest(),
                results,
                manifest,
                rest_seconds=5.0,
                tell=self.told.append,
                clock=lambda: self.now,
            )

    def put(self, name: str, *levels: float) -> None:
        """Have a recording come, whole."""
        path = self.incoming / name
        path.parent.mkdir(exist_ok=True)
        shutil.move(self.recording(*levels).path, path)

    def rested(self, watched: WatchedFolder) -> None:
        """Look twice, a while between them."""
        watched.look()
        self.now += 6
        watched.look()

    @property
    def states(self) -> dict[str, str]:
        records = read_records((self.out / "manifest.jsonl").read_bytes())
        return {name: record.state for name, record in records.items()}

    def text(self, name: str) -> str:
        text: str = json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))["text"]
        return text


@pytest.fixture
def place(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def finish(watched: WatchedFolder) -> None:
    """Look until nothing waits."""

    def is_done() -> bool:
        watched.look()
        return not watched.waiting

    wait_until(is_done)


def test_what_has_come_whole_is_transcribed_with_the_folders_it_came_in(place: Watched) -> None:
    place.put("monday/客服.wav", 0.1, 0.2)
    place.put("b.wav", 0.3)
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        place.rested(watched)
        finish(watched)
        assert (place.text("monday/客服.wav"), place.text("b.wav")) == ("0.10 0.20", "0.30")
        assert (place.out / "b.wav.srt").exists()
        assert place.states == {"monday/客服.wav": "done", "b.wav": "done"}
        assert queue_of(service).list() == ()
        assert service.history is not None
        assert len(service.history.store.search(parse_query(""))) == 2
    assert (place.incoming / "b.wav").exists()


def test_what_still_grows_is_left_alone(place: Watched) -> None:
    place.put("a.wav", 0.1)
    with place.process() as service, place.watching(service) as watched:
        for _ in range(4):
            watched.look()
            place.now += 3
            with (place.incoming / "a.wav").open("ab") as file:
                file.write(b"more")
        assert queue_of(service).list() == ()
        place.rested(watched)
        assert [job.name for job in queue_of(service).list()] == ["a.wav"]


def test_nothing_is_done_twice_unless_it_has_changed(place: Watched) -> None:
    place.put("a.wav", 0.1)
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        for _ in range(3):
            place.rested(watched)
            finish(watched)
        assert place.heard == ["0.10"]
        place.put("a.wav", 0.1, 0.2)
        place.rested(watched)
        finish(watched)
        assert place.text("a.wav") == "0.10 0.20"


def test_who_is_stopped_amid_many_leaves_the_rest_to_the_next(place: Watched) -> None:
    for number in range(4):
        place.put(f"{number}.wav", 0.1 + number / 10)
    with place.process() as service, place.watching(service) as watched:
        watched.is_stopped = lambda: len(queue_of(service).list()) >= 2
        place.rested(watched)
        assert watched.waiting == 2
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        place.rested(watched)
        finish(watched)
    assert {*place.states.values()} == {"done"}
    assert len(place.heard) == 4


def test_a_process_that_was_killed_in_between_is_gone_on_with(place: Watched) -> None:
    place.put("a.wav", 0.1, 0.2)
    with place.process() as service, place.watching(service) as watched:
        place.rested(watched)
        assert (watched.waiting, place.states) == (1, {"a.wav": "waiting"})
    shutil.rmtree(place.incoming)
    place.incoming.mkdir()
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        finish(watched)
    assert (place.text("a.wav"), place.heard) == ("0.10 0.20", ["0.10", "0.20"])


def test_what_fails_is_told_once_and_the_rest_goes_on(place: Watched) -> None:
    (place.incoming / "letter.wav").write_text("Dear Sir or Madam")
    (place.incoming / "old.zip").write_bytes(b"PK")
    place.put("a.wav", 0.1)
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        for _ in range(3):
            place.rested(watched)
            finish(watched)
    assert place.states == {"letter.wav": "failed", "old.zip": "failed", "a.wav": "done"}
    assert len(place.told) == 3
    assert any("letter.wav" in line for line in place.told)


def test_a_disk_that_is_full_has_the_result_written_once_there_is_room(
    place: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    place.put("a.wav", 0.1)
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        place.rested(watched)
        with monkeypatch.context() as patch:
            patch.setattr(Results, "write", full)
            wait_until(lambda: queue_of(service).list()[0].state.is_over)
            watched.look()
            watched.look()
        assert caplog.text.count("No space left") == 1
        assert watched.waiting == 1
        finish(watched)
    assert (place.text("a.wav"), place.heard) == ("0.10", ["0.10"])


def test_what_is_in_the_way_of_one_holds_up_no_other_and_is_tried_again(
    place: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def closed_to_us(path: Path) -> str:
        if path.name == "a.wav":
            raise PermissionError(13, "Permission denied")
        return digest(path)

    digest = queue._digest
    place.put("a.wav", 0.1)
    place.put("b.wav", 0.2)
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        with monkeypatch.context() as patch:
            patch.setattr(queue, "_digest", closed_to_us)
            place.rested(watched)
            for _ in range(3):
                watched.look()
            finish(watched)
        assert place.states == {"b.wav": "done"}
        assert caplog.text.count("Permission denied") == 1
        place.rested(watched)
        finish(watched)
    assert place.states == {"a.wav": "done", "b.wav": "done"}


def test_the_command_goes_on_until_it_is_stopped(
    place: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RICHSPEECH_HISTORY__URL", place.settings.history.url)
    monkeypatch.setenv("RICHSPEECH_JOBS__RECORDINGS", str(place.folder / "recordings"))
    shutil.copy(EXAMPLES / "zh-call.wav", place.incoming)

    def stop_once_done() -> None:
        wait_until((place.out / "zh-call.wav.json").exists)
        os.kill(os.getpid(), signal.SIGTERM)

    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    stopper = threading.Thread(target=stop_once_done)
    stopper.start()
    where = (str(place.incoming), str(place.out))
    try:
        assert main(["watch", *where, "--model", "embedded", "--device", "cpu", "--rest", "0"]) == 0
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)
    stopper.join()
    assert place.text("zh-call.wav")


@pytest.mark.parametrize(
    ("names", "why"),
    [(("gone", "out"), "no folder"), (("in", "in/results"), "lies in the watched")],
)
def test_folders_that_cannot_be_are_refused(
    place: Watched, names: tuple[str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", *(str(place.folder / name) for name in names)]) == 1
    assert why in capsys.readouterr().err


def test_whatever_opens_is_transcribed_and_the_rest_is_told_once(place: Watched) -> None:
    place.put("call.3gpp", 0.1)
    place.put("no-ending", 0.2)
    (place.incoming / "notes.txt").write_text("no sound")
    with place.process() as service, service.at_work(), place.watching(service) as watched:
        place.rested(watched)
        finish(watched)
        place.rested(watched)
    assert place.states == {"call.3gpp": "done", "no-ending": "done"}
    passed = "1 file without sound was passed over: 1 .txt."
    assert sorted(place.told) == [passed, "call.3gpp: done", "no-ending: done"]
