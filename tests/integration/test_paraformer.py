"""The Mandarin engine: funasr's words and times, alone and in batches, sentences and hotwords."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.audio.mono import Waveform
from richspeech.engines import loader, transcribers
from richspeech.engines.common import funasr_import
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.hub import EMBEDDED_PARAFORMER, EMBEDDED_RECOGNISER
from richspeech.engines.paraformer.engine import MODEL_CLASSES, Paraformer, texts_of
from richspeech.errors import ModelError, OptionError
from richspeech.model.options import MOST_HOTWORDS, Options
from richspeech.model.transcript import Hypothesis, Transcript
from richspeech.settings import load_settings
from tests.integration import random_models
from tests.integration.conftest import EXAMPLES, request_of

LIMITS = AudioLimits(max_bytes=10**9, max_seconds=3_600.0)
MANDARIN = ["zh-call.wav", "zh-laughter.wav", "zh-live-show.wav"]
FRAME = 0.06


@pytest.fixture(scope="module")
def speech() -> Waveform:
    return load_waveform(EXAMPLES / "zh-call.wav", LIMITS)[: 12 * 16_000]


@pytest.fixture(scope="module")
def pieces(speech: Waveform) -> list[Waveform]:
    """Utterances of several lengths; the last one is too short for a word."""
    return [speech[:96_000], speech[32_000:64_000], speech[60_000:], speech[:1_000]]


@pytest.fixture(scope="module", params=MODEL_CLASSES)
def auto_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A random model of each class: it says much, and other things for other sounds."""
    folder = tmp_path_factory.mktemp("models") / request.param
    return load_automodel(random_models.paraformer(folder, request.param), request.param, "cpu", 1)


@pytest.fixture(scope="module")
def seaco(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("models") / "seaco"
    return load_automodel(
        random_models.paraformer(folder, "SeacoParaformer"), "SeacoParaformer", "cpu", 1
    )


@pytest.fixture(scope="module")
def mandarin() -> loader.Loaded:
    settings = load_settings(
        model={"engine": "paraformer", "device": "cpu"}, paraformer={"id": "embedded"}
    )
    return transcribers.load(settings)


def squeeze(text: str) -> str:
    return "".join(text.split())


def assert_same(mine: Hypothesis, theirs: Hypothesis) -> None:
    """Equal but for the rounding of batches of different shapes."""
    assert mine.text == theirs.text
    for one, other in zip(mine.tokens, theirs.tokens, strict=True):
        assert (one.start, one.end) == pytest.approx((other.start, other.end), abs=FRAME)
        assert one.probability == pytest.approx(other.probability, abs=1e-3)


# funasr's own -------------------------------------------------------------------------------------


def test_words_are_those_of_generate(auto_model: Any, pieces: list[Waveform]) -> None:
    heard = Paraformer(auto_model).recognise([request_of(piece) for piece in pieces])
    assert len({each.text for each in heard}) == len(heard)
    for piece, mine in zip(pieces[:-1], heard, strict=False):
        assert mine.text
        assert squeeze(mine.text) == squeeze(auto_model.generate(piece)[0]["text"])


def test_times_are_those_of_funasr(auto_model: Any, pieces: list[Waveform]) -> None:
    """The plain class hands over its arguments in the wrong order; so that is put right here."""
    module = __import__("funasr.models.paraformer.model", fromlist=["model"])
    right = module.ts_prediction_lfr6_standard
    swapped = type(auto_model.model).__name__ == "Paraformer"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            module,
            "ts_prediction_lfr6_standard",
            lambda sums, weights, *rest, **more: right(weights.clone(), sums, *rest, **more),
        )
        for piece in pieces[:-1]:
            mine = Paraformer(auto_model).recognise([request_of(piece)])[0]
            options = {"output_timestamp": True} if swapped else {}
            theirs = auto_model.generate(piece, **options)[0]["timestamp"]
            words, seconds = _joined(mine), len(piece) / 16_000
            assert len(words) == len(theirs)
            for (start, end), (their_start, their_end) in zip(words, theirs, strict=True):
                assert start == pytest.approx(max(their_start, 0) / 1_000, abs=FRAME)
                assert end == pytest.approx(min(their_end / 1_000, seconds), abs=FRAME)


def _joined(hypothesis: Hypothesis) -> list[tuple[float, float]]:
    """Times of words; funasr gives one to pieces and letters that it has joined."""
    words: list[tuple[float, float]] = []
    before = ""
    for token in hypothesis.tokens:
        assert token.start is not None
        assert token.end is not None
        if (
            before[-1:].isascii()
            and before.strip()
            and token.text[0].isascii()
            and (not token.text.startswith(" "))
        ):
            words[-1] = (words[-1][0], token.end)
        else:
            words.append((token.start, token.end))
        before = token.text
    return words


def test_probabilities_are_those_of_the_decoder(seaco: Any, pieces: list[Waveform]) -> None:
    for token in Paraformer(seaco).recognise([request_of(pieces[0])])[0].tokens:
        assert token.probability is not None
        assert 1 / len(random_models.VOCABULARY) < token.probability <= 1.0


# Batches ------------------------------------------------------------------------------------------


def test_the_same_sound_gives_the_same_alone_and_in_a_batch(
    auto_model: Any, pieces: list[Waveform]
) -> None:
    engine, requests = Paraformer(auto_model), [request_of(piece) for piece in pieces]
    for batched, request in zip(engine.recognise(requests), requests, strict=True):
        assert_same(batched, engine.recognise([request])[0])


def test_what_nobody_says_has_no_words_and_no_labels(auto_model: Any) -> None:
    engine = Paraformer(auto_model)
    assert engine.recognise([]) == []
    (silent,) = engine.recognise([request_of(np.zeros(400, np.float32))])
    assert (silent.text, silent.tokens, silent.language) == ("", (), None)
    assert (silent.emotion, silent.emotion_probabilities) == (Emotion.UNKNOWN, {})
    assert (silent.events, silent.event_probabilities) == ((), {})


def test_another_language_than_mandarin_is_refused(seaco: Any, speech: Waveform) -> None:
    with pytest.raises(OptionError, match="recognises Mandarin, not 'ko'"):
        Paraformer(seaco).recognise([request_of(speech, Options(language="ko"))])


# Hotwords in the network --------------------------------------------------------------------------


def test_hotwords_reach_the_network_of_the_seaco_class(seaco: Any, pieces: list[Waveform]) -> None:
    engine, options = Paraformer(seaco), Options(hotwords=("阿里巴巴", "达摩院", "老师"))
    for piece in pieces[:-1]:
        plain, biased = engine.recognise([request_of(piece), request_of(piece, options)])
        assert plain.text != biased.text
        theirs = seaco.generate(piece, hotword=" ".join(options.hotwords))[0]["text"]
        assert squeeze(biased.text) == squeeze(theirs)


def test_everybody_in_a_batch_has_hotwords_of_their_own(seaco: Any, pieces: list[Waveform]) -> None:
    engine = Paraformer(seaco)
    wishes = [(), ("阿里巴巴",), ("老师", "学生"), ()]
    requests = [
        request_of(piece, Options(hotwords=words))
        for piece, words in zip(pieces, wishes, strict=True)
    ]
    for batched, request in zip(engine.recognise(requests), requests, strict=True):
        assert_same(batched, engine.recognise([request])[0])


def test_so_many_hotwords_that_funasr_chooses_give_the_same_in_a_batch(
    seaco: Any, pieces: list[Waveform]
) -> None:
    characters = random_models.CHARACTERS
    many = tuple(a + b for a in characters[:20] for b in characters[5:])[:MOST_HOTWORDS]
    engine, options = Paraformer(seaco), Options(hotwords=many)
    requests = [request_of(piece, options) for piece in pieces[:2]]
    for batched, request in zip(engine.recognise(requests), requests, strict=True):
        assert_same(batched, engine.recognise([request])[0])


def test_hotwords_that_the_network_cannot_spell_leave_it_as_it_is(
    seaco: Any, pieces: list[Waveform]
) -> None:
    engine = Paraformer(seaco)
    plain, same = engine.recognise(
        [request_of(pieces[0]), request_of(pieces[0], Options(hotwords=("쥐쥐", "xyz")))]
    )
    assert_same(plain, same)


def test_hotwords_do_not_reach_the_network_of_other_classes() -> None:
    engine = Paraformer.load(EMBEDDED_PARAFORMER, "cpu", threads=1)
    assert not engine.takes_hotwords


# How tokens are written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        (["你", "好"], ["你", "好"]),
        (["hel@@", "lo", "world"], ["hel", "lo", " world"]),
        (["打", "a", "p", "p", "吧"], ["打", "A", "P", "P", "吧"]),
        (["a", "cat", "sat"], ["a", " cat", " sat"]),
        (["the", "u", "n", "said"], ["the", " U", "N", " said"]),
        (["wor@@", "p", "p"], ["wor", "p", " p"]),
        (["你", "", "好"], ["你", "", "好"]),
        ([], []),
    ],
)
def test_pieces_are_written_as_words(names: list[str], texts: list[str]) -> None:
    assert texts_of(names) == texts


# Refusals -----------------------------------------------------------------------------------------


def copy_of(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Paraformer.load(folder, "cpu")
    message = str(caught.value)
    assert message.endswith(".")
    assert folder.name in message or "Paraformer" in message
    return message


def test_another_class_is_refused() -> None:
    assert refusal(EMBEDDED_RECOGNISER) == (
        "The folder sensevoice-tiny holds a SenseVoiceSmall, which cannot be used here; "
        "choose a model of Paraformer, BiCifParaformer, SeacoParaformer."
    )


@pytest.mark.parametrize("name", ["model.pt", "config.yaml", "tokens.json", "am.mvn"])
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = random_models.paraformer(tmp_path / "lame")
    (folder / name).unlink()
    refusal(folder)


def test_missing_weights_are_refused_by_name(tmp_path: Path) -> None:
    folder = random_models.paraformer(tmp_path / "hollow")
    weights = torch.load(folder / "model.pt", weights_only=True)
    del weights["decoder.output_layer.weight"]
    torch.save(weights, folder / "model.pt")
    assert "lacks 1 of its weights, such as decoder.output_layer.weight" in refusal(folder)


def test_other_features_are_refused(tmp_path: Path) -> None:
    folder = random_models.paraformer(tmp_path / "mels")
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("hamming", "hanning"), "utf-8")
    assert "wants features with window 'hanning'" in refusal(folder)


# The whole way ------------------------------------------------------------------------------------


def transcribe(loaded: loader.Loaded, name: str, options: Options | None = None) -> Transcript:
    with open_recording(EXAMPLES / name, LIMITS) as recording:
        *_, last = loaded.transcriber.transcribe(recording, options or Options(), lambda: False)
    return last.transcript


def letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


@pytest.mark.parametrize("name", MANDARIN)
def test_a_transcript_has_sentences_with_their_times(mandarin: loader.Loaded, name: str) -> None:
    found = transcribe(mandarin, name)
    assert (found.engine, found.model) == ("paraformer", "models/paraformer-tiny")
    assert found.language == "zh"
    times = [time for segment in found.segments for time in (segment.start, segment.end)]
    assert times == sorted(times)
    for segment in found.segments:
        assert "".join(token.text for token in segment.tokens) == segment.text
        assert segment.text.rstrip()[-1] in "。？"
        assert not set(segment.text[:-1]) & set("。？！")
        spoken = [token for token in segment.tokens if token.start is not None]
        assert (spoken[0].start, spoken[-1].end) == (segment.start, segment.end)
        assert (segment.emotion, segment.emotion_probabilities) == (Emotion.UNKNOWN, {})
        assert (segment.events, segment.event_probabilities) == ((), {})


def test_sentences_stand_where_the_other_engine_hears_them(
    mandarin: loader.Loaded, ours: loader.Loaded
) -> None:
    said = {letters(each.text): each for each in transcribe(ours, "zh-call.wav").segments}
    found = [
        (segment, said[letters(segment.text)])
        for segment in transcribe(mandarin, "zh-call.wav").segments
        if letters(segment.text) in said
    ]
    assert len(found) >= 8
    for segment, same in found:
        words = [token for token in same.tokens if token.text.strip() not in "，。？！"]
        assert segment.start == pytest.approx(words[0].start, abs=0.4)
        # The last character has half of the silence that the detector left.
        assert (words[-1].end or 0.0) - 0.4 <= segment.end <= same.end


def test_without_punctuation_an_utterance_stays_whole(mandarin: loader.Loaded) -> None:
    found = transcribe(mandarin, "zh-live-show.wav", Options(inverse_text_normalization=False))
    assert found.segments
    assert found.text == letters(found.text)


def test_hotwords_in_the_text_reach_this_engine_and_the_others(
    mandarin: loader.Loaded, ours: loader.Loaded, reference: loader.Loaded
) -> None:
    options = Options(hotwords=("饺籽", "京句"))  # both sound like words of the live show
    for loaded in (mandarin, ours, reference):
        found = transcribe(loaded, "zh-live-show.wav", options)
        assert "饺籽" in found.text
        assert "京句" in found.text
        named = {rule for segment in found.segments for rule in segment.rules}
        assert {"hotword:饺籽", "hotword:京句"} <= named


def test_the_class_is_known_to_the_installed_funasr() -> None:
    for name in MODEL_CLASSES:
        assert funasr_import.model_class(name).__name__ == name
