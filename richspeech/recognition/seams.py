"""Words at cuts: of what two utterances share, each word goes to one of them.

Speech without a pause is cut by a limit, at its quietest moment, which may lie within a word. The
utterance behind such a cut begins OVERLAP_SECONDS before it, so each word is whole in one of both:

    the left one     … a b c d e|f     its edge is cut
    the right one          c|d e f g …

The seam is the widest gap between two words of the left one within what both have, but for the
edges. The left one keeps the words before it, the right one those behind it, and both end there.
It depends on the left one alone, so nothing waits for the right one.
"""

import math
from dataclasses import dataclass, field, replace

from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment, Token
from richspeech.recognition.utterance import OVERLAP_SECONDS

EDGE_SECONDS = 0.24
"""At both ends of what is shared, where words may be cut."""

SAME_SECONDS = 1e-6
"""By which times differ that are the same: a word whose middle is the seam lies behind it."""

SYLLABLES = range(0xAC00, 0xD7A4)
"""Of Korean, which has spaces between words."""
IDEOGRAPHS = 0x2E80
"""First of the letters that are words, or parts of words without spaces between them."""


@dataclass(frozen=True)
class Ends:
    """Which ends of an utterance were cut out of speech."""

    continues: bool = False
    """Whether it begins with what the utterance before it has as well."""
    is_cut: bool = False
    """Whether the next one does so."""


@dataclass
class Seams:
    """Joins the segments of one recording, each as it comes, in the order of time."""

    _seams: dict[Strand, float] = field(default_factory=dict)
    """Seconds of the latest seam of each strand."""

    def joined(self, segment: Segment, ends: Ends) -> Segment:
        """Return a segment of an utterance without the words that another one has."""
        if ends.continues and segment.strand in self._seams:
            segment = _behind(segment, self._seams.pop(segment.strand))
        if ends.is_cut:
            segment, seam = _before(segment)
            self._seams[segment.strand] = seam
        return segment


def _before(segment: Segment) -> tuple[Segment, float]:
    """Return what lies before the seam, and the seam; the end where there is no gap."""
    last = segment.end - EDGE_SECONDS
    first = segment.end - OVERLAP_SECONDS + EDGE_SECONDS
    gaps = [each for each in _gaps(segment.tokens) if first <= each.middle <= last]
    if not gaps:
        return segment, segment.end
    gap = max(gaps, key=lambda each: (each.width, each.middle))
    return _with(segment, segment.tokens[: gap.behind], end=gap.middle), gap.middle


def _behind(segment: Segment, seam: float) -> Segment:
    """Return what lies behind a seam, without the marks that it would begin with."""
    tokens = [each for each in segment.tokens if _middle(each) > seam - SAME_SECONDS]
    while tokens and not _is_word(tokens[0]):
        tokens.pop(0)
    return _with(segment, tuple(tokens), start=seam)


@dataclass(frozen=True)
class _Gap:
    """Between two words."""

    behind: int
    """Number of the first token behind it."""
    middle: float
    width: float


def _gaps(tokens: tuple[Token, ...]) -> list[_Gap]:
    gaps, before = [], None
    for number, token in enumerate(tokens):
        if not _is_word(token) or token.start is None or token.end is None:
            continue
        if before is not None and before.end is not None and _begins_word(before, token):
            middle, width = (before.end + token.start) / 2, token.start - before.end
            gaps.append(_Gap(number, middle, width))
        before = token
    return gaps


def _begins_word(before: Token, token: Token) -> bool:
    """Whether a word begins with a token; ``before`` is the last one with a letter."""
    if token.text.startswith(" "):
        return True
    one, other = before.text.strip()[-1], token.text.strip()[0]
    return _is_ideograph(one) or _is_ideograph(other)


def _is_ideograph(letter: str) -> bool:
    return ord(letter) >= IDEOGRAPHS and ord(letter) not in SYLLABLES


def _is_word(token: Token) -> bool:
    """Whether it is more than a mark."""
    return any(letter.isalnum() for letter in token.text)


def _middle(token: Token) -> float:
    if token.start is None or token.end is None:
        return math.inf
    return (token.start + token.end) / 2


def _with(
    segment: Segment,
    tokens: tuple[Token, ...],
    *,
    start: float | None = None,
    end: float | None = None,
) -> Segment:
    """Return a segment of these of its tokens."""
    if tokens and tokens != segment.tokens:
        tokens = (replace(tokens[0], text=tokens[0].text.lstrip()), *tokens[1:])
    text = "".join(token.text for token in tokens)
    tags = segment.raw_text.removesuffix(segment.text)
    return replace(
        segment,
        start=segment.start if start is None else start,
        end=segment.end if end is None else end,
        text=text,
        tokens=tokens,
        raw_text=f"{tags}{text}",
    )
