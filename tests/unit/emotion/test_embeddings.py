"""Embeddings keep their own names, and alike recordings are found and grouped."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.emotion.embeddings import (
    Vector,
    embedding_name,
    group,
    load_embedding,
    nearest,
    save_embedding,
)
from richspeech.errors import OptionError


def vector(*numbers: float) -> Vector:
    return np.array(numbers, np.float32)


# Files --------------------------------------------------------------------------------------------


def test_files_of_one_name_in_two_folders_have_two_embeddings(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "call.wav", tmp_path / "b" / "call.wav", tmp_path / "a" / "call.mp3"]
    names = {embedding_name(path) for path in paths}
    assert len(names) == 3
    assert all(name.startswith("call-") for name in names)
    assert {embedding_name(path) for path in paths} == names


@given(st.lists(st.text(min_size=1, max_size=300).filter(lambda s: "\0" not in s), unique=True))
def test_any_path_gives_a_plain_name_of_its_own(texts: list[str]) -> None:
    paths = {Path("/recordings").joinpath(text.replace("/", "_") + ".wav") for text in texts}
    names = {embedding_name(path) for path in paths}
    assert len(names) == len({path.resolve() for path in paths})
    assert all(Path(name).name == name and len(name.encode()) < 255 for name in names)


def test_every_segment_of_a_recording_has_a_name_of_its_own() -> None:
    path = Path("call.wav")
    names = {embedding_name(path, segment) for segment in (None, 0, 1, 10_000)}
    assert len(names) == 4


@pytest.mark.parametrize("shape", [(8,), (5, 8)])
def test_an_embedding_comes_back_as_float32(tmp_path: Path, shape: tuple[int, ...]) -> None:
    numbers = np.random.default_rng(0).normal(size=shape)
    save_embedding(tmp_path / "e.npy", numbers)
    stored = np.load(tmp_path / "e.npy")
    assert stored.dtype == np.float32
    assert stored.shape == shape
    mean = stored if stored.ndim == 1 else stored.mean(axis=0)
    np.testing.assert_array_equal(load_embedding(tmp_path / "e.npy"), mean)
    assert [path.name for path in tmp_path.iterdir()] == ["e.npy"]


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_embedding_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npy").write_bytes(content)
    with pytest.raises(OptionError, match=r"bad\.npy"):
        load_embedding(tmp_path / "bad.npy")


def test_an_array_that_could_run_code_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(OptionError, match=r"objects\.npy"):
        load_embedding(tmp_path / "objects.npy")


# Likeness -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "similarity"),
    [((2, 0), 1.0), ((0, 3), 0.0), ((-1, 0), -1.0), ((1, 1), 2**-0.5)],
)
def test_likeness_is_the_cosine(other: tuple[float, float], similarity: float) -> None:
    [found] = nearest(vector(1, 0), [vector(*other)])
    assert found.similarity == pytest.approx(similarity)


def test_the_nearest_recordings_come_first() -> None:
    others = [vector(0, 1), vector(1, 0.1), vector(-1, 0), vector(1, 1)]
    found = nearest(vector(1, 0), others, count=3)
    assert [each.index for each in found] == [1, 3, 0]
    assert nearest(vector(1, 0), []) == ()


@pytest.mark.parametrize("odd", [vector(0, 0), vector(np.nan, 1), vector(1, 2, 3)])
def test_what_cannot_be_compared_is_refused(odd: Vector) -> None:
    with pytest.raises(OptionError):
        nearest(vector(1, 0), [odd])


# Groups -------------------------------------------------------------------------------------------


def test_recordings_that_point_the_same_way_form_a_group() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 60)
    centres = np.eye(3, 16)
    vectors = [
        (rng.uniform(0.5, 20) * (centres[t] + rng.normal(0, 0.05, 16))).astype(np.float32)
        for t in truth
    ]
    found = group(vectors, 3)
    assert len({*zip(truth.tolist(), found.labels.tolist(), strict=True)}) == 3
    assert found.labels[0] == 0
    assert found.points.shape == (60, 2)
    spread = [found.points[found.labels == g].std(axis=0).max() for g in range(3)]
    means = np.array([found.points[found.labels == g].mean(axis=0) for g in range(3)])
    assert max(spread) < min(np.linalg.norm(means[i] - means[i - 1]) for i in range(3)) / 4
    again = group(vectors, 3)
    np.testing.assert_array_equal(again.labels, found.labels)


@pytest.mark.filterwarnings("error")
def test_recordings_that_are_the_same_form_one_group() -> None:
    found = group([vector(1, 2), vector(2, 4), vector(1, 2)], 2)
    assert found.labels.tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.points, 0, atol=1e-6)


@pytest.mark.parametrize(("count", "groups"), [(1, 1), (0, 1), (3, 4), (3, 0)])
def test_groups_that_cannot_be_formed_are_refused(count: int, groups: int) -> None:
    with pytest.raises(OptionError, match=f"{count} recordings cannot form {groups} groups"):
        group([vector(1, i) for i in range(count)], groups)
