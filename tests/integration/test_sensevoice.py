"""The engine with the embedded weights: its words, labels, times, and every setting it obeys."""

import shutil
import socket
from pathlib import Path
from typing import Any, cast

import jiwer
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from postprocess import AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.engines import loader, transcribers
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.features import extract_batch
from richspeech.engines.hub import EMBEDDED_DETECTOR, EMBEDDED_RECOGNISER
from richspeech.engines.registry import engine_named
from richspeech.engines.sensevoice.engine import SenseVoice
from richspeech.engines.sensevoice.parts import Parts
from richspeech.errors import ModelError, OptionError
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Segment, Transcript
from richspeech.recognition.pipeline import Pipeline
from richspeech.settings import Settings, load_settings
from scripts.embedded import dataset
from scripts.embedded.corpus import plain_form
from scripts.embedded.voices import HELD_OUT_VARIANTS
from scripts.evaluate_embedded import transcribe as hear
from tests.integration.conftest import EXAMPLES, references, request_of
from tests.transcripts import one_as_rounded

LIMITS = AudioLimits(max_bytes=10**9, max_seconds=3_600.0)
NAMES = sorted(references())


def transcribe(loaded: loader.Loaded, name: str, options: Options | None = None) -> Transcript:
    with open_recording(EXAMPLES / name, LIMITS) as recording:
        *_, last = loaded.transcriber.transcribe(recording, options or Options(), lambda: False)
    return last.transcript


def squeeze(text: str) -> str:
    return text.replace(" ", "")


def expected_text(name: str) -> str:
    return squeeze("".join(line["text"] for line in references()[name]["lines"]))


@pytest.fixture(scope="module")
def engine() -> SenseVoice:
    return SenseVoice.load(EMBEDDED_RECOGNISER, "cpu")


@pytest.fixture(scope="module")
def utterance() -> NDArray[np.float32]:
    return load_waveform(EXAMPLES / "en-meeting.wav", LIMITS)[: 4 * 16_000]


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_transcribed_word_for_word(ours: loader.Loaded, name: str) -> None:
    assert squeeze(transcribe(ours, name).text) == expected_text(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_has_its_language_emotions_and_events(ours: loader.Loaded, name: str) -> None:
    reference = references()[name]
    transcript = transcribe(ours, name)
    spoken = [line for line in reference["lines"] if line["text"]]
    sounds = {line["event"] for line in reference["lines"] if line["event"]}
    assert transcript.language == (reference["language"] if spoken else None)
    assert [s.emotion for s in transcript.segments if s.text] == [x["emotion"] for x in spoken]
    assert {event for s in transcript.segments for event in s.events} == sounds


@pytest.mark.parametrize("name", NAMES)
def test_the_authors_own_path_gives_the_same_words_and_spans(
    ours: loader.Loaded, reference: loader.Loaded, name: str
) -> None:
    mine, theirs = transcribe(ours, name), transcribe(reference, name)
    assert [(s.start, s.end) for s in mine.segments] == [(s.start, s.end) for s in theirs.segments]
    assert [squeeze(s.text) for s in mine.segments] == [squeeze(s.text) for s in theirs.segments]
    assert [s.emotion for s in mine.segments] == [s.emotion for s in theirs.segments]
    assert [s.events for s in mine.segments] == [s.events for s in theirs.segments]
    assert [s.language for s in mine.segments] == [s.language for s in theirs.segments]


def test_the_angry_end_of_the_call_is_heard_and_the_hold_music_too(ours: loader.Loaded) -> None:
    call = transcribe(ours, "zh-call.wav")
    assert all(s.emotion is Emotion.ANGRY for s in call.segments[-4:])
    music = [s for s in call.segments if AudioEvent.BGM in s.events]
    assert len(music) == 1
    assert music[0].language == "nospeech"
    assert music[0].duration == pytest.approx(11.0, abs=0.6)


def assert_same(mine: Hypothesis | Segment, theirs: Hypothesis | Segment) -> None:
    """Equal but for the rounding of batches of different shapes."""
    assert mine.raw_text == theirs.raw_text
    assert mine.emotion_probabilities == pytest.approx(theirs.emotion_probabilities, abs=0.05)
    assert [(t.text, t.start, t.end) for t in mine.tokens] == [
        (t.text, t.start, t.end) for t in theirs.tokens
    ]
    for token, same in zip(mine.tokens, theirs.tokens, strict=True):
        assert token.probability == pytest.approx(same.probability, abs=0.05)


def test_the_same_audio_gives_the_same_result_alone_and_in_a_batch(
    engine: SenseVoice, utterance: NDArray[np.float32]
) -> None:
    waveforms = [utterance[:20_000], utterance, np.concatenate([utterance, utterance])]
    requests = [request_of(waveform) for waveform in waveforms]
    for batched, request in zip(engine.recognise(requests), requests, strict=True):
        assert_same(batched, engine.recognise([request])[0])


def test_everybody_in_a_batch_gets_what_they_asked_for(
    engine: SenseVoice, utterance: NDArray[np.float32]
) -> None:
    """A hint, no ITN, a banned emotion and a stray that is heard again, in one call."""
    wishes = [
        Options(),
        Options(language="ja"),
        Options(inverse_text_normalization=False),
        Options(ban_unknown_emotion=True),
        Options(allowed_languages=("ko", "yue")),
    ]
    requests = [request_of(utterance, wish) for wish in wishes]
    together = engine.recognise(requests)
    for hypothesis, request in zip(together, requests, strict=True):
        assert_same(hypothesis, engine.recognise([request])[0])
    assert [h.language for h in together[:4]] == ["en", "ja", "en", "en"]
    assert together[4].language in {"ko", "yue"}
    assert Emotion.UNKNOWN not in together[3].emotion_probabilities
    assert together[2].text != together[0].text


def test_twice_the_same_call_gives_twice_the_same(ours: loader.Loaded) -> None:
    """But for rounding: which utterances share a batch is a matter of when they come."""
    first, second = (transcribe(ours, "ko-disgusted.wav").segments for _ in "ab")
    for mine, theirs in zip(first, second, strict=True):
        assert_same(mine, theirs)
        assert (mine.start, mine.end, mine.emotion) == (theirs.start, theirs.end, theirs.emotion)


def test_tokens_spell_the_text_and_lie_in_order_inside_their_segment(ours: loader.Loaded) -> None:
    for name in NAMES:
        for segment in transcribe(ours, name).segments:
            assert "".join(token.text for token in segment.tokens) == segment.text
            edges = [segment.start, *[cast("float", t.start) for t in segment.tokens]]
            assert edges == sorted(edges)
            assert all(cast("float", t.end) <= segment.end + 1e-6 for t in segment.tokens)
            assert all(0.0 < cast("float", t.probability) <= 1.0 for t in segment.tokens)


def test_syllables_stand_where_they_sound(ours: loader.Loaded) -> None:
    """Mandarin syllables last about equally long, so the place of each is known beforehand."""
    words_only = Options(inverse_text_normalization=False)
    for segment in transcribe(ours, "zh-call.wav", words_only).segments:
        waveform = load_waveform(EXAMPLES / "zh-call.wav", LIMITS)
        sound = waveform[round(segment.start * 16_000) : round(segment.end * 16_000)]
        loud = np.flatnonzero(np.abs(sound) > 0.01) / 16_000 + segment.start
        length = (loud[-1] - loud[0]) / max(len(segment.tokens), 1)
        for number, token in enumerate(segment.tokens):
            middle = (cast("float", token.start) + cast("float", token.end)) / 2
            assert middle == pytest.approx(loud[0] + (number + 0.5) * length, abs=0.6)


def test_words_before_laughter_end_where_the_laughter_begins(ours: loader.Loaded) -> None:
    transcript = transcribe(ours, "zh-laughter.wav")
    laughter = transcript.duration - 0.4 - 2.5  # seconds of silence at the end, and of laughter
    (segment,) = transcript.segments
    assert segment.tokens[0].start == pytest.approx(segment.start, abs=0.6)
    assert segment.tokens[-1].end == pytest.approx(laughter, abs=0.6)


def test_every_distribution_sums_to_one_over_the_tags_of_the_model(ours: loader.Loaded) -> None:
    for segment in transcribe(ours, "zh-live-show.wav").segments:
        for found in (segment.emotion_probabilities, segment.event_probabilities):
            assert sum(found.values()) == one_as_rounded(len(found))
        assert set(segment.emotion_probabilities) == set(Emotion)
        assert 0.0 < cast("float", segment.language_probability) <= 1.0


def test_itn_off_gives_neither_punctuation_nor_digits(ours: loader.Loaded) -> None:
    plain = transcribe(ours, "zh-call.wav", Options(inverse_text_normalization=False)).text
    words = "".join(line["words"] for line in references()["zh-call.wav"]["lines"])
    assert plain == words
    assert "200" in transcribe(ours, "zh-call.wav").text


def test_a_language_hint_reaches_the_model(ours: loader.Loaded) -> None:
    detected = transcribe(ours, "zh-laughter.wav")
    forced = transcribe(ours, "zh-laughter.wav", Options(language="en"))
    assert {s.language for s in detected.segments} == {"zh"}
    assert {s.language for s in forced.segments} == {"en"}
    assert forced.segments[0].tokens != detected.segments[0].tokens


def test_an_unknown_language_is_an_error_that_names_the_known_ones() -> None:
    known = r"does not know the language fr.*auto, zh, en, yue, ja, ko"
    with pytest.raises(OptionError, match=known):
        engine_named("sensevoice").require_languages(Options(language="fr"))


def test_auto_chooses_among_the_allowed_languages_only(ours: loader.Loaded) -> None:
    allowed = Options(allowed_languages=("yue", "en"))
    transcript = transcribe(ours, "ja-sad.wav", allowed)
    assert {s.language for s in transcript.segments} <= {"yue", "en", "nospeech"}
    assert {s.language for s in transcribe(ours, "ja-sad.wav").segments} == {"ja"}


def test_merging_joins_utterances_up_to_the_length(ours: loader.Loaded) -> None:
    apart = transcribe(ours, "zh-call.wav").segments
    longest = 12.0
    joined = transcribe(ours, "zh-call.wav", Options(merge=True, merge_length_s=longest)).segments
    assert len(joined) < len(apart)
    assert {s.start for s in joined} <= {s.start for s in apart}
    assert {s.end for s in joined} <= {s.end for s in apart}
    assert all(s.duration <= longest for s in joined)


def test_a_banned_unknown_emotion_is_replaced_by_the_next_best(ours: loader.Loaded) -> None:
    free = transcribe(ours, "music-and-crying.wav")
    banned = transcribe(ours, "music-and-crying.wav", Options(ban_unknown_emotion=True))
    assert {s.emotion for s in free.segments} == {Emotion.UNKNOWN}
    assert Emotion.UNKNOWN not in {s.emotion for s in banned.segments}
    assert all(Emotion.UNKNOWN not in s.emotion_probabilities for s in banned.segments)


def test_the_reference_says_in_a_sentence_that_it_cannot_ban(reference: loader.Loaded) -> None:
    with pytest.raises(OptionError, match="use the engine sensevoice"):
        transcribe(reference, "ja-sad.wav", Options(ban_unknown_emotion=True))


def test_the_reference_merges_at_the_length_that_was_asked_for(reference: loader.Loaded) -> None:
    counts = [
        len(transcribe(reference, "zh-call.wav", Options(merge=True, merge_length_s=s)).segments)
        for s in (6.0, 15.0, 30.0)
    ]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("samples", [0, 1, 8, 160, 399, 400, 401])
def test_hardly_any_sound_gives_an_empty_text_and_no_crash(
    engine: SenseVoice, samples: int
) -> None:
    (hypothesis,) = engine.recognise([request_of(np.zeros(samples, np.float32))])
    assert len(hypothesis.text) < 5


def test_nothing_to_recognise_gives_nothing(engine: SenseVoice) -> None:
    assert engine.recognise([]) == []


def test_features_equal_those_of_funasrs_frontend(utterance: NDArray[np.float32]) -> None:
    auto_model: Any = load_automodel(EMBEDDED_RECOGNISER, "SenseVoiceSmall", "cpu", 1)
    frontend = auto_model.kwargs["frontend"]
    for length in (len(utterance), 400, 401, 1_360, 16_000, 16_160):
        theirs, _ = frontend(torch.from_numpy(utterance[None, :length]), [length])
        log_mel = request_of(utterance[:length]).utterance.log_mel
        (mine,), _ = extract_batch([log_mel], Parts.of(auto_model).features)
        np.testing.assert_allclose(mine, theirs[0].numpy(), atol=1e-3)


def test_loading_by_path_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        message = "the network was used"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    transcribers.load(load_settings_embedded())


def load_settings_embedded() -> Settings:
    return load_settings(model={"id": "embedded", "device": "cuda:0"})


def test_without_a_gpu_the_cpu_is_used_and_the_reason_given(ours: loader.Loaded) -> None:
    loaded = transcribers.load(load_settings_embedded())
    if not torch.cuda.is_available():
        assert loaded.device == "cpu"
        assert "cuda:0 was asked for, but" in str(loaded.device_reason)


def test_a_folder_of_another_model_is_refused() -> None:  # by the process that prepares it
    with pytest.raises(
        ModelError,
        match=r"holds a FsmnVADStreaming.*choose a model of SenseVoiceSmall",
    ):
        SenseVoice.load(EMBEDDED_DETECTOR, "cpu", backend="openvino")


def test_a_damaged_model_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = shutil.copytree(EMBEDDED_RECOGNISER, tmp_path / "copy")
    (folder / "model.pt").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="The model in copy cannot be loaded"):
        SenseVoice.load(folder, "cpu", backend="torch")


def test_a_model_without_its_statistics_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(EMBEDDED_RECOGNISER, tmp_path / "copy")
    (folder / "am.mvn").unlink()
    with pytest.raises(ModelError, match=r"no am\.mvn"):
        SenseVoice.load(folder, "cpu", backend="torch")


def test_new_sentences_in_new_voices_are_understood(ours: loader.Loaded) -> None:
    """A small part of what scripts/evaluate_embedded.py measures; see models/README.md."""
    languages = dict.fromkeys(("zh", "yue", "ja", "ko"), 6)
    plan = dataset.Plan(languages, 0, seed=77, variants=HELD_OUT_VARIANTS)
    plain = Options(inverse_text_normalization=False)
    said, heard = [], []
    for truth, waveform in dataset.performances(dataset.compose(plan)):
        result = hear(cast("Pipeline", ours.transcriber), waveform, plain)
        said.append(squeeze(truth.woitn))
        heard.append(squeeze(plain_form(result.text)))
    assert jiwer.cer(said, heard) <= 0.10
