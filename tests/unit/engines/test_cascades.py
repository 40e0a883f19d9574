"""A cascade on disk: numbers that come back, and whatever else is refused in a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from richspeech.cascade.fit import Fitted
from richspeech.engines.cascades import (
    DOMAIN,
    find_cascade,
    list_cascades,
    read_cascade,
    write_classifier,
    write_manifest,
)
from richspeech.engines.hub import Source, Weights
from richspeech.errors import ModelError, OptionError
from richspeech.language.catalog import Notice

FEATURES = ("emotion.angry", "voice.pitch", "words.rate")
LABELS = ("angry", "neutral")


def fitted() -> Fitted:
    rng = np.random.default_rng(3)
    return Fitted(
        LABELS,
        rng.normal(size=3),
        rng.uniform(1, 2, 3),
        rng.normal(size=(2, 3)),
        rng.normal(size=2),
    )


def written(folder: Path, name: str = "calls", **kinds: Any) -> Path:
    place = folder / name
    place.mkdir()
    one = fitted()
    write_classifier(
        place / "emotion.onnx", one.offset, one.scale, one.coefficients, one.intercepts
    )
    kinds = kinds or {"emotion": {"labels": LABELS, "used": True, "sure": 0.9}}
    base = {"name": "some/weights", "digest": "0"}
    write_manifest(place, {"base": base, "features": FEATURES, "kinds": kinds, "clips": 70})
    return place


def test_what_was_fitted_is_what_judges(tmp_path: Path) -> None:
    features = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    loaded = read_cascade(written(tmp_path)).load()
    found = [[row["emotion"][label] for label in LABELS] for row in loaded.judge(features)]
    assert np.allclose(found, fitted().probabilities(features), atol=1e-5)
    assert (loaded.name, loaded.features, loaded.sure) == ("calls", FEATURES, {"emotion": 0.9})
    assert loaded.kept.facts["clips"] == 70


def test_cascades_are_listed_by_name_and_damaged_ones_left_out(tmp_path: Path) -> None:
    for name in ("meetings", "calls"):
        written(tmp_path, name)
    (written(tmp_path, "broken") / "cascade.json").write_text("{")
    assert [each.name for each in list_cascades(tmp_path)] == ["calls", "meetings"]
    assert list_cascades(tmp_path / "none") == ()
    assert find_cascade(tmp_path, "calls").name == "calls"


@pytest.mark.parametrize("name", ["others", "../calls", "none", ""])
def test_what_is_not_there_is_refused_by_name(tmp_path: Path, name: str) -> None:
    written(tmp_path)
    with pytest.raises(OptionError, match="choose one of none, calls"):
        find_cascade(tmp_path, name)


def test_where_there_is_none_nobody_is_asked_to_choose_one(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no cascade calls, nor any other"):
        find_cascade(tmp_path, "calls")


def test_one_that_is_no_better_than_rules_revises_nothing(tmp_path: Path) -> None:
    kept = read_cascade(written(tmp_path, emotion={"labels": LABELS, "used": False}))
    assert not kept.is_used
    assert kept.load().judge(np.zeros((1, 3), np.float32)) == [{}]


def test_of_other_weights_it_is_refused(tmp_path: Path) -> None:
    weights = Weights(tmp_path, "mine", Source.FOLDER, Notice("why.named_folder"))
    with pytest.raises(ModelError, match="trained for other weights"):
        read_cascade(written(tmp_path)).require_base(weights, None)


def test_one_that_was_trained_again_is_another(tmp_path: Path) -> None:
    before, place = read_cascade(written(tmp_path)).digest, tmp_path / "calls"
    one = fitted()
    write_classifier(
        place / "emotion.onnx", one.offset, one.scale, -one.coefficients, one.intercepts
    )
    assert read_cascade(place).digest != before


def changed(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """Return what changes a model within its file."""

    def content(before: bytes) -> bytes:
        model = onnx.load_model_from_string(before)
        change(model)
        return bytes(model.SerializeToString())

    return content


def add_operator(model: Any) -> None:
    model.graph.node.append(onnx.helper.make_node("Identity", ["probabilities"], ["more"]))


def change_operator(model: Any) -> None:
    model.graph.node[0].op_type = "Normalizer"


def point_elsewhere(model: Any) -> None:
    tensor = onnx.TensorProto(name="x", data_type=1, dims=[1])
    tensor.external_data.add(key="location", value="../../secret")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    model.graph.initializer.append(tensor)


def attribute(model: Any, name: str) -> Any:
    return next(a for node in model.graph.node for a in node.attribute if a.name == name)


def lose_number(model: Any) -> None:
    del attribute(model, "coefficients").floats[0]


def spoil_number(model: Any) -> None:
    attribute(model, "offset").floats[0] = float("nan")


def name_input_otherwise(model: Any) -> None:
    model.graph.input[0].name = model.graph.node[0].input[0] = "x"


def take_more_features(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4


def number_labels_backwards(model: Any) -> None:
    attribute(model, "classlabels_ints").ints[:] = [1, 0]


def name_labels(model: Any) -> None:
    classifier = model.graph.node[1]
    classifier.attribute.append(onnx.helper.make_attribute("classlabels_strings", ["a", "b"]))


def give_logits(model: Any) -> None:
    attributes = model.graph.node[1].attribute
    attributes.remove(attribute(model, "post_transform"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"\x80\x04cos\nsystem\n",  # how a pickle begins
        lambda before: before[:40],
        lambda before: before + b"\0" * 1_000_001,
        changed(add_operator),
        changed(change_operator),
        changed(point_elsewhere),
        changed(lose_number),
        changed(spoil_number),
        changed(name_input_otherwise),
        changed(take_more_features),
        changed(number_labels_backwards),
        changed(name_labels),
        changed(give_logits),
        changed(lambda model: setattr(model, "ir_version", 999)),
        changed(lambda model: setattr(model.opset_import[1], "version", 999)),
        changed(lambda model: model.metadata_props.add(key="a", value="b")),
    ],
)
def test_a_foreign_or_broken_file_is_refused_in_one_sentence(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    place = written(tmp_path)
    file = place / "emotion.onnx"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ModelError) as caught:
        read_cascade(place).load()
    assert str(caught.value) == (
        "The cascade calls cannot be used (emotion.onnx): copy it again, or train it again."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"base": None},
        {"features": []},
        {"kinds": {"emotion": {"labels": ["angry"], "used": True}}},
        {"kinds": {"emotion": {"labels": ["angry", "furious"], "used": True}}},
        {"kinds": {"emotion": {"labels": ["angry", "angry"], "used": True}}},
        {"kinds": {"language": {"labels": ["zh", "en"], "used": True}}},
        {"kinds": {"event": {"labels": ["bgm", "speech"], "used": True}}},  # its file is missing
        {"results": [{"kind": "emotion"}]},
        {"results": {"emotion": 1}},
    ],
)
def test_so_is_a_manifest_that_says_something_else(tmp_path: Path, changes: dict[str, Any]) -> None:
    file = written(tmp_path) / "cascade.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    with pytest.raises(ModelError, match="The cascade calls cannot be used"):
        read_cascade(tmp_path / "calls")


def test_the_file_is_two_nodes_of_one_domain(tmp_path: Path) -> None:
    model = onnx.load(written(tmp_path) / "emotion.onnx")
    assert [node.domain for node in model.graph.node] == [DOMAIN, DOMAIN]
