"""The history on the page: what is answered from it, searched, opened, corrected and deleted."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import Waveform
from richspeech.console import render
from richspeech.console.row_list import page_within
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import forget, show, shown, sound_of, watch
from richspeech.console.tabs.history import render as history_render
from richspeech.console.tabs.history.tab import HistoryView, draw, opened
from richspeech.console.tabs.transcribe.handlers import Choices, Handlers, can_repeat
from richspeech.console.templates import macro
from richspeech.console.view import view
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.lazy import Lazy
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import ChangedElsewhereError, OptionError, StoreError
from richspeech.jobs.caching import Step
from richspeech.jobs.emotion_recogniser import SharedEmotionRecogniser
from richspeech.jobs.runner import Runner
from richspeech.jobs.second_opinion import SecondOpinions
from richspeech.jobs.transcribe import Origin, Transcription, Transcriptions
from richspeech.language.catalog import Notice, say
from richspeech.language.figures import moment, zone_of
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import CorrectionEdit
from richspeech.model.emotion_scores import EmotionScores, NineEmotion
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.settings import PrivacySettings, RiskSettings, Settings
from richspeech.storage.history import History, open_history
from richspeech.storage.query import Query, parse_query, toggled
from richspeech.storage.transcripts import Entry, Fingerprint, Store
from tests.fakes import (
    FakeEmotionRecogniser,
    FakeTranscriber,
    loaded_emotion_recogniser,
    loaded_with,
    ready,
    wait_until,
    wav_at,
)
from tests.history import refuse
from tests.transcripts import put_right

LIMITS = AudioLimits(10_000_000, 600)
CHOICES = Choices("auto", ["zh", "en"], True, False, 15.0, False)
NOW = datetime(2026, 11, 29, tzinfo=UTC)
CORRECTION = {"index": 0, "text": "我要退货。"}


def segment(text: str, emotion: Emotion = Emotion.NEUTRAL, end: float = 1.0) -> Segment:
    events = (AudioEvent.LAUGHTER,) if emotion is Emotion.ANGRY else ()
    return Segment(0.0, end, text, "zh", 0.9, emotion, {}, events, {}, (), text)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    store = Store(f"sqlite:///{tmp_path}/history.sqlite")
    yield History(store, Settings(), "1.0")
    store.close()


@pytest.fixture
def ear() -> FakeTranscriber:
    return FakeTranscriber(segment("我要退款。", Emotion.ANGRY))


@pytest.fixture
def work(history: History, ear: FakeTranscriber, tmp_path: Path) -> Transcriptions:
    folder = tmp_path / "weights"
    folder.mkdir()
    readiness = ready(loaded_with(ear, folder=folder))
    return Transcriptions(Runner(), Transcribers(readiness, Settings()), LIMITS, history)


@pytest.fixture
def handlers(work: Transcriptions) -> Handlers:
    return Handlers(work, Sessions(3600))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    samples = np.random.default_rng(1).integers(-9_000, 9_000, 16_000)
    return wav_at(tmp_path / "客服 call.wav", samples)


def transcribed(handlers: Handlers, recording: Path) -> Transcription:
    return finished(handlers, handlers.begin("page", str(recording), CHOICES))


def finished(handlers: Handlers, session: Session) -> Transcription:
    async def wait() -> None:
        async for _ in watch(handlers.sessions, "page"):
            pass

    asyncio.run(wait())
    job = shown(session)
    assert job is not None
    assert job.state is State.FINISHED, job.error
    return job


def sad(_: Waveform) -> EmotionScores:
    nine = tuple(NineEmotion)
    logits = np.array([[9.0 * (each is NineEmotion.SAD) for each in nine]], np.float32)
    return EmotionScores(1.0, nine, logits, np.zeros(4, np.float32), None, 0.02)


def recogniser() -> LoadedEmotionRecogniser:
    return loaded_emotion_recogniser(FakeEmotionRecogniser(sad))


def heard(job: Transcription) -> str:
    assert job.transcript is not None
    return job.transcript.text


def kept(
    store: Store, name: str, text: str, emotion: Emotion = Emotion.NEUTRAL, number: int = 0
) -> Entry:
    transcript = Transcript(61.0, 1.0, "ear", "tiny", (segment(text, emotion, 20.0),))
    mark = f"{name}{text}{number}"
    return store.keep(Fingerprint(mark, mark), name, TranscriptionRequest(), Document(transcript))


# answers


def test_the_same_recording_is_heard_once_and_answered_from_then_on(
    handlers: Handlers, ear: FakeTranscriber, recording: Path
) -> None:
    first = transcribed(handlers, recording)
    assert (first.origin, can_repeat(first)) == (Origin.RECOGNISED, False)
    second = transcribed(handlers, recording)
    assert len(ear.heard) == 1
    assert (second.origin, can_repeat(second)) == (Origin.CACHED, True)
    assert heard(second) == "我要退款。"
    assert second.entry is not None
    said = moment(second.entry.created, "Asia/Shanghai")
    assert "直接给出历史记录里的结果" in render.status(second, "zh", "Asia/Shanghai")
    assert said in render.status(second, "zh", "Asia/Shanghai")
    assert f"as on {said}: taken from the history" in render.status(second, "en", "Asia/Shanghai")


def test_it_is_kept_under_the_name_of_its_file(
    handlers: Handlers, history: History, recording: Path
) -> None:
    transcribed(handlers, recording)
    assert [entry.name for entry in history.store.search(Query())] == ["客服 call.wav"]


def test_who_asks_again_has_it_recognised_anew(
    handlers: Handlers, history: History, ear: FakeTranscriber, recording: Path
) -> None:
    transcribed(handlers, recording)
    transcribed(handlers, recording)
    job = finished(handlers, handlers.repeat("page"))
    assert len(ear.heard) == 2
    assert job.origin is Origin.RECOGNISED
    assert history.store.count(Query()) == 1


def test_other_options_are_another_question(
    handlers: Handlers, ear: FakeTranscriber, recording: Path
) -> None:
    transcribed(handlers, recording)
    finished(handlers, handlers.begin("page", str(recording), replace(CHOICES, merge=True)))
    assert len(ear.heard) == 2


def test_corrections_come_back_with_the_answer_and_are_found(
    handlers: Handlers, history: History, recording: Path
) -> None:
    transcribed(handlers, recording)
    handlers.correct("page", CORRECTION)
    again = transcribed(handlers, recording)
    assert heard(again) == "我要退货。"
    assert history.store.count(parse_query("退货")) == 1
    assert history.store.count(parse_query("退款")) == 0
    handlers.undo("page")
    assert heard(again) == "我要退款。"
    assert history.store.count(parse_query("退款")) == 1


def test_an_example_is_shown_as_it_was_heard_whatever_somebody_has_corrected(
    handlers: Handlers, recording: Path
) -> None:
    transcribed(handlers, recording)
    handlers.correct("page", CORRECTION)
    anew = handlers.begin("page", str(recording), CHOICES, is_example=True)
    job = finished(handlers, anew)
    assert (heard(job), job.corrections, job.origin) == ("我要退款。", (), Origin.CACHED)


def test_who_corrects_an_example_takes_nothing_back_that_others_have_put_right(
    handlers: Handlers, history: History, recording: Path
) -> None:
    transcribed(handlers, recording)
    handlers.correct("page", CORRECTION)
    job = finished(handlers, handlers.begin("page", str(recording), CHOICES, is_example=True))
    assert job.entry is not None
    handlers.undo("page")
    first = Correction.from_dict(CORRECTION)
    assert history.store.open(job.entry.id).document.corrections == (first,)
    mine = {"index": 0, "emotion": "happy"}
    handlers.correct("page", mine)
    both = (first, Correction.from_dict(mine))
    assert history.store.open(job.entry.id).document.corrections == both
    handlers.undo("page")
    assert history.store.open(job.entry.id).document.corrections == (first,)
    assert job.corrections == ()


def test_who_corrects_what_somebody_else_has_changed_is_told_who_and_may_load_that(
    handlers: Handlers, history: History, recording: Path
) -> None:
    mine = transcribed(handlers, recording)
    assert mine.entry is not None
    assert mine.document is not None
    theirs = CorrectionEdit(correction=Correction(0, text="我要退货。"), made=NOW, by="ann")
    history.store.edit(mine.entry, mine.document.with_edit(theirs))
    with pytest.raises(ChangedElsewhereError, match="ann has changed"):
        handlers.correct("page", {"index": 0, "emotion": "happy"}, sent=3)
    assert (heard(mine), mine.corrections, mine.answers) == ("我要退款。", (), {3: False})
    drawn = view(mine, "en", "label")
    assert drawn is not None
    assert "load their version" in drawn["changed"]
    handlers.load("page")
    assert (heard(mine), mine.changed) == ("我要退货。", None)
    handlers.correct("page", {"index": 0, "emotion": "happy"})
    assert history.store.count(parse_query("退货 emotion:happy")) == 1


def test_a_second_opinion_that_could_not_be_kept_is_kept_with_the_next_correction(
    handlers: Handlers, history: History, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("history.changed")

    job = transcribed(handlers, recording)
    with monkeypatch.context() as patch:
        patch.setattr(history, "edit", fail)
        shared = SharedEmotionRecogniser(Lazy(recogniser, None))
        SecondOpinions(Runner(), shared, LIMITS, history).ask(job)
        wait_until(lambda: job.second_opinion is not None and job.second_opinion.is_over)
    assert job.unkept is not None
    assert job.entry is not None
    handlers.correct("page", CORRECTION)
    assert job.transcript is not None
    kept = history.store.open(job.entry.id).document.transcript
    assert kept.segments == job.transcript.segments
    assert {each.second_emotion for each in kept.segments} == {NineEmotion.SAD}
    assert job.unkept is None


def test_a_second_opinion_is_there_when_its_transcript_is_opened_again(
    handlers: Handlers, history: History, recording: Path
) -> None:
    job = transcribed(handlers, recording)
    opinions = SecondOpinions(
        Runner(), SharedEmotionRecogniser(Lazy(recogniser, None)), LIMITS, history
    )
    opinions.ask(job)
    wait_until(lambda: job.second_opinion is not None and job.second_opinion.is_over)
    assert job.entry is not None
    again = opened(history.store.open(job.entry.id), None, "zh")
    assert again.transcript is not None
    assert {each.second_emotion for each in again.transcript.segments} == {NineEmotion.SAD}


def test_corrections_of_what_is_heard_anew_replace_those_of_before(
    handlers: Handlers, history: History, recording: Path
) -> None:
    transcribed(handlers, recording)
    handlers.correct("page", CORRECTION)
    transcribed(handlers, recording)
    assert heard(finished(handlers, handlers.repeat("page"))) == "我要退款。"
    assert history.store.count(parse_query("退货")) == 1
    handlers.correct("page", {"index": 0, "emotion": "happy"})
    assert history.store.count(parse_query("退款 emotion:happy")) == 1


def test_a_correction_that_the_history_cannot_take_stays_on_the_page(
    handlers: Handlers, history: History, recording: Path
) -> None:
    job = transcribed(handlers, recording)
    history.store.wipe()
    with pytest.raises(StoreError, match="corrected or deleted elsewhere"):
        handlers.correct("page", CORRECTION)
    assert heard(job) == "我要退货。"


def test_a_transcript_that_is_not_kept_is_never_only_done(
    handlers: Handlers, recording: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(tmp_path / "history.sqlite")
    job = transcribed(handlers, recording)
    assert heard(job) == "我要退款。"
    shown = render.status(job, "zh")
    assert "识别完成" in shown
    assert (
        '<div class="message warning" role="alert">这次转写没有存进历史记录。历史记录无法使用'
        "（database or disk is full）：请检查设置里的 history.url。要保留，请在下面下载。</div>"
    ) in shown
    assert (
        "This transcript was not saved in the history. The history cannot be used (database or "
        "disk is full); see history.url in the settings. Download it below to keep it."
    ) in render.status(job, "en")
    assert any(text.startswith("客服 call.wav is not kept: ") for text in caplog.messages)


def test_a_history_that_is_gone_is_begun_anew_and_has_the_next_transcript(
    handlers: Handlers, history: History, recording: Path, tmp_path: Path
) -> None:
    transcribed(handlers, recording)
    (tmp_path / "history.sqlite").unlink()
    job = transcribed(handlers, recording)
    assert "warning" not in render.status(job, "zh")
    assert job.entry is not None
    assert history.store.open(job.entry.id).document.transcript.text == "我要退款。"


def test_early_corrections_that_are_not_kept_are_told(
    work: Transcriptions, history: History, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("The history cannot be used (database is locked); see …")

    monkeypatch.setattr(history, "correct", fail)
    job = Transcription(
        recording, document=Document(Transcript(1.0, 0.1, "e", "m", (segment("说"),)))
    )
    put_right(job, Correction.from_dict(CORRECTION))
    Runner().run(job, partial(work.run, job, recording))
    assert (job.state, job.entry is None) == (State.FINISHED, False)
    assert "这些修改没有存进历史记录。" in render.status(job, "zh")
    assert "Your corrections were not saved in the history." in render.status(job, "en")


def test_without_a_history_everything_is_heard_every_time(
    handlers: Handlers, ear: FakeTranscriber, recording: Path
) -> None:
    readiness = ready(loaded_with(ear, folder=recording.parent))
    forgetful = Handlers(
        Transcriptions(Runner(), Transcribers(readiness, Settings()), LIMITS), Sessions(3600)
    )
    assert [transcribed(forgetful, recording).entry for _ in range(2)] == [None, None]
    assert len(ear.heard) == 2


def test_a_history_that_is_switched_off_is_not_opened(tmp_path: Path) -> None:
    place = tmp_path / "history.sqlite"
    settings = Settings.model_validate({"history": {"enabled": False, "url": f"sqlite:///{place}"}})
    with open_history(settings, "1.0") as history:
        assert history is None
    assert not place.exists()


def test_comparing_with_the_history_is_said() -> None:
    made, request = datetime(2026, 11, 1, tzinfo=UTC), TranscriptionRequest()
    entry = Entry(1, "a.wav", made, 9.0, "zh", "e", "m", request, "", 0)
    job = Transcription(Path("a.wav"), state=State.RUNNING)
    progress = Progress(Transcript(5.0, 0.1, "e", "m"), (), 10.0, finished=False)
    job.take(Step(progress, compared_with=entry))
    assert "正在比对" in render.status(job, "zh")
    assert 'aria-valuenow="50"' in render.status(job, "zh")


# opening


def test_an_entry_opens_with_its_corrections_and_without_its_recording(history: History) -> None:
    entry = kept(history.store, "a.wav", "你好")
    changed = [Correction.from_dict({"index": 0, "text": "您好"})]
    document = history.store.document(entry).with_corrections(changed, datetime.now(UTC))
    history.correct(entry, document)
    job = opened(history.store.open(entry.id), None, "zh")
    assert (job.state, job.origin, job.name) == (State.FINISHED, Origin.OPENED, "a.wav")
    assert heard(job) == "您好"
    assert "录音已不在服务器上" in render.player(job, "zh")
    assert "<audio" not in render.player(job, "zh")
    assert f"转写于 {moment(entry.created, 'UTC')}" in render.status(job, "zh")


def test_a_recording_that_was_heard_in_this_window_can_still_be_played(
    handlers: Handlers, history: History, recording: Path
) -> None:
    entry = transcribed(handlers, recording).entry
    session = handlers.sessions.get("page")
    assert entry is not None
    show(session, Transcription(None, TranscriptionRequest(), state=State.FINISHED))
    sound = sound_of(session, entry)
    job = opened(history.store.open(entry.id), sound, "zh")
    assert job.path == recording
    assert len(job.meter.peaks.values) > 0
    recording.unlink()
    assert sound_of(session, entry) is None


def test_what_is_deleted_is_no_longer_corrected_in_the_history(
    handlers: Handlers, history: History, recording: Path
) -> None:
    job = transcribed(handlers, recording)
    assert job.entry is not None
    history.store.delete(job.entry.id)
    forget(handlers.sessions.get("page"), job.entry.id)
    handlers.correct("page", CORRECTION)
    assert heard(job) == "我要退货。"


# the list


def drawn(store: Store, line: str = "", page: int = 0, locale: str = "zh") -> str:
    found = history_render.find(store, parse_query(line), page, UTC)
    return history_render.draw_findings(found, locale, "UTC")


def names(html: str) -> list[str]:
    return re.findall(r'class="row-name"[^>]*>([^<]+)<', html)


def test_the_newest_comes_first_with_what_it_is(history: History) -> None:
    kept(history.store, "first.wav", "早上好")
    kept(history.store, "second.wav", "我要退款", Emotion.ANGRY)
    html = drawn(history.store)
    assert names(html) == ["second.wav", "first.wav"]
    assert "共 2 条" in html
    second, first = html.split("<li ")[1:]
    for text in ("我要退款", "愤怒", "笑声", "1:01", "普通话"):
        assert text in second
    assert Emotion.NEUTRAL.word("zh") in first


def test_a_search_counts_and_marks_what_it_finds(history: History) -> None:
    kept(history.store, "a.wav", "我要退款", Emotion.ANGRY)
    kept(history.store, "b.wav", "谢谢")
    html = drawn(history.store, "退款 emotion:愤怒")
    assert names(html) == ["a.wav"]
    assert "找到 1 条，共 2 条" in html
    assert "我要<mark>退款</mark>" in html
    assert "没有符合条件的记录" in drawn(history.store, "没说过的话")


class SearchingSession(Session):
    """Somebody who searches while the whole history is being drawn."""

    def view(self, kind: type[Any]) -> Any:
        seen = super().view(kind)
        if not seen.line:
            self.keep(HistoryView("退货"))
        return seen


def test_who_searches_while_all_is_still_drawn_is_shown_what_was_searched(history: History) -> None:
    kept(history.store, "a.wav", "我要退货。")
    kept(history.store, "b.wav", "谢谢。")
    assert names(draw(history, SearchingSession())) == ["a.wav"]


def test_risks_are_shown_searched_and_sorted(history: History) -> None:
    for number, emotion in enumerate((Emotion.NEUTRAL, Emotion.ANGRY, Emotion.NEUTRAL)):
        kept(history.store, f"{number}.wav", "好", emotion, number=number)
    html = drawn(history.store)
    assert names(html) == ["2.wav", "1.wav", "0.wav"]
    assert html.count("高风险") == 1
    assert html.count("低风险 0") == 2
    for line in ("risk:high", "risk:高"):
        assert names(drawn(history.store, line)) == ["1.wav"]
    found = history_render.find(history.store, parse_query(""), 0, UTC, by_risk=True)
    assert [entry.name for entry in found.listing.entries] == ["1.wav", "2.wav", "0.wav"]
    low = history_render.find(history.store, parse_query("risk:low"), 0, UTC, by_risk=True)
    assert [entry.name for entry in low.listing.entries] == ["2.wav", "0.wav"]


def test_other_rules_have_every_risk_worked_out_anew(history: History, tmp_path: Path) -> None:
    kept(history.store, "a.wav", "好", Emotion.ANGRY)
    calm = RiskSettings(rules=())
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", risk=calm)) as store:
        assert store.count(parse_query("risk:high")) == 0
        assert store.rate(0.0) == 1
        found = history_render.find(store, parse_query(""), 0, UTC)
        waiting = replace(found, listing=replace(found.listing, unrated=1))
        assert "还有 1 条的风险" in history_render.draw_findings(waiting, "zh", "UTC")
        assert store.rate(0.0) == 0
        assert store.count(parse_query("risk:low")) == 1


def test_tags_are_shown_counted_and_searched_with_one_press(history: History) -> None:
    first, _ = (kept(history.store, f"{each}.wav", "好", number=each) for each in range(2))
    history.store.tags.add(first.id, "VIP")
    html = drawn(history.store)
    assert 'data-id="vip" data-key="tag-vip" aria-pressed="false"' in html
    assert html.count('class="tag-off"') == 1
    assert names(drawn(history.store, toggled("", "vip"))) == ["0.wav"]
    assert 'aria-pressed="true"' in drawn(history.store, "tag:vip")
    history.store.tags.remove(first.id, "vip")
    assert "#vip" not in drawn(history.store)


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("", "tag:vip"),
        ("退款", "退款 tag:vip"),
        ("tag:vip 退款", "退款"),
        ("退款 TAG:VIP risk:high", "退款 risk:high"),
        ("tag:vip-2", "tag:vip-2 tag:vip"),
        ('"a  b" tag:vip', '"a  b"'),
    ],
)
def test_a_tag_is_put_into_a_search_and_taken_out_again(line: str, after: str) -> None:
    assert toggled(line, "vip") == after


def test_where_words_are_masked_nothing_personal_is_a_tag(tmp_path: Path) -> None:
    private = PrivacySettings(mask=True)
    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite", private)) as store:
        entry = kept(store, "a.wav", "好")
        with pytest.raises(OptionError) as caught:
            store.tags.add(entry.id, "13800138000")
        assert str(caught.value).startswith("The tag holds personal data")
        assert store.tags.add(entry.id, "回访") == ("回访",)


def test_many_are_shown_page_by_page(history: History) -> None:
    for number in range(45):
        kept(history.store, f"{number:02}.wav", "好", number=number)
    assert names(drawn(history.store, page=0))[0] == "44.wav"
    last = drawn(history.store, page=2)
    assert names(last) == [f"{number:02}.wav" for number in range(4, -1, -1)]
    assert "第 41–45 条" in last
    assert names(drawn(history.store, page=99)) == names(last)


def test_an_empty_history_says_what_it_is_for(history: History) -> None:
    assert "还没有记录" in drawn(history.store)
    assert "Nothing here yet" in drawn(history.store, locale="en")


def test_what_people_named_and_said_cannot_become_html(history: History) -> None:
    kept(history.store, '<img src="x">.wav', "<script>alert(1)</script> & co")
    for html in (drawn(history.store), drawn(history.store, "script")):
        assert "<img" not in html
        assert "<script" not in html
        assert "&amp; co" in html


def test_deleting_wants_a_second_press(history: History) -> None:
    entry = kept(history.store, "a.wav", "好")
    html = drawn(history.store)
    assert f'data-press="delete_row" data-id="{entry.id}"' in html
    assert 'data-sure="再按一次删除"' in html
    assert 'data-sure="再按一次，删除全部 1 条"' in html


@pytest.mark.parametrize(
    ("page", "count", "expected"), [(0, 0, 0), (5, 20, 0), (1, 21, 1), (-3, 50, 0), (9, 41, 2)]
)
def test_there_is_no_page_beyond_the_last(page: int, count: int, expected: int) -> None:
    assert page_within(page, 20, count) == expected


def usable(html: str) -> list[bool]:
    return ["disabled" not in opening for opening in re.findall(r"<button[^>]*>", html)]


def test_the_ways_to_other_pages_end_at_both_ends() -> None:
    pager = macro("row_list.html", "pager", "zh")
    assert pager(0, 20, 20) == ""
    first, last = pager(0, 20, 30), pager(1, 20, 30)
    assert usable(first) == [False, True]
    assert usable(last) == [True, False]


def test_a_button_escapes_what_it_is_given() -> None:
    button = macro("row_list.html", "button", "zh")
    html = button("open_row", 'a" onclick="x', "<b>", label='"')
    assert "<b>" not in html
    assert 'onclick="' not in html


def test_times_are_those_of_the_browser() -> None:
    night = datetime(2026, 11, 1, 20, 30, tzinfo=UTC)
    assert moment(night, "Asia/Shanghai") == "2026-11-02 04:30"
    assert moment(night, "Nowhere/../..") == moment(night, "") == "2026-11-01 20:30"
    assert zone_of("No/Such") is UTC


# sentences


def refused(line: str) -> OptionError:
    with pytest.raises(OptionError) as caught:
        parse_query(line)
    return caught.value


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x" * 600, "搜索内容有 600 个字符：请缩短到 500 个以内。"),
        ('"退款', "搜索里有一个引号没有成对：请补上或删掉它。"),
        (
            "who:me",
            "没有“who”这种搜索条件：可以用 emotion、event、lang、risk、tag、name、after、before。",
        ),
        ("name:", "name: 后面要写文件名的一部分，例如 name:call。"),
        ("after:2026-13-01", "没有“2026-13-01”这个日期：请写成 2026-11-01 的样子。"),
        ("emotion:bored", "没有“bored”这种情绪：可以用 happy"),
        ("event:bang", "没有“bang”这种声音：可以用 bgm"),
        ("tag:<b>", "“<b>”不能作标签：请用最多 32 个字"),
        ("risk:huge", "没有“huge”这种风险等级：可以用 high"),
        ("lang:xx", "没有“xx”这种语言：可以用 zh"),
    ],
)
def test_a_wrong_search_is_told_in_chinese_and_english(line: str, sentence: str) -> None:
    error = refused(line)
    assert Notice.of(error).sentence("zh").startswith(sentence)
    assert Notice.of(error).sentence("en") == str(error)


def test_errors_of_the_history_are_told_in_chinese(history: History) -> None:
    entry = kept(history.store, "a.wav", "好")
    with pytest.raises(StoreError) as gone:
        history.store.open(entry.id + 1)
    assert (
        Notice.of(gone.value).sentence("zh")
        == f"历史记录里没有第 {entry.id + 1} 号转写：请重新搜索。"
    )
    history.store.delete(entry.id)
    with pytest.raises(StoreError) as changed:
        history.store.edit(entry, Document(Transcript(1.0, 1.0, "e", "m")))
    assert "已在别处被修改或删除" in Notice.of(changed.value).sentence("zh")
    with pytest.raises(StoreError) as unusable:
        Store("sqlite:////proc/nowhere/history.sqlite")
    assert Notice.of(unusable.value).sentence("zh").startswith("历史记录无法使用（")


def test_the_foot_of_the_page_says_what_is_kept() -> None:
    facts = render.Facts("1", 6006, 3600, 10, 10)
    assert "历史" not in render.footer(facts, None, "zh")
    keeping = render.Facts("1", 6006, 3600, 10, 10, keeps_history=True)
    assert "能打开这个页面的人都能搜到" in render.footer(keeping, None, "zh")
    for_days = render.Facts("1", 6006, 3600, 10, 10, keeps_history=True, keep_days=30)
    assert "保存 30 天" in render.footer(for_days, None, "zh")
    assert "for 30 days" in render.footer(for_days, None, "en")
    assert say("history_off", "zh").count("history.enabled") == 1
