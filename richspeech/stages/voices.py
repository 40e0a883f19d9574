"""Voices of one signal told apart: embeddings of windows → who speaks when.

    windows ─ linkage ─ clusters ─ centroids ─ the nearest of each half window ─ turns

Windows are clustered from the bottom up by the mean cosine between all of two clusters (average
linkage), as the diarization recipes of 3D-Speaker do for short recordings
(https://github.com/modelscope/3D-Speaker, speakerlab/process/cluster.py, AHCluster) after Han, Kim
and Narayanan, "Strategies to improve the robustness of agglomerative hierarchical clustering under
data source variation for speaker diarization" (2008). Every step is deterministic.

What is not covered: two who talk at once. The louder one gets the turn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

WINDOW_SECONDS = 1.6
"""What one embedding is of: Resemblyzer was trained on it, and CAM++ is used with 1.5."""
HOP_SECONDS = 0.8
"""From one window to the next, so that every moment is in two."""
SHORTEST_SECONDS = 0.25
"""In less nobody can be known by their voice."""
FULL_SECONDS = 1.2
"""Shorter windows found no speaker; they go to one that longer ones have."""
LEAST_WINDOWS = 2
"""Of a speaker: a single one is a cough, a laugh or two at once."""
MOST_CLUSTERED = 2_000
"""Windows, evenly over the recording, that decide who there is: 27 minutes of speech. Linkage takes
memory and time with their square; 2,000 take 16 MB."""
MOST_SPEAKERS = 15
"""Found by themselves, as in 3D-Speaker; the smallest of more join the others."""
PASSES = 5
"""Of moving windows to the nearest centroid; more change nothing."""

Embeddings: TypeAlias = NDArray[np.float32]
"""[W, D], each of length 1."""


@dataclass(frozen=True)
class Windows:
    """The windows of one utterance."""

    start: float
    """Seconds; of the utterance, as ``end`` is."""
    end: float
    spans: tuple[tuple[float, float], ...]
    """Start and end of each window in seconds, in order; they cover the utterance."""
    embeddings: Embeddings
    """One row a window."""
    quiet: tuple[float, ...] = ()
    """Where a turn may end between two windows: W - 1 times in seconds, each within the overlap of
    the two; empty where nobody has looked for quiet."""


@dataclass(frozen=True)
class Turn:
    """What one speaker says without a break within an utterance."""

    start: float
    """Seconds."""
    end: float
    speaker: int
    """From 0, in the order in which they are first heard."""


def window_spans(start: float, end: float) -> tuple[tuple[float, float], ...]:
    """Cut an utterance into windows of WINDOW_SECONDS, the last one up to its end.

    One that is shorter is one window, and one shorter than SHORTEST_SECONDS has none.

    >>> window_spans(1.0, 3.0)
    ((1.0, 2.6), (1.4, 3.0))
    """
    if end - start < SHORTEST_SECONDS:
        return ()
    starts = np.arange(start, end - WINDOW_SECONDS, HOP_SECONDS).tolist()
    last = max(start, end - WINDOW_SECONDS)
    starts = [each for each in starts if last - each > HOP_SECONDS / 4]
    return tuple((round(s, 3), round(min(s + WINDOW_SECONDS, end), 3)) for s in (*starts, last))


def tell_apart(
    utterances: Sequence[Windows], same_from: float, count: int | None = None
) -> tuple[Turn, ...]:
    """Return who speaks when, in the order of time.

    ``same_from`` is the mean cosine (-1 to 1) from which on two clusters are one voice; where the
    ``count`` of speakers is given it is not asked. There may be fewer than ``count``: no more than
    windows. Utterances without windows have no turn.
    """
    heard = [each for each in utterances if each.spans]
    if not heard:
        return ()
    embeddings = np.concatenate([each.embeddings for each in heard])
    lengths = np.array([end - start for each in heard for start, end in each.spans])
    centroids = _centroids(embeddings, lengths, same_from, count)
    nearness = embeddings @ centroids.T  # [W, K]
    turns: list[Turn] = []
    at = 0
    for each in heard:
        turns += _turns(each, nearness[at : at + len(each.spans)])
        at += len(each.spans)
    return _in_order_of_appearance(turns)


def _centroids(
    embeddings: Embeddings, lengths: NDArray[np.float64], same_from: float, count: int | None
) -> Embeddings:
    """Return one direction a speaker, [K, D]."""
    full = embeddings[lengths >= FULL_SECONDS]
    sample = full if len(full) >= (count or 1) else embeddings
    if len(sample) > MOST_CLUSTERED:
        sample = sample[np.linspace(0, len(sample) - 1, MOST_CLUSTERED).astype(int)]
    if len(sample) == 1 or count == 1:
        return _means(sample, np.zeros(len(sample), int), [0])
    tree = linkage(sample.astype(np.float64), "average", "cosine")
    labels = _cut_by_count(tree, count) if count else _cut_by_nearness(tree, same_from)
    kept = _kept(labels, count)
    centroids = _means(sample, labels, kept)
    for _ in range(PASSES):
        nearest = np.argmax(sample @ centroids.T, axis=1)
        centroids = _means(sample, nearest, sorted(set(nearest.tolist())))
    return centroids


def _cut_by_nearness(tree: NDArray[np.float64], same_from: float) -> NDArray[np.int_]:
    return np.asarray(fcluster(tree, 1.0 - same_from, "distance"), int)


def _cut_by_count(tree: NDArray[np.float64], count: int) -> NDArray[np.int_]:
    """Cut where ``count`` clusters are first big enough; a lone odd window is no speaker.

    Where that never happens there are ``count`` of any size.
    """
    for clusters in range(count, min(len(tree) + 1, 4 * count) + 1):
        labels = np.asarray(fcluster(tree, clusters, "maxclust"), int)
        if np.sum(np.bincount(labels) >= LEAST_WINDOWS) >= count:
            return labels
    return np.asarray(fcluster(tree, count, "maxclust"), int)


def _kept(labels: NDArray[np.int_], count: int | None) -> list[int]:
    """Return the clusters that are speakers, the biggest first; at least one."""
    sizes = np.bincount(labels)
    biggest = sorted(set(labels.tolist()), key=lambda label: (-sizes[label], label))
    if count:
        return biggest[:count]
    enough = [label for label in biggest if sizes[label] >= LEAST_WINDOWS]
    return (enough or biggest[:1])[:MOST_SPEAKERS]


def _means(embeddings: Embeddings, labels: NDArray[np.int_], kept: Sequence[int]) -> Embeddings:
    means = np.stack([embeddings[labels == label].mean(axis=0) for label in kept])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    unit: Embeddings = (means / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def _turns(utterance: Windows, nearness: NDArray[np.float32]) -> list[Turn]:
    """Return the turns of one utterance.

    It is cut where two windows overlap, in the middle or where it is quiet. What lies between two
    cuts goes to whom the window around it is nearest, together with its neighbours at half weight:
    one odd window makes no turn.
    """
    padded = np.pad(nearness, ((1, 1), (0, 0)), "edge")
    smooth = padded[1:-1] + 0.5 * (padded[:-2] + padded[2:])
    speakers = np.argmax(smooth, axis=1).tolist()
    overlaps = zip(utterance.spans[1:], utterance.spans[:-1], strict=True)
    middles = [(later[0] + earlier[1]) / 2 for later, earlier in overlaps]
    cuts = [utterance.start, *(utterance.quiet or middles), utterance.end]
    cells = zip(cuts[:-1], cuts[1:], speakers, strict=True)
    return [_joined([*run]) for _, run in groupby(cells, key=lambda cell: cell[2])]


def _joined(cells: Sequence[tuple[float, float, int]]) -> Turn:
    return Turn(cells[0][0], cells[-1][1], cells[0][2])


def _in_order_of_appearance(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    ordered = sorted(turns, key=lambda turn: (turn.start, turn.end))
    numbers: dict[int, int] = {}
    for turn in ordered:
        numbers.setdefault(turn.speaker, len(numbers))
    return tuple(Turn(each.start, each.end, numbers[each.speaker]) for each in ordered)
