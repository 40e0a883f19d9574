"""The lab without a browser: both sides are heard and compared; rules are tried and saved."""

import csv
import io
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postprocess import DEFAULT_RULES, AudioEvent, Emotion, Rule, RuleCondition
from richspeech.audio.container import AudioLimits
from richspeech.console.examples import find_examples
from richspeech.console.sessions import Session
from richspeech.console.tabs.lab.compare import AS_SET, Choices, write_sounds, write_tables
from richspeech.console.tabs.lab.render import MOST_ROWS, result, rules_help, sounds, status
from richspeech.console.tabs.lab.rule_trials import RuleTrial, RuleTrials
from richspeech.console.tabs.lab.rule_trials_render import effect
from richspeech.engines import loader
from richspeech.engines.loader import Loaded
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import (
    Cancelled,
    ModelError,
    NothingToCompareError,
    OptionError,
    UnexpectedError,
)
from richspeech.jobs.compare import Comparisons, Experiment, Side, Trial, score_anew
from richspeech.jobs.compare_engines import ComparedEngines, settings_with
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice, locales, say
from richspeech.model.hotword_list import hotwords_in
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.places import CONFIG
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.service import build
from richspeech.settings import Settings, load_settings
from richspeech.storage.history import engine_identity
from richspeech.storage.rule_file import read_rules
from tests.fakes import FakeRecording, loaded_with, ready, wait_until, wav_at
from tests.transcripts import segment, transcript

LIMITS = AudioLimits(10_000_000, 600)
SAID = "我要退款呢。"
TO_HAPPY = Rule("to-happy", RuleCondition(emotion=Emotion.SAD), set_emotion=Emotion.HAPPY)


def heard(text: str = SAID, emotion: Emotion = Emotion.SAD) -> Segment:
    said = segment(0, 2, text, emotion)
    return replace(said, raw_text=f"<|zh|>{emotion.tag}<|Speech|>{text}")


class Ear:
    """Hears what it is told to, once for warming up and once for good; keeps the options."""

    def __init__(self, *segments: Segment, error: Exception | None = None) -> None:
        self.segments, self.error = segments or (heard(),), error
        self.options: list[Options] = []
        self.wait: Callable[[], None] = lambda: None

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        self.options.append(options)
        assert sum(map(len, recording.blocks(4.0)))
        self.wait()
        if cancelled():
            raise Cancelled
        if self.error:
            raise self.error
        whole = Transcript(2.0, 0.5, "sensevoice", "models/tiny", self.segments)
        yield Progress(whole, self.segments, 2.0, finished=True)


class House:
    """Engines by name, of which the main one is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Settings, **ears: Ear) -> None:
        self.asked: list[tuple[str, str, bool]] = []
        self.may_load = threading.Event()
        self.may_load.set()
        self.ears = {"sensevoice": Ear()} | ears
        monkeypatch.setattr(loader, "load_engine", self.load)
        self.main = ready(loaded_with(self.ears["sensevoice"]))
        self.transcribers = Transcribers(self.main, settings)
        self.models = ComparedEngines(self.transcribers, settings)
        self.runner = Runner()
        self.work = Comparisons(self.runner, self.models, LIMITS)

    def load(self, settings: Settings, engine: str) -> Loaded:
        assert self.may_load.wait(30)
        named = settings.paraformer.id if engine == "paraformer" else settings.model.id
        self.asked.append((engine, named, settings.model.require_model))
        return loaded_with(self.ears[engine], engine)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return wav_at(tmp_path / "my talk.wav", np.ones(32_000))


def side(engine: str = "sensevoice", weights: str | None = None, **options: Any) -> Side:
    rules = options.pop("rules", DEFAULT_RULES)
    return Side(TranscriptionRequest(Options(**options), engine, rules=rules), weights, "current")


def asking(engine: str) -> TranscriptionRequest:
    return TranscriptionRequest(engine=engine, rules=())


def experiment(path: Path | None, left: Side, right: Side, reference: str = "") -> Experiment:
    return Experiment(path, (Trial(left), Trial(right)), reference)


def done(house: House, path: Path, left: Side, right: Side, reference: str = "") -> Experiment:
    made = experiment(path, left, right, reference)
    house.runner.run(made, partial(house.work.run, made, path))
    return made


# Running ------------------------------------------------------------------------------------------


def test_both_sides_are_heard_with_their_settings_and_compared(
    monkeypatch: pytest.MonkeyPatch, recording: Path
) -> None:
    house = House(monkeypatch, Settings(), reference=Ear(heard("我要退宽呢", Emotion.HAPPY)))
    made = done(house, recording, side(rules=()), side("reference", language="zh"), SAID)
    assert made.state is State.FINISHED
    assert made.result is not None
    found = made.result.comparison
    assert found is not None
    assert (found.words, found.errors, found.differing["emotion"]) == (5, 1, 1)
    left, right = made.result.scores
    assert left is not None
    assert right is not None
    assert (left.character_error_rate, right.character_error_rate) == (0.0, 0.2)
    assert {each.language for each in house.ears["reference"].options} == {"zh"}


def test_each_side_follows_its_own_rules(monkeypatch: pytest.MonkeyPatch, recording: Path) -> None:
    house = House(monkeypatch, Settings())
    made = done(house, recording, side(rules=()), side(rules=(TO_HAPPY,)))
    emotions = [t.transcript.segments[0].emotion for t in made.trials if t.transcript]
    assert emotions == [Emotion.SAD, Emotion.HAPPY]


def test_a_side_that_fails_leaves_the_other_its_result(
    monkeypatch: pytest.MonkeyPatch, recording: Path
) -> None:
    house = House(monkeypatch, Settings(), paraformer=Ear(error=ModelError("It is broken.")))
    made = done(house, recording, side("paraformer"), side(), SAID)
    assert made.state is State.FINISHED
    assert [trial.state for trial in made.trials] == [State.FAILED, State.FINISHED]
    assert str(made.trials[0].error) == "It is broken."
    assert made.result is not None
    assert made.result.comparison is None
    assert made.result.scores[0] is None
    assert made.result.scores[1] is not None


def test_what_nobody_expected_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, recording: Path
) -> None:
    house = House(monkeypatch, Settings(), sensevoice=Ear(error=RuntimeError("secret")))
    made = done(house, recording, side(), side())
    assert isinstance(made.error, UnexpectedError)


def test_cancelling_stops_both_sides(monkeypatch: pytest.MonkeyPatch, recording: Path) -> None:
    house = House(monkeypatch, Settings())
    made = experiment(recording, side(), side())
    house.ears["sensevoice"].wait = made.cancel
    house.runner.run(made, partial(house.work.run, made, recording))
    assert made.state is State.CANCELLED
    assert len(house.ears["sensevoice"].options) == 1
    assert [trial.state for trial in made.trials] == [State.CANCELLED, State.WAITING]


def test_one_that_waits_for_its_turn_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch, recording: Path
) -> None:
    house = House(monkeypatch, Settings())
    begun, go_on = threading.Event(), threading.Event()
    first, second = (experiment(recording, side(), side()) for _ in range(2))
    house.ears["sensevoice"].wait = lambda: (begun.set(), go_on.wait(30))  # type: ignore[func-returns-value, assignment]
    house.work.submit(first)
    assert begun.wait(30)
    house.work.submit(second)
    second.cancel()
    wait_for(second)
    assert second.state is State.CANCELLED
    go_on.set()
    wait_for(first)
    assert first.state is State.FINISHED


def wait_for(task: Experiment) -> None:
    wait_until(lambda: task.is_over)


def test_a_session_counts_its_experiment_among_its_work() -> None:
    session = Session()
    session.put(experiment(Path("a.wav"), side(), side()))
    assert session.has_work


def test_another_reference_gives_other_scores_without_recognising_again(
    monkeypatch: pytest.MonkeyPatch, recording: Path, tmp_path: Path
) -> None:
    house = House(monkeypatch, Settings())
    made = done(house, recording, side(), side(merge=True))
    files = write_tables(made, tmp_path)
    assert json.loads(files["json"].read_text("utf-8"))["a"]["word_error_rate"] is None
    score_anew(made, "我要")
    again = write_tables(made, tmp_path)
    assert again == files
    assert json.loads(again["json"].read_text("utf-8"))["a"]["word_error_rate"] == 1.5
    assert len(house.ears["sensevoice"].options) == 4


def test_what_each_side_was_given_can_be_listened_to_where_one_of_them_is_denoised(
    monkeypatch: pytest.MonkeyPatch, recording: Path, tmp_path: Path
) -> None:
    house = House(monkeypatch, Settings())
    made = done(house, recording, side(), side(denoise="rnnoise"))
    paths = write_sounds(made, tmp_path)
    assert [path.name for path in paths] == ["a.mp3", "b.mp3"]
    assert paths[0].read_bytes() != paths[1].read_bytes()
    players = str(sounds(made, paths, "en"))
    assert players.count("<audio") == 2
    assert players.index("A · noise left in") < players.index("B · noise taken out (RNNoise)")
    assert write_sounds(made, tmp_path) == paths


def test_there_is_nothing_to_listen_to_where_both_sides_get_the_same(
    monkeypatch: pytest.MonkeyPatch, recording: Path, tmp_path: Path
) -> None:
    made = done(House(monkeypatch, Settings()), recording, side(), side(merge=True))
    assert [trial.sound for trial in made.trials] == [None, None]
    assert write_sounds(made, tmp_path) == ()
    assert str(sounds(made, (), "en")) == ""


# Engines and weights ------------------------------------------------------------------------------


def test_only_weights_that_the_settings_name_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(page={"lab_models": ["me/mine"]})  # type: ignore[arg-type]
    house = House(monkeypatch, settings)
    assert house.models.weights == ("embedded", "me/mine")
    with (
        pytest.raises(OptionError, match="not offered here"),
        house.models.use(asking("sensevoice"), str(tmp_path), lambda: False),
    ):
        pass
    assert house.asked == []


def test_other_weights_are_loaded_and_nothing_stands_in_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(page={"lab_models": ["me/mine"]})  # type: ignore[arg-type]
    house = House(monkeypatch, settings, paraformer=Ear())
    for engine in ("sensevoice", "paraformer", "sensevoice"):
        with house.models.use(asking(engine), "me/mine", lambda: False) as loaded:
            assert loaded.engine == engine
    assert house.asked == [("sensevoice", "me/mine", True), ("paraformer", "me/mine", True)]


def test_what_is_loaded_already_is_not_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch, Settings())
    for weights in (None, "embedded"):
        with house.models.use(asking("sensevoice"), weights, lambda: False) as loaded:
            assert (loaded.engine, loaded.rules) == ("sensevoice", ())
    assert house.asked == []


def test_who_cancels_does_not_wait_for_the_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch, Settings(), reference=Ear())
    house.may_load.clear()
    with pytest.raises(Cancelled), house.models.use(asking("reference"), None, lambda: True):
        pass
    house.may_load.set()
    with house.models.use(asking("reference"), None, lambda: False) as loaded:
        assert loaded.engine == "reference"
    assert len(house.asked) == 1


def test_weights_of_one_engine_leave_those_of_the_other_alone() -> None:
    before = Settings()
    after = settings_with(before, "paraformer", "me/mine")
    assert (after.model.id, after.paraformer.id) == (before.model.id, "me/mine")
    assert settings_with(before, "reference", "me/mine").model.id == "me/mine"


def test_other_weights_come_without_the_adapter_of_the_settings() -> None:
    before = Settings().with_adapter("calls")
    assert settings_with(before, "sensevoice", "me/mine").model.adapter is None
    assert settings_with(before, "paraformer", "me/mine").model.adapter is None


# The form -----------------------------------------------------------------------------------------


def test_the_form_of_a_side_becomes_its_settings() -> None:
    chosen = Choices(
        "sensevoice", AS_SET, "yue", False, True, True, "退款, 投诉\n退款", "gtcrn", "none"
    )
    defaults = Options(allowed_languages=("zh", "yue"), merge_length_s=9)
    made = chosen.side(defaults, {"none": ()})
    assert made.weights is None
    assert made.request.rules == ()
    assert made.request.options == Options(
        "yue", ("zh", "yue"), False, True, 9, True, ("退款", "投诉"), denoise="gtcrn"
    )


def test_a_side_is_not_asked_for_what_its_engine_cannot_do() -> None:
    chosen = Choices("paraformer", AS_SET, "yue", False, True, True, "退款", "gtcrn", "none")
    made = chosen.side(Options(allowed_languages=("zh", "yue"), merge_length_s=9), {"none": ()})
    asked = Options(None, None, False, True, 9, False, ("退款",), denoise="gtcrn")
    assert made.request.options == asked


def test_hotwords_are_parted_by_spaces_commas_and_lines() -> None:
    assert (*hotwords_in(" 退款，投诉、Paraformer\nfoo;退款 "),) == (
        "退款",
        "投诉",
        "Paraformer",
        "foo",
    )


def test_examples_come_with_what_is_said_in_them() -> None:
    examples = {each.path.name: each for each in find_examples(CONFIG.parent / "examples")}
    assert examples["zh-call.wav"].words.startswith("请耐心说你的订单。\n")


# Drawing ------------------------------------------------------------------------------------------


def finished(left: Transcript, right: Transcript, reference: str = "") -> Experiment:
    from richspeech.jobs.compare import result_of

    made = experiment(Path("talk.wav"), side(), side(merge=True), reference)
    for trial, said in zip(made.trials, (left, right), strict=True):
        trial.state = State.FINISHED
        trial.progress = Progress(said, said.segments, said.duration, finished=True)
    made.state, made.result = State.FINISHED, result_of(made)
    return made


@pytest.mark.parametrize("locale", locales())
def test_differences_have_a_sign_and_a_word_beside_their_colour(locale: str) -> None:
    left = transcript(segment(0, 2, "我要退款啊。", Emotion.SAD))
    right = transcript(segment(0, 2, "吧我要退宽啊", Emotion.HAPPY, AudioEvent.LAUGHTER))
    page = result(finished(left, right), locale)
    differs, here = say("lab_changed", locale), say("lab_only_here", locale)
    marks = [f"({differs}) </span>款</mark>", f"({differs}) </span>宽</mark>"]
    assert all(mark in page for mark in marks)
    assert f"({here}) </span>吧</mark>" in page
    assert page.count('<i aria-hidden="true">≠</i>') == 2 + 4
    assert page.count("lab-differing") == 4


def test_what_came_from_outside_is_escaped() -> None:
    text = "<script>alert(1)</script>"
    page = result(finished(transcript(segment(0, 2, text)), transcript(), text), "zh")
    assert "<script>" not in page
    assert "script" in page


def test_a_side_that_is_alike_says_so() -> None:
    same = transcript(segment(0, 2))
    page = result(finished(same, same), "zh")
    assert "逐句完全一致" in page
    assert '<tr class="same">' in page


def test_a_long_comparison_shows_the_first_differences_only() -> None:
    count = MOST_ROWS + 5
    left = transcript(*(segment(n, n + 0.9, "好") for n in range(count)))
    right = transcript(*(segment(n, n + 0.9, "坏" if n % 2 else "好") for n in range(count)))
    page = result(finished(left, right), "zh")
    assert page.count('<td class="lab-time">') == count // 2
    assert str(count) in page


def test_the_state_is_told_from_the_beginning_to_the_end() -> None:
    made = experiment(Path("a.wav"), side(), side())
    assert "结果会显示在这里" in status(None, "zh")
    assert "排队中" in status(made, "zh")
    made.state = made.trials[0].state = State.RUNNING
    made.trials[0].progress = Progress(transcript(duration=20), (), 80, finished=False)
    running = status(made, "zh")
    assert "25%" in running
    assert "0:20 / 1:20" in running
    made.state = made.trials[0].state = made.trials[1].state = State.FINISHED
    assert "两种设置完全相同" in status(made, "zh")
    made.trials[1].error = ModelError("It is broken.")
    said = re.sub("<[^>]*>", "", status(made, "en"))
    assert "B · Recognition failed: It is broken." in said
    made = experiment(None, side(), side())
    made.fail(NothingToCompareError())
    assert "请先上传音频文件，或" in status(made, "zh")


def test_the_help_names_every_label_that_a_rule_may_use() -> None:
    page = rules_help("zh")
    assert all(name in page for name in ("disgusted", "applause", "yue", "probability_below"))
    assert "speech" not in page


# Tables -------------------------------------------------------------------------------------------


def test_the_tables_hold_both_sides_and_what_differs(tmp_path: Path) -> None:
    left = transcript(segment(0, 2, "=SUM(A1)", Emotion.SAD), segment(2, 3, "好", Emotion.SAD))
    right = transcript(segment(0, 3, "SUM A1 坏", Emotion.HAPPY, AudioEvent.BGM))
    files = write_tables(finished(left, right, "好"), tmp_path)
    content = files["csv"].read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert (row["start"], row["end"]) == ("0.0", "3.0") or (row["start"], row["end"]) == ("0", "3")
    assert row["text_a"].startswith("'=")
    assert (row["emotion_a"], row["emotion_b"], row["events_b"]) == ("sad", "happy", "bgm")
    assert row["differs"] == "emotion events"
    document = json.loads(files["json"].read_text("utf-8"))
    assert document["reference"] == "好"
    assert document["a"]["rtfx"] == 100
    assert document["b"]["options"]["merge"] is True
    assert document["rows"][0]["text_a"].startswith("=")


def test_there_is_no_table_before_the_end(tmp_path: Path) -> None:
    assert write_tables(experiment(Path("a.wav"), side(), side()), tmp_path) == {}
    assert [*tmp_path.iterdir()] == []


# Rules --------------------------------------------------------------------------------------------

MINE = """\
# mine
- name: to-happy
  when: {emotion: sad, any_words: [退款]}
  set_emotion: happy
"""


@pytest.fixture
def trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[RuleTrials, House]]:
    monkeypatch.setattr("os.environ", {})

    def make(**settings: Any) -> tuple[RuleTrials, House]:
        config = Path(shutil.copy(CONFIG, tmp_path / "config.yaml"))
        known = load_settings(config, **settings)
        house = House(monkeypatch, known)
        return RuleTrials(build(known, transcribers=house.transcribers, config_file=config)), house

    return make


def job_with(*segments: Segment) -> Transcription:
    said = transcript(*segments)
    return Transcription(
        Path("a.wav"),
        TranscriptionRequest(),
        Progress(said, segments, 100, True),
        state=State.FINISHED,
    )


Make = Callable[..., tuple[RuleTrials, House]]


def test_rules_are_tried_on_what_was_heard(trials: Make) -> None:
    made, house = trials()
    tried = made.attempt(MINE, job_with(heard(), heard("好")))
    assert tried.changes is not None
    (change,) = tried.changes
    assert (change.before.emotion, change.after.emotion) == (Emotion.SAD, Emotion.HAPPY)
    assert tried.segments == 2
    assert house.ears["sensevoice"].options == []
    page = effect(tried, "config.yaml", "config.yaml.bak", "zh")
    assert "规则 to-happy: 情绪是悲伤；说了“退款” → 情绪改为开心" in page


@pytest.mark.parametrize(
    "job", [None, Transcription(Path("a.wav"), TranscriptionRequest(), state=State.RUNNING)]
)
def test_without_a_transcript_rules_are_only_read(trials: Make, job: Transcription | None) -> None:
    tried = trials()[0].attempt(MINE, job)
    assert (tried.problem, tried.changes) == (None, None)
    assert "规则没有错误" in effect(tried, "", "", "zh")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "- name: 冷静\n  when: {emotion: sadd}\n  drop_emotion: true",
            "第 2 行：规则 冷静 的 emotion 不能是 sadd，可以写 happy、sad、",
        ),
        ("- name: x\n  wen: {}", "第 2 行：规则 x 里的 wen 写错了，可以写 name、when"),
        ("- name: x\n  when: {emotion: sad}", "第 1 行：规则 x 没有写怎么改"),
        ("- name: x\n  when: {}\n  drop_emotion: true", "第 2 行：规则 x 的 when 没有条件"),
        ("- [", "第 1 行第 4 个字符处不是有效的 YAML"),
        ("x: y", "第 1 行：规则是一个列表"),
        ("- x", "第 1 行：每条规则以“- name:”开头"),
        ("- name: x\n  name: y", "第 2 行：name 写了两次"),
        ("- &a x\n- *a", "第 2 行：这里不能用 & 和 * 引用"),
        ("\x00", "规则里有 YAML 不认识的字符"),
        (
            "- name: x\n  when: {emotion: sad, probability_below: 7}\n  drop_emotion: true",
            "第 2 行：规则 x 的 probability_below 不能是 7",
        ),
        (
            "- name: x\n  when: {emotion: sad}\n  set_emotion: sad\n  drop_emotion: true",
            "第 3 行：规则 x 的 set_emotion 和 drop_emotion 矛盾，请只留一个。",
        ),
    ],
)
def test_what_is_wrong_with_rules_is_said_in_chinese(
    trials: Make, text: str, sentence: str
) -> None:
    tried = trials()[0].attempt(text, None)
    assert tried.problem is not None
    assert tried.problem.sentence("zh").startswith(sentence)
    assert tried.problem.sentence("en").endswith(".")


def test_saved_rules_hold_for_whoever_asks_from_then_on(trials: Make) -> None:
    made, house = trials()
    saved = made.save(MINE, job_with(heard()))
    assert saved.is_saved
    assert load_settings(made.file.path).rules == read_rules(MINE)
    with house.transcribers.use() as loaded:
        assert loaded.rules == read_rules(MINE)
        sound = FakeRecording([np.ones(16_000, np.float32)], 1.0)
        steps = [*loaded.transcriber.transcribe(sound, Options(), lambda: False)]
    assert steps[-1].transcript.segments[0].emotion is Emotion.HAPPY
    assert made.current_text() == MINE
    said = effect(saved, "config.yaml", "config.yaml.bak", "zh")
    assert "已保存到 config.yaml" in said
    assert "config.yaml.bak" in said


def test_the_history_tells_what_other_rules_have_made_apart(tmp_path: Path) -> None:
    loaded = loaded_with(Ear(), folder=tmp_path)
    before, mine = Settings(), read_rules(MINE)
    after = before.model_copy(update={"rules": mine})
    ruled = loader.with_stages(loaded, before, mine, None)
    assert engine_identity(before, ruled) == engine_identity(after, loaded)
    assert engine_identity(before, ruled) != engine_identity(before, loaded)


def test_rules_that_cannot_be_saved_change_nothing(trials: Make) -> None:
    made, house = trials()
    before = made.file.path.read_bytes()
    saved = made.save("- name: x", None)
    assert not saved.is_saved
    assert saved.problem is not None
    assert made.file.path.read_bytes() == before
    assert house.transcribers.rules == DEFAULT_RULES


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ({}, True),
        ({"page": {"may_save_rules": False}}, False),
        ({"server": {"host": "0.0.0.0", "user": "ming", "password": "x"}}, True),  # noqa: S104
        ({"server": {"host": "0.0.0.0", "allow_unauthenticated": True}}, False),  # noqa: S104
    ],
)
def test_only_known_people_may_save_and_only_if_the_settings_allow_it(
    trials: Make, settings: dict[str, dict[str, Any]], may: bool
) -> None:
    made, _ = trials(**settings)
    before = made.file.path.read_bytes()
    assert made.may_save is may
    saved = made.save(MINE, None)
    assert saved.is_saved is may
    assert (made.file.path.read_bytes() == before) is not may
    if not may:
        assert saved.problem == Notice("lab_may_not_save")


def test_the_editor_shows_the_rules_that_hold_even_if_the_file_has_others(trials: Make) -> None:
    made, _ = trials()
    assert made.current_text().startswith("# A sentence that trails off")
    made.file.path.write_text("rules: []\n", encoding="utf-8")
    assert read_rules(made.current_text()) == DEFAULT_RULES
    made.file.path.write_text("rules: [", encoding="utf-8")
    assert read_rules(made.current_text()) == DEFAULT_RULES


def test_a_change_that_ends_says_which_rule_had_made_it(trials: Make) -> None:
    was = replace(heard(), emotion=Emotion.NEUTRAL, rules=("hesitant-sad",))
    tried = trials()[0].attempt("", job_with(was))
    assert "这些规则不再修改它（现在由 hesitant-sad 修改）" in effect(tried, "", "", "zh")


def test_tried_rules_are_escaped() -> None:
    made = RuleTrial("x", Notice("Line 1: <b>."))
    assert "<b>" not in effect(made, "", "", "en")
