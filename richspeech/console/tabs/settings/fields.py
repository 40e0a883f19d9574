"""How a setting, or a key of a rule, is entered: told by the schema of its group."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from postprocess import AudioEvent
from richspeech.language.localized import LocalizedText

Kind: TypeAlias = Literal[
    "mark", "choice", "choices", "number", "line", "list", "texts", "group", "mixed"
]
UNITS = ("days", "hours", "seconds", "bytes")
"""With which names of settings end."""

NUMBERS = ("integer", "number")
KINDS: Mapping[str, Kind] = {"boolean": "mark", "object": "texts", "string": "line"}
"""By the types of JSON schema, where nothing else tells more."""


@dataclass(frozen=True)
class Field:
    """A setting, or a key of a rule."""

    name: str
    kind: Kind
    """``mixed``: a number, or one of the choices."""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    is_whole: bool = False
    """Whether its numbers have no fraction."""
    may_be_empty: bool = False
    """Whether it may be null."""
    is_needed: bool = False
    """Whether it has to be stated."""
    default: Any = None
    fields: tuple["Field", ...] = ()
    """Of a group."""

    @property
    def unit(self) -> str:
        """One of ``UNITS``, or nothing."""
        return next((each for each in UNITS if self.name.endswith(f"_{each}")), "")

    @property
    def first(self) -> Any:
        """What stands there when somebody begins."""
        match self.kind:
            case _ if not self.is_needed:
                return self.default
            case "number":
                return max(self.least or 0, 1)
            case "choices":
                return list(self.choices[:1])
            case "texts":
                return {"zh": "", "en": ""}
            case "list":
                return []
            case _:
                return ""


@cache
def fields_of(model: type[BaseModel]) -> Mapping[str, Field]:
    """Return the fields of a group of settings, or of a rule, by their names."""
    schema = model.model_json_schema()
    needed, parts = schema.get("required", ()), schema.get("$defs", {})
    return {
        name: _field(name, each, parts, is_needed=name in needed)
        for name, each in schema["properties"].items()
    }


def _field(
    name: str, schema: Mapping[str, Any], parts: Mapping[str, Any], *, is_needed: bool
) -> Field:
    options = [_resolved(each, parts) for each in schema.get("anyOf", [schema])]
    kept = [each for each in options if each.get("type") != "null"]
    return replace(
        _mixed(name, kept) if len(kept) > 1 else _plain(name, kept[0], parts),
        may_be_empty=len(kept) < len(options),
        is_needed=is_needed,
        default=schema.get("default"),
    )


def _mixed(name: str, options: list[Mapping[str, Any]]) -> Field:
    number = next(each for each in options if each.get("type") in NUMBERS)
    return _bounded(Field(name, "mixed", _choices(options)), number)


def _plain(name: str, schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Field:
    kind = schema.get("type")
    if kind in NUMBERS:
        return _bounded(Field(name, "number"), schema)
    if kind == "array":
        choices = _choices([_resolved(schema["items"], parts)], parts)
        return Field(name, "choices" if choices else "list", choices)
    if kind == "object" and schema.get("title") != LocalizedText.__name__:
        inner = schema.get("properties", {}).items()
        fields = (_field(key, each, parts, is_needed=False) for key, each in inner)
        return Field(name, "group", fields=tuple(fields))
    choices = _choices([schema])
    return Field(name, "choice" if choices else KINDS[str(kind)], choices)


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return parts[reference.rpartition("/")[2]] if reference else schema


def _choices(
    schemas: list[Mapping[str, Any]], parts: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Return what may be chosen; an event that is no event is not among it."""
    found: list[str] = []
    for each in schemas:
        inner = [_resolved(one, parts or {}) for one in each.get("anyOf", ())]
        found += [*each.get("enum", ()), *([each["const"]] if "const" in each else ())]
        found += _choices(inner, parts)
    return tuple(each for each in found if each != AudioEvent.SPEECH)


def _bounded(field: Field, schema: Mapping[str, Any]) -> Field:
    return replace(
        field,
        least=schema.get("minimum", schema.get("exclusiveMinimum")),
        most=schema.get("maximum", schema.get("exclusiveMaximum")),
        is_whole=schema["type"] == "integer",
    )
