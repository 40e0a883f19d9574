"""Voices of one signal told apart: embeddings of windows → who speaks when.

    windows ─ linkage ─ clusters ─ less what is a mixture ─ parts ─ directions ─ the nearest ─ turns

Windows are clustered from the bottom up by the mean cosine between all of two clusters (average
linkage), as the diarization recipes of 3D-Speaker do for short recordings
(https://github.com/modelscope/3D-Speaker, speakerlab/process/cluster.py, AHCluster) after Han, Kim
and Narayanan, "Strategies to improve the robustness of agglomerative hierarchical clustering under
data source variation for speaker diarization" (2008). Every step is deterministic. Where nobody has
said how many speak, clusters of two voices are parted by ``voice_graph``.

What is not covered: two who talk at once. The louder one gets the turn, since a window over two at
once lies where one over a change of speaker does (docs/speakers.md).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from richspeech.stages.voice_graph import parted

WINDOW_SECONDS = 1.6
"""What one embedding is of: Resemblyzer was trained on it, and CAM++ is used with 1.5."""
HOP_SECONDS = 0.8
"""At most, from one window to the next, so that every moment is in two."""
SHORTEST_SECONDS = 0.25
"""In less nobody can be known by their voice."""
FULL_SECONDS = 0.5
"""Shorter windows found no speaker, and go to whom they are nearest, however far that is."""
LEAST_CLUSTERED = 2
"""Windows of a cluster that may be a speaker: a single one is a cough, or two at once."""
LEAST_WINDOWS = 3
"""Of a speaker whom nobody has announced, once every window is with the nearest. One between two
others, without a pause, is the change from one to the other, and counts for nobody."""
MIXED, LEAST_SHARE = 0.85, 0.25
"""A cluster is a mixture of two voices where its cosine with a sum of theirs is at least the first,
and the smaller weight in that sum at least the second part of the greater."""
MOST_CUTS = 4
"""Times as many clusters as speakers, at most, of which so many are sought."""
MOST_CLUSTERED = 2_000
"""Windows, evenly over the recording, that decide who there is: 27 minutes of speech. Linkage takes
memory and time with their square; 2,000 take 16 MB."""
MOST_SPEAKERS = 15
"""Found by themselves, as in 3D-Speaker; what the smallest of more say is nobody's."""

Embeddings: TypeAlias = NDArray[np.float32]
"""[W, D], each of length 1; of length 0 where there was nothing to hear."""


@dataclass(frozen=True)
class Windows:
    """The windows of a stretch of speech without a pause."""

    spans: tuple[tuple[float, float], ...]
    """Start and end of each window in seconds, in order; they cover the stretch."""
    embeddings: Embeddings
    """One row a window."""


@dataclass(frozen=True)
class Turn:
    """What one speaker says without a pause."""

    start: float
    """Seconds."""
    end: float
    speaker: int | None
    """From 0, in the order in which they are first heard; None where it is like nobody's."""


def window_spans(start: float, end: float) -> tuple[tuple[float, float], ...]:
    """Spread windows of WINDOW_SECONDS evenly over a stretch of speech.

    One that is shorter is one window, and one shorter than SHORTEST_SECONDS has none.

    >>> window_spans(1.0, 3.0)
    ((1.0, 2.6), (1.4, 3.0))
    """
    if end - start < SHORTEST_SECONDS:
        return ()
    length = min(WINDOW_SECONDS, end - start)
    count = math.ceil((end - start - length) / HOP_SECONDS - 1e-6) + 1
    starts = np.linspace(start, end - length, count).tolist()
    return tuple((round(each, 3), round(each + length, 3)) for each in starts)


def tell_apart(
    stretches: Sequence[Windows], same_from: float, count: int | None = None
) -> tuple[Turn, ...]:
    """Return who speaks when, in the order of time.

    ``same_from`` is the mean cosine (-1 to 1) from which on two clusters are one voice, and the
    cosine from which on a window is of a voice. Where the ``count`` of speakers is given neither is
    asked; there may be fewer: no more than windows. Where nothing was heard there is no turn.
    """
    heard = [each for each in map(_audible, stretches) if each.spans]
    if not heard:
        return ()
    embeddings = np.concatenate([each.embeddings for each in heard])
    lengths = np.array([end - start for each in heard for start, end in each.spans])
    stretch_of = np.repeat(np.arange(len(heard)), [len(each.spans) for each in heard])
    directions = _directions(embeddings, stretch_of, lengths, same_from, count)
    if not count:
        directions = _without_strays(heard, directions)
    limit = -1.0 if count else same_from
    turns = [turn for each in heard for turn in _turns(each, directions, limit)]
    return _in_order_of_appearance(turns)


def directions_of(
    stretches: Sequence[Windows], turns: Sequence[Turn]
) -> dict[int, NDArray[np.float32]]:
    """Return the mean direction, [D], of the windows whose middle is in a turn of each speaker.

    Windows shorter than FULL_SECONDS do not count; who has no other is left out.
    """
    own: dict[int, list[NDArray[np.float32]]] = {}
    for stretch in map(_audible, stretches):
        for (start, end), embedding in zip(stretch.spans, stretch.embeddings, strict=True):
            speaker = _at((start + end) / 2, turns)
            if speaker is not None and end - start >= FULL_SECONDS:
                own.setdefault(speaker, []).append(embedding)
    found = ((speaker, np.stack(each)) for speaker, each in own.items())
    return {speaker: _means(each, np.zeros(len(each), int), [0])[0] for speaker, each in found}


def _at(seconds: float, turns: Sequence[Turn]) -> int | None:
    return next((turn.speaker for turn in turns if turn.start <= seconds < turn.end), None)


def _audible(stretch: Windows) -> Windows:
    """Leave out windows without a direction, such as those of digital silence."""
    kept = np.linalg.norm(stretch.embeddings, axis=1) > 0.5  # what is no number is not kept either
    spans = tuple(span for span, keep in zip(stretch.spans, kept, strict=True) if keep)
    return Windows(spans, stretch.embeddings[kept])


# ----------------------------------------------------------------------------------- who there is


def _directions(
    embeddings: Embeddings,
    stretch_of: NDArray[np.int_],
    lengths: NDArray[np.float64],
    same_from: float,
    count: int | None,
) -> Embeddings:
    """Return one direction a speaker, [K, D]."""
    full = np.flatnonzero(lengths >= FULL_SECONDS)
    chosen = full if len(full) >= (count or 1) else np.arange(len(embeddings))
    if len(chosen) > MOST_CLUSTERED:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_CLUSTERED).astype(int)]
    sample = embeddings[chosen]
    if len(sample) == 1 or count == 1:
        return _means(sample, np.zeros(len(sample), int), [0])
    tree = linkage(sample.astype(np.float64), "average", "cosine")
    found = _by_count(tree, sample, count) if count else _by_nearness(tree, sample, same_from)
    found = _of_nearest(sample, found)
    if count:
        return found
    nearest = np.argmax(sample @ found.T, axis=1)
    labels = parted(sample, stretch_of[chosen], nearest)
    if len(set(labels.tolist())) == len(set(nearest.tolist())):
        return found
    return _of_nearest(sample, _means(sample, labels, sorted(set(labels.tolist()))))


def _of_nearest(sample: Embeddings, directions: Embeddings) -> Embeddings:
    """Return the means of the windows that are nearest to each direction."""
    nearest = np.argmax(sample @ directions.T, axis=1)
    return _means(sample, nearest, sorted(set(nearest.tolist())))


def _by_nearness(tree: NDArray[np.float64], sample: Embeddings, same_from: float) -> Embeddings:
    labels = np.asarray(fcluster(tree, 1.0 - same_from, "distance"), int)
    kept = _unmixed(sample, labels, MOST_SPEAKERS) or _biggest(labels)[:1]
    return _means(sample, labels, kept)


def _by_count(tree: NDArray[np.float64], sample: Embeddings, count: int) -> Embeddings:
    """Return the directions that windows are nearest to, of every cut with ``count`` voices.

    These are big enough, and no mixture of others; where no cut has them there are ``count`` of
    any kind.
    """
    found = [
        _means(sample, labels, kept)
        for clusters in range(count, min(len(sample), MOST_CUTS * count) + 1)
        if len(kept := _unmixed(sample, labels := _cut(tree, clusters), count)) == count
    ]
    if found:
        return max(found, key=lambda each: float(np.max(sample @ each.T, axis=1).sum()))
    labels = _cut(tree, count)
    return _means(sample, labels, _biggest(labels))


def _cut(tree: NDArray[np.float64], clusters: int) -> NDArray[np.int_]:
    return np.asarray(fcluster(tree, clusters, "maxclust"), int)


def _biggest(labels: NDArray[np.int_]) -> list[int]:
    sizes = np.bincount(labels)
    return sorted(set(labels.tolist()), key=lambda label: (-sizes[label], label))


def _unmixed(sample: Embeddings, labels: NDArray[np.int_], most: int) -> list[int]:
    """Return the biggest clusters, without those that are two of them on top of each other."""
    sizes, kept = np.bincount(labels), list[int]()
    voices = np.zeros((0, sample.shape[1]), np.float32)
    for label in _biggest(labels):
        if sizes[label] < LEAST_CLUSTERED or len(kept) == most:
            break
        mean = _means(sample, labels, [label])
        if not _is_mixture(mean[0], voices):
            kept.append(label)
            voices = np.concatenate([voices, mean])
    return kept


def _is_mixture(direction: NDArray[np.float32], voices: Embeddings) -> bool:
    """Tell whether a direction is a sum of two voices, by least squares over each pair."""
    first, second = np.triu_indices(len(voices), 1)
    near = voices @ direction  # [K]
    between = np.sum(voices[first] * voices[second], axis=1)
    scale = np.maximum(1.0 - between**2, 1e-6)
    one = (near[first] - between * near[second]) / scale
    other = (near[second] - between * near[first]) / scale
    explained = np.sqrt(np.maximum(one * near[first] + other * near[second], 0.0))
    balanced = np.minimum(one, other) >= LEAST_SHARE * np.maximum(one, other)
    return bool(np.any(balanced & (explained >= MIXED)))


def _without_strays(stretches: Sequence[Windows], directions: Embeddings) -> Embeddings:
    """Leave out who has too few windows, the one with fewest first; somebody stays."""
    while len(directions) > 1:
        own = [speaker for each in stretches for speaker in _own_windows(each, directions)]
        sizes = np.bincount(own, minlength=len(directions))
        if sizes.min() >= LEAST_WINDOWS:
            break
        directions = np.delete(directions, np.argmin(sizes), axis=0)
    return directions


def _own_windows(stretch: Windows, directions: Embeddings) -> Iterator[int]:
    """Yield the speaker of each full window, but of such as are a change between two others."""
    nearest = np.argmax(stretch.embeddings @ directions.T, axis=1).tolist()
    around = zip([None, *nearest[:-1]], nearest, [*nearest[1:], None], strict=True)
    for (before, speaker, after), (start, end) in zip(around, stretch.spans, strict=True):
        is_between = None not in (before, after) and len({before, speaker, after}) == 3
        if end - start >= FULL_SECONDS and not is_between:
            yield speaker


def _means(embeddings: Embeddings, labels: NDArray[np.int_], kept: Sequence[int]) -> Embeddings:
    means = np.stack([embeddings[labels == label].mean(axis=0) for label in kept])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    unit: Embeddings = (means / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


# --------------------------------------------------------------------------------------- who when


def _turns(stretch: Windows, directions: Embeddings, limit: float) -> Iterator[Turn]:
    """Yield the turns of one stretch.

    Each window goes to whom it is nearest, together with its neighbours at half its weight: one odd
    window makes no turn. One speaker ends and another begins where both would be equally near, on
    the line from the middle of one window to that of the next.
    """
    nearness = stretch.embeddings @ directions.T  # [W, K]
    padded = np.pad(nearness, ((1, 1), (0, 0)), "edge")
    smooth = (padded[1:-1] / 2 + (padded[:-2] + padded[2:]) / 4).astype(np.float32)
    speakers = [_speaker(*each, limit) for each in zip(smooth, stretch.spans, strict=True)]
    cuts = [stretch.spans[0][0], *_cuts(stretch, smooth), stretch.spans[-1][1]]
    cells = zip(cuts[:-1], cuts[1:], speakers, strict=True)
    for speaker, run in groupby(cells, key=lambda cell: cell[2]):
        own = [*run]
        yield Turn(own[0][0], own[-1][1], speaker)


def _speaker(nearness: NDArray[np.float32], span: tuple[float, float], limit: float) -> int | None:
    nearest = int(np.argmax(nearness))
    is_full = span[1] - span[0] >= FULL_SECONDS
    return None if is_full and nearness[nearest] < limit else nearest


def _cuts(stretch: Windows, nearness: NDArray[np.float32]) -> Iterator[float]:
    """Yield where each window ends and the next begins."""
    for (span, later_span), (near, later_near) in zip(
        pairwise(stretch.spans), pairwise(nearness), strict=True
    ):
        before, after = int(np.argmax(near)), int(np.argmax(later_near))
        lead, gain = near[before] - near[after], later_near[after] - later_near[before]
        share = float(lead / (lead + gain)) if lead + gain > 0 else 0.5
        middle, later = sum(span) / 2, sum(later_span) / 2
        yield round(middle + share * (later - middle), 3)


def _in_order_of_appearance(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    ordered = sorted(turns, key=lambda turn: (turn.start, turn.end))
    numbers: dict[int | None, int | None] = {None: None}
    for turn in ordered:
        numbers.setdefault(turn.speaker, len(numbers) - 1)
    return tuple(Turn(each.start, each.end, numbers[each.speaker]) for each in ordered)
