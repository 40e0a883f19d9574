"""Windows that are taken for one voice → the voices in them, by how windows are linked.

Two voices may be nearer to each other, on the mean, than the windows of some one person are. Still
each window's nearest ones are of its own voice. So every window is linked with the nearest of its
cluster, and where hardly a link leads from one part to the other, these are two.

    affinity, less all but the nearest (Park et al., "Auto-tuning spectral clustering for speaker
    diarization using normalized maximum eigengap", 2020) ─ algebraic connectivity (Fiedler, 1973)
    of the normalised Laplacian ─ the least normalised cut in Fiedler's order (Shi and Malik,
    "Normalized cuts and image segmentation", 2000)

Windows of one stretch of speech are never linked: they overlap, and say the same words. In Park's
way, the number of speakers by the greatest eigengap of all windows, few windows are miscounted.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

LEAST_WINDOWS, LEAST_STRETCHES = 12, 3
"""Of a cluster that is looked at: the links of fewer say nothing."""
LEAST_PART, LEAST_PART_STRETCHES = 3, 2
"""Of each part."""
LINKED = 0.3
"""Share of the other windows that each is linked with."""
CONNECTED = 0.27
"""Second eigenvalue (0 to 1) from which on a cluster is one voice; 0.25 and 0.3 count about as
well. Chosen on conversations of the seeds 777 to 786, by Resemblyzer; 99 of 100 people had 0.32 or
more there, and voices with 150 windows no less."""
APART = -2.0
"""Less than every cosine."""

Embeddings: TypeAlias = NDArray[np.float32]
Labels: TypeAlias = NDArray[np.int_]


def parted(embeddings: Embeddings, stretches: Labels, labels: Labels) -> Labels:
    """Return labels, [W], with new ones where a cluster falls into parts.

    ``embeddings`` are [W, D], each of length 1; ``stretches`` says in which stretch of speech each
    window lies.
    """
    found = labels.copy()
    for label in sorted(set(labels.tolist())):
        for part in _parts(embeddings, stretches, np.flatnonzero(labels == label)):
            found[part] = found.max() + 1
    return np.asarray(np.unique(found, return_inverse=True)[1], int)


def _parts(embeddings: Embeddings, stretches: Labels, own: Labels) -> Iterator[Labels]:
    """Yield the windows of each part of a cluster."""
    second = _second(embeddings[own], stretches[own])
    if second is None:
        yield own
        return
    for part in (own[~second], own[second]):
        yield from _parts(embeddings, stretches, part)


def _second(embeddings: Embeddings, stretches: Labels) -> NDArray[np.bool_] | None:
    """Tell which windows are another voice, [W]; None where all of them are one."""
    if len(embeddings) < LEAST_WINDOWS or len(set(stretches.tolist())) < LEAST_STRETCHES:
        return None
    links = _links(embeddings, stretches)
    degrees = np.maximum(links.sum(axis=1), 1e-9)
    laplacian = np.eye(len(links)) - links / np.sqrt(degrees[:, None] * degrees)
    values, vectors = eigh(laplacian, subset_by_index=(1, 1))
    if values[0] >= CONNECTED:
        return None
    second = _least_cut(links, np.argsort(vectors[:, 0] / np.sqrt(degrees), kind="stable"))
    parts = stretches[second], stretches[~second]
    return (
        second if all(len(set(part.tolist())) >= LEAST_PART_STRETCHES for part in parts) else None
    )


def _links(embeddings: Embeddings, stretches: Labels) -> NDArray[np.float64]:
    """Return [W, W]: 1 between two of which one is among the nearest of the other, else 0."""
    cosines = embeddings @ embeddings.T
    cosines[stretches[:, None] == stretches] = APART
    count = round(LINKED * len(cosines))
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    links = np.zeros(cosines.shape)
    np.put_along_axis(links, nearest, 1.0, axis=1)
    links[cosines == APART] = 0.0
    return np.maximum(links, links.T)


def _least_cut(links: NDArray[np.float64], order: Labels) -> NDArray[np.bool_]:
    """Return the part, [W], that the least normalised cut between two in this order leaves."""
    ordered = links[order][:, order]
    volume = np.cumsum(ordered.sum(axis=1))  # of the windows up to each
    cut = volume - 2.0 * np.cumsum(np.tril(ordered, -1).sum(axis=1))
    sizes = slice(LEAST_PART - 1, len(order) - LEAST_PART)
    rest = np.maximum(volume[-1] - volume, 1e-9)
    costs = (cut / np.maximum(volume, 1e-9) + cut / rest)[sizes]
    second = np.zeros(len(order), bool)
    second[order[LEAST_PART + int(np.argmin(costs)) :]] = True
    return second
