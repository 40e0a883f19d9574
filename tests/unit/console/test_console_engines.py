"""The form's engine, hotwords and sentiment: what they ask for, and what is shown of them."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import gradio as gr
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.console import render
from richspeech.console.layout import Page, context_of
from richspeech.console.panels.review.render import insight
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import is_busy, show, shown
from richspeech.console.tabs.transcribe.handlers import Choices, Handlers
from richspeech.console.tabs.transcribe.tab import TranscribeTab
from richspeech.console.view import labels, segment_line, viewer_words
from richspeech.engines import loader
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.lazy import Lazy
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.registry import Engine
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import ModelError, OptionError
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.labels import look_of, word_of
from richspeech.model.options import Options
from richspeech.model.place import Place
from richspeech.model.request import TranscriptionRequest
from richspeech.model.sentiment import Scores, Sentiment
from richspeech.model.transcript import Segment, Transcript
from richspeech.places import CONFIG
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.review.insight import make_insight
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.stages.sentiment import read_segments
from richspeech.storage.history import engine_identity
from tests.fakes import (
    FakeClassifier,
    FakeEmotionRecogniser,
    loaded_emotion_recogniser,
    loaded_with,
    ready,
    wait_until,
)
from tests.transcripts import put_right, segment, transcript

LIMITS = AudioLimits(10_000_000, 600)
ENGLISH = Choices("en", ["en"], False, True, 9.0, True)
EXAMPLE = str(Path(__file__).parents[3] / "examples" / "zh-laughter.wav")


def reading(text: str) -> Scores:
    """Takes everything with an exclamation mark for negative."""
    negative, neutral = Sentiment.NEGATIVE, Sentiment.NEUTRAL
    return {negative: 0.9, neutral: 0.1} if "！" in text else {neutral: 0.8, negative: 0.2}


class Ear:
    """Says what it is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def transcribe(
        self,
        recording: WaveformSource,
        options: Options,
        cancelled: Cancel,  # noqa: ARG002 - the port
    ) -> Iterator[Progress]:
        words = " ".join((self.name, options.language or "auto", *options.hotwords))
        heard = Transcript(2.0, 1.0, self.name, self.name, (segment(0, 2, words),))
        yield Progress(heard, heard.segments, recording.duration, finished=True)


def loaded_by_name(engine: str) -> Loaded:
    loaded = loaded_with(Ear(engine), engine, name=engine)
    return replace(loaded, memory_bytes=70_400_000)


@pytest.fixture
def transcribers(monkeypatch: pytest.MonkeyPatch) -> Transcribers:
    monkeypatch.setattr(loader, "load_engine", lambda _, engine: loaded_by_name(engine))
    return Transcribers(ready(loaded_by_name("sensevoice")), Settings())


def heard_by(transcribers: Transcribers, choices: Choices, *, reads: bool = False) -> Transcription:
    handlers = Handlers(Transcriptions(Runner(), transcribers, LIMITS), Sessions(3600))
    session = handlers.begin("page", EXAMPLE, replace(choices, sentiment=reads))
    return ended(session)


def ended(session: Session) -> Transcription:
    wait_until(lambda: not is_busy(session))
    job = shown(session)
    assert job is not None
    assert job.is_over
    return job


def said_by(job: Transcription) -> str:
    assert job.transcript is not None
    return job.transcript.text


def sentence_of(job: Transcription, locale: str = "zh") -> str:
    return re.sub("<[^>]*>", "", render.status(job, locale))


def read(*segments: Segment) -> Transcript:
    return transcript(*read_segments(segments, FakeClassifier(reading)).apply(segments))


def job_with(heard: Transcript) -> Transcription:
    return Transcription(
        Path("a.wav"),
        TranscriptionRequest(),
        Progress(heard, (), 9.0, finished=True),
        state=State.FINISHED,
    )


# what the form asks for


def test_without_a_choice_the_main_engine_hears(transcribers: Transcribers) -> None:
    assert said_by(heard_by(transcribers, ENGLISH)) == "sensevoice en"
    assert list(transcribers.loaded) == ["sensevoice"]


def test_the_engine_that_was_chosen_hears(transcribers: Transcribers) -> None:
    job = heard_by(transcribers, replace(ENGLISH, engine="reference"))
    assert said_by(job) == "reference en"


def test_paraformer_is_not_asked_for_what_it_does_not_heed(transcribers: Transcribers) -> None:
    asked = replace(ENGLISH, engine="paraformer", allowed_languages=[])
    assert said_by(heard_by(transcribers, asked)) == "paraformer auto"
    assert asked.request().options == Options(
        inverse_text_normalization=False, merge=True, merge_length_s=9.0
    )


def test_the_whole_engine_detects_among_all_languages(transcribers: Transcribers) -> None:
    asked = replace(ENGLISH, engine="reference", language="auto", allowed_languages=[])
    assert said_by(heard_by(transcribers, asked)) == "reference auto"
    assert asked.request().options.allowed_languages == Options().allowed_languages


def test_hotwords_may_be_parted_in_any_way(transcribers: Transcribers) -> None:
    for engine in (None, "paraformer"):
        asked = replace(ENGLISH, engine=engine, hotwords=" 张三，李四、\n退款,VIP  退款；")
        assert asked.request().options.hotwords == ("张三", "李四", "退款", "VIP")
        assert said_by(heard_by(transcribers, asked)).endswith("张三 李四 退款 VIP")


def test_hotwords_have_weights_and_leave_protected_words() -> None:
    asked = replace(ENGLISH, hotwords="达摩院 40\n张珊", protected_words="打磨，员工")
    options = asked.request().options
    assert options.weighed_hotwords == {"达摩院": 40, "张珊": 20}
    assert options.protected_words == ("打磨", "员工")


def test_hotwords_that_cannot_be_used_are_told_in_a_sentence(transcribers: Transcribers) -> None:
    short = heard_by(transcribers, replace(ENGLISH, hotwords="张"))
    assert sentence_of(short) == "识别失败：热词“张”不能用：每个热词 2 到 20 个字，前后不要有空格。"
    numbers = " ".join(map(str, range(10_000, 10_201)))
    many = heard_by(transcribers, replace(ENGLISH, hotwords=numbers))
    assert sentence_of(many) == "识别失败：热词有 201 个，太多了：最多 200 个。"
    assert (
        sentence_of(many, "en")
        == "Recognition failed: 201 hotwords are too many; give at most 200."
    )


def test_an_engine_that_cannot_be_loaded_is_told_in_a_sentence(
    transcribers: Transcribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Loaded:
        message = "The model folder paraformer lacks model.pt; copy the whole model folder."
        raise ModelError(message)

    monkeypatch.setattr(loader, "load_engine", fail)
    failing = Transcribers(transcribers._main, Settings())
    job = heard_by(failing, replace(ENGLISH, engine="paraformer"))
    assert job.state is State.FAILED
    assert "lacks model.pt" in sentence_of(job)
    assert said_by(heard_by(failing, ENGLISH)) == "sensevoice en"


def test_who_cancels_while_an_engine_is_loaded_does_not_wait_for_it(
    transcribers: Transcribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go = threading.Event()

    def load(_: Settings, engine: str) -> Loaded:
        may_go.wait(60)
        return loaded_by_name(engine)

    monkeypatch.setattr(loader, "load_engine", load)
    slow = Transcribers(transcribers._main, Settings())
    handlers = Handlers(Transcriptions(Runner(), slow, LIMITS), Sessions(3600))
    session = handlers.begin("page", EXAMPLE, replace(ENGLISH, engine="paraformer"))
    job = shown(session)
    assert job is not None
    wait_until(lambda: job.state is State.LOADING)
    assert "模型加载中" in render.status(job, "zh")
    handlers.cancel("page")
    assert ended(session).state is State.CANCELLED
    assert not slow.has("paraformer")
    may_go.set()
    with slow.use("paraformer") as loaded:
        assert loaded.engine == "paraformer"


def test_a_repeated_job_asks_for_the_same(transcribers: Transcribers) -> None:
    handlers = Handlers(Transcriptions(Runner(), transcribers, LIMITS), Sessions(3600))
    handlers.begin("page", EXAMPLE, replace(ENGLISH, engine="paraformer", sentiment=False))
    session = handlers.repeat("page")
    job = ended(session)
    assert (job.request.engine, job.request.sentiment, job.request.recalls) == (
        "paraformer",
        False,
        False,
    )


# how the words are meant, for every engine


@pytest.mark.parametrize("engine", ["sensevoice", "paraformer"])
def test_words_are_read_where_somebody_wants_it(transcribers: Transcribers, engine: str) -> None:
    with transcribers.use(engine, reads=False) as mute, transcribers.use(engine, reads=True) as on:
        assert mute.sentiment_weights is None
        assert on.sentiment_weights is not None
        wanted = transcribers.reads(engine)
    with transcribers.use(engine) as usual:
        assert (usual.sentiment_weights is not None) == wanted == (engine == "paraformer")


def test_the_history_tells_read_words_from_others(transcribers: Transcribers) -> None:
    def identity(*, reads: bool) -> str:
        with transcribers.use("sensevoice", reads=reads) as loaded:
            weights = replace(loaded.weights, folder=CONFIG.parent / "models" / "sensevoice-tiny")
            here = replace(loaded, weights=weights, vad_weights=weights)
            return engine_identity(Settings(), here)

    assert identity(reads=True) != identity(reads=False)


def test_rules_and_reading_do_not_get_in_each_others_way(transcribers: Transcribers) -> None:
    transcribers.use_rules(())
    with transcribers.use("paraformer", reads=True) as loaded:
        assert loaded.rules == ()
        assert loaded.sentiment_weights is not None


# what is shown


def drawn_sentiment(said: Segment, locale: str) -> str:
    return "".join(chip.draw(locale) for chip in render.sentiment_chips(said, locale))


def test_a_segment_shows_sentiment_and_what_it_rests_on() -> None:
    said = read(segment(0, 2, "坏了！")).segments[0]
    line = json.loads(segment_line(Place(0), said, "label"))
    assert line["sentiment"] == {
        "sentiment": "negative",
        "probability": 0.9,
        "sentiments": {"negative": 0.9, "neutral": 0.1},
    }
    assert line["agreement"] is None
    html = drawn_sentiment(said, "zh")
    assert "👎 负向" in html
    assert "90%" in html
    assert 'title="负向 90%  中性 10%"' in html
    assert "👎 negative" in drawn_sentiment(said, "en")


def test_possible_irony_is_marked_with_both_probabilities() -> None:
    said = read(segment(0, 2, "太好了！", Emotion.HAPPY)).segments[0]
    line = json.loads(segment_line(Place(0), said, "label"))
    assert line["agreement"] == {"accord": "irony", "voice": 0.9, "words": 0.9, "confidence": 0.81}
    html = drawn_sentiment(said, "zh")
    assert "反讽？" in html
    assert "声音 90%，文字 90%" in html
    assert "irony?" in drawn_sentiment(said, "en")


def test_agreement_is_told_in_the_tooltip() -> None:
    said = read(segment(0, 2, "坏了！", Emotion.ANGRY)).segments[0]
    html = drawn_sentiment(said, "zh")
    assert "一致" in html
    assert "合起来 99%" in html
    assert "反讽" not in html


def test_what_a_correction_clears_is_gone() -> None:
    job = job_with(read(segment(0, 2, "太好了！", Emotion.HAPPY)))
    assert "反讽？" in render.table(job, "zh")
    put_right(job, Correction(0, emotion=Emotion.NEUTRAL))
    assert "反讽？" not in render.table(job, "zh")
    assert "负向" in render.table(job, "zh")
    put_right(job, Correction(0, text="太好了。"))
    assert "负向" not in render.table(job, "zh")


def columns_of(job: Transcription) -> list[str]:
    return re.findall(r"<th [^>]*>([^<]*)", render.table(job, "zh"))


def test_the_table_has_a_column_for_sentiment_only_if_there_is_any() -> None:
    assert "语义" in columns_of(job_with(read(segment(0, 2))))
    assert "语义" not in columns_of(job_with(transcript(segment(0, 2))))


def test_the_whole_recording_has_a_sentiment_beside_the_numbers() -> None:
    job = job_with(read(segment(0, 2, "坏了！"), segment(3, 4, "好。")))
    assert "👎 负向 62%" in render.numbers(job, "zh")
    assert "👎 negative 62%" in render.numbers(job, "en")
    assert "语义" not in render.numbers(job_with(transcript(segment(0, 2))), "zh")


def test_an_engine_that_hears_words_only_names_no_emotion() -> None:
    said = segment(0, 2, "好。", Emotion.UNKNOWN, probabilities={})
    job = job_with(transcript(said))
    assert "情绪" not in columns_of(job)
    assert json.loads(segment_line(Place(0), said, "label"))["has_emotion"] is False
    unsure = segment(0, 2, "好。", Emotion.UNKNOWN, probabilities={"unknown": 0.9})
    assert "未知" in render.table(job_with(transcript(said, unsure)), "zh")
    put_right(job, Correction(0, emotion=Emotion.SAD))
    assert "悲伤" in render.table(job, "zh")


def test_an_engine_that_hears_words_only_says_nothing_of_sounds() -> None:
    said = segment(0, 2, "好。", Emotion.UNKNOWN, probabilities={})
    for engine, is_told in (("paraformer", False), ("reference", True)):
        job = job_with(replace(transcript(said), engine=engine))
        assert job.transcript is not None
        assert ("声音" in columns_of(job)) == is_told
        drawn = insight(make_insight(job.transcript), "zh", hears_sounds=is_told)
        assert ("听到的声音" in drawn) == is_told


def test_hotwords_are_named_and_are_no_rules() -> None:
    said = replace(segment(0, 2, "我要退款。"), rules=("hotword:退款", "hotword:张三"))
    line = json.loads(segment_line(Place(0), said, "label"))
    assert (line["hotwords"], line["rules"]) == (["退款", "张三"], [])
    html = render.table(job_with(transcript(said)), "zh")
    assert "热词：退款 张三" in html
    assert "已按规则修正" not in html
    both = render.table(job_with(transcript(replace(said, rules=(*said.rules, "no-bgm")))), "en")
    assert "hotword: 退款 张三" in both
    assert "corrected by a rule" in both


def test_the_scripts_have_a_word_and_a_sign_for_every_sentiment() -> None:
    for name in Sentiment:
        assert labels()["sentiments"][name.value]["zh"] == word_of(name, "zh")
        assert labels()["symbols"][name.value] == look_of(name).symbol
    for accord in ("irony", "agreement"):
        words = viewer_words((f"{accord}_title",), "zh")[f"{accord}_title"]
        assert "{voice}" in words
        assert "{words}" in words


# the page around the result


def test_the_banner_names_the_engine_and_what_real_recordings_need() -> None:
    for engine, name, needed in (
        ("sensevoice", "SenseVoice", "iic/SenseVoiceSmall"),
        ("paraformer", "Paraformer", "paraformer.id"),
    ):
        for locale in ("zh", "en"):
            banner = render.banner(loaded_by_name(engine), locale)
            assert name in banner.split("</strong>")[0]
            assert needed in banner


FACTS = render.Facts("1.2", 6006, 3600, 1, 1)


def test_the_footer_tells_the_memory_of_every_engine() -> None:
    sizes = {"sensevoice": 70_400_000, "paraformer": None}
    main = loaded_by_name("sensevoice")
    assert "已加载 <b>SenseVoice 70 MB、Paraformer</b>" in render.footer(FACTS, main, "zh", sizes)
    assert "SenseVoice 70 MB, Paraformer" in render.footer(FACTS, main, "en", sizes)


def test_the_emotion_recogniser_counts_once_it_is_loaded() -> None:
    def load() -> LoadedEmotionRecogniser:
        return loaded_emotion_recogniser(FakeEmotionRecogniser(lambda _: pytest.fail("is heard")))

    main, recogniser = loaded_by_name("sensevoice"), Lazy(load, None)
    service = replace(build(Settings(), ready(main)), emotion_model=recogniser)
    assert service.memory_bytes == {"sensevoice": 70_400_000}
    with recogniser.use():
        pass
    footer = render.footer(FACTS, main, "en", service.memory_bytes)
    assert "SenseVoice 70 MB, emotion2vec+ 30 MB" in footer


@pytest.mark.parametrize("is_installed", [True, False])
def test_the_banner_offers_what_hears_people_without_a_hub(
    monkeypatch: pytest.MonkeyPatch, *, is_installed: bool
) -> None:
    monkeypatch.setattr(Engine, "is_installed", is_installed)
    for locale in ("zh", "en"):
        banner = render.banner(loaded_by_name("sensevoice"), locale)
        assert "Whisper" in banner
        assert ("start.sh --with-whisper" in banner) is not is_installed
        assert "。 " not in banner


def test_banner_and_footer_follow_the_engine_that_heard(
    transcribers: Transcribers,
) -> None:
    settings, main = Settings(), Readiness()
    main.load(lambda: loaded_by_name("sensevoice"))
    page = Page(context_of(build(settings, main, transcribers), "1"))
    session = Session()
    banner, footer = page.paint_around(session)
    assert "SenseVoice" in banner
    assert "Paraformer" not in footer
    job = heard_by(transcribers, replace(ENGLISH, engine="paraformer"))
    show(session, job)
    banner, footer = page.paint_around(session)
    assert "Paraformer" in banner
    assert "SenseVoice 70 MB、Paraformer 70 MB" in footer


def test_between_two_states_of_a_job_only_what_grows_is_painted_otherwise(
    transcribers: Transcribers,
) -> None:
    main = Readiness()
    main.load(lambda: loaded_by_name("sensevoice"))
    page = Page(context_of(build(Settings(), main, transcribers), "1"))
    page.build()
    tab = cast("TranscribeTab", page.viewer)
    session, job, paintings = Session(), Transcription(Path(EXAMPLE)), []
    show(session, job)
    job.enter(State.RUNNING)
    for count in (1, 2):
        job.document = Document(read(*[segment(0, 1, "一。")] * count))
        paintings.append(tab.paint(session))
    seen = zip(tab.painted, *paintings, strict=True)
    changed = [widget for widget, before, after in seen if before != after]
    assert [each.elem_id for each in changed] == ["viewer"]
    assert {*changed} <= {*tab.growing}


def test_a_page_tells_whether_anybody_sees_it(transcribers: Transcribers) -> None:
    main = Readiness()
    main.load(lambda: loaded_by_name("sensevoice"))
    context = context_of(build(Settings(), main, transcribers), "1")
    events = Page(context).build().fns.values()
    [sight] = [each.fn for each in events if "sight" in [kind for _, kind in each.targets]]
    usual = context.sessions.rhythm("page").seconds
    for hidden, times in ((True, 10), (False, 1)):
        told = gr.EventData(None, {"hidden": hidden})
        asyncio.run(sight(told, gr.Request(session_hash="page")))
        assert context.sessions.rhythm("page").seconds >= times * usual
    assert context.sessions.rhythm("page").seconds == usual


def test_an_unknown_engine_is_refused(transcribers: Transcribers) -> None:
    with pytest.raises(OptionError), transcribers.use("kaldi"):
        pass
    job = heard_by(transcribers, replace(ENGLISH, engine="kaldi"))
    said = "识别失败：没有“kaldi”这种引擎：可以用 sensevoice、paraformer、reference、whisper。"
    assert sentence_of(job) == said


def test_sounds_alone_have_no_sentiment() -> None:
    sound = segment(0, 2, "", Emotion.UNKNOWN, AudioEvent.APPLAUSE)
    assert drawn_sentiment(sound, "zh") == ""
