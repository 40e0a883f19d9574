"""The embedded Paraformer: new Mandarin sentences in new voices, and the loss it learns from."""

import json
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile as sf
import torch
from hypothesis import given
from hypothesis import strategies as st

from richspeech.engines.common.automodel import load_automodel
from scripts.embedded import mandarin, paraformer
from scripts.embedded.mandarin import Reading

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "models" / "paraformer-tiny"
LIVE = ROOT / "examples" / "zh-live-show.wav"
LIVE_WORDS = "喜欢饺子的朋友快来买昨晚的京剧真精彩"
MOST_ERRORS = 0.08
"""Character error rate that the project allows."""


@pytest.fixture(scope="module")
def auto_model() -> Any:
    return load_automodel(FOLDER, "Paraformer", "cpu", threads=1)


def error_rate(found: list[Reading]) -> float:
    return float(jiwer.cer([r.truth for r in found], [r.heard for r in found]))


# What it hears ------------------------------------------------------------------------------------


def test_its_size_is_what_the_project_allows() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 5.5e6


def test_new_sentences_in_new_voices_come_out_right(auto_model: Any) -> None:
    spoken = mandarin.speak(paraformer.TEST_NEW)[:24]
    assert error_rate(mandarin.readings(auto_model, spoken)) <= MOST_ERRORS


def test_sentences_in_a_row_come_out_right(auto_model: Any) -> None:
    rows = mandarin.in_rows(mandarin.speak(paraformer.TEST_SEEN)[:24])
    found = mandarin.readings(auto_model, rows)
    assert len(found) == 6
    assert error_rate(found) <= MOST_ERRORS


def test_an_example_is_written_with_a_time_for_every_character(auto_model: Any) -> None:
    (found,) = auto_model.generate(str(LIVE), output_timestamp=True)
    characters = found["text"].split()
    duration_ms = 1000 * sf.info(LIVE).duration
    assert jiwer.cer(LIVE_WORDS, "".join(characters)) <= MOST_ERRORS
    assert len(found["timestamp"]) == len(characters)
    starts = [start for start, _ in found["timestamp"]]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= duration_ms + 60 for start, end in found["timestamp"])


# What it learned from -----------------------------------------------------------------------------


def loss_of(auto_model: Any, text: str) -> Any:
    """Run the class's own ``forward`` on the example, as training does."""
    samples = torch.from_numpy(sf.read(LIVE, dtype="float32")[0])[None]
    frontend = auto_model.kwargs["frontend"]
    speech, lengths = frontend(samples, torch.tensor([samples.shape[1]]))
    ids = torch.tensor([auto_model.kwargs["tokenizer"].encode(text)])
    value, _, _ = auto_model.model(speech, lengths, ids, torch.tensor([ids.shape[1]]))
    return value


def test_its_forward_gives_a_loss_that_every_part_learns_from(auto_model: Any) -> None:
    auto_model.model.zero_grad()
    loss_of(auto_model, LIVE_WORDS).backward()
    for part in ("encoder", "predictor", "decoder"):
        gradients = [p.grad for p in getattr(auto_model.model, part).parameters()]
        assert sum(float(g.abs().sum()) for g in gradients if g is not None) > 0


def test_what_was_said_loses_less_than_other_words(auto_model: Any) -> None:
    other = "请问我的订单对不对我想看你的电话号吗"
    with torch.no_grad():
        assert loss_of(auto_model, LIVE_WORDS) < loss_of(auto_model, other)


def test_the_vocabulary_is_that_of_the_text_list() -> None:
    stored = json.loads((FOLDER / "tokens.json").read_text(encoding="utf-8"))
    assert stored == paraformer.tokens()


def test_no_sentence_of_the_test_was_learned() -> None:
    assert paraformer.test_sentences().isdisjoint(paraformer.learned_sentences())


# Where its characters are expected ----------------------------------------------------------------


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=8),
    st.floats(1.5, 5.0),
    st.floats(0.0, 12.0),
)
def test_every_character_and_the_end_fire_once(
    counts: list[int], frames_each: float, pause: float
) -> None:
    spans, at = [], 3.0
    for count in counts:
        spans.append((at, at + count * frames_each))
        at = spans[-1][1] + pause
    fired = paraformer.expected(counts, spans, int(at) + 10)
    assert fired[0] == pytest.approx(0.0, abs=1.0)
    assert np.all(np.diff(fired) >= 0)
    assert fired[-1] == pytest.approx(sum(counts) + 1)


def test_nothing_fires_between_two_sentences() -> None:
    fired = paraformer.expected([4, 4], [(2.0, 10.0), (20.0, 28.0)], 32)
    assert fired[10:20] == pytest.approx(4.0)
