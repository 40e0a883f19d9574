"""Which classifier is taken, what its labels mean, and which are refused; nothing is loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from richspeech.engines import hub
from richspeech.engines.hub import Source
from richspeech.engines.sentiment.load import (
    find_classifier,
    irony_limits,
    lazy_classifier,
    read_labels,
    sentiments_of,
)
from richspeech.errors import ModelError, SettingsError
from richspeech.model.sentiment import Limits, Sentiment
from richspeech.settings import Settings, load_settings

POSITIVE, NEGATIVE = Sentiment.POSITIVE, Sentiment.NEGATIVE
NEUTRAL, EXCITED = Sentiment.NEUTRAL, Sentiment.EXCITED


def model_folder(folder: Path, *labels: str, **more: Any) -> Path:
    folder.mkdir(parents=True)
    config = {"id2label": dict(enumerate(labels))} if labels else {}
    (folder / "config.json").write_text(json.dumps(config | more), encoding="utf-8")
    return folder


def asked(**sentiment: Any) -> Settings:
    return load_settings(sentiment=sentiment)


# Which one ----------------------------------------------------------------------------------------


def test_without_the_named_folder_the_embedded_one_is_taken_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = find_classifier(asked(labels={"LABEL_0": "negative"}))
    assert found.weights.source is Source.EMBEDDED
    assert "no folder of this name is among the project's models" in caplog.text
    assert found.sentiments == tuple(Sentiment), "the labels are those of the named model alone"


def test_require_model_forbids_the_embedded_one() -> None:
    with pytest.raises(ModelError, match=r"No folder of this name .* require_model forbids"):
        find_classifier(load_settings(model={"require_model": True}))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_name_is_looked_for_beside_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    places = [tmp_path / name for name in "abc"]
    monkeypatch.setattr(hub, "NAMED_FOLDERS", places)
    folder = model_folder(places[place] / "bert_sentiment_chinese", "负向", "正向")
    found = find_classifier(asked())
    assert (found.weights.folder, found.weights.name) == (folder, "bert_sentiment_chinese")
    assert found.weights.source is Source.FOLDER
    assert found.sentiments == (NEGATIVE, POSITIVE)


def test_a_folder_without_config_json_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    with pytest.raises(ModelError, match=r"folder half lacks config\.json; copy the whole"):
        find_classifier(asked(id=str(tmp_path / "half")))


# Labels -------------------------------------------------------------------------------------------


def test_labels_stand_in_the_order_of_the_models_scores(tmp_path: Path) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    labels = {"1": "neutral", "0": "negative", "2": "positive"}
    (folder / "config.json").write_text(json.dumps({"id2label": labels}))
    assert read_labels(folder) == ("negative", "neutral", "positive")


def test_a_model_that_names_no_labels_has_those_of_transformers(tmp_path: Path) -> None:
    assert read_labels(model_folder(tmp_path / "two")) == ("LABEL_0", "LABEL_1")
    assert read_labels(model_folder(tmp_path / "three", num_labels=3))[2] == "LABEL_2"


@pytest.mark.parametrize("content", ["", "[]", '{"id2label": [1]}', '{"id2label": {"a": "b"}}'])
def test_a_damaged_config_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"The config\.json of .* cannot be read"):
        read_labels(tmp_path)


@pytest.mark.parametrize("labels", [("score",), ()])
def test_a_model_with_one_score_classifies_nothing(tmp_path: Path, labels: tuple[str]) -> None:
    folder = model_folder(tmp_path / "one", *labels, num_labels=1)
    with pytest.raises(ModelError, match="not classes to choose from"):
        read_labels(folder)


def test_the_map_goes_before_the_labels_own_words_and_may_join_several() -> None:
    stars = ("1 star", "2 stars", "3 stars", "positive")
    meanings = {"1 star": NEGATIVE, "2 stars": NEGATIVE, "3 stars": NEUTRAL}
    assert sentiments_of(stars, meanings, "bert") == (NEGATIVE, NEGATIVE, NEUTRAL, POSITIVE)
    assert sentiments_of(("positive", "激动"), {"positive": NEUTRAL}, "b") == (NEUTRAL, EXCITED)


def test_wrong_labels_are_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "bert", "LABEL_0", "LABEL_1")
    with pytest.raises(ModelError) as caught:
        lazy_classifier(asked(id=str(folder), labels={"LABEL_0": "负向"}))
    assert str(caught.value) == (
        "The label 'LABEL_1' of bert is not a sentiment; say in sentiment.labels which of "
        "positive, negative, neutral, excited each of LABEL_0, LABEL_1 means."
    )
    with pytest.raises(ModelError) as caught:
        lazy_classifier(asked(id=str(folder), labels={"LABEL_7": "负向"}))
    assert str(caught.value) == (
        "sentiment.labels names 'LABEL_7', which bert does not have; its labels are LABEL_0, "
        "LABEL_1."
    )


def test_a_map_may_be_in_chinese_and_names_sentiments_alone() -> None:
    assert asked(labels={"a": "正向", "b": "excited"}).sentiment.labels == {
        "a": POSITIVE,
        "b": EXCITED,
    }
    with pytest.raises(SettingsError, match=r"sentiment\.labels\.a cannot be 'glad': a sentiment"):
        asked(labels={"a": "glad"})


def test_the_limits_of_irony_are_those_of_the_settings() -> None:
    assert irony_limits(asked(sure_voice=0.7, sure_words=0.9)) == Limits(0.7, 0.9)
    assert irony_limits(Settings()) == Limits()
