"""Embeddings: files, similarity, and groups.

One vector [D] is a recording or a segment; a matrix [T, D] is its frames.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from richspeech.errors import OptionError
from richspeech.storage.atomic import replacing

Vector = NDArray[np.float32]
"""[D]."""

LONGEST_STEM = 60
SEED = 0
"""The same vectors always form the same groups."""


@dataclass(frozen=True, eq=False)
class Groups:
    """What k-means makes of some recordings, and a map to draw them on."""

    labels: NDArray[np.int64]
    """[N], number of each recording's group; the first recording is in group 0."""
    points: NDArray[np.float32]
    """[N, 2], the two directions in which the recordings differ most."""


@dataclass(frozen=True)
class Neighbour:
    """A recording and how alike it is."""

    index: int
    similarity: float
    """Cosine, -1 to 1."""


def embedding_name(recording: Path, segment: int | None = None) -> str:
    """Name the .npy file of a recording, or of a segment of it.

    The name holds eight digits that come from the whole path, so that call.wav of two folders, or
    call.wav and call.mp3 of one, do not overwrite each other; the same path gives the same name.
    """
    digits = hashlib.sha256(str(recording.resolve()).encode()).hexdigest()[:8]
    stem = re.sub(r"[^\w.-]+", "_", recording.stem)[:LONGEST_STEM] or "recording"
    return f"{stem}-{digits}.npy" if segment is None else f"{stem}-{digits}-{segment:04d}.npy"


def save_embedding(path: Path, embedding: NDArray[np.floating]) -> None:
    """Write a vector [D] or a matrix [T, D] as float32, whole or not at all."""
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        np.save(file, np.asarray(embedding, np.float32), allow_pickle=False)


def load_embedding(path: Path) -> Vector:
    """Read a vector; the frames of a matrix are averaged. Raises ``OptionError``."""
    try:
        stored = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise OptionError("embedding.unreadable", name=path.name) from error
    if not isinstance(stored, np.ndarray) or stored.ndim not in (1, 2) or not stored.size:
        raise OptionError("embedding.empty", name=path.name)
    vector: Vector = (stored if stored.ndim == 1 else stored.mean(axis=0)).astype(np.float32)
    return vector


def nearest(vector: Vector, others: Sequence[Vector], count: int = 5) -> tuple[Neighbour, ...]:
    """Return the recordings most like ``vector``, the most alike first."""
    if not others:
        return ()
    units = _unit_rows([vector, *others])
    similarities = np.clip(units[1:] @ units[0], -1.0, 1.0)
    order = np.argsort(-similarities, kind="stable")[:count]
    return tuple(Neighbour(int(index), float(similarities[index])) for index in order)


def group(vectors: Sequence[Vector], groups: int) -> Groups:
    """Form groups of recordings whose embeddings point the same way, and draw a map of them.

    Raises ``OptionError`` when there are fewer recordings than groups, or fewer than two.
    """
    if not 1 <= groups <= len(vectors) or len(vectors) < 2:
        raise OptionError("embedding.groups", count=len(vectors), groups=groups)
    from sklearn.cluster import KMeans  # noqa: PLC0415 - takes a second to import
    from sklearn.decomposition import PCA  # noqa: PLC0415

    units = _unit_rows(vectors)
    distinct = len(np.unique(units, axis=0))
    means = KMeans(min(groups, distinct), n_init=10, random_state=SEED).fit(units)
    points = np.zeros((len(units), 2), np.float32)
    if distinct > 1:
        found = PCA(min(2, units.shape[1]), random_state=SEED).fit_transform(units)
        points[:, : found.shape[1]] = found
    return Groups(_in_order_of_appearance(means.labels_), points)


def _in_order_of_appearance(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels.tolist()))}
    return np.array([numbers[label] for label in labels.tolist()], np.int64)


def _unit_rows(vectors: Sequence[Vector]) -> NDArray[np.float64]:
    """Return [N, D], each row of length one; raises ``OptionError`` where that cannot be."""
    if len({vector.shape for vector in vectors}) > 1:
        sizes = sorted({vector.size for vector in vectors})
        raise OptionError("embedding.sizes", sizes=sizes)
    rows = np.stack(vectors).astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise OptionError("embedding.not_finite")
    units: NDArray[np.float64] = rows / lengths
    return units
