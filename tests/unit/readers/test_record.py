"""Records cross as they are, and nothing is made of what is no record."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import Strand
from richspeech.readers.reader import Known
from richspeech.readers.record import MalformedError, empty_arrays, packed, shapes_of, unpacked
from richspeech.recognition.reading import Stretch
from richspeech.recognition.utterance import Utterance

VALUES = st.one_of(st.integers(-100, 100), st.text(max_size=5), st.floats(-1, 1))
WARNINGS = st.builds(
    RecordingWarning, st.text(max_size=5), st.dictionaries(st.text(max_size=3), VALUES, max_size=3)
)
STRANDS = st.builds(Strand, st.none() | st.text(max_size=3), st.none() | st.integers(1, 8))
KNOWN = st.builds(
    Known,
    st.none() | st.floats(0, 1e5),
    st.lists(WARNINGS, max_size=2).map(tuple),
    st.lists(STRANDS, max_size=2).map(tuple),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(KNOWN)
def test_what_is_known_of_a_recording_crosses_as_it_is(known: Known) -> None:
    assert unpacked(Known, packed(known, []), []) == known


def test_a_stretch_crosses_with_its_arrays() -> None:
    block, log_mel = np.arange(6, dtype=np.float32), np.ones((2, 80), np.float32)
    utterance = Utterance(0.5, 1.0, block[1:3], log_mel)
    arrays: list[Any] = []
    record = packed(Stretch(block, (utterance,), 1.5, 0.25), arrays)
    received = empty_arrays(shapes_of(arrays), 10_000)
    for array, content in zip(received, arrays, strict=True):
        array[:] = content
    stretch = unpacked(Stretch, record, received)
    assert (stretch.seconds, stretch.open_start) == (1.5, 0.25)
    assert stretch.block.tolist() == block.tolist()
    [crossed] = stretch.utterances
    assert (crossed.start, crossed.end) == (0.5, 1.0)
    assert crossed.waveform.tolist() == [1.0, 2.0]
    assert crossed.log_mel.tolist() == log_mel.tolist()


@given(JSON)
def test_whatever_else_comes_is_malformed_or_a_record(value: Any) -> None:
    try:
        known = unpacked(Known, value, [])
    except MalformedError:
        return
    assert isinstance(known, Known)
    assert all(isinstance(each, RecordingWarning) for each in known.warnings)


@pytest.mark.parametrize(
    "shapes",
    [
        [["object", [1]]],
        [["float32", [-1]]],
        [["float32", [2**40]]],
        [["float32", [2**40, 0, 2**40]], ["float32", [10_000]]],
        [["float32"]],
        [[["float32"], [1]]],
        "float32",
        None,
    ],
)
def test_no_array_is_made_that_there_may_not_be(shapes: Any) -> None:
    with pytest.raises(MalformedError):
        empty_arrays(shapes, 10_000)


def test_what_is_no_data_does_not_cross() -> None:
    with pytest.raises(TypeError, match="object does not cross"):
        packed(object(), [])


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    colour: Colour
    sizes: tuple[int, ...]


@pytest.mark.parametrize(
    "value", [["blue", [1]], ["red", ["1"]], ["red", [True]], ["red"], ["red", [1], 2], {}]
)
def test_values_have_the_types_that_are_expected(value: Any) -> None:
    assert unpacked(Thing, ["red", [1, 2]], []) == Thing(Colour.RED, (1, 2))
    with pytest.raises(MalformedError):
        unpacked(Thing, value, [])
