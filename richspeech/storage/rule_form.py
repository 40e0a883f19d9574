"""Rules as a form has them: parts that may still be incomplete, and the lines they stand in.

    YAML → RuleForm: what stands before the first rule, and a RuleDraft for each → YAML

A rule that nobody changed keeps its lines, comments included; one that was changed is written anew
between the comments before and behind it. What a form has no field for, such as a comment within a
rule or an unknown key, makes a rule one that is shown as it is written, and can be changed there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from postprocess import LANGUAGES, NO_SPEECH, AudioEvent, Emotion
from richspeech.errors import OptionError, SettingsError
from richspeech.language.catalog import Notice, knows
from richspeech.storage.rule_file import LONGEST_TEXT, is_stated, listed, read_rules, rules_text
from richspeech.storage.yaml_list import anew, has_comment_within, joined, members

HEARD_EVENTS = tuple(event for event in AudioEvent if event is not AudioEvent.SPEECH)
RULE_LANGUAGES = (*LANGUAGES, NO_SPEECH)


def _one_of(known: tuple[str, ...]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in known:
            message = f"{value!r} is not one of {', '.join(known)}"
            raise ValueError(message)
        return value

    return AfterValidator(check)


Line: TypeAlias = Annotated[str, Field(strict=True, pattern=r"^[^\n\r\x85\u2028\u2029]*$")]
Words: TypeAlias = tuple[Annotated[Line, Field(min_length=1)], ...]
Event: TypeAlias = Annotated[AudioEvent, _one_of(HEARD_EVENTS)]


@dataclass(frozen=True)
class Conditions:
    """The fields for when a rule applies; ``RuleCondition`` says what they mean."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    emotion: Emotion | None = None
    event: Event | None = None
    language: Annotated[str, _one_of(RULE_LANGUAGES)] | None = None
    any_words: Words = ()
    no_words: Words = ()
    endings: Words = ()
    probability_below: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = None


@dataclass(frozen=True)
class Parts:
    """The fields of a rule; ``Rule`` says what they mean, and whether they make one."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Line = ""
    when: Conditions = Conditions()
    set_emotion: Emotion | None = None
    drop_emotion: Annotated[bool, Field(strict=True)] = False
    set_event: Event | None = None
    drop_event: Annotated[bool, Field(strict=True)] = False


@dataclass(frozen=True)
class RuleDraft:
    """A rule in a form."""

    parts: Parts | None
    """None where the form has no fields for all of it."""
    source: str
    """Its lines, with the comments around them."""
    problem: Notice | None = None
    """Why it is no rule, or cannot be changed here."""

    def to_dict(self, locale: str) -> dict[str, Any]:
        """Return what the page needs to draw it."""
        effects = _stated(asdict(self.parts or Parts()))
        return {
            "name": effects.pop("name"),
            "when": effects.pop("when"),
            "effects": effects,
            "source": self.source,
            "locked": self.parts is None,
            "problem": self.problem.sentence(locale) if self.problem else "",
        }


@dataclass(frozen=True)
class RuleForm:
    """All rules."""

    prologue: str
    """Comments before those of the first rule."""
    drafts: tuple[RuleDraft, ...]

    @property
    def text(self) -> str:
        """The rules as YAML."""
        return joined(self.prologue, *(draft.source for draft in self.drafts))


# From YAML ----------------------------------------------------------------------------------------


def read_form(text: str) -> RuleForm:
    """Take rules apart; raises ``SettingsError`` where they are none, or not laid out as a list."""
    _, values = listed(text)
    if not values:
        return RuleForm(text if "#" in text else "", ())
    prologue, blocks = members(text, values)
    return RuleForm(prologue, tuple(map(_draft, blocks, values)))


def _draft(source: str, values: Any) -> RuleDraft:
    try:
        parts = PARTS.validate_python(values)
    except ValidationError:
        return RuleDraft(None, source, _problem(source) or Notice("rules.no_field"))
    if has_comment_within(source):
        return RuleDraft(None, source, Notice("rules.comment_within"))
    return RuleDraft(parts, source, _problem(source, parts))


def _problem(source: str, parts: Parts | None = None) -> Notice | None:
    """Say why these lines are no rule: in words of the form, if it has fields for all of it."""
    try:
        read_rules(source)
    except SettingsError as error:
        why = error.fields.get("why")
        key = why.key.replace("rule.", "rule_bad_") if isinstance(why, Notice) else ""
        return Notice(key) if parts is not None and knows(key) else Notice.of(error)
    return None


# From the page ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SentRule:
    """A rule as the page sends it."""

    __pydantic_config__ = ConfigDict(extra="ignore")

    name: str
    when: dict[str, Any]
    effects: dict[str, Any]
    source: str
    """As the form got it; nothing for a new rule."""
    locked: bool


def changed_form(prologue: str, rules: tuple[SentRule, ...]) -> RuleForm:
    """Write what a form holds; raises ``OptionError`` where no form of ours could hold it.

    Raises ``SettingsError`` where it is too long.
    """
    count = len(prologue) + sum(len(each.source) for each in rules)
    if count > LONGEST_TEXT:
        raise SettingsError("rules.too_long", count=count, most=LONGEST_TEXT)
    return RuleForm(prologue, tuple(map(_written, rules)))


def _written(sent: SentRule) -> RuleDraft:
    if sent.locked:
        return RuleDraft(None, sent.source, _problem(sent.source))
    try:
        parts = PARTS.validate_python({**sent.effects, "name": sent.name, "when": sent.when})
    except ValidationError as error:
        raise OptionError("page.unreadable") from error
    source = sent.source if _says(sent.source, parts) else anew(sent.source, rules_text([parts]))
    return RuleDraft(parts, source, _problem(source, parts))


def _says(source: str, parts: Parts) -> bool:
    """Whether lines say what the form says."""
    try:
        return [draft.parts for draft in read_form(source).drafts] == [parts]
    except SettingsError:
        return False


def _stated(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not stated."""
    return {
        name: _stated(each) if isinstance(each, Mapping) else each
        for name, each in parts.items()
        if is_stated(each)
    }


PARTS: TypeAdapter[Parts] = TypeAdapter(Parts)
