"""Speakers: what those who are told apart are called.

Whoever is heard apart is a letter until somebody gives a name: the settings or a request, by
channel, or a person, for what the transcript calls them. Whatever tells speakers apart writes into
the same field of a segment, so all of this holds for voices of one mixture as well.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from richspeech.errors import OptionError
from richspeech.language.printing import is_printable
from richspeech.model.strand import SPEAKERS

LONGEST_NAME = 40
"""Letters, as many as a track's name may have."""
CHANNELS: Mapping[str, int] = MappingProxyType(
    {"left": 1, "right": 2} | {str(number): number for number in range(1, len(SPEAKERS) + 1)}
)
"""What a channel is called by whoever names its speaker → its number, from 1."""


@dataclass(frozen=True)
class Naming:
    """Names for speakers, by what each was called when it was heard."""

    names: Mapping[str, str]

    @property
    def changes(self) -> tuple[()]:
        """What it changes in segments: nothing that was heard."""
        return ()

    def require_fit(self, _: int) -> None:
        """Names fit every transcript: who is not heard in it is not named."""


def speaker_name(text: str) -> str:
    """Return a name with single blanks.

    Raises ``OptionError`` for one that nobody can show, and for one of the letters that those get
    who have no name.
    """
    name = name_or_letter(text)
    if name in SPEAKERS:
        raise OptionError("speaker.letter", value=name)
    return name


def name_or_letter(text: str) -> str:
    """Return what somebody is called, with single blanks.

    Raises ``OptionError`` for what nobody can show.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or not is_printable(name):
        raise OptionError("speaker.name", value=text[:LONGEST_NAME], most=LONGEST_NAME)
    return name


def names_over(names: Sequence[str | None], others: Sequence[str | None]) -> tuple[str | None, ...]:
    """Return names in the order of channels; who has none in ``names`` has that of ``others``.

    >>> names_over((None, "customer"), ("agent", "caller"))
    ('agent', 'customer')
    """
    return tuple(name or other for name, other in zip_longest(names, others))


def by_channel(names: Iterable[tuple[str, str]]) -> tuple[str | None, ...]:
    """Return names in the order of channels, from the first; None for one that has no name.

    Each comes behind ``left``, ``right`` or the number of its channel, from 1. Raises
    ``OptionError`` for another channel, for one that is named twice, and for a name that nobody can
    show.

    >>> by_channel([("right", "customer")])
    (None, 'customer')
    """
    found: dict[int, str] = {}
    for key, name in names:
        number = CHANNELS.get(key.strip().lower())
        if number is None:
            raise OptionError("speaker.channel", value=key[:LONGEST_NAME], most=len(SPEAKERS))
        if number in found:
            raise OptionError("speaker.twice", value=key.strip())
        found[number] = speaker_name(name)
    return tuple(found.get(number) for number in range(1, max(found, default=0) + 1))


def names_unheard(names: Sequence[str | None], channels: Collection[int | None]) -> tuple[str, ...]:
    """Return the names of those on whose channels nobody was heard apart."""
    return tuple(name for number, name in enumerate(names, 1) if name and number not in channels)


def speakers_in(text: str) -> tuple[str | None, ...]:
    """Read ``left=agent, right=customer`` or the same as a JSON object; nothing names nobody.

    Raises ``OptionError`` as ``by_channel`` does, and for what is neither.
    """
    pairs = _object_in(text) if text.lstrip().startswith("{") else _pairs_in(text)
    if pairs is None:
        raise OptionError("speaker.written", value=text[:LONGEST_NAME])
    return by_channel(pairs)


def _pairs_in(text: str) -> Sequence[tuple[str, str]] | None:
    """Return channels and names; None where a part has no sign between them."""
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    is_read = all(sign for _, sign, _ in parts)
    return [(channel, name) for channel, _, name in parts] if is_read else None


def _object_in(text: str) -> Sequence[tuple[str, str]] | None:
    """Return keys and values, twice what stands there twice; None for no object of texts."""
    try:
        pairs: list[tuple[str, Any]] = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    return pairs if all(isinstance(name, str) for _, name in pairs) else None
