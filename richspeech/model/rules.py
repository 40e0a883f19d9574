"""The rules of highlights, as config.yaml states them; what each field means stands there.

The rules that mend labels are another thing: ``Rule`` in postprocess.py.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from postprocess import AudioEvent, Emotion
from richspeech.language.localized import LocalizedText
from richspeech.language.refused import Refused

_Event = TypeVar("_Event", bound=str)


def heard(events: tuple[_Event, ...]) -> tuple[_Event, ...]:
    """Refuse speech, with a ``Refused``."""
    if AudioEvent.SPEECH in events:
        raise Refused("found_rule.speech")
    return events


Events = Annotated[tuple[AudioEvent, ...], AfterValidator(heard)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Named(BaseModel):
    """A rule, called by its name wherever it has found something."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1)]


def require_names(rules: Sequence[Named]) -> None:
    """Refuse rules of which two have one name, with a ``Refused``."""
    names = [rule.name for rule in rules]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise Refused("found_rule.same_name", name=repeated)


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
            raise Refused("found_rule.no_labels", name=self.name)
        self.title.require_names({"label"})
        return self


DEFAULT_HIGHLIGHT_RULES = (
    HighlightRule(
        name="laughter",
        title=LocalizedText("笑声", "Laughter", zh_Hant="笑聲", ja="笑い声", ko="웃음"),
        events=(AudioEvent.LAUGHTER,),
        weight=3,
    ),
    HighlightRule(
        name="applause",
        title=LocalizedText("掌声", "Applause", zh_Hant="掌聲", ja="拍手", ko="박수"),
        events=(AudioEvent.APPLAUSE,),
        weight=3,
    ),
    HighlightRule(
        name="longest-anger",
        title=LocalizedText(
            "最长的愤怒",
            "Longest anger",
            zh_Hant="最長的憤怒",
            ja="最も長い怒り",
            ko="가장 긴 분노",
        ),
        emotions=(Emotion.ANGRY,),
        pick="longest",
        weight=2,
    ),
    HighlightRule(
        name="emotion-peak",
        title=LocalizedText(
            "情绪高点：$label",
            "Emotion peak: $label",
            zh_Hant="情緒高點：$label",
            ja="感情のピーク：$label",
            ko="감정 최고점: $label",
        ),
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
