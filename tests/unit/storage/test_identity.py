"""The digest of settings and weights: equal for equal results, another one for others."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from postprocess import DEFAULT_RULES, LANGUAGES
from richspeech.engines.hub import Source, Weights
from richspeech.engines.weight_files import SAMPLE_BYTES
from richspeech.language.catalog import Notice
from richspeech.model.calibration import Calibration
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.turn_detection import TurnDetection
from richspeech.settings import Settings
from richspeech.storage.identity import YOUNGER, digest_of, identity_of, request_identity


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return model(tmp_path / "model", b"a" * (3 * SAMPLE_BYTES))


def model(folder: Path, content: bytes) -> Weights:
    folder.mkdir()
    (folder / "model.pt").write_bytes(content)
    (folder / "config.yaml").write_text("model: SenseVoiceSmall")
    return Weights(folder, folder.name, Source.FOLDER, Notice("why.named_folder"))


def identity(weights: Weights, **groups: Any) -> str:
    return identity_of(Settings(**groups), weights, weights)


def test_a_copy_of_a_model_is_the_same_model(weights: Weights, tmp_path: Path) -> None:
    copy = model(tmp_path / "copy", b"a" * (3 * SAMPLE_BYTES))
    (copy.folder / ".cache").write_text("left by a hub")
    assert identity(copy) == identity(weights)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"a",
        lambda content: b"b" + content[1:],
        lambda content: content[:-1] + b"b",
    ],
)
def test_other_weights_are_another_model(
    weights: Weights, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    content = (weights.folder / "model.pt").read_bytes()
    assert identity(model(tmp_path / "other", change(content))) != identity(weights)


def test_which_of_two_models_detects_and_which_recognises_matters(
    weights: Weights, tmp_path: Path
) -> None:
    other, settings = model(tmp_path / "other", b"b"), Settings()
    assert identity_of(settings, weights, other) != identity_of(settings, other, weights)


@pytest.mark.parametrize(
    "groups",
    [
        {"model": {"engine": "reference"}},
        {"model": {"engine": "paraformer"}},
        {"hotwords": {"min_likeness": 90}},
        {"model": {"precision": "int8"}},
        {"model": {"backend": "torch"}},
        {"vad": {"max_end_silence_ms": 500}},
        {"vad": {"sounds": False}},
        {"vad": {"cut_search_ms": 0}},
        {"vad": {"raise_quiet": False}},
        {"vad": {"sure_sound": 0.6}},
        {"rules": ()},
    ],
)
def test_a_setting_that_changes_results_changes_the_digest(
    weights: Weights, groups: dict[str, Any]
) -> None:
    assert DEFAULT_RULES
    assert identity(weights, **groups) != identity(weights)


@pytest.mark.parametrize(
    "groups", [{"model": {"threads": 1}}, {"server": {"port": 7000}}, {"limits": {"max_bytes": 1}}]
)
def test_a_setting_that_changes_no_result_changes_nothing(
    weights: Weights, groups: dict[str, Any]
) -> None:
    assert identity(weights, **groups) == identity(weights)


def test_an_engine_beside_that_of_the_settings_has_its_own_digest(weights: Weights) -> None:
    settings = Settings()
    same = identity_of(settings, weights, weights, engine=settings.model.engine)
    other = identity_of(settings, weights, weights, engine="paraformer")
    assert same == identity(weights) != other


def test_sounds_matter_only_where_they_are_heard(weights: Weights) -> None:
    for groups in ({"sounds": False, "sure_sound": 0.9}, {"sure_sound": 0.9}):
        silent = {"vad": groups, "model": {"engine": "paraformer"}}
        assert identity(weights, **silent) == identity(weights, model={"engine": "paraformer"})
    assert identity(weights, vad={"sounds": False}) == identity(
        weights, vad={"sounds": False, "sure_sound": 0.9}
    )


def test_what_punctuates_matters(weights: Weights, tmp_path: Path) -> None:
    models = [None, weights, model(tmp_path / "other", b"b")]
    digests = {
        identity_of(Settings(), weights, weights, punctuation_weights=each) for each in models
    }
    assert len(digests) == len(models)


def test_what_an_older_version_has_kept_is_found_again(tmp_path: Path) -> None:
    """A history of many months is worth more than a tidy digest."""
    asked = Options(language="zh")
    younger = (*YOUNGER, "speakers")
    old = {key: value for key, value in asdict(asked).items() if key not in younger}
    old["allowed_languages"] = LANGUAGES
    assert request_identity("a", asked) == digest_of("a", old)
    spelt = replace(asked, allowed_languages=LANGUAGES)
    assert request_identity("a", spelt) == digest_of("a", old)


def test_names_of_speakers_make_no_other_recording() -> None:
    named = Options(speakers=("agent", "customer"))
    assert request_identity("a", named) == request_identity("a", Options())


def test_protected_words_matter_where_there_are_hotwords() -> None:
    protected = Options(protected_words=("打磨",))
    assert request_identity("a", protected) == request_identity("a", Options())


def test_another_version_of_the_program_is_told_apart_where_that_is_wanted(
    weights: Weights,
) -> None:
    first, second = (identity_of(Settings(), weights, weights, each) for each in ("1.0", "1.1"))
    assert len({identity(weights), first, second}) == 3


def test_every_option_changes_the_digest() -> None:
    options = [
        Options(),
        Options(language="zh"),
        Options(allowed_languages=("zh", "en")),
        Options(inverse_text_normalization=False),
        Options(merge=True),
        Options(merge_length_s=10.0),
        Options(tracks="all"),
        Options(tracks=2),
        Options(channels="split"),
        Options(denoise="rnnoise"),
        Options(denoise="gtcrn"),
        Options(voices="auto"),
        Options(voices=2),
        Options(ban_unknown_emotion=True),
        Options(hotwords=("达摩院",)),
        Options(hotwords=("达摩院", "张珊")),
        Options(hotwords=("达摩院", "张珊"), hotword_weights=(20, 40)),
        Options(hotwords=("达摩院", "张珊"), protected_words=("打磨",)),
        Options(turn_detection=TurnDetection()),
        Options(turn_detection=TurnDetection(threshold=0.5)),
    ]
    assert len({request_identity("a", each) for each in options}) == len(options)
    assert request_identity("a", Options()) != request_identity("b", Options())


def numbers_of(kind: type) -> list[str]:
    """Name the fields that hold numbers with a fraction."""
    hints = get_type_hints(kind)
    return [name for name, hint in hints.items() if float in (hint, *get_args(hint))]


def test_a_whole_number_is_the_same_setting_however_it_came() -> None:
    """A page sends 15 where a file, the command line and a durable job have 15.0."""
    assert numbers_of(Options) == ["merge_length_s"]
    page, file = Options(merge=True, merge_length_s=15), Options(merge=True, merge_length_s=15.0)
    assert request_identity("a", page) == request_identity("a", file)
    assert numbers_of(TurnDetection) == ["threshold"]
    page, file = (Options(turn_detection=TurnDetection(threshold=each)) for each in (1, 1.0))
    assert request_identity("a", page) == request_identity("a", file)


def test_a_request_that_waited_as_json_is_the_same_request() -> None:
    turns = TurnDetection(threshold=1, prefix_padding_ms=300)
    asked = TranscriptionRequest(Options(merge=True, merge_length_s=9, turn_detection=turns))
    waited = TranscriptionRequest.from_dict(json.loads(json.dumps(asked.to_dict())))
    assert request_identity("a", waited.options) == request_identity("a", asked.options)
    assert digest_of(waited.to_dict()) == digest_of(asked.to_dict())


def test_whole_numbers_in_the_settings_are_the_same_settings(weights: Weights) -> None:
    for group, whole, broken in (
        ("vad", {"sure_sound": 1}, {"sure_sound": 1.0}),
        ("hotwords", {"min_likeness": 90}, {"min_likeness": 90.0}),
        ("rules", [rule(1)], [rule(1.0)]),
    ):
        found = {identity(weights, **{group: each}) for each in (whole, broken)}
        assert len(found) == 1, group
        assert identity(weights) not in found


def rule(probability: float) -> dict[str, Any]:
    when = {"emotion": "sad", "probability_below": probability}
    return {"name": "doubtful", "when": when, "drop_emotion": True}


def test_how_words_are_read_matters_only_where_they_are(weights: Weights, tmp_path: Path) -> None:
    reader = model(tmp_path / "reader", b"r")
    other = model(tmp_path / "other-reader", b"o")

    def digest(reads: Weights | None, **sentiment: Any) -> str:
        settings = Settings.model_validate({"sentiment": sentiment})
        return identity_of(settings, weights, weights, sentiment_weights=reads)

    assert digest(None) == digest(None, sure_voice=0.9) == identity(weights)
    found = {
        digest(None),
        digest(reader),
        digest(other),
        digest(reader, sure_voice=0.9),
        digest(reader, labels={"LABEL_0": "negative"}),
    }
    assert len(found) == 5
    assert digest(reader, idle_seconds=5) == digest(reader)


def test_a_calibration_changes_what_is_heard_and_its_file_is_no_part_of_the_model(
    weights: Weights,
) -> None:
    plain = identity(weights)
    (weights.folder / "calibration.json").write_text("{}")
    assert identity(weights) == plain
    calibrated = replace(weights, calibration=Calibration("digest", unsure_below=0.4))
    other = replace(weights, calibration=Calibration("digest", unsure_below=0.5))
    assert len({plain, identity(calibrated), identity(other)}) == 3
