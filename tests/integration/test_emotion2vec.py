"""The embedded emotion2vec, and funasr's own answers to hold ours against."""

import json
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import torch
import yaml
from numpy.typing import NDArray

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.cli import app as command_line
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.emotion2vec.engine import Emotion2vec
from richspeech.engines.hub import EMBEDDED_EMOTION_RECOGNISER
from richspeech.errors import AudioError, ModelError
from richspeech.model.document import Document
from richspeech.model.emotion_scores import EmotionScores, NineEmotion
from richspeech.model.transcript import Segment, Transcript
from richspeech.stages.second_opinion import second_opinion
from scripts.embedded import dataset
from scripts.embedded.corpus import LANGUAGES
from scripts.embedded.voices import HELD_OUT_VARIANTS
from scripts.evaluate_embedded import emotions_recognised

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LIMITS = AudioLimits(10**9, 10**6)
CALL = EXAMPLES / "zh-call.wav"
LIVE = EXAMPLES / "zh-live-show.wav"


@pytest.fixture(scope="module")
def recogniser() -> Emotion2vec:
    return Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER, "cpu", threads=1)


@pytest.fixture(scope="module")
def reference() -> Any:
    return load_automodel(EMBEDDED_EMOTION_RECOGNISER, "Emotion2vec", "cpu", 1)


@pytest.fixture(scope="module")
def live() -> NDArray[np.float32]:
    return load_waveform(LIVE, LIMITS)


def blocks_of(waveform: NDArray[np.float32], size: int) -> list[NDArray[np.float32]]:
    return [waveform[at : at + size] for at in range(0, len(waveform), size)]


def values(heard: EmotionScores) -> list[float]:
    return [*heard.scores.values()]


# As funasr ----------------------------------------------------------------------------------------


def test_its_size_is_what_the_project_allows() -> None:
    assert sum(file.stat().st_size for file in EMBEDDED_EMOTION_RECOGNISER.iterdir()) < 6e6


@pytest.mark.parametrize("name", ["zh-live-show", "yue-surprised", "music-and-crying"])
def test_a_recording_scores_as_funasr_scores_it(
    recogniser: Emotion2vec, reference: Any, name: str
) -> None:
    waveform = load_waveform(EXAMPLES / f"{name}.wav", LIMITS)
    (theirs,) = reference.generate(waveform, granularity="utterance", disable_pbar=True)
    ours = recogniser.recognise(blocks_of(waveform, 7_001))
    assert [*ours.scores] == [*NineEmotion]
    np.testing.assert_allclose(values(ours), theirs["scores"], atol=1e-5)
    np.testing.assert_allclose(ours.embedding, theirs["feats"], atol=1e-4)
    assert sum(values(ours)) == pytest.approx(1.0)


def test_features_are_those_of_funasr_at_50_hertz(
    recogniser: Emotion2vec, reference: Any, live: NDArray[np.float32]
) -> None:
    (theirs,) = reference.generate(live, granularity="frame", disable_pbar=True)
    ours = recogniser.recognise([live], keep_features=True)
    assert ours.features is not None
    np.testing.assert_allclose(ours.features, theirs["feats"], atol=1e-4)
    assert abs(len(ours.features) - 50 * ours.duration) < 4
    np.testing.assert_allclose(ours.features.mean(axis=0), ours.embedding, atol=1e-5)


def test_a_window_scores_as_the_classifier_scores_its_mean_feature(
    recogniser: Emotion2vec, live: NDArray[np.float32]
) -> None:
    heard = recogniser.recognise([live], keep_features=True)
    assert heard.features is not None
    for window in heard.windows(1.0, 0.5):
        first, last = (round(seconds * 50) for seconds in (window.start, window.end))
        mean = torch.from_numpy(heard.features[first:last].mean(axis=0))
        with torch.inference_mode():
            scores = recogniser.model.proj(mean).softmax(-1)
        np.testing.assert_allclose([*window.scores.values()], scores, atol=1e-5)


# Blocks -------------------------------------------------------------------------------------------


def test_blocks_follow_each_other_without_a_gap(live: NDArray[np.float32]) -> None:
    whole = Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER, "cpu", threads=1)
    pieces = Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER, "cpu", block_seconds=2.0, threads=1)
    one, many = (model.recognise([live], keep_features=True) for model in (whole, pieces))
    assert one.features is not None
    assert many.features is not None
    assert len(live) / 16_000 > 4
    assert many.features.shape == one.features.shape
    np.testing.assert_allclose(many.features.mean(axis=0), many.embedding, atol=1e-5)
    with torch.inference_mode():
        scores = pieces.model.proj(torch.from_numpy(many.embedding)).softmax(-1)
    np.testing.assert_allclose(values(many), scores, atol=1e-5)


@pytest.mark.parametrize("size", [997, 16_000, 200_000])
def test_results_do_not_depend_on_how_the_sound_arrives(
    live: NDArray[np.float32], size: int
) -> None:
    model = Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER, "cpu", block_seconds=2.0, threads=1)
    np.testing.assert_array_equal(
        model.recognise(blocks_of(live, size)).logits, model.recognise([live]).logits
    )


@pytest.mark.parametrize("keep", [False, True])
def test_memory_does_not_grow_with_the_recording(live: NDArray[np.float32], keep: bool) -> None:
    model = Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER, "cpu", block_seconds=2.0, threads=1)
    block = live[:32_000]

    def peak(seconds: int) -> int:
        tracemalloc.start()
        heard = model.recognise((block for _ in range(seconds // 2)), keep_features=keep)
        assert (heard.features is not None) is keep
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)
    assert peak(160) - peak(40) < 120 * 16_000 * 4 / 10


# Nothing to hear ----------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [0, 1, 399, 1_599])
def test_too_short_a_sound_is_refused(recogniser: Emotion2vec, samples: int) -> None:
    with pytest.raises(AudioError, match="too short to recognise an emotion"):
        recogniser.recognise([np.ones(samples, np.float32)])


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused(recogniser: Emotion2vec, level: float) -> None:
    noise = np.random.default_rng(0).uniform(-level, level, 32_000).astype(np.float32)
    with pytest.raises(AudioError, match="only silence"):
        recogniser.recognise([noise])


def test_the_shortest_sound_is_heard(recogniser: Emotion2vec, live: NDArray[np.float32]) -> None:
    heard = recogniser.recognise([live[16_000:17_600]])
    assert sum(values(heard)) == pytest.approx(1.0)


# What it was trained for --------------------------------------------------------------------------


def test_emotions_of_the_examples_are_heard(recogniser: Emotion2vec) -> None:
    references = json.loads((EXAMPLES / "references.json").read_text(encoding="utf-8"))
    expected = {"zh-laughter": "happy", "yue-surprised": "surprised", "ja-sad": "sad"}
    for name, emotion in expected.items():
        assert references[f"{name}.wav"]["lines"][0]["emotion"] == emotion
        curve = recogniser.recognise([load_waveform(EXAMPLES / f"{name}.wav", LIMITS)]).windows(
            1.0, 0.5
        )
        assert max(window.scores[NineEmotion(emotion)] for window in curve) > 0.5


def test_new_sentences_in_new_voices_are_heard_rightly(recogniser: Emotion2vec) -> None:
    """A small part of what scripts/evaluate_embedded.py measures; see models/README.md."""
    plan = dataset.Plan(dict.fromkeys(LANGUAGES, 10), 0, seed=78, variants=HELD_OUT_VARIANTS)
    found = emotions_recognised(recogniser, plan, None)
    spoken = [truth is heard for truth, heard in found if truth is not NineEmotion.UNKNOWN]
    assert len(spoken) == 50
    assert np.mean(spoken) >= 0.85


def test_a_transcript_gets_second_opinions_from_a_streamed_recording(
    recogniser: Emotion2vec,
) -> None:
    spans = [(0.5, 2.0), (2.0, 2.05), (3.0, 6.0)]
    segments = tuple(
        Segment(*span, "", "zh", 1.0, Emotion.HAPPY, {}, (), {}, (), "") for span in spans
    )
    with open_recording(CALL, LIMITS) as recording:
        opinion = second_opinion(segments, recording.blocks(4.0), recogniser, "e")
    heard = Document(Transcript(10.0, 1.0, "e", "m", segments), (opinion,)).transcript
    waveform = load_waveform(CALL, LIMITS)
    alone = recogniser.recognise([waveform[8_000:32_000]])
    assert heard.segments[0].second_emotion is alone.emotion
    assert heard.segments[0].second_emotion_probabilities == alone.scores
    assert heard.segments[1].second_emotion is None
    assert Transcript.from_dict(heard.to_dict()).segments[2].second_emotion is not None


def test_the_command_line_hears_with_the_embedded_model(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sf.write(tmp_path / "short.wav", np.zeros(100), 16_000)
    arguments = ["--model", "embedded", "--device", "cpu", "--granularity", "frame"]
    short = str(tmp_path / "short.wav")
    assert command_line.main(["emotion", str(LIVE), short, *arguments]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["model"] == "models/emotion2vec-tiny"
    assert len(document["scores"]) == 9
    assert len(document["frames"]) >= document["duration"] / 0.5
    assert err.splitlines()[-1].startswith("short.wav: ")


# Loading ------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED_EMOTION_RECOGNISER, tmp_path / "copy"))


def change_config(folder: Path, change: Change) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    change(config)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def test_a_folder_laid_out_as_the_published_one_is_loaded(
    copy: Path, recogniser: Emotion2vec, live: NDArray[np.float32]
) -> None:
    """Its weights have a prefix, and those of the decoder are missing."""
    weights = torch.load(copy / "model.pt", weights_only=True)
    torch.save({"model": {f"d2v_model.{k}": v for k, v in weights.items()}}, copy / "model.pt")
    decoder = {
        "decoder_dim": 16,
        "decoder_groups": 4,
        "decoder_kernel": 3,
        "decoder_layers": 2,
        "projection_layers": 1,
    }

    def change(config: dict[str, Any]) -> None:
        config["scope_map"] = ["d2v_model.", "none"]
        config["model_conf"]["modalities"]["audio"]["decoder"] = decoder

    change_config(copy, change)
    loaded = Emotion2vec.load(copy, "cpu", threads=1)
    np.testing.assert_array_equal(
        loaded.recognise([live]).logits, recogniser.recognise([live]).logits
    )


def test_labels_out_of_use_are_left_out_as_funasr_does(
    copy: Path, live: NDArray[np.float32]
) -> None:
    tokens = (copy / "tokens.txt").read_text(encoding="utf-8").splitlines()
    tokens[1], tokens[5] = "unuse_0", "unuse_1"
    (copy / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    heard = Emotion2vec.load(copy, "cpu", threads=1).recognise([live])
    (theirs,) = load_automodel(copy, "Emotion2vec", "cpu", 1).generate(live, disable_pbar=True)
    assert {*NineEmotion} - {*heard.scores} == {NineEmotion.DISGUSTED, NineEmotion.OTHER}
    np.testing.assert_allclose(values(heard), theirs["scores"], atol=1e-5)


def test_missing_weights_of_the_encoder_are_refused(copy: Path) -> None:
    weights = torch.load(copy / "model.pt", weights_only=True)
    del weights["proj.weight"]
    torch.save(weights, copy / "model.pt")
    with pytest.raises(ModelError, match=r"copy lacks 1 of its weights, such as proj\.weight"):
        Emotion2vec.load(copy, "cpu")


def test_a_model_without_a_classifier_is_refused(copy: Path) -> None:
    change_config(copy, lambda config: config.pop("tokenizer"))
    with pytest.raises(ModelError, match="gives features only"):
        Emotion2vec.load(copy, "cpu")


@pytest.mark.parametrize("label", ["激动/excited", "生气/angry"])
def test_a_label_that_is_unknown_or_stands_twice_is_refused(copy: Path, label: str) -> None:
    tokens = (copy / "tokens.txt").read_text(encoding="utf-8").splitlines()
    tokens[1] = label if label not in tokens else "x/angry"
    (copy / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match="has the label"):
        Emotion2vec.load(copy, "cpu")


def test_a_setting_that_would_run_code_is_refused(copy: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"

    def change(config: dict[str, Any]) -> None:
        code = f"__import__('pathlib').Path({str(trap)!r}).touch() or [(8, 10, 320)]"
        config["model_conf"]["modalities"]["audio"]["feature_encoder_spec"] = code

    change_config(copy, change)
    with pytest.raises(ModelError, match="more than numbers in brackets"):
        Emotion2vec.load(copy, "cpu")
    assert not trap.exists()


@pytest.mark.parametrize("name", ["sensevoice-tiny", "fsmn-vad-tiny"])
def test_a_folder_of_another_model_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="choose a model of Emotion2vec"):
        Emotion2vec.load(EMBEDDED_EMOTION_RECOGNISER.parent / name, "cpu")
