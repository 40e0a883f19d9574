"""Many recordings on the page: rows, order, what fails alone, what is opened and packed."""

import csv
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.access.principal import Principal, Role
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.mono import mixture
from richspeech.console import render
from richspeech.console.kept_sound import place_of_sound, sound_of_entry
from richspeech.console.sessions import Session
from richspeech.console.shown import show
from richspeech.console.tabs.batch import render as batch_render
from richspeech.console.tabs.batch.followed import Followed
from richspeech.console.tabs.batch.inbox import BatchView, Group, Step, beside, in_order
from richspeech.console.tabs.batch.opened import Opened, open_job
from richspeech.console.tabs.batch.tab import folder_choices
from richspeech.console.tabs.history.tab import opened
from richspeech.errors import AudioError, Cancelled, ChangedElsewhereError, OptionError, StoreError
from richspeech.jobs.batch.sources import ZipLimits, open_sources
from richspeech.jobs.job import Job
from richspeech.jobs.playback import Playback
from richspeech.jobs.transcribe import Origin, Sound, Transcription, Transcriptions
from richspeech.language.catalog import Notice
from richspeech.language.localized import LocalizedText
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.operations.caller import Caller, called_by, caller
from richspeech.privacy.mask import mask_document
from richspeech.queue.batches import SUMMARY, HandingIn, Packing
from richspeech.queue.queue import JobQueue
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.review.overview import Overview, Quote
from richspeech.review.risk import RiskPoint, level_of
from richspeech.service import Service, build, open_queue
from richspeech.settings import PrivacySettings, RiskSettings, load_settings
from richspeech.storage import recordings as recording_store
from richspeech.storage.history import History
from richspeech.storage.jobs import BatchSummary, JobSummary, new_id
from richspeech.storage.query import Query
from richspeech.storage.transcripts import Store
from richspeech.writers import WriterOptions
from tests.fakes import loaded_with, ready, wait_until, wav_at
from tests.transcripts import put_right
from tests.two_tracks import SECOND, pitches_of, sound_in, two_tracks

TABLES_OF_ALL = ("summary.csv", "summary.xlsx")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


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
                raise Cancelled
        emotion = Emotion.ANGRY if seconds > 5 else Emotion.NEUTRAL
        angry = {emotion.value: 1.0}
        said = Segment(0.0, seconds, "我要退款。", "zh", 0.9, emotion, angry, (), {}, (), "")
        transcript = Transcript(seconds, 0.1, "ear", "tiny", (said,), recording.warnings)
        yield Progress(transcript, (said,), seconds, finished=True)


def recorded(path: Path, seconds: float = 1.0, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(-9_000, 9_000, int(16_000 * seconds))
    return wav_at(path, samples)


@dataclass
class Desk:
    """A window at a console that does durable jobs."""

    service: Service
    session: Session = field(default_factory=Session)

    @property
    def queue(self) -> JobQueue:
        return self.service.durable

    @property
    def history(self) -> History:
        assert self.service.history is not None
        return self.service.history

    def begin(
        self, *uploads: Path, folder: Path | None = None, options: Options | None = None
    ) -> HandingIn:
        place, asked = self.session.folder, TranscriptionRequest(options or Options())
        return self.service.batches.begin(new_id(), place, uploads, folder, asked)

    def followed(self, job: HandingIn) -> Followed:
        followed = Followed(job.batch)
        followed.refresh(self.queue, RiskSettings())
        return followed

    def done(
        self, *uploads: Path, folder: Path | None = None, options: Options | None = None
    ) -> Followed:
        """Hand recordings in, and wait until their batch is over."""
        job = self.begin(*uploads, folder=folder, options=options)
        finished(job)
        followed = Followed(job.batch)

        def is_over() -> bool:
            followed.refresh(self.queue, RiskSettings())
            return bool(followed.rows) and followed.is_over

        wait_until(is_over)
        return followed

    def opened(self, followed: Followed, name: str) -> Transcription:
        job = self.queue.find(row_of(followed, name).id)
        return open_job(self.queue, job, self.session)

    def packed(self, followed: Followed, *formats: str, **corrected: Transcription) -> Packing:
        look, folder = WriterOptions("plain", "zh"), self.session.folder
        packing = self.service.batches.pack(followed.batch, folder, formats, look, corrected)
        finished(packing)
        return packing


@contextmanager
def desk_of(ear: Ear, folder: Path, *, keeps: bool = True) -> Iterator[Desk]:
    """A console whose ``calls`` may be transcribed."""
    for name in ("weights", "calls"):
        (folder / name).mkdir(exist_ok=True)
    settings = load_settings(
        batch={"folders": [str(folder / "calls")]},
        jobs={"recordings": str(folder / "recordings")},
    )
    with ExitStack() as stack:
        history, work = None, threading.Event()
        if keeps:
            store = stack.enter_context(closing(Store(f"sqlite:///{folder}/history.sqlite")))
            history = History(store, settings, "1")
        queue = stack.enter_context(open_queue(settings, history, work))
        loaded = loaded_with(ear, folder=folder / "weights")
        service = build(settings, ready(loaded), history=history, queue=queue, work=work)
        stack.enter_context(service.at_work())
        yield Desk(service)


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    ear.may_go.set()
    yield ear
    ear.may_go.set()


@pytest.fixture
def desk(ear: Ear, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(ear, tmp_path) as desk:
        yield desk


def finished(task: Job) -> None:
    wait_until(lambda: task.is_over)


def row_of(followed: Followed, name: str) -> JobSummary:
    return next(row for row in followed.rows.values() if row.name == name)


def states(followed: Followed) -> dict[str, str]:
    return {row.name: row.state.value for row in followed.rows.values()}


def names(html: str) -> list[str]:
    return re.findall(r'class="row-name"[^>]*>([^<]+)<', html)


def drawn(followed: Followed, view: BatchView | None = None, locale: str = "zh") -> str:
    return batch_render.rows(followed, view or BatchView(), locale)


def status(followed: Followed, locale: str = "zh") -> str:
    return batch_render.status(None, followed, locale)


def row(name: str, state: State = State.WAITING, **values: object) -> JobSummary:
    plain = JobSummary(1, name, name, 10, state, NOON, 0.0, None, None, is_cached=False)
    return replace(plain, **values)  # type: ignore[arg-type]


def following(*rows: JobSummary, **scores: int) -> Followed:
    overviews = {name: overview(score) for name, score in scores.items()}
    return Followed("b", {each.id: each for each in rows}, {**overviews})


def overview(score: int, **values: Any) -> Overview:
    return Overview(score, level_of(score, RiskSettings(), ()), 9.0, **values)


def quoted(followed: Followed, row: JobSummary) -> tuple[str, str]:
    """The level of a line, and the words below it."""
    line = followed.overviews[row.id]
    assert line is not None
    return line.level, line.quote.text if line.quote else ""


# doing


def test_a_row_says_what_is_amiss_with_a_recording_that_was_heard(
    desk: Desk, tmp_path: Path
) -> None:
    path = recorded(tmp_path / "cut.wav")
    path.write_bytes(path.read_bytes()[:-8_000])
    followed = desk.done(path, recorded(tmp_path / "whole.wav", seed=1))
    cut, whole = row_of(followed, "cut.wav"), row_of(followed, "whole.wav")
    heard_cut, heard_whole = followed.overviews[cut.id], followed.overviews[whole.id]
    assert heard_cut is not None
    assert heard_whole is not None
    assert heard_whole.warnings == ()
    [warning] = heard_cut.warnings
    assert warning.code == "wav_length_wrong"
    assert drawn(followed).count(f"<span>{warning.sentence('zh')}</span>") == 1


def test_a_bad_file_fails_alone_with_its_sentence(desk: Desk, tmp_path: Path) -> None:
    good = [recorded(tmp_path / f"{name}.wav", seed=n) for n, name in enumerate("abcd")]
    bad = tmp_path / "坏的.wav"
    bad.write_bytes(b"no sound")
    followed = desk.done(*good, bad)
    assert [*states(followed).values()].count("finished") == 4
    assert states(followed)["坏的.wav"] == "failed"
    assert "识别失败：</strong>坏的.wav 不是能识别的音频或视频" in drawn(followed)
    assert "Recognition failed: </strong>坏的.wav cannot be read" in drawn(followed, locale="en")
    assert "4 个成功，1 个失败" in status(followed)


def test_uploads_may_vanish_once_they_are_handed_in(ear: Ear, desk: Desk, tmp_path: Path) -> None:
    ear.may_go.clear()
    uploads = [recorded(tmp_path / "up" / f"{n}" / "same.wav", seed=n) for n in range(6)]
    job = desk.begin(*uploads)
    assert job.held_files == tuple(uploads)  # nobody deletes them meanwhile
    finished(job)
    for upload in uploads:
        upload.unlink()
    ear.may_go.set()
    wait_until(lambda: desk.followed(job).is_over)
    assert set(states(desk.followed(job)).values()) == {"finished"}
    assert len(states(desk.followed(job))) == 6


def test_a_zip_is_as_good_as_its_files(desk: Desk, tmp_path: Path) -> None:
    packed = tmp_path / "calls.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(recorded(tmp_path / "one.wav"), "东/one.wav")
        archive.write(recorded(tmp_path / "two.wav", seed=2), "two.wav")
    followed = desk.done(packed)
    assert states(followed) == {"two.wav": "finished", "东/one.wav": "finished"}
    job = desk.opened(followed, "东/one.wav")
    assert job.name == "one.wav"
    assert job.path is not None
    assert job.path.read_bytes() == (tmp_path / "one.wav").read_bytes()
    assert desk.session.folder in job.path.parents
    assert [*desk.session.folder.glob("unpacked*")] == []


def test_what_cannot_be_read_in_a_zip_is_a_row_that_is_not_tried_again(
    desk: Desk, tmp_path: Path
) -> None:
    packed = tmp_path / "calls.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(recorded(tmp_path / "one.wav"), "one.wav")
        archive.writestr("inner.zip", b"PK")
    followed = desk.done(packed)
    assert states(followed) == {"inner.zip": "failed", "one.wav": "finished"}
    html = drawn(followed)
    assert "inner.zip" in html
    assert "retry_row" not in html
    assert row_of(followed, "inner.zip").error == Notice.of(
        AudioError("batch.nested", name="inner.zip")
    )


def test_only_the_folders_of_the_settings_may_be_chosen(desk: Desk, tmp_path: Path) -> None:
    recorded(tmp_path / "calls" / "may" / "a.wav")
    followed = desk.done(folder=tmp_path / "calls" / "may")
    assert states(followed) == {"a.wav": "finished"}
    with pytest.raises(OptionError, match="may not be used") as caught:
        desk.begin(folder=tmp_path)
    assert "不能使用" in Notice.of(caught.value).sentence("zh")


def test_what_is_passed_over_in_a_folder_is_told(desk: Desk, tmp_path: Path) -> None:
    recorded(tmp_path / "calls" / "may" / "a.3gpp")
    (tmp_path / "calls" / "may" / "notes.txt").write_text("no sound")
    job = desk.begin(folder=tmp_path / "calls" / "may")
    finished(job)
    wait_until(lambda: desk.followed(job).is_over)
    followed = desk.followed(job)
    assert states(followed) == {"a.3gpp": "finished"}
    shown = batch_render.status(job, followed, "zh")
    assert "1 个成功，0 个失败" in shown
    assert "跳过了 1 个没有声音的文件：.txt 1 个。" in shown


def test_a_folder_without_recordings_is_told(desk: Desk, tmp_path: Path) -> None:
    job = desk.begin(folder=tmp_path / "calls")
    finished(job)
    assert job.state is State.FAILED
    assert "calls 里没有录音" in batch_render.status(job, desk.followed(job), "zh")


def test_one_row_can_be_stopped_and_then_all(ear: Ear, desk: Desk, tmp_path: Path) -> None:
    ear.may_go.clear()
    job = desk.begin(*(recorded(tmp_path / f"{n}.wav", seed=n) for n in range(8)))
    wait_until(lambda: ear.calls == 4)
    first = row_of(desk.followed(job), "0.wav")
    desk.queue.cancel(first.id)
    wait_until(lambda: states(desk.followed(job))["0.wav"] == "cancelled")
    wait_until(lambda: ear.calls == 5)
    desk.queue.cancel_batch(job.batch)
    wait_until(lambda: desk.followed(job).is_over)
    assert set(states(desk.followed(job)).values()) == {"cancelled"}
    assert "已取消" in status(desk.followed(job))


def test_a_window_that_is_left_leaves_its_batch_at_work(
    ear: Ear, desk: Desk, tmp_path: Path
) -> None:
    ear.may_go.clear()
    job = desk.begin(recorded(tmp_path / "a.wav"))
    desk.session.put(job)
    finished(job)
    for task in desk.session.tasks:
        task.cancel()
    ear.may_go.set()
    wait_until(lambda: states(desk.followed(job)) == {"a.wav": "finished"})


def test_who_cancels_before_all_is_handed_in_keeps_nothing(desk: Desk, tmp_path: Path) -> None:
    job = HandingIn((recorded(tmp_path / "a.wav"),), TranscriptionRequest(), "b1", tmp_path)
    job.cancel()
    desk.service.runner.run(job, lambda: desk.service.batches.do(job))
    assert job.state is State.CANCELLED
    assert desk.queue.list() == ()
    assert "没有提交任何录音" in batch_render.status(job, Followed("b1"), "zh")


def test_what_has_failed_is_tried_again(ear: Ear, desk: Desk, tmp_path: Path) -> None:
    ear.may_go.clear()
    job = desk.begin(recorded(tmp_path / "a.wav"))
    wait_until(lambda: ear.calls == 1)
    desk.queue.cancel_batch(job.batch)
    wait_until(lambda: desk.followed(job).is_over)
    html = drawn(desk.followed(job))
    assert 'data-press="retry_row"' in html
    assert 'aria-label="重试 a.wav"' in html
    ear.may_go.set()
    desk.queue.retry(row_of(desk.followed(job), "a.wav").id)
    wait_until(lambda: states(desk.followed(job)) == {"a.wav": "finished"})


# rows


def test_the_highest_risk_comes_first(desk: Desk, tmp_path: Path) -> None:
    calm, angry = recorded(tmp_path / "a.wav", 1), recorded(tmp_path / "b.wav", 16)
    followed = desk.done(calm, angry)
    assert names(drawn(followed)) == ["b.wav", "a.wav"]
    assert names(drawn(followed, BatchView(by_name=True))) == ["a.wav", "b.wav"]
    first, second = drawn(followed).split("<li ")[1:]
    assert "高风险" in first
    assert "低风险" in second


def test_failures_stand_on_top_then_what_is_in_work_then_what_is_done_by_its_risk() -> None:
    rows = [
        row("waiting"),
        row("failed", State.FAILED),
        row("calm-10", State.FINISHED),
        row("calm-9", State.FINISHED),
        row("angry", State.FINISHED),
        row("unread", State.FINISHED),
        row("cancelled", State.CANCELLED),
        row("stopping", State.STOPPING),
        row("running", State.RUNNING),
    ]
    followed = following(*rows, **{"calm-9": 0, "calm-10": 0, "angry": 80})
    followed.overviews["unread"] = None
    assert [each.name for each in in_order(rows, followed)] == [
        *("failed", "running", "stopping", "angry", "unread", "calm-9", "calm-10"),
        *("waiting", "cancelled"),
    ]


def test_a_risk_that_nobody_can_know_is_said_to_be_so_and_stands_before_the_low_ones() -> None:
    rows = [row(name, State.FINISHED) for name in ("calm", "unlike", "angry")]
    followed = following(*rows, calm=5, angry=80)
    warning = RecordingWarning.of(UNLIKE_KNOWN, model="tiny", share=90)
    followed.overviews["unlike"] = Overview(0, "unknown", 9.0, warnings=(warning,))
    html = drawn(followed, locale="en")
    assert names(html) == ["angry", "unlike", "calm"]
    assert html.count("risk not known") == 1
    assert "low risk 5" in html
    assert "low risk 0" not in html


def test_a_line_says_why_what_who_and_how_it_felt(desk: Desk, tmp_path: Path) -> None:
    html = drawn(desk.done(recorded(tmp_path / "b.wav", 16)))
    assert "▲</i>高风险" in html
    assert "“我要退款。”" in html
    assert 'class="at">0:00<' in html
    assert 'aria-label="愤怒 100%"' in html
    assert 'class="tone-angry" style="width:100.0%"' in html
    assert "<span>0:16</span>" in html
    assert "anger" not in html  # no name of a rule


def test_what_strangers_said_and_are_called_is_shown_and_never_html() -> None:
    found = RiskPoint(0, 1, "r", 9, LocalizedText("<b>因", "<b>why"), (), speaker="<i>")
    quote = Quote(65.0, "<script>" + "长" * 200, "<i>")
    line = overview(90, reason=found, quote=quote, speakers=("<u>", "B"))
    followed = Followed("b", {"a": row("a", State.FINISHED)}, {"a": line})
    html = drawn(followed)
    assert not re.search("<(script|b>因|i>：|u>)", html)
    assert "&lt;u&gt;、B" in html
    assert "1:05" in html
    assert "长…" in html
    assert "3 人" in drawn(
        Followed("b", followed.rows, {"a": replace(line, speakers=("A", "B", "C"))})
    )


def test_groups_are_counted_and_shown_alone() -> None:
    done = [row(name, State.FINISHED) for name in ("a", "b", "c")]
    followed = following(*done, row("bad", State.FAILED), row("new"), a=90, b=40, c=0)
    html = drawn(followed)
    assert names(html) == ["bad", "a", "b", "c", "new"]
    button = r'data-id="(\w+)"[^>]* aria-pressed="(\w+)">.*?class="count">(\d)<'
    assert re.findall(button, html) == [
        *(("all", "true", "5"), ("failed", "false", "1"), ("high", "false", "1")),
        *(("medium", "false", "1"), ("low", "false", "1"), ("unfinished", "false", "1")),
    ]
    assert names(drawn(followed, BatchView(group=Group.HIGH))) == ["a"]
    assert names(drawn(followed, BatchView(group=Group.FAILED))) == ["bad"]
    assert "没有符合条件的录音" in drawn(followed, BatchView(group=Group.UNKNOWN))


def test_names_words_and_reasons_are_searched(desk: Desk, tmp_path: Path) -> None:
    followed = desk.done(recorded(tmp_path / "早.wav", 16), recorded(tmp_path / "晚.wav", 1))
    said = desk.queue.store.saying(followed.batch, "退款")
    assert said == {*followed.rows}
    assert desk.queue.store.saying(followed.batch, "退货") == frozenset()
    assert names(drawn(followed, BatchView(line="早"))) == ["早.wav"]
    found = BatchView(line="退款 晚", said={"退款": said})
    assert names(drawn(followed, found)) == ["晚.wav"]
    assert "找到 1 个" in drawn(followed, found)
    assert names(drawn(followed, BatchView(line="愤怒"))) == ["早.wav"]  # its reason


def test_the_next_call_is_that_of_the_list() -> None:
    rows = [row(name, State.FINISHED) for name in ("a", "b", "c")]
    followed = following(row("bad", State.FAILED), *rows, a=0, b=90, c=40)

    def from_(name: str, way: Literal["next", "previous"], group: Group | None = None) -> str:
        found = beside(followed, BatchView(opened=name, group=group), Step(id=way))
        return found.name if found else ""

    assert [from_(name, "next") for name in ("", "b", "c", "a")] == ["b", "c", "a", ""]
    assert [from_(name, "previous") for name in ("a", "c", "b")] == ["c", "b", ""]
    assert from_("b", "next", Group.LOW) == "a"  # the open one is not in the list


def test_a_thousand_rows_are_drawn_fifty_at_a_time() -> None:
    followed = following(*(row(f"{n:04}.wav") for n in range(1000)))
    html = drawn(followed, BatchView(by_name=True, page=19))
    assert names(html) == [f"{n:04}.wav" for n in range(950, 1000)]
    assert len(html.encode()) < 40_000
    assert "第 951–1,000 条" in html


def test_names_cannot_become_html() -> None:
    bad = row("<img src=x>", State.FAILED, error=Notice("<script>"))
    assert not re.search("<(img|script|b)>", drawn(following(bad, row('"><b>', State.RUNNING))))


def test_a_row_that_waits_for_better_times_says_why() -> None:
    why = Notice.of(StoreError("history.unusable", why="disk full"))
    html = drawn(following(row("a.wav", error=why)))
    assert "历史记录无法使用（disk full）" in html
    assert "识别失败" not in html
    assert "排队中" in html


def test_how_far_all_are_together_is_told_with_the_time_that_is_left() -> None:
    half = row("a.wav", State.RUNNING, seconds_done=30.0, seconds_total=60.0)
    shown = status(following(half, row("b.wav", State.FAILED), row("c.wav")))
    assert "正在处理" in shown
    assert "1 / 3 个文件" in shown
    assert "1 个失败" in shown
    assert "已识别 0:30，共约 2:00" in shown
    assert "正在停止" in status(following(row("a.wav", State.STOPPING)))


def test_a_batch_is_read_whole_once_and_then_what_has_changed(
    ear: Ear, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear.may_go.clear()
    job = desk.begin(recorded(tmp_path / "a.wav"))
    wait_until(lambda: ear.calls == 1)
    asked: list[datetime | None] = []
    read = type(desk.queue.store).summaries

    def noted(self: object, batch: str, since: datetime | None = None) -> tuple[JobSummary, ...]:
        asked.append(since)
        return read(self, batch, since)  # type: ignore[arg-type]

    monkeypatch.setattr(type(desk.queue.store), "summaries", noted)
    followed = desk.followed(job)
    before = followed.changes
    followed.refresh(desk.queue, RiskSettings())
    assert followed.changes == before
    ear.may_go.set()

    def is_over() -> bool:
        followed.refresh(desk.queue, RiskSettings())
        return followed.is_over

    wait_until(is_over)
    assert followed.changes > before
    assert [*followed.overviews] == [row_of(followed, "a.wav").id]
    assert asked[0] is None
    assert None not in asked[1:]


def test_a_batch_is_named_among_others_by_its_time_and_how_far_it_is() -> None:
    batch = BatchSummary("b", NOON, 5, 3)
    assert batch_render.choice(batch, "zh", "Asia/Shanghai") == "2026-11-20 20:00 · 完成 3 / 5"
    assert batch_render.choice(batch, "en", "UTC") == "2026-11-20 12:00 · 3 of 5 done"


def test_people_find_their_own_batches(desk: Desk, tmp_path: Path) -> None:
    ann, bob = (Principal.at_browser(name, Role.MEMBER) for name in ("ann", "bob"))
    with called_by(Caller(user="ann", principal=ann)):
        job = desk.begin(recorded(tmp_path / "a.wav"))
    finished(job)
    store = desk.queue.store
    assert [each.batch for each in store.seen_by(ann).batches()] == [job.batch]
    assert store.seen_by(bob).batches() == ()
    assert Followed(job.batch).rows == {}
    strange = Followed(job.batch)
    strange.refresh(desk.queue.seen_by(bob), RiskSettings())
    assert strange.rows == {}


# opening and packing


def test_a_row_opens_with_its_waveform_and_its_corrections(desk: Desk, tmp_path: Path) -> None:
    followed = desk.done(recorded(tmp_path / "a.wav"))
    job = desk.opened(followed, "a.wav")
    assert job.state is State.FINISHED
    assert job.transcript is not None
    assert job.transcript.text == "我要退款。"
    assert len(job.meter.peaks.values) > 10
    correct(desk, job, "我要退货。")
    again = desk.opened(followed, "a.wav")
    assert again.transcript is not None
    assert again.transcript.segments[0].text == "我要退货。"
    assert again.path == job.path


@pytest.mark.parametrize("keeps", [True, False])
def test_a_line_follows_what_people_have_put_right(
    ear: Ear, tmp_path: Path, *, keeps: bool
) -> None:
    with desk_of(ear, tmp_path, keeps=keeps) as desk:
        followed = desk.done(recorded(tmp_path / "a.wav", seconds=6.0))
        row, window = row_of(followed, "a.wav"), desk.session.view(Opened)
        assert quoted(followed, row) == ("high", "我要退款。")
        before = followed.changes
        job = window.by_job[row.id] = desk.opened(followed, "a.wav")

        def put(**right: Any) -> None:
            assert job.document is not None
            steps = [*job.corrections, Correction(0, **right)]
            corrected = job.document.with_corrections(steps, datetime.now(UTC))
            desk.service.transcriptions.correct(job, corrected)
            followed.refresh(desk.queue, RiskSettings(), {} if keeps else window.corrected)

        put(text="我要发票。")
        assert quoted(followed, row) == ("high", "我要发票。")
        put(emotion=Emotion.NEUTRAL)
        assert quoted(followed, row) == ("low", "")
        assert followed.changes == before + 2
        assert followed.is_over


def test_an_entry_plays_what_was_handed_in_as_long_as_that_is_kept(
    desk: Desk, tmp_path: Path
) -> None:
    followed = desk.done(recorded(tmp_path / "a.wav"))
    row = desk.queue.find(row_of(followed, "a.wav").id)
    assert row.transcript is not None

    def sound(queue: JobQueue, folder: Path) -> Sound | None:
        assert row.transcript is not None
        return sound_of_entry(queue, row.transcript, folder)

    found = sound(desk.queue, desk.session.folder)
    assert found is not None
    assert found.path.read_bytes() == (tmp_path / "a.wav").read_bytes()
    assert found.path.is_relative_to(desk.session.folder)
    assert len(found.meter.peaks.values) > 10
    stranger = desk.queue.seen_by(Principal.at_browser("bob", Role.MEMBER))
    assert sound(stranger, tmp_path / "bob") is None
    job = opened(desk.history.store.open(row.transcript), found, "zh")
    assert "<audio" in render.player(job, "zh")
    desk.queue.recordings.delete(row.id)
    assert sound(desk.queue, tmp_path / "later") is None


def masked_job(desk: Desk, followed: Followed, name: str) -> Transcription:
    """Open a recording in whose second second somebody says a number."""
    row = desk.queue.find(row_of(followed, name).id)
    assert row.transcript is not None
    stored = desk.history.store.open(row.transcript)
    said = replace(
        stored.document.measured.segments[0], start=1.0, end=2.0, text="我的电话是13800138000"
    )
    plain = Document(replace(stored.document.measured, segments=(said,)))
    masked = mask_document(plain, PrivacySettings().kinds)
    place = place_of_sound(desk.session, masked.transcript)
    sound = sound_of_entry(desk.queue, row.transcript, place)
    return opened(replace(stored, document=masked), sound, "zh")


def loudness_of(path: Path, start: float, end: float) -> float:
    """Root mean square between two seconds, of 1."""
    with open_recording(path, AudioLimits(10**8, 600)) as recording:
        sound = np.concatenate([*map(mixture, recording.blocks(4.0))])
    return float(np.sqrt(np.mean(sound[round(start * 16_000) : round(end * 16_000)] ** 2)))


def test_an_entry_whose_words_are_masked_plays_a_copy_in_which_nobody_hears_them(
    desk: Desk, tmp_path: Path
) -> None:
    job = masked_job(desk, desk.done(recorded(tmp_path / "a.wav", seconds=4.0)), "a.wav")
    session = desk.session
    assert "所以不播放录音" in render.player(job, "zh")
    desk.service.playbacks.prepare(job, session.folder)
    wait_until(lambda: job.being_prepared.is_over)
    assert job.playback is not None
    assert f"file={job.playback}" in render.player(job, "zh")
    heard, covered = loudness_of(tmp_path / "a.wav", 1.1, 1.9), loudness_of(job.playback, 1.1, 1.9)
    assert covered < 0.6 * heard  # a tone of -20 dB in the place of noise
    assert loudness_of(job.playback, 2.5, 3.5) > 0.9 * heard
    assert session.keeps(str(job.playback))
    assert job.path is not None
    assert not session.keeps(str(job.path))
    assert not session.keeps(str(session.folder / "opened" / ".." / "hidden" / job.path.name))


def test_a_copy_that_nobody_waits_for_any_more_is_not_played(desk: Desk, tmp_path: Path) -> None:
    followed = desk.done(recorded(tmp_path / "a.wav"))
    job = masked_job(desk, followed, "a.wav")
    show(desk.session, job)
    playback = job.being_prepared = Playback(job)
    assert "正在盖住" in render.player(job, "zh")
    show(desk.session, desk.opened(followed, "a.wav"))
    assert job.path is not None
    with pytest.raises(Cancelled):
        desk.service.playbacks.run(playback, job.path, desk.session.folder)
    assert job.playback is None


def test_what_others_have_put_in_is_not_heard_in_a_copy_from_before(
    desk: Desk, tmp_path: Path
) -> None:
    job = masked_job(desk, desk.done(recorded(tmp_path / "a.wav")), "a.wav")
    desk.service.playbacks.prepare(job, desk.session.folder)
    wait_until(lambda: job.being_prepared.is_over)
    assert not job.hides_sound
    assert job.document is not None
    masked = job.document
    desk.service.transcriptions.load(job)  # the history has no number at all
    assert job.playback is None
    job.document = masked
    assert job.hides_sound


def test_a_waveform_that_nobody_has_measured_is_drawn_once_it_is(ear: Ear, tmp_path: Path) -> None:
    with desk_of(ear, tmp_path, keeps=False) as desk:
        job = desk.opened(desk.done(recorded(tmp_path / "a.wav")), "a.wav")
        assert "<audio" in render.player(job, "zh")
        assert len(job.meter.peaks.values) == 0
        desk.service.playbacks.prepare(job, desk.session.folder)
        wait_until(lambda: job.being_prepared.is_over)
        assert len(job.meter.peaks.values) > 10
        assert job.playback is None


def test_a_row_whose_recording_is_gone_opens_without_sound(desk: Desk, tmp_path: Path) -> None:
    followed = desk.done(recorded(tmp_path / "a.wav"))
    desk.queue.recordings.delete(row_of(followed, "a.wav").id)
    job = desk.opened(followed, "a.wav")
    assert (job.path, job.sound) == (None, None)
    assert job.transcript is not None
    assert job.transcript.text == "我要退款。"


def test_everything_that_is_done_goes_into_one_zip(desk: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "=坏.wav"
    bad.write_bytes(b"no sound")
    good = (recorded(tmp_path / f"{name}.wav", seed=n) for n, name in enumerate("ab"))
    followed = desk.done(*good, bad)
    correct(desk, desk.opened(followed, "a.wav"), "我要退货。")
    packing = desk.packed(followed, "txt", "html")
    assert packing.state is State.FINISHED
    with zipfile.ZipFile(packing.path) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert set(files) == {"a.wav.txt", "a.wav.html", "b.wav.txt", "b.wav.html", *TABLES_OF_ALL}
    assert "我要退货。" in files["a.wav.txt"].decode()
    assert "我要退款。" in files["b.wav.txt"].decode()
    assert b"data:audio/mpeg" in files["a.wav.html"]
    summary = [*csv.DictReader(io.StringIO(files["summary.csv"].decode("utf-8-sig")))]
    assert [(row["name"], row["state"]) for row in summary] == [
        ("'=坏.wav", "failed"),
        ("a.wav", "finished"),
        ("b.wav", "finished"),
    ]
    assert summary[1]["seconds"] == "1.00"
    assert summary[0]["error"].startswith("'=坏.wav 不是能识别")
    assert summary[1]["error"] == ""
    assert summary[2]["risk"] == "10"  # a refund is spoken of


def test_its_reports_carry_the_track_that_was_heard(desk: Desk, tmp_path: Path) -> None:
    followed = desk.done(two_tracks(tmp_path / "film.mkv"), options=Options(tracks=2))
    packing = desk.packed(followed, "html")
    with zipfile.ZipFile(packing.path) as archive:
        report = archive.read("film.mkv.html").decode()
    assert pitches_of(sound_in(report)) == {SECOND}


def test_without_a_history_what_was_corrected_in_the_window_is_packed(
    ear: Ear, tmp_path: Path
) -> None:
    with desk_of(ear, tmp_path, keeps=False) as desk:
        followed = desk.done(recorded(tmp_path / "a.wav"))
        job = desk.opened(followed, "a.wav")
        assert job.entry is None
        put_right(job, Correction(0, text="我要退货。"))
        identifier = row_of(followed, "a.wav").id
        packing = desk.packed(followed, "txt", **{identifier: job})
        with zipfile.ZipFile(packing.path) as archive:
            assert "我要退货。" in archive.read("a.wav.txt").decode()


def test_names_in_a_zip_are_masked_for_whoever_sees_masked_words(
    desk: Desk, tmp_path: Path
) -> None:
    numbers = ("13800138000", "13900139000")
    files = [recorded(tmp_path / f"{number}.wav", seed=at) for at, number in enumerate(numbers)]
    followed = desk.done(*files)
    masked = replace(caller(), principal=replace(caller().principal, masks=True))
    with called_by(masked):
        packing = desk.packed(followed, "json")
    with zipfile.ZipFile(packing.path) as archive:
        names = archive.namelist()
        summary = archive.read(f"{SUMMARY}.csv").decode()
    assert sum("phone" in name for name in {*names}) == 2
    assert not any(number in f"{names}{summary}" for number in numbers)


def test_two_recordings_of_one_name_do_not_meet_in_the_zip(desk: Desk, tmp_path: Path) -> None:
    uploads = [recorded(tmp_path / f"{n}" / "a.wav", seed=n) for n in range(2)]
    packing = desk.packed(desk.done(*uploads), "txt")
    with zipfile.ZipFile(packing.path) as archive:
        assert len({*archive.namelist()} - {*TABLES_OF_ALL}) == 2


def test_packing_can_be_stopped(desk: Desk, tmp_path: Path) -> None:
    followed = desk.done(recorded(tmp_path / "a.wav"))
    batches, look = desk.service.batches, WriterOptions()
    packing = batches.pack(followed.batch, desk.session.folder, ["txt"], look, {})
    packing.cancel()
    finished(packing)
    assert packing.state in (State.CANCELLED, State.FINISHED)


def test_a_new_batch_leaves_the_one_before(desk: Desk, tmp_path: Path) -> None:
    first = desk.done(recorded(tmp_path / "a.wav"))
    second = desk.done(recorded(tmp_path / "b.wav", seed=1))
    assert [each.batch for each in desk.queue.store.batches()] == [second.batch, first.batch]
    assert desk.opened(first, "a.wav").sound is not None


def test_what_the_history_knows_is_not_heard_again(ear: Ear, desk: Desk, tmp_path: Path) -> None:
    uploads = [recorded(tmp_path / f"{n}.wav", seed=n) for n in range(3)]
    desk.done(*uploads)
    again = desk.done(*uploads)
    assert ear.calls == 3
    assert desk.history.store.count(Query()) == 3
    assert desk.opened(again, "0.wav").origin is Origin.CACHED
    assert drawn(again).count("来自历史") == 3


def test_rows_of_one_sound_share_an_entry_and_take_back_nothing_from_each_other(
    desk: Desk, tmp_path: Path
) -> None:
    followed = desk.done(*(recorded(tmp_path / f"{name}.wav") for name in "ab"))
    first, second = desk.opened(followed, "a.wav"), desk.opened(followed, "b.wav")
    store = desk.history.store
    assert (first.name, second.name, store.count(Query())) == ("a.wav", "b.wav", 1)
    assert first.entry == second.entry
    correct(desk, first, "我要退货。")
    with pytest.raises(ChangedElsewhereError, match="Somebody else has changed this transcript"):
        correct(desk, second, "我要换货。")
    assert first.entry is not None
    assert store.document(first.entry).transcript.segments[0].text == "我要退货。"
    assert second.corrections == ()
    desk.service.transcriptions.load(second)
    assert second.transcript is not None
    assert second.transcript.segments[0].text == "我要退货。"


def correct(desk: Desk, job: Transcription, text: str) -> None:
    transcriptions: Transcriptions = desk.service.transcriptions
    assert job.document is not None
    change = Correction(index=0, text=text)
    transcriptions.correct(job, job.document.with_corrections([change], datetime.now(UTC)))


# full disks


def fill_disk(monkeypatch: pytest.MonkeyPatch, where: str, of: object) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(of, where, full)


def test_a_disk_without_room_for_the_recordings_takes_none_and_keeps_the_batch_before(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.done(recorded(tmp_path / "a.wav"))
    fill_disk(monkeypatch, "_link_or_copy", recording_store)
    job = desk.begin(recorded(tmp_path / "b.wav", seed=1))
    finished(job)
    shown = batch_render.status(job, desk.followed(job), "zh")
    assert "No space left on device" in shown
    assert [each.batch for each in desk.queue.store.batches()] == [first.batch]
    assert desk.queue.result(row_of(first, "a.wav").id).transcript.text == "我要退款。"


def test_a_zip_that_finds_no_room_is_a_sentence_and_leaves_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = desk.done(recorded(tmp_path / "a.wav"))
    fill_disk(monkeypatch, "writestr", zipfile.ZipFile)
    packing = desk.packed(followed, "txt")
    assert "磁盘可能满了" in batch_render.packing(packing, "zh")
    assert not packing.path.exists()


def test_more_than_may_be_kept_is_refused_before_anything_is_unpacked(
    desk: Desk, tmp_path: Path
) -> None:
    object.__setattr__(desk.queue, "max_bytes", 10_000)
    job = desk.begin(recorded(tmp_path / "a.wav"))
    finished(job)
    assert "10,000 字节" in batch_render.status(job, desk.followed(job), "zh")
    assert desk.queue.list() == ()


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
