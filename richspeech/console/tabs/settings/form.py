"""The form of settings: what settings_form.js draws, and what becomes of what it sends.

    config.yaml's text + changes → text → fields with their values, and what is wrong with each

The text is all that counts: form and YAML are two looks at it, and nothing is kept beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.console.tabs.settings.fields import Field, fields_of
from richspeech.errors import OptionError, SettingsError
from richspeech.language.catalog import Notice, knows, locales, say, sentence
from richspeech.language.languages import language_name
from richspeech.model.labels import word_of
from richspeech.model.languages import AUTO
from richspeech.model.risk_rules import AfterRule, EndRule, RunRule, WordsRule
from richspeech.model.rules import HighlightRule
from richspeech.model.sentiment import Sentiment
from richspeech.presets.rules import Preset, preset_rules
from richspeech.review.evidence import SILENCE
from richspeech.settings import Settings, refusals
from richspeech.storage.settings_text import Member, Path, SettingsText

SECTIONS: Mapping[str, tuple[Path, ...]] = {
    "kept": (
        *(("history", "enabled"), ("history", "keep_days"), ("jobs", "keep_hours")),
        *(("limits", "keep_seconds"), ("voices", "remember")),
    ),
    "privacy": (
        *(("privacy", "mask"), ("privacy", "kinds"), ("privacy", "originals_for")),
        *(("privacy", "keep_originals"), ("privacy", "sound")),
    ),
    "heard": (
        *(("recognition", "language"), ("recognition", "inverse_text_normalization")),
        *(("recognition", "merge"), ("recognition", "channels"), ("recognition", "voices")),
        *(("recognition", "denoise"), ("page", "unsure_below")),
    ),
    "hotwords": (
        *(("recognition", "protected_words"), ("hotwords", "min_likeness")),
        ("hotwords", "edits_per_character"),
    ),
    "limits": (
        *(("limits", "max_bytes"), ("limits", "max_seconds"), ("limits", "upload_window_bytes")),
        *(("limits", "upload_total_bytes"), ("server", "waiting_jobs"), ("jobs", "workers")),
        ("live", "max_sessions"),
    ),
    "risk": tuple(
        ("risk", name)
        for name in (
            *("preset", "medium_from", "high_from", "staff", "min_probability"),
            "max_gap_seconds",
        )
    ),
    "highlights": tuple(
        ("highlights", name)
        for name in (
            *("top", "padding_seconds", "min_seconds", "max_seconds", "min_probability"),
            "max_gap_seconds",
        )
    ),
    "conversation": tuple(
        ("conversation", name) for name in ("talk_over_seconds", "silence_seconds", "hold_seconds")
    ),
}
"""What an administrator changes most, in the order in which it is shown."""
RULES: Mapping[Path, Mapping[str, type[BaseModel]]] = {
    ("risk", "rules"): {
        "run": RunRule,
        "words": WordsRule,
        "after": AfterRule,
        "end": EndRule,
    },
    ("highlights", "rules"): {"": HighlightRule},
}
"""Lists of rules, with the forms that one may have by its ``kind``."""
BEHIND = ("whose", "sentence", "title", "max_points", "against")
"""Fields of a rule that stand behind what it looks for."""
WORDS = (
    *("heading", "hint", "back", "restore", "file", "file_hint", "copy", "download", "save"),
    *("may_not_save", "effect", "empty", "yes", "no", "own_rules", "preset_rules", "from_preset"),
    *("add_rule", "locked", "none", "points", "list_of_rules", "hours", "minutes"),
)
LABELS: Mapping[str, Callable[[str], AudioEvent | Emotion | Sentiment]] = {
    "emotions": Emotion,
    "events": AudioEvent,
    "sentiments": Sentiment,
    "waits": AudioEvent,
}
CHOICES = {
    "originals_for": "role",
    "preset": "risk_preset",
    **{name: name for name in ("channels", "denoise", "voices")},
}
"""Settings whose choices have a name elsewhere on the page, by how its key begins."""
FROM_RULES = ("up", "down", "remove", "word_hint", "name")


class RuleSent(BaseModel):
    """A rule as the page sends it."""

    model_config = ConfigDict(extra="ignore")

    values: dict[str, Any]
    source: str
    is_locked: bool = False


class RulesSent(BaseModel):
    """A list of rules as the page sends it."""

    model_config = ConfigDict(extra="ignore")

    prologue: str
    members: tuple[RuleSent, ...]


class PresetSent(BaseModel):
    """That own rules are to begin as those of a preset."""

    model_config = ConfigDict(extra="forbid")

    preset: Preset


ListSent: TypeAlias = RulesSent | PresetSent | None
LIST_SENT: TypeAdapter[ListSent] = TypeAdapter(ListSent)


def changed(text: SettingsText, path: Path, value: Any) -> SettingsText:
    """Return the text with what the page has changed.

    Raises ``OptionError`` for what no form of ours changes, and ``SettingsError`` where the text
    has no place for it.
    """
    if path in RULES:
        return _with_rules(text, path, value)
    if path not in chain(*SECTIONS.values()):
        raise OptionError("page.unreadable")
    return text.with_value(path, value)


def _with_rules(text: SettingsText, path: Path, value: Any) -> SettingsText:
    try:
        sent = LIST_SENT.validate_python(value)
    except ValidationError as error:
        raise OptionError("page.unreadable") from error
    match sent:
        case None:
            return text.with_value(path, None)
        case PresetSent(preset=preset):
            return text.with_members(path, "", [Member(each) for each in _plain(preset)])
        case RulesSent(prologue=prologue, members=members):
            kept = [Member(each.values, each.source) for each in members]
            return text.with_members(path, prologue, kept)


def _plain(preset: Preset) -> Iterator[dict[str, Any]]:
    """Yield the rules of a preset as somebody would write them."""
    for rule in preset_rules(preset):
        stated = rule.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        yield {"name": stated.pop("name"), "kind": rule.kind, **stated}


@dataclass(frozen=True)
class SettingsForm:
    """A text of settings, and what there is to say of it."""

    text: SettingsText
    file: SettingsText
    """What stands in config.yaml, secrets included."""
    running: Settings
    """What holds now."""

    @cached_property
    def problems(self) -> Mapping[tuple[str | int, ...], Notice | str]:
        """Why a next start would refuse it, by place; raises ``SettingsError``: it is no YAML."""
        return refusals(self.text.with_secrets_of(self.file).document)

    def group(self, name: str) -> Any:
        """Return a group as it would be read; None where it would be refused."""
        if any(place[:1] == (name,) for place in self.problems):
            return None
        model: type[BaseModel] = type(getattr(self.running, name))
        return model.model_validate(self.text.document.get(name) or {})

    # As the page gets it ----------------------------------------------------------------------

    def to_dict(self, locale: str) -> dict[str, Any]:
        """Return it for the page."""
        try:
            return {**self._drawn(locale), "problems": [*self._elsewhere(locale)]}
        except SettingsError as error:
            return {"sections": None, "differ": 0, "problems": [sentence(error, locale)]}

    def _drawn(self, locale: str) -> dict[str, Any]:
        sections = [self._section(name, locale) for name in SECTIONS]
        fields = chain(*(each["fields"] for each in sections))
        lists = [path for path in RULES if self._differs(path)]
        return {
            "sections": sections,
            "differ": sum(each["differs"] for each in fields) + len(lists),
            "rules": {".".join(path): self._rules(path, locale) for path in RULES},
        }

    def _section(self, name: str, locale: str) -> dict[str, Any]:
        fields = [self._shown(path, locale) for path in SECTIONS[name]]
        return {"name": name, "title": say(f"settings_{name}", locale), "fields": fields}

    def _shown(self, path: Path, locale: str) -> dict[str, Any]:
        field = field_of(self.running, path)
        value, running = self._value(path, field), self._running(path)
        why = self.problems.get(path) or next(
            (each for place, each in self.problems.items() if place[:2] == path), None
        )
        return {
            "path": [*path],
            "label": say(f"setting_{'_'.join(path)}", locale),
            "why": say(f"setting_{'_'.join(path)}_why", locale),
            "value": value,
            "running": running,
            "differs": not _same(value, running),
            "problem": _told(why, locale),
            **_drawn_field(field, locale),
        }

    def _value(self, path: Path, field: Field) -> Any:
        """Return what is stated, or what holds where nothing is."""
        try:
            value = self.text.value(path)
        except KeyError:
            return field.default
        return "off" if value is False and "off" in field.choices else value

    def _running(self, path: Path) -> Any:
        group = getattr(self.running, path[0])
        value = group.model_dump(mode="json", include={path[1]})[path[1]]
        return sorted(value) if isinstance(getattr(group, path[1]), frozenset) else value

    def _differs(self, path: Path) -> bool:
        group = self.group(path[0])
        return group is not None and group.rules != getattr(self.running, path[0]).rules

    def _rules(self, path: Path, locale: str) -> dict[str, Any] | None:
        """Return a list of rules; None where none is stated."""
        try:
            prologue, members = self.text.members(path)
        except KeyError:
            stated = self._value(path, field_of(self.running, path))
            return {"prologue": "", "members": []} if stated == [] else None
        rules = [
            {
                "values": each.values if isinstance(each.values, dict) else {},
                "source": each.source,
                "is_locked": each.is_locked,
                "problem": self._problem_of((*path, at), locale),
            }
            for at, each in enumerate(members)
        ]
        return {"prologue": prologue, "members": rules}

    def _problem_of(self, place: tuple[str | int, ...], locale: str) -> str:
        """Say what is wrong with a rule, and with which of its fields."""
        for found, why in self.problems.items():
            if found[: len(place)] == place:
                names = [each for each in found[len(place) :] if isinstance(each, str)]
                return _at(names[-1] if names else "", _told(why, locale), locale)
        return ""

    def _elsewhere(self, locale: str) -> Iterator[str]:
        """Say what is wrong where no field shows it."""
        shown = {*chain(*SECTIONS.values())}
        for place, why in self.problems.items():
            in_rule = place[:2] in RULES and len(place) > 2
            if place[:2] not in shown and not in_rule:
                key = ".".join(map(str, place))
                yield say("refused.where", locale, where=key, why=_told(why, locale))


def form_words(locale: str, *, may_save: bool) -> dict[str, Any]:
    """Return what stands around the fields, and the fields of rules."""
    words = {name: say(f"settings_{name}", locale) for name in WORDS}
    shared = {name: say(f"rule_{name}", locale) for name in FROM_RULES}
    return {
        **words,
        **shared,
        "copied": say("copied", locale),
        "rule_copy": say("rule_copy", locale),
        "without": say("rule_without", locale, part="{part}"),
        "now": say("settings_now", locale, value="{value}"),
        "differ": say("settings_differ", locale, count="{count}"),
        "may_save": may_save,
        "rules": {
            ".".join(path): [
                {
                    "kind": kind,
                    "label": say(f"setting_kind_{kind}", locale) if kind else "",
                    "fields": [_drawn_part(each, locale) for each in _ordered(model)],
                }
                for kind, model in kinds.items()
            ]
            for path, kinds in RULES.items()
        },
    }


def field_of(settings: Settings, path: Path) -> Field:
    """Return how a setting is entered."""
    model: type[BaseModel] = type(getattr(settings, path[0]))
    field = fields_of(model)[path[1]]
    if path == ("recognition", "language"):
        return Field(field.name, "choice", (AUTO, *LANGUAGES), default=field.default)
    return field


def _ordered(model: type[BaseModel]) -> Sequence[Field]:
    fields = [each for name, each in fields_of(model).items() if name != "kind"]
    return sorted(
        fields, key=lambda field: BEHIND.index(field.name) if field.name in BEHIND else -1
    )


def _drawn_part(field: Field, locale: str) -> dict[str, Any]:
    label = say(f"setting_rule_{field.name}", locale)
    return {"name": field.name, "label": label, **_drawn_field(field, locale)}


def _drawn_field(field: Field, locale: str) -> dict[str, Any]:
    choices: Sequence[tuple[str | int, str]] = [
        (each, _choice(field.name, each, locale)) for each in field.choices
    ]
    if field.kind == "mixed" and field.least is not None and field.most is not None:
        numbers = range(int(field.least) + 1, int(field.most) + 1)
        choices = [*choices, *((each, str(each)) for each in numbers)]
    if field.kind == "texts":
        choices = [(each, say("language_itself", each)) for each in locales()]
    return {
        "kind": field.kind,
        "choices": choices,
        "least": field.least,
        "most": field.most,
        "step": 1 if field.is_whole else "any",
        "unit": say(f"settings_unit_{field.unit}", locale) if field.unit else "",
        "in": field.unit,
        "may_be_empty": field.may_be_empty,
        "first": field.first,
        "is_needed": field.is_needed,
        "default": field.default,
        "fields": [_drawn_part(each, locale) for each in field.fields],
    }


def _choice(name: str, value: str, locale: str) -> str:
    if name == "language":
        return say("auto", locale) if value == AUTO else language_name(value, locale)
    if name in LABELS:
        is_silence = value == SILENCE
        return say("silence", locale) if is_silence else word_of(LABELS[name](value), locale)
    return say(f"{CHOICES.get(name, f'setting_{name}')}_{value}", locale)


def _at(name: str, why: str, locale: str) -> str:
    key = f"setting_rule_{name}"
    if knows(key):
        return say("refused.where", locale, where=say(key, locale), why=why)
    return say("refused.why", locale, why=why)


def _told(why: Notice | str | None, locale: str) -> str:
    return why.sentence(locale) if isinstance(why, Notice) else why or ""


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)
