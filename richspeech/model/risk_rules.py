"""The rules of risk, as settings and presets state them; docs/risk.md tells what fields mean."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from postprocess import AudioEvent, Emotion
from richspeech.language.localized import LocalizedText
from richspeech.language.refused import Refused
from richspeech.model.rules import Events, Named, heard, require_names
from richspeech.model.sentiment import Sentiment

Emotions = Annotated[tuple[Emotion, ...], Field(min_length=1)]
Words: TypeAlias = tuple[Annotated[str, Field(pattern=r"\S")], ...]
Seconds = Annotated[float, Field(ge=0, le=3_600)]
PositiveSeconds = Annotated[float, Field(gt=0, le=3_600)]
Whose: TypeAlias = Literal["anyone", "staff", "others"]


class _RiskRule(Named):
    """How many points each finding of a rule counts, and the sentence that says so."""

    FIELDS: ClassVar[frozenset[str]] = frozenset({"start", "end", "seconds"})
    """What ``$…`` in the sentence may name."""

    points: Annotated[int, Field(ge=-100, le=100)]
    max_points: Annotated[int, Field(ge=1, le=100)] = 100
    against: tuple[str, ...] = ()
    """Rules whose points it takes off, and no more than these; without any, whatever there is."""
    whose: Whose = "anyone"
    """Who is judged; whoever has no name may be staff as well as another."""
    sentence: LocalizedText

    @model_validator(mode="after")
    def _can_be_applied(self) -> "_RiskRule":
        self.sentence.require_names(self.FIELDS)
        if self.against and self.points > 0:
            raise Refused("found_rule.takes_nothing", name=self.name)
        return self


class RunRule(_RiskRule):
    """Utterances of one speaker with one of the labels, whatever others say between."""

    kind: Literal["run"] = "run"
    emotions: tuple[Emotion, ...] = ()
    events: Events = ()
    sentiments: tuple[Sentiment, ...] = ()
    min_seconds: Seconds
    """Of these utterances together."""
    below_seconds: PositiveSeconds | None = None
    """A run of so many is another rule's."""
    bridge_seconds: Seconds = 3.0
    """Of the same speaker without the label, which end no run."""
    apart_seconds: Seconds = 30.0
    """Longest time from one utterance of a run to the next."""

    @model_validator(mode="after")
    def _finds_something(self) -> "RunRule":
        if not (self.emotions or self.events or self.sentiments):
            raise Refused("found_rule.nothing_to_find", name=self.name)
        if self.below_seconds is not None and self.below_seconds <= self.min_seconds:
            below, least = f"{self.below_seconds:g}", f"{self.min_seconds:g}"
            raise Refused("found_rule.below", below=below, least=least)
        return self


class AfterRule(_RiskRule):
    """One of the emotions soon after a wait: music without words, say, or silence."""

    FIELDS = _RiskRule.FIELDS | {"wait"}

    kind: Literal["after"] = "after"
    emotions: Emotions
    waits: Annotated[
        tuple[Literal["silence"] | AudioEvent, ...], Field(min_length=1), AfterValidator(heard)
    ]
    min_seconds: PositiveSeconds
    within_seconds: PositiveSeconds


class Negations(BaseModel):
    """What makes a word mean nothing, in the same clause and at most ``reach`` words away.

    In a question it does not: 是不是骗我, isn't this a scam.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    before: Words = ()
    after: Words = ()
    whole: Words = ()
    """Negation and word in one, such as 不投诉."""
    turned_by: Words = ()
    """Between the two, such as ``but``: then it is meant after all."""
    reach: Annotated[int, Field(ge=0, le=20)] = 4
    """Words between the two; a Chinese character is one, and in Japanese and Korean a run of one
    script."""


class WordsRule(_RiskRule):
    """An utterance with one of the words."""

    FIELDS = _RiskRule.FIELDS | {"words"}

    kind: Literal["words"] = "words"
    words: Annotated[Words, Field(min_length=1)]
    idioms: Words = ()
    """Phrases in which neither words nor negations mean what they say; earlier ones go first."""
    negations: Negations = Negations()


class EndRule(_RiskRule):
    """How the recording ends: one of the emotions in enough of the last seconds of speech."""

    FIELDS = _RiskRule.FIELDS | {"share"}

    kind: Literal["end"] = "end"
    emotions: Emotions
    last_seconds: PositiveSeconds
    min_seconds: Seconds
    min_share: Annotated[float, Field(gt=0, le=1)]
    by_speaker: bool = False
    """Whether each speaker who is there at the end is judged alone, instead of all together."""


RiskRule = Annotated[RunRule | AfterRule | WordsRule | EndRule, Field(discriminator="kind")]


def require_consistent(rules: Sequence[RiskRule]) -> None:
    """Refuse rules of which two have one name, or one is against none; with a ``Refused``."""
    require_names(rules)
    names = {rule.name for rule in rules}
    for rule in rules:
        if unknown := next((name for name in rule.against if name not in names), None):
            raise Refused("found_rule.against_none", name=rule.name, other=unknown)
