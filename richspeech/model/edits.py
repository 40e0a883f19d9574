"""What is done to a transcript after it was measured: each with who did it, and when.

An edit holds what somebody or some model has found, so that it is applied anew without them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from postprocess import Rule
from richspeech.errors import OptionError
from richspeech.model.agreement import DEFAULT_LIMITS, with_sentiment
from richspeech.model.corrections import Correction, Replacement
from richspeech.model.emotion_scores import NineEmotion, strongest
from richspeech.model.relabelling import relabel_segment
from richspeech.model.revision import revised
from richspeech.model.sentiment import Limits, Sentiment
from richspeech.model.speaker import Naming
from richspeech.model.steps import Merge, Removal, Split
from richspeech.model.transcript import Revision, Segment
from richspeech.model.trim import Trim
from richspeech.model.validation import why_refused

SETTINGS = "settings"
PERSON = "person"
Amendment: TypeAlias = Correction | Replacement | Naming | Split | Merge | Removal | Trim
"""What a person has to say of a transcript."""


@dataclass(frozen=True, kw_only=True)
class _Edit:
    by: str
    """SETTINGS, PERSON, or the name of a model or of somebody who had logged in."""
    made: Annotated[datetime, AwareDatetime] | None
    """UTC; None of what was done before times were kept."""


@dataclass(frozen=True, kw_only=True)
class RulesEdit(_Edit):
    """Other rules for the labels, in the place of all that were applied before."""

    rules: tuple[Rule, ...]
    limits: Limits = DEFAULT_LIMITS
    """What weighs voice against words where the emotion changes."""
    kind: Literal["rules"] = "rules"

    def require_fit(self, _: int) -> None:
        """Rules fit every transcript."""

    def apply(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments as these rules alone leave them."""
        return tuple(relabel_segment(each, self.rules, self.limits) for each in segments)


@dataclass(frozen=True, kw_only=True)
class SentimentEdit(_Edit):
    """How the words are meant, as a classifier has read them."""

    scores: tuple[Mapping[Sentiment, float] | None, ...]
    """Of each segment, 0 to 1; empty for one without words, None for one in a language that the
    classifier does not know."""
    limits: Limits = DEFAULT_LIMITS
    kind: Literal["sentiment"] = "sentiment"

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless there are scores for ``count`` segments."""
        _require_count(self.kind, len(self.scores), count)

    def apply(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments with these sentiments, and whether their voices agree."""
        pairs = zip(segments, self.scores, strict=True)
        return tuple(with_sentiment(segment, scores, self.limits) for segment, scores in pairs)


@dataclass(frozen=True, kw_only=True)
class CascadeEdit(_Edit):
    """What a cascade takes the labels for, once it knows all that was measured."""

    found: tuple[tuple[Revision, ...], ...]
    """Of each segment; nothing where it takes no label for more likely than not."""
    limits: Limits = DEFAULT_LIMITS
    kind: Literal["cascade"] = "cascade"

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless there are findings, or none, on ``count`` segments."""
        _require_count(self.kind, len(self.found), count)

    def apply(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments with these labels; what stood there before is told with each."""
        pairs = zip(segments, self.found, strict=True)
        return tuple(revised(segment, found, self.limits) for segment, found in pairs)


@dataclass(frozen=True, kw_only=True)
class SpeakersEdit(_Edit):
    """What the settings, or a request, call those who are heard apart."""

    naming: Naming
    kind: Literal["speakers"] = "speakers"

    @classmethod
    def by_channel(cls, segments: Sequence[Segment], names: Sequence[str | None]) -> "SpeakersEdit":
        """Name whoever is on the channels of segments as heard; ``names`` go from the first."""
        named = {
            each.strand.label: name
            for each in segments
            if each.channel is not None and each.channel <= len(names)
            if (name := names[each.channel - 1]) is not None
        }
        return cls(naming=Naming(named), by=SETTINGS, made=datetime.now(UTC))

    def require_fit(self, count: int) -> None:
        """Names fit every transcript."""
        self.naming.require_fit(count)

    def apply(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return segments, as they were heard, with these names."""
        names = self.naming.names
        return tuple(each.called(names.get(each.strand.label)) for each in segments)


@dataclass(frozen=True, kw_only=True)
class SecondOpinionEdit(_Edit):
    """How the voices sound to a second model."""

    scores: tuple[Mapping[NineEmotion, float] | None, ...]
    """Of each segment, 0 to 1; None where too little was heard."""
    kind: Literal["second_opinion"] = "second_opinion"

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless there is an opinion, or None, on ``count`` segments."""
        _require_count(self.kind, len(self.scores), count)

    def apply(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments with this opinion."""
        return tuple(
            replace(
                segment,
                second_emotion=strongest(scores) if scores else None,
                second_emotion_probabilities=scores or {},
            )
            for segment, scores in zip(segments, self.scores, strict=True)
        )


@dataclass(frozen=True, kw_only=True)
class CorrectionEdit(_Edit):
    """What a person has put right in a transcript, or what they call somebody who speaks."""

    correction: Amendment
    by: str = field(default=PERSON)
    kind: Literal["correction"] = "correction"

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless it is of some of ``count`` segments."""
        self.correction.require_fit(count)


StageEdit: TypeAlias = SpeakersEdit | RulesEdit | SentimentEdit | CascadeEdit
"""What a stage does to segments as soon as they are recognised."""
Edit: TypeAlias = StageEdit | SecondOpinionEdit | CorrectionEdit


def joined(earlier: StageEdit, later: StageEdit) -> StageEdit:
    """Return what one stage did to some segments and, as ``later``, to those that came next."""
    if isinstance(earlier, SentimentEdit) and isinstance(later, SentimentEdit):
        return replace(later, scores=(*earlier.scores, *later.scores))
    if isinstance(earlier, SpeakersEdit) and isinstance(later, SpeakersEdit):
        return replace(later, naming=Naming({**earlier.naming.names, **later.naming.names}))
    if isinstance(earlier, CascadeEdit) and isinstance(later, CascadeEdit):
        return replace(later, found=(*earlier.found, *later.found))
    return later


def edits_to_list(edits: Sequence[Edit]) -> list[Any]:
    """Return edits as JSON knows them."""
    return list(_adapter().dump_python(tuple(edits), mode="json"))


def edits_from_list(kept: object) -> tuple[Edit, ...]:
    """Read what ``edits_to_list`` gave; unknown keys are ignored, since keys are only ever added.

    Raises ``OptionError`` naming the first field that does not fit.
    """
    try:
        return _adapter().validate_python(kept)
    except ValidationError as error:
        raise OptionError("document.edits", why=why_refused(error)) from error


@cache
def _adapter() -> TypeAdapter[tuple[Edit, ...]]:
    kept = tuple[Annotated[Edit, Field(discriminator="kind")], ...]
    return TypeAdapter(kept, config=ConfigDict(allow_inf_nan=False))


def _require_count(kind: str, given: int, count: int) -> None:
    if given != count:
        raise OptionError("document.count", what=kind, given=given, count=count)
