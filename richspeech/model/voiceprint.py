"""Voiceprints: what is kept of how somebody sounds, and whose voice another one is like.

They are personal data. Cosines of directions mean something between prints of one encoder alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Voiceprint:
    """The mean direction of what one speaker says in one recording."""

    encoder: str
    """Name of what has made it, and the version or the digest of its weights."""
    direction: tuple[float, ...]
    """[D], of length 1."""


@dataclass(frozen=True)
class Recognised:
    """Whose voice somebody's is like; a suggestion, which nobody has agreed to yet."""

    voice: str
    """What the transcript calls whoever speaks."""
    name: str
    similarity: float
    """Cosine with the mean of all prints of that name, at most 1."""


def recognised(
    heard: Mapping[str, Voiceprint],
    known: Iterable[tuple[str, Voiceprint]],
    least: Callable[[str], float],
) -> tuple[Recognised, ...]:
    """Return the likeliest name of each voice, where it is like enough.

    ``known`` are prints with their names, several of one name too; ``least`` gives the similarity
    from which on an encoder takes two prints for one person's. A name may be that of several
    voices, since one person is sometimes taken for two.
    """
    means = _means(known)
    found = (
        max(
            (
                Recognised(voice, name, float(np.dot(mean, print_.direction)))
                for (encoder, name), mean in means.items()
                if encoder == print_.encoder
            ),
            key=lambda each: (each.similarity, each.name),
            default=None,
        )
        for voice, print_ in sorted(heard.items())
    )
    return tuple(
        each for each in found if each and each.similarity >= least(heard[each.voice].encoder)
    )


def _means(
    known: Iterable[tuple[str, Voiceprint]],
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return the direction of each encoder and name."""
    sums: dict[tuple[str, str], NDArray[np.float64]] = {}
    for name, each in known:
        direction = np.array(each.direction)
        key = (each.encoder, name)
        sums[key] = sums[key] + direction if key in sums else direction
    return {key: each / max(float(np.linalg.norm(each)), 1e-9) for key, each in sums.items()}
