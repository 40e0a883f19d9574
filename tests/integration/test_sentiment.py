"""The embedded classifier: meaning, torch beside ONNX, long texts, damaged folders."""

import contextlib
import io
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.engines import loader, transcribers
from richspeech.engines.common.transformers_import import transformers
from richspeech.engines.hub import EMBEDDED_CLASSIFIER
from richspeech.engines.sentiment import network as sentiment_network
from richspeech.engines.sentiment.classifier import SentimentClassifier, batches
from richspeech.engines.sentiment.load import find_classifier, lazy_classifier, load_classifier
from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.model.sentiment import Sentiment, mean_scores, strongest
from richspeech.settings import Settings, load_settings
from tests.integration.conftest import EXAMPLES
from tests.transcripts import one_as_rounded

LIMITS = AudioLimits(2**30, 3_600.0)
MEANT = {
    "你们的服务很周到，我很满意，谢谢。": Sentiment.POSITIVE,
    "我的手机坏了，没人管，我要投诉！": Sentiment.NEGATIVE,
    "这个方案写得太差劲了，客户很失望。": Sentiment.NEGATIVE,
    "请大家读第十页。": Sentiment.NEUTRAL,
    "明天我们在办公室开会。": Sentiment.NEUTRAL,
    "天哪，我们赢了，全场都尖叫起来！": Sentiment.EXCITED,
}


def settings(cache_folder: Path, folder: Path | str = "embedded", **sentiment: Any) -> Settings:
    return load_settings(
        model={"device": "cpu", "cache_folder": cache_folder},
        sentiment={"id": str(folder), **sentiment},
    )


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def onnx(cache_folder: Path) -> SentimentClassifier:
    return load_classifier(settings(cache_folder, backend="onnx")).classifier


@pytest.fixture(scope="module")
def in_torch(cache_folder: Path) -> SentimentClassifier:
    return load_classifier(settings(cache_folder, backend="torch")).classifier


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED_CLASSIFIER, tmp_path / "copy"))


# Meaning ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["onnx", "in_torch"])
def test_sentences_are_read_as_they_are_meant(backend: str, request: pytest.FixtureRequest) -> None:
    classifier: SentimentClassifier = request.getfixturevalue(backend)
    found = classifier.classify([*MEANT])
    assert [strongest(scores) for scores in found] == [*MEANT.values()]
    assert [sum(scores.values()) for scores in found] == pytest.approx([1.0] * len(MEANT))


def test_what_torch_says_is_what_transformers_says(in_torch: SentimentClassifier) -> None:
    known = transformers()
    tokenizer = known.AutoTokenizer.from_pretrained(EMBEDDED_CLASSIFIER)
    model = known.AutoModelForSequenceClassification.from_pretrained(
        EMBEDDED_CLASSIFIER, dtype=torch.float32
    ).eval()
    for text, scores in zip(MEANT, in_torch.classify([*MEANT]), strict=True):
        with torch.inference_mode():
            logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
        expected = dict(zip(Sentiment, logits.softmax(dim=0).tolist(), strict=True))
        assert scores == pytest.approx(expected, abs=1e-5)


def test_eight_bits_change_probabilities_little(
    onnx: SentimentClassifier, in_torch: SentimentClassifier
) -> None:
    pairs = zip(onnx.classify([*MEANT]), in_torch.classify([*MEANT]), strict=True)
    for ours, exact in pairs:
        assert ours == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("text", ["", "  ", "。！", "…\n"])
def test_what_has_no_words_has_no_sentiment(onnx: SentimentClassifier, text: str) -> None:
    first, second = onnx.classify([text, "谢谢，我很满意。"])
    assert first == {}
    assert strongest(second) is Sentiment.POSITIVE
    assert onnx.classify([]) == []


def test_a_long_text_is_cut_between_sentences_and_averaged_by_characters(
    in_torch: SentimentClassifier,
) -> None:
    glad, cross = "你们的服务很周到，我很满意。" * 8, "我的手机坏了，没人管，我要投诉！" * 8
    assert in_torch.facts.most_tokens < len(glad + cross)
    [whole] = in_torch.classify([glad + cross])
    parts = in_torch.classify([glad, cross])
    expected = mean_scores(zip(parts, map(len, (glad, cross)), strict=True))
    assert whole == pytest.approx(expected, abs=0.02)


def test_a_text_without_any_sentence_end_is_read_to_its_end(in_torch: SentimentClassifier) -> None:
    [scores] = in_torch.classify(["请问" * 70 + "天哪我们赢了太激动了" * 60])
    assert strongest(scores) is Sentiment.EXCITED


def test_texts_go_through_in_batches_of_like_length_and_come_back_in_order() -> None:
    lengths = [5, 90, 7, 3, 60, 6, 200]
    found = [*batches(lengths, 128)]
    assert sorted(at for batch in found for at in batch) == [*range(len(lengths))]
    for batch in found:
        assert len(batch) == 1 or max(lengths[at] for at in batch) * len(batch) <= 128
    assert found[0] == [3, 0, 5, 2]


def test_a_batch_says_what_each_text_alone_says(in_torch: SentimentClassifier) -> None:
    texts = [*MEANT, "", "好。" * 40]
    alone = [scores for text in texts for scores in in_torch.classify([text])]
    for ours, expected in zip(in_torch.classify(texts), alone, strict=True):
        assert ours == pytest.approx(expected, abs=1e-4)


# Preparing ----------------------------------------------------------------------------------------


def test_the_export_is_made_once_in_silence_and_without_a_network(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def offline(*_: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", offline)
    first = load_classifier(settings(tmp_path)).classifier
    assert first.network.description == "onnxruntime int8"
    monkeypatch.setattr(sentiment_network, "_export", offline)
    again = load_classifier(settings(tmp_path)).classifier
    assert again.classify([*MEANT]) == first.classify([*MEANT])
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_an_export_with_other_labels_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Off(sentiment_network.OnnxNetwork):
        def logits(self, ids: Any, mask: Any) -> Any:
            return -super().logits(ids, mask)

    with monkeypatch.context() as patched:
        patched.setattr(sentiment_network, "OnnxNetwork", Off)
        found = load_classifier(settings(tmp_path)).classifier
    assert found.network.description == "torch float32"
    assert "in 8 bits sentiment-tiny gives other labels" in caplog.text
    forced = load_classifier(settings(tmp_path, backend="onnx")).classifier
    assert forced.network.description == "onnxruntime int8"


def test_onnx_on_another_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="onnx computes on the CPU alone, not on meta"):
        SentimentClassifier.load(
            EMBEDDED_CLASSIFIER, "meta", tuple(Sentiment),
            backend="onnx", cache_folder=tmp_path, batch_tokens=512,
        )  # fmt: skip


# Other folders ------------------------------------------------------------------------------------


def rewritten(folder: Path, **changes: Any) -> Path:
    file = folder / "config.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | changes), encoding="utf-8")
    return folder


def test_a_model_with_labels_of_its_own_is_read_through_the_map(
    tmp_path: Path, copy: Path, onnx: SentimentClassifier
) -> None:
    rewritten(copy, id2label={str(n): f"LABEL_{n}" for n in range(4)})
    names = ["正向", "negative", "中性", "正向"]
    labels = {f"LABEL_{n}": name for n, name in enumerate(names)}
    found = load_classifier(settings(tmp_path / "cache", copy, labels=labels))
    assert found.weights.name == "copy"
    for ours, plain in zip(
        found.classifier.classify([*MEANT]), onnx.classify([*MEANT]), strict=True
    ):
        joined = plain[Sentiment.POSITIVE] + plain[Sentiment.EXCITED]
        assert ours[Sentiment.POSITIVE] == pytest.approx(joined, abs=1e-6)
        assert Sentiment.EXCITED not in ours


@pytest.mark.parametrize("kind", ["DistilBert", "Electra"])
def test_a_classifier_of_another_class_is_read_by_both_backends(
    tmp_path: Path, copy: Path, kind: str
) -> None:
    known, labels = transformers(), {0: "LABEL_0", 1: "LABEL_1"}
    sizes = {"DistilBert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}}.get(
        kind, {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    )
    words = len((copy / "vocab.txt").read_text(encoding="utf-8").splitlines())
    config = getattr(known, f"{kind}Config")(vocab_size=words, id2label=labels, **sizes)
    torch.manual_seed(3)
    (copy / "model.safetensors").unlink()
    getattr(known, f"{kind}ForSequenceClassification")(config).save_pretrained(copy)
    meant = {"LABEL_0": "negative", "LABEL_1": "positive"}
    found = [
        load_classifier(settings(tmp_path / "cache", copy, labels=meant, backend=each)).classifier
        for each in ("torch", "onnx")
    ]
    exact, ours = (each.classify([*MEANT]) for each in found)
    assert [{*scores} for scores in ours] == [{Sentiment.NEGATIVE, Sentiment.POSITIVE}] * len(MEANT)
    for one, other in zip(exact, ours, strict=True):
        assert other == pytest.approx(one, abs=0.02)


def test_weights_in_torchs_own_format_are_read_as_well(tmp_path: Path, copy: Path) -> None:
    model, _ = sentiment_network.load_model(EMBEDDED_CLASSIFIER)
    (copy / "model.safetensors").unlink()
    torch.save(model.state_dict(), copy / "pytorch_model.bin")
    found = load_classifier(settings(tmp_path / "cache", copy)).classifier
    assert [strongest(scores) for scores in found.classify([*MEANT])] == [*MEANT.values()]


def without_head(folder: Path) -> None:
    model, _ = sentiment_network.load_model(folder)
    model.bert.save_pretrained(folder)
    rewritten(folder, id2label=dict(enumerate(Sentiment)))


@pytest.mark.parametrize("backend", ["auto", "torch"])
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            without_head,
            r"The model in copy lacks 2 of its weights, such as classifier\.bias; choose",
        ),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"no weights"),
            "The model in copy cannot be loaded; copy its folder again",
        ),
        (
            lambda folder: (folder / "model.safetensors").unlink(),
            "The model in copy cannot be loaded; copy its folder again",
        ),
        (lambda folder: rewritten(folder, model_type="no such kind"), "cannot be loaded"),
        (lambda folder: rewritten(folder, hidden_size=64), "cannot be loaded"),
    ],
)
def test_a_wrong_folder_is_refused_in_a_sentence(
    tmp_path: Path, copy: Path, damage: Any, sentence: str, backend: str
) -> None:
    damage(copy)
    with pytest.raises(ModelError, match=sentence) as caught:
        load_classifier(settings(tmp_path / "cache", copy, backend=backend))
    assert "\n" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"set model\.cache_folder to another folder"):
        load_classifier(settings(tmp_path / "file" / "cache"))


def test_a_damaged_export_is_made_anew(tmp_path: Path) -> None:
    first = load_classifier(settings(tmp_path)).classifier.classify([*MEANT])
    [model] = tmp_path.glob("*/model.onnx")
    model.write_bytes(model.read_bytes()[:1_000])
    assert load_classifier(settings(tmp_path)).classifier.classify([*MEANT]) == first


# With a recogniser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reading(cache_folder: Path) -> Iterator[loader.Loaded]:
    loaded = transcribers.load(
        load_settings(
            model={"id": "embedded", "device": "cpu", "cache_folder": cache_folder},
            sentiment={"id": "embedded", "engines": ["sensevoice"]},
        )
    )
    with contextlib.closing(loaded):
        yield loaded


def test_a_transcript_is_read_while_it_is_heard(reading: loader.Loaded) -> None:
    assert reading.sentiment_weights is not None
    with open_recording(EXAMPLES / "zh-call.wav", LIMITS) as recording:
        *_, last = reading.transcriber.transcribe(recording, Options(), lambda: False)
    spoken = [segment for segment in last.transcript.segments if segment.text]
    assert all(segment.sentiment for segment in spoken)
    cross = [s for s in spoken if "失望" in s.text]
    assert [s.sentiment for s in cross] == [Sentiment.NEGATIVE] * len(cross) != []
    assert last.transcript.sentiment is not None
    found = last.transcript.sentiment_probabilities
    assert sum(found.values()) == one_as_rounded(len(found))


def test_without_being_asked_for_nothing_is_read(ours: loader.Loaded) -> None:
    assert ours.sentiment_weights is None
    with open_recording(EXAMPLES / "zh-call.wav", LIMITS) as recording:
        *_, last = ours.transcriber.transcribe(recording, Options(), lambda: False)
    assert last.transcript.sentiment is None
    assert last.transcript.to_dict()["sentiment_probabilities"] == {}


def test_it_is_loaded_when_it_is_first_used(cache_folder: Path) -> None:
    lazy = lazy_classifier(settings(cache_folder))
    assert not lazy.is_loaded
    with lazy.use() as loaded:
        assert strongest(loaded.classifier.classify(["谢谢，我很满意。"])[0]) is Sentiment.POSITIVE
        assert loaded.is_embedded
    assert lazy.is_loaded


def test_the_embedded_labels_are_the_four() -> None:
    assert find_classifier(load_settings(sentiment={"id": "embedded"})).sentiments == tuple(
        Sentiment
    )
    assert sum(f.stat().st_size for f in EMBEDDED_CLASSIFIER.iterdir()) < 3e6


def test_rows_of_one_token_go_through(onnx: SentimentClassifier) -> None:
    ids = np.array([[2]], np.int64)
    assert onnx.network.logits(ids, np.ones_like(ids)).shape == (1, 4)


def test_nothing_is_printed_while_reading(onnx: SentimentClassifier) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        onnx.classify([*MEANT])
    assert printed.getvalue() == ""
