"""The rules of highlights and risk, as config.yaml states them; what each field means stands there.

The rules that mend labels are another thing: ``Rule`` in postprocess.py.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from postprocess import AudioEvent, Emotion
from richspeech.language.localized import LocalizedText

_Event = TypeVar("_Event", bound=str)


def _heard(events: tuple[_Event, ...]) -> tuple[_Event, ...]:
    if AudioEvent.SPEECH in events:
        message = "speech is no event that a segment holds; an absent event says it"
        raise ValueError(message)
    return events


Events = Annotated[tuple[AudioEvent, ...], AfterValidator(_heard)]
Emotions = Annotated[tuple[Emotion, ...], Field(min_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Named(BaseModel):
    """A rule, called by its name wherever it has found something."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1)]


def require_names(rules: Sequence[Named]) -> None:
    """Refuse rules of which two have one name, with a ``ValueError``."""
    names = [rule.name for rule in rules]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        message = f"two rules have the name {repeated}"
        raise ValueError(message)


class HighlightRule(Named):
    """Which labels make a highlight, and which of their runs."""

    title: LocalizedText
    emotions: tuple[Emotion, ...] = ()
    events: Events = ()
    pick: Literal["each", "peak", "longest"] = "each"
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0

    @model_validator(mode="after")
    def _finds_something(self) -> "HighlightRule":
        if not (self.emotions or self.events):
            message = f"the rule {self.name} needs emotions or events"
            raise ValueError(message)
        self.title.require_names({"label"})
        return self


DEFAULT_HIGHLIGHT_RULES = (
    HighlightRule(
        name="laughter",
        title=LocalizedText("笑声", "Laughter"),
        events=(AudioEvent.LAUGHTER,),
        weight=3,
    ),
    HighlightRule(
        name="applause",
        title=LocalizedText("掌声", "Applause"),
        events=(AudioEvent.APPLAUSE,),
        weight=3,
    ),
    HighlightRule(
        name="longest-anger",
        title=LocalizedText("最长的愤怒", "Longest anger"),
        emotions=(Emotion.ANGRY,),
        pick="longest",
        weight=2,
    ),
    HighlightRule(
        name="emotion-peak",
        title=LocalizedText("情绪高点：$label", "Emotion peak: $label"),
        emotions=(
            Emotion.HAPPY,
            Emotion.SAD,
            Emotion.ANGRY,
            Emotion.FEARFUL,
            Emotion.DISGUSTED,
            Emotion.SURPRISED,
        ),
        pick="peak",
    ),
)


class _RiskRule(Named):
    """How many points each finding of a rule counts, and the sentence that says so."""

    FIELDS: ClassVar[frozenset[str]] = frozenset({"start", "end", "seconds"})
    """What ``$…`` in the sentence may name."""

    points: Annotated[int, Field(ge=-100, le=100)]
    max_points: Annotated[int, Field(ge=1, le=100)] = 100
    sentence: LocalizedText

    @model_validator(mode="after")
    def _sentence_can_be_filled(self) -> "_RiskRule":
        self.sentence.require_names(self.FIELDS)
        return self


class RunRule(_RiskRule):
    """Utterances in a row with one of the emotions."""

    kind: Literal["run"] = "run"
    emotions: Emotions
    min_seconds: Annotated[float, Field(ge=0, le=3_600)]


class AfterRule(_RiskRule):
    """One of the emotions soon after a wait: music without words, say, or silence."""

    FIELDS = _RiskRule.FIELDS | {"wait"}

    kind: Literal["after"] = "after"
    emotions: Emotions
    waits: Annotated[
        tuple[Literal["silence"] | AudioEvent, ...], Field(min_length=1), AfterValidator(_heard)
    ]
    min_seconds: Annotated[float, Field(gt=0, le=3_600)]
    within_seconds: Annotated[float, Field(gt=0, le=3_600)]


class WordsRule(_RiskRule):
    """An utterance with one of the words."""

    FIELDS = _RiskRule.FIELDS | {"words"}

    kind: Literal["words"] = "words"
    words: Annotated[tuple[Annotated[str, Field(pattern=r"\S")], ...], Field(min_length=1)]


class EndRule(_RiskRule):
    """How the recording ends: one of the emotions in enough of the last seconds of speech."""

    FIELDS = _RiskRule.FIELDS | {"share"}

    kind: Literal["end"] = "end"
    emotions: Emotions
    last_seconds: Annotated[float, Field(gt=0, le=3_600)]
    min_seconds: Annotated[float, Field(ge=0, le=3_600)]
    min_share: Annotated[float, Field(gt=0, le=1)]


RiskRule = Annotated[RunRule | AfterRule | WordsRule | EndRule, Field(discriminator="kind")]

NEGATIVE_WORDS = (
    *("投诉", "退款", "退货", "退掉", "退钱", "赔偿", "差评", "曝光", "律师", "起诉", "骗", "坏了"),
    *("失望", "后悔", "生气", "气死", "受不了", "太差", "垃圾", "离谱", "没人管"),
    *("投訴", "退貨", "退錢", "賠償", "律師", "呃人", "壞", "嬲", "離譜", "後悔"),
    *("refund", "complaint", "complain", "compensation", "lawyer", "sue", "scam", "broken"),
    *("disappointed", "angry", "unacceptable", "ridiculous", "terrible", "worst"),
    *("返金", "苦情", "クレーム", "解約", "弁護士", "詐欺", "壊れ", "最悪"),
    *("환불", "불만", "해지", "변호사", "고장", "최악"),
)

DEFAULT_RISK_RULES: tuple[RiskRule, ...] = (
    RunRule(
        name="angry-run",
        emotions=(Emotion.ANGRY,),
        min_seconds=5,
        points=25,
        max_points=50,
        sentence=LocalizedText(
            "$start 起连续愤怒，共说了 $seconds 秒", "Angry for $seconds s in a row from $start"
        ),
    ),
    AfterRule(
        name="anger-after-wait",
        emotions=(Emotion.ANGRY,),
        waits=(AudioEvent.BGM, "silence"),
        min_seconds=5,
        within_seconds=30,
        points=20,
        max_points=40,
        sentence=LocalizedText(
            "等待 $wait 秒之后，$start 愤怒", "Angry at $start, after a wait of $wait s"
        ),
    ),
    WordsRule(
        name="negative-words",
        words=NEGATIVE_WORDS,
        points=5,
        max_points=25,
        sentence=LocalizedText("$start 说到“$words”", "Says “$words” at $start"),
    ),
    EndRule(
        name="angry-end",
        emotions=(Emotion.ANGRY, Emotion.DISGUSTED),
        last_seconds=15,
        min_seconds=5,
        min_share=0.5,
        points=30,
        sentence=LocalizedText(
            "最后 $seconds 秒说话中 $share% 带着怒气或厌恶",
            "$share % of the last $seconds s of speech are angry or disgusted",
        ),
    ),
    EndRule(
        name="calm-end",
        emotions=(Emotion.NEUTRAL, Emotion.HAPPY),
        last_seconds=15,
        min_seconds=5,
        min_share=0.9,
        points=-15,
        sentence=LocalizedText(
            "最后 $seconds 秒语气中性或开心", "The last $seconds s of speech are calm or happy"
        ),
    ),
)
