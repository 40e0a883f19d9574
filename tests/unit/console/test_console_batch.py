"""Many recordings on the page: rows, order, what fails alone, what is opened and packed."""

import csv
import io
import re
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.console.sessions import Session
from richspeech.console.tabs.batch import render as batch_render
from richspeech.console.tabs.batch.seen import BatchView
from richspeech.console.tabs.batch.tab import folder_choices
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import AudioError, OptionError, StoreError
from richspeech.jobs.batch import batches as batch_work
from richspeech.jobs.batch import job as batch_run
from richspeech.jobs.batch.batches import Batches
from richspeech.jobs.batch.job import BatchJob
from richspeech.jobs.batch.rows import BatchRow
from richspeech.jobs.batch.sources import ZipLimits, open_sources
from richspeech.jobs.job import Job
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Origin, Transcription, Transcriptions
from richspeech.language.catalog import Notice
from richspeech.model.corrections import Correction
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress, WaveformSource
from richspeech.settings import RiskSettings, Settings
from richspeech.storage.history import History
from richspeech.storage.query import Query
from richspeech.storage.transcripts import Store
from richspeech.writers import WriterOptions
from tests.fakes import loaded_with, ready, wait_until, wav_at
from tests.history import full_history
from tests.transcripts import put_right

WAIT_SECONDS = 60.0
"""How long a hung test lasts."""


@dataclass
class Ear:
    """Hears a sentence whose anger is as long as the recording; waits for ``may_go``."""

    may_go: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    def transcribe(
        self, recording: WaveformSource, _options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        self.calls += 1
        seconds = sum(len(block) for block in recording.blocks(4.0)) / 16_000
        yield Progress(Transcript(seconds / 2, 0.1, "ear", "tiny"), (), seconds, finished=False)
        while not self.may_go.wait(0.02):
            if cancelled():
                return
        emotion = Emotion.ANGRY if seconds > 5 else Emotion.NEUTRAL
        angry = {emotion.value: 1.0}
        said = Segment(0.0, seconds, "我要退款。", "zh", 0.9, emotion, angry, (), {}, (), "")
        transcript = Transcript(seconds, 0.1, "ear", "tiny", (said,))
        yield Progress(transcript, (said,), seconds, finished=True)


def recorded(path: Path, seconds: float = 1.0, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(-9_000, 9_000, int(16_000 * seconds))
    return wav_at(path, samples)


@pytest.fixture
def ear() -> Ear:
    ear = Ear()
    ear.may_go.set()
    return ear


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def work(ear: Ear, tmp_path: Path) -> Batches:
    return work_of(ear, tmp_path)


def work_of(ear: Ear, folder: Path, history: History | None = None) -> Batches:
    weights = folder / "weights"
    weights.mkdir(exist_ok=True)
    readiness = ready(loaded_with(ear, folder=weights))
    allowed = folder / "calls"
    allowed.mkdir(exist_ok=True)
    settings = Settings.model_validate({"batch": {"folders": [str(allowed)]}})
    return Batches(Runner(), Transcribers(readiness, settings), settings, history)


def finished(task: Job) -> None:
    wait_until(lambda: task.is_over)


def begin(
    work: Batches, session: Session, uploads: Sequence[Path], folder: Path | None
) -> BatchJob:
    """What the tab does."""
    before = session.job_of(BatchJob)
    run = work.begin(session.folder, uploads, folder, TranscriptionRequest(), before)
    session.put(run)
    return run


def done(work: Batches, session: Session, *uploads: Path) -> BatchJob:
    run = begin(work, session, uploads, None)
    finished(run)
    return run


def states(run: BatchJob) -> dict[str, str]:
    return {row.name: row.state.value for row in run.rows}


def names(html: str) -> list[str]:
    return re.findall(r'class="row-name"[^>]*>([^<]+)<', html)


def drawn(run: BatchJob, view: BatchView | None = None, locale: str = "zh") -> str:
    return batch_render.rows(run, view or BatchView(), RiskSettings(), locale)


# doing


def test_a_bad_file_fails_alone_with_its_sentence(
    work: Batches, session: Session, tmp_path: Path
) -> None:
    good = [recorded(tmp_path / f"{name}.wav") for name in "abcd"]
    bad = tmp_path / "坏的.wav"
    bad.write_bytes(b"no sound")
    run = done(work, session, *good, bad)
    assert run.state is State.FINISHED
    assert [*states(run).values()].count("finished") == 4
    assert states(run)["坏的.wav"] == "failed"
    assert "识别失败：</strong>坏的.wav 不是能识别的音频或视频" in drawn(run)
    assert "Recognition failed: </strong>坏的.wav cannot be read" in drawn(run, locale="en")
    assert "4 个成功，1 个失败" in batch_render.status(run, "zh")


def test_uploads_may_vanish_once_the_batch_has_begun(
    ear: Ear, work: Batches, session: Session, tmp_path: Path
) -> None:
    ear.may_go.clear()
    uploads = [recorded(tmp_path / "up" / f"{n}" / "same.wav", seed=n) for n in range(6)]
    run = begin(work, session, uploads, None)
    for upload in uploads:
        upload.unlink()
    ear.may_go.set()
    finished(run)
    assert set(states(run).values()) == {"finished"}
    assert len(states(run)) == 6


def test_a_zip_is_as_good_as_its_files(work: Batches, session: Session, tmp_path: Path) -> None:
    packed = tmp_path / "calls.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(recorded(tmp_path / "one.wav"), "东/one.wav")
        archive.write(recorded(tmp_path / "two.wav", seed=2), "two.wav")
    run = done(work, session, packed)
    assert states(run) == {"two.wav": "finished", "东/one.wav": "finished"}
    job = run.job("东/one.wav")
    assert job.name == "one.wav"
    assert job.path is not None
    assert job.path.read_bytes() == (tmp_path / "one.wav").read_bytes()
    assert session.folder in job.path.parents


def test_only_the_folders_of_the_settings_may_be_chosen(
    work: Batches, session: Session, tmp_path: Path
) -> None:
    recorded(tmp_path / "calls" / "may" / "a.wav")
    run = begin(work, session, (), tmp_path / "calls" / "may")
    finished(run)
    assert states(run) == {"a.wav": "finished"}
    with pytest.raises(OptionError, match="may not be used") as caught:
        begin(work, session, (), tmp_path)
    assert "不能使用" in Notice.of(caught.value).sentence("zh")
    assert session.job_of(BatchJob) is run


def test_a_folder_without_recordings_is_told(
    work: Batches, session: Session, tmp_path: Path
) -> None:
    run = begin(work, session, (), tmp_path / "calls")
    finished(run)
    assert run.state is State.FAILED
    assert "calls 里没有录音" in batch_render.status(run, "zh")


def test_one_row_can_be_stopped_and_then_all(
    ear: Ear, work: Batches, session: Session, tmp_path: Path
) -> None:
    ear.may_go.clear()
    uploads = [recorded(tmp_path / f"{n}.wav", seed=n) for n in range(8)]
    run = begin(work, session, uploads, None)
    wait_until(lambda: ear.calls == 4)
    assert run.batch is not None
    run.batch.cancel("0.wav")
    assert states(run)["0.wav"] == "cancelled"
    assert session.has_work
    wait_until(lambda: ear.calls == 5)
    run.cancel()
    finished(run)
    assert set(states(run).values()) == {"cancelled"}
    assert "已取消" in batch_render.status(run, "zh")
    assert not session.has_work


def test_a_window_that_is_left_stops_its_batch(
    ear: Ear, work: Batches, session: Session, tmp_path: Path
) -> None:
    ear.may_go.clear()
    run = begin(work, session, [recorded(tmp_path / "a.wav")], None)
    for task in session.tasks:
        task.cancel()
    finished(run)
    assert run.state is State.CANCELLED


# rows


def test_the_highest_risk_comes_first(work: Batches, session: Session, tmp_path: Path) -> None:
    calm, angry = recorded(tmp_path / "a.wav", 1), recorded(tmp_path / "b.wav", 16)
    run = done(work, session, calm, angry)
    assert names(drawn(run)) == ["b.wav", "a.wav"]
    assert names(drawn(run, BatchView(by_name=True))) == ["a.wav", "b.wav"]
    first, second = drawn(run).split("<li ")[1:]
    assert "高风险" in first
    assert "低风险" in second


def test_what_is_in_work_stands_above_what_is_done_and_what_waits() -> None:
    rows = [
        BatchRow("waiting", 1),
        BatchRow("failed", 1, State.FAILED),
        BatchRow("calm", 1, State.FINISHED, risk=0),
        BatchRow("angry", 1, State.FINISHED, risk=80),
        BatchRow("cancelled", 1, State.CANCELLED),
        BatchRow("running", 1, State.RUNNING),
    ]
    assert [row.name for row in batch_render.in_order(rows)] == [
        *("running", "angry", "calm", "failed", "waiting", "cancelled")
    ]


@dataclass
class Rows:
    rows: tuple[BatchRow, ...]


def test_a_thousand_rows_are_drawn_fifty_at_a_time(tmp_path: Path) -> None:
    rows = tuple(BatchRow(f"{n:04}.wav", 1) for n in range(1000))
    run = BatchJob((), TranscriptionRequest(), tmp_path, ZipLimits(1, 1, 1))
    run.batch = Rows(rows)  # type: ignore[assignment]
    html = drawn(run, BatchView(by_name=True, page=19))
    assert names(html) == [f"{n:04}.wav" for n in range(950, 1000)]
    assert len(html.encode()) < 40_000
    assert "第 951–1,000 条" in html


def test_names_cannot_become_html(tmp_path: Path) -> None:
    run = BatchJob((), TranscriptionRequest(), tmp_path, ZipLimits(1, 1, 1))
    bad = BatchRow("<img src=x>", 1).begin().fail(Notice("<script>"))
    run.batch = Rows((bad, BatchRow('"><b>', 1).begin()))  # type: ignore[assignment]
    assert not re.search("<(img|script|b)>", drawn(run))


# opening and packing


def test_a_row_opens_with_its_waveform_and_keeps_its_corrections(
    work: Batches, session: Session, tmp_path: Path
) -> None:
    run = done(work, session, recorded(tmp_path / "a.wav"))
    job = run.job("a.wav")
    assert job.state is State.FINISHED
    assert job.transcript is not None
    assert job.transcript.text == "我要退款。"
    assert len(job.meter.peaks.values) > 10
    assert run.job("a.wav") is job


def test_everything_that_is_done_goes_into_one_zip(
    work: Batches, session: Session, tmp_path: Path
) -> None:
    bad = tmp_path / "=坏.wav"
    bad.write_bytes(b"no sound")
    run = done(work, session, recorded(tmp_path / "a.wav"), recorded(tmp_path / "b.wav"), bad)
    put_right(run.job("a.wav"), Correction(0, text="我要退货。"))
    packing = work.pack(run, ["txt", "html"], WriterOptions("plain", "zh"))
    finished(packing)
    assert packing.state is State.FINISHED
    with zipfile.ZipFile(packing.path) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert set(files) == {"a.wav.txt", "a.wav.html", "b.wav.txt", "b.wav.html", "summary.csv"}
    assert "我要退货。" in files["a.wav.txt"].decode()
    assert "我要退款。" in files["b.wav.txt"].decode()
    assert b"data:audio/mpeg" in files["a.wav.html"]
    summary = [*csv.DictReader(io.StringIO(files["summary.csv"].decode("utf-8-sig")))]
    assert [(row["name"], row["state"]) for row in summary] == [
        ("'=坏.wav", "failed"),
        ("a.wav", "done"),
        ("b.wav", "done"),
    ]
    assert summary[1]["seconds"] == "1.00"
    assert summary[0]["error"].startswith("'=坏.wav cannot be read")
    assert summary[1]["error"] == ""


def test_packing_can_be_stopped(work: Batches, session: Session, tmp_path: Path) -> None:
    run = done(work, session, recorded(tmp_path / "a.wav"))
    packing = work.pack(run, ["txt"], WriterOptions())
    packing.cancel()
    finished(packing)
    assert packing.state in (State.CANCELLED, State.FINISHED)


def test_a_new_batch_takes_the_place_of_the_old_one(
    work: Batches, session: Session, tmp_path: Path
) -> None:
    first = done(work, session, recorded(tmp_path / "a.wav"))
    opened = first.job("a.wav").path
    done(work, session, recorded(tmp_path / "b.wav"))
    assert opened is not None
    assert opened.is_file()
    assert not [*first.folder.glob("uploads/**/*.wav")]


def test_what_the_history_knows_is_not_heard_again(
    ear: Ear, session: Session, store: Store, tmp_path: Path
) -> None:
    work = work_of(ear, tmp_path, History(store, Settings(), "1.0"))
    uploads = [recorded(tmp_path / f"{n}.wav", seed=n) for n in range(3)]
    done(work, session, *uploads)
    again = done(work, session, *uploads)
    assert ear.calls == 3
    assert store.count(Query()) == 3
    assert again.job("0.wav").origin is Origin.CACHED
    assert drawn(again).count("来自历史") == 3


def test_rows_of_one_sound_share_an_entry_and_take_back_nothing_from_each_other(
    ear: Ear, session: Session, store: Store, tmp_path: Path
) -> None:
    history = History(store, Settings(), "1.0")
    work = work_of(ear, tmp_path, history)
    run = done(work, session, *(recorded(tmp_path / f"{name}.wav") for name in "ab"))
    first, second = run.job("a.wav"), run.job("b.wav")
    assert (first.name, second.name, store.count(Query())) == ("a.wav", "b.wav", 1)
    assert first.entry == second.entry
    transcriptions = Transcriptions(work._runner, work._transcribers, work._limits, history)
    correct(transcriptions, first, "我要退货。")
    with pytest.raises(StoreError, match="corrected or deleted elsewhere; open it again"):
        correct(transcriptions, second, "我要换货。")
    assert first.entry is not None
    assert store.document(first.entry).transcript.segments[0].text == "我要退货。"
    assert second.transcript is not None
    assert second.transcript.segments[0].text == "我要换货。"  # on the page alone


def correct(transcriptions: Transcriptions, job: Transcription, text: str) -> None:
    assert job.document is not None
    change = Correction(index=0, text=text)
    transcriptions.correct(job, job.document.with_corrections([change], datetime.now(UTC)))


def test_rows_that_the_history_does_not_take_say_so(
    ear: Ear, session: Session, tmp_path: Path
) -> None:
    store = Store(full_history(tmp_path / "history.sqlite"))
    work = work_of(ear, tmp_path, History(store, Settings(), "1.0"))
    run = done(work, session, *(recorded(tmp_path / f"{n}.wav", seed=n) for n in range(2)))
    store.close()
    assert set(states(run).values()) == {"finished"}
    assert drawn(run).count("未存入历史") == 2
    assert drawn(run, locale="en").count("not in the history") == 2
    shown = batch_render.status(run, "zh")
    assert "全部完成：2 个成功" in shown
    assert "其中 2 个没有存进历史记录。历史记录无法使用（database or disk is full）" in shown
    assert "2 of them were not saved in the history. The history cannot be used" in (
        batch_render.status(run, "en")
    )


# full disks


def fill_disk(monkeypatch: pytest.MonkeyPatch, where: str, of: object) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(of, where, full)


def test_a_disk_without_room_for_the_uploads_keeps_the_batch_before(
    work: Batches, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = done(work, session, recorded(tmp_path / "a.wav"))
    fill_disk(monkeypatch, "place_at", batch_work)
    with pytest.raises(AudioError) as caught:
        begin(work, session, [recorded(tmp_path / "b.wav")], None)
    assert Notice.of(caught.value).sentence("zh") == (
        "服务器上放不下这些录音（No space left on device）：请一次少选一些，或联系管理员。"
    )
    assert session.job_of(BatchJob) is first
    assert first.transcript("a.wav").text == "我要退款。"
    assert [*session.folder.glob("*/uploads/*/b.wav")] == []


def test_a_row_that_finds_no_room_fails_alone_in_a_sentence(
    work: Batches, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch, "write_atomically", batch_run)
    run = done(work, session, recorded(tmp_path / "a.wav"))
    assert run.state is State.FINISHED
    assert "a.wav 的结果无法保存（No space left on device）：请重新开始。" in drawn(run)


def test_a_zip_that_finds_no_room_is_a_sentence_and_leaves_nothing(
    work: Batches, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = done(work, session, recorded(tmp_path / "a.wav"))
    fill_disk(monkeypatch, "writestr", zipfile.ZipFile)
    packing = work.pack(run, ["txt"], WriterOptions())
    finished(packing)
    assert "磁盘可能满了" in batch_render.packing(packing, "zh")
    assert not packing.path.exists()


def test_folders_to_choose_from_are_named_for_people(tmp_path: Path) -> None:
    (tmp_path / "calls" / "may").mkdir(parents=True)
    (tmp_path / "calls" / "june").mkdir()
    (tmp_path / "calls" / "a.wav").touch()
    labels = [label for label, _ in folder_choices([tmp_path / "calls"])]
    assert labels == ["calls", "calls / june", "calls / may"]


# sentences


def test_the_sentences_are_those_of_the_package(tmp_path: Path) -> None:
    """A zip that is none, as the package tells it, is known to the page."""
    forged = tmp_path / "a.zip"
    forged.write_bytes(b"no zip")
    with open_sources([forged], ZipLimits(1, 1, 1)) as (item,):
        with pytest.raises(AudioError, match="not a zip") as caught:
            item.open()
        assert "不是能打开的 zip" in Notice.of(caught.value).sentence("zh")
