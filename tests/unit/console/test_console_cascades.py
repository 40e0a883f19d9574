"""The page offers the cascades that are better than rules, and marks what they have revised."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postprocess import DEFAULT_RULES, AudioEvent, Emotion
from richspeech.console.offers import cascade_offer, read_form
from richspeech.console.tabs.lab.compare import AS_SET
from richspeech.console.tabs.lab.compare import Choices as LabChoices
from richspeech.console.tabs.lab.render import _event_chips
from richspeech.console.tabs.lab.rule_trials_render import _chips
from richspeech.console.tabs.transcribe.handlers import Choices
from richspeech.console.view import segment_line
from richspeech.engines.cascades import write_classifier, write_manifest
from richspeech.engines.hub import Source, Weights
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import ModelError, OptionError
from richspeech.language.catalog import Notice
from richspeech.model.options import Options
from richspeech.model.place import Place
from richspeech.model.revision import revised
from richspeech.model.transcript import Revision, Segment
from richspeech.settings import Settings, load_settings
from richspeech.writers.labels import probability_of
from tests.fakes import FakeTranscriber, loaded_with

ANGRY = Segment(
    *(0.0, 1.0, "我要退款", "zh", 0.9, Emotion.ANGRY, {"angry": 0.7, "neutral": 0.3}),
    *((AudioEvent.BGM,), {"bgm": 0.6, "speech": 0.4}, (), "<|zh|><|ANGRY|><|BGM|>我要退款"),
)
FOUND = (Revision("emotion", "neutral", 0.9), Revision("event", "speech", 0.8))


def settings_with(folder: Path, **used: bool) -> Settings:
    for name, is_used in used.items():
        (folder / name).mkdir()
        zero, one = np.zeros(1), np.ones(1)
        write_classifier(folder / name / "emotion.onnx", zero, one, np.zeros((2, 1)), np.zeros(2))
        kinds = {"emotion": {"labels": ("angry", "sad"), "used": is_used}}
        base = {"name": "some/weights", "digest": "0"}
        facts = {"base": base, "features": ["emotion.angry"], "kinds": kinds}
        write_manifest(folder / name, facts)
    return load_settings(cascade={"folder": folder})


def test_where_none_is_better_than_rules_nothing_is_offered(tmp_path: Path) -> None:
    transcribers = Transcribers(Readiness(), settings_with(tmp_path, worse=False))
    assert not cascade_offer(transcribers)(engine_named("sensevoice"), "en")["visible"]


@pytest.mark.parametrize(
    ("name", "key"), [("worse", "cascade.unused"), ("meetings", "cascade.unknown")]
)
def test_one_of_the_settings_that_cannot_be_had_is_told_of_before_anything_is_loaded(
    tmp_path: Path, name: str, key: str
) -> None:
    settings = settings_with(tmp_path, worse=False)
    used = settings.cascade.model_copy(update={"use": name})
    loads: list[str] = []

    def load(_: Settings, engine: str) -> Loaded:
        loads.append(engine)
        return loaded_with(FakeTranscriber())

    named = settings.model_copy(update={"cascade": used})
    with pytest.raises(OptionError) as caught:
        Transcribers(Readiness(), named, load).load_main()
    assert (caught.value.key, loads) == (key, [])


def test_and_one_of_other_weights_as_soon_as_they_are_there(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, calls=True)
    used = settings.cascade.model_copy(update={"use": "calls"})
    weights = Weights(tmp_path, "mine", Source.FOLDER, Notice("why.named_folder"))

    def load(_: Settings, __: str) -> Loaded:
        return replace(loaded_with(FakeTranscriber()), weights=weights)

    named = settings.model_copy(update={"cascade": used})
    with pytest.raises(ModelError, match="trained for other weights"):
        Transcribers(Readiness(), named, load).load_main()


@pytest.mark.parametrize(("engine", "takes"), [("sensevoice", True), ("reference", False)])
def test_those_that_are_can_be_chosen_for_engines_with_probabilities(
    tmp_path: Path, engine: str, *, takes: bool
) -> None:
    transcribers = Transcribers(
        Readiness(), settings_with(tmp_path, calls=True, meetings=True, worse=False)
    )
    looks = cascade_offer(transcribers)(engine_named(engine), "zh")
    assert (looks["visible"], looks["interactive"]) == (True, takes)
    assert [value for _, value in looks["choices"]] == ["none", "calls", "meetings"]


@pytest.mark.parametrize(
    ("adapter", "cascade", "asked"),
    [
        ("meetings", "calls", ("meetings", None)),
        ("none", "calls", (None, None)),
        ("none", "none", (None, "none")),
        ("none", "others", (None, "others")),
    ],
)
def test_what_the_settings_have_anyway_is_not_asked_for_by_name(
    tmp_path: Path, adapter: str, cascade: str, asked: tuple[str | None, str | None]
) -> None:
    """So that the cascade of the settings, which fits no other adapter, keeps nobody from one."""
    settings = settings_with(tmp_path, calls=True, others=True)
    used = settings.cascade.model_copy(update={"use": "calls"})
    transcribers = Transcribers(Readiness(), settings.model_copy(update={"cascade": used}))
    form = {"adapter": 1, "cascade": 2, "language": 3}
    said = read_form(transcribers, form, {1: adapter, 2: cascade, 3: "auto", 4: "x"})
    assert said == {"adapter": asked[0], "cascade": asked[1], "language": "auto"}


@pytest.mark.parametrize(("engine", "cascade"), [("sensevoice", "calls"), ("reference", None)])
def test_what_was_chosen_is_asked_for_where_the_engine_takes_it(
    engine: str, cascade: str | None
) -> None:
    form = Choices("auto", ["zh"], True, False, 15.0, False, engine, cascade="calls")
    assert form.request().cascade == cascade


@pytest.mark.parametrize(("weights", "cascade"), [(AS_SET, "calls"), ("embedded", None)])
def test_either_side_of_the_lab_may_have_one_with_the_weights_of_the_settings(
    weights: str, cascade: str | None
) -> None:
    form: dict[str, Any] = dict.fromkeys(
        ("inverse_text_normalization", "merge", "ban_unknown_emotion"), False
    )
    side = LabChoices(
        "sensevoice",
        weights,
        "auto",
        hotwords="",
        denoise="off",
        rule_set="current",
        cascade="calls",
        **form,
    ).side(Options(), {"current": DEFAULT_RULES, "none": (), "trial": ()})
    assert side.request.cascade == cascade


def test_the_page_marks_a_revised_label_with_what_was_there() -> None:
    drawn = json.loads(segment_line(Place(0), revised(ANGRY, FOUND), "label"))
    assert (drawn["emotion"], drawn["events"]) == ("neutral", [])
    assert drawn["emotion_probability"] == 0.9
    assert drawn["revised"] == ["angry", "bgm"]
    assert drawn["emotions"] == {"angry": 0.7, "neutral": 0.3}


def test_where_a_person_has_corrected_it_the_mark_is_gone() -> None:
    corrected = replace(revised(ANGRY, FOUND), emotion=Emotion.SAD, corrected=("emotion",))
    assert json.loads(segment_line(Place(0), corrected, "label"))["revised"] == ["bgm"]


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        (ANGRY, "bgm 60%"),
        (revised(ANGRY, (Revision("event", "laughter", 0.8),)), "laughter 80%"),
        (replace(ANGRY, corrected=("events",)), "bgm"),
    ],
)
def test_the_probability_beside_a_sound_is_of_whoever_has_put_it_there(
    segment: Segment, said: str
) -> None:
    for chips in (_event_chips([segment], "en"), _chips(segment, "en")[1:]):
        (chip,) = chips
        shown = "" if chip.probability is None else f" {chip.probability:.0%}"
        assert f"{segment.events[0].value}{shown}" == said


def test_exports_have_the_probability_of_the_revised_label() -> None:
    found = (FOUND[0], Revision("event", "laughter", 0.8))
    segment = revised(ANGRY, found)
    assert probability_of(segment, Emotion.NEUTRAL) == 0.9
    assert probability_of(segment, AudioEvent.LAUGHTER) == 0.8
