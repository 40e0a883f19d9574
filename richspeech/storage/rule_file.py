"""Post-processing rules as YAML: read with the place of what is wrong, and put into config.yaml.

Of the file only the lines of its group ``rules`` change, so that everything else stays as somebody
wrote it, comments and line breaks included. The new file is tried before it takes the place of the
old one, which stays beside it as ``config.yaml.bak``.
"""

import shutil
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from postprocess import RefusedError, Rule
from richspeech.errors import SettingsError
from richspeech.language.catalog import Notice
from richspeech.settings import Settings, load_settings
from richspeech.storage.atomic import replacing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

GROUP = "rules"
LONGEST_TEXT = 100_000
"""Characters; a thousand rules."""


class RuleFile:
    """The rules in a settings file; for all threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    @property
    def backup(self) -> Path:
        """Where the file before the last save is."""
        path = self.path.resolve()
        return path.with_name(f"{path.name}.bak")

    def text(self) -> str:
        """Return the group as it is written there, comments included; empty without one.

        Raises ``SettingsError`` when the file cannot be read.
        """
        lines, span = self._lines()
        block = "".join(lines[span[0] + 1 : span[1]]) if span else ""
        if block.strip() or not span:
            return textwrap.dedent(block).strip("\n") + "\n" if block.strip() else ""
        inline = lines[span[0]].partition(":")[2].strip()
        return "" if inline in ("", "[]") or inline.startswith("#") else f"{inline}\n"

    def whole(self) -> str:
        """Return all that stands there; raises ``SettingsError`` when that cannot be read."""
        return "".join(self._lines()[0])

    def save(self, text: str) -> tuple[Rule, ...]:
        """Put ``text`` in the place of the group, and return its rules.

        Raises ``SettingsError`` when it holds no rules, or the file cannot be read or written; then
        the file is as it was.
        """
        rules = read_rules(text)
        with self._lock:
            lines, span = self._lines()
            before = "".join(lines)
            first, last = span or (len(lines), len(lines))
            content = "".join([*lines[:first], *_group(text), *lines[last:]])
            self._require_same(before, content, text)
            if self._next(content).rules != rules:
                raise SettingsError("rules.environment", name=self.path.name)
            self._replace(content)
        return rules

    def change(self, change: Callable[[str], str]) -> None:
        """Write what ``change`` makes of the file, if a next start would take it.

        Raises ``SettingsError`` when it would not, or the file cannot be read or written, and lets
        those of ``change`` through; then the file is as it was.
        """
        with self._lock:
            content = change(self.whole())
            self._next(content)
            self._replace(content)

    def _lines(self) -> tuple[list[str], tuple[int, int] | None]:
        """Return the lines of the file, each with its end, and which of them are the group."""
        try:
            text = self.path.read_text(encoding="utf-8")
            root = yaml.compose(text, yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SettingsError(
                "rules.unreadable", name=self.path.name, why=type(error).__name__
            ) from error
        lines = text.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        if root is None:
            return lines, None
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            raise SettingsError("rules.not_in_lines", name=self.path.name)
        return lines, _span(lines, root)

    def _require_same(self, before: str, after: str, text: str) -> None:
        """Raise ``SettingsError`` if anything but the rules would read differently."""
        try:
            old, new = ((yaml.safe_load(each) or {}) | {GROUP: None} for each in (before, after))
            inserted = yaml.safe_load(after)[GROUP] or []
            is_same = old == new and inserted == (yaml.safe_load(text) or [])
        except yaml.YAMLError:
            is_same = False
        if not is_same:
            raise SettingsError("rules.not_fitting", name=self.path.name)

    def _next(self, content: str) -> Settings:
        """Read the settings as the next start would."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self.path.name
            path.write_text(content, encoding="utf-8")
            return load_settings(path)

    def _replace(self, content: str) -> None:
        path = self.path.resolve()
        try:
            with replacing(path) as new:
                new.write_text(content, encoding="utf-8")
                shutil.copy2(path, self.backup)
        except OSError as error:
            raise SettingsError(
                "rules.unwritable", name=path.name, why=str(error.strerror)
            ) from error


def _span(lines: Sequence[str], root: yaml.MappingNode) -> tuple[int, int] | None:
    """Return the first line of the group and the one after its last; None without a group.

    Blank lines and comments from the first column on, before the next group, are of that one.
    """
    starts = {str(key.value): key.start_mark.line for key, _ in root.value}
    if GROUP not in starts:
        return None
    first = starts[GROUP]
    last = min((line for line in starts.values() if line > first), default=len(lines))
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1
    return first, last


def _group(text: str) -> list[str]:
    """Return the lines of the group."""
    if not text.strip():
        return [f"{GROUP}: []\n"]
    indented = textwrap.indent(text.strip("\n"), "  ")
    return [f"{GROUP}:\n", *(f"{line}\n" for line in indented.splitlines())]


# Reading ------------------------------------------------------------------------------------------


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read a list of rules; raises ``SettingsError`` naming the line of what is wrong."""
    return tuple(_rule(*pair) for pair in zip(*listed(text), strict=True))


def listed(text: str) -> tuple[list[yaml.Node], list[Any]]:
    """Return the members of a list, as nodes and as values; raises ``SettingsError``."""
    if len(text) > LONGEST_TEXT:
        raise SettingsError("rules.too_long", count=len(text), most=LONGEST_TEXT)
    node = composed(text)
    if node is None:
        return [], []
    if not isinstance(node, yaml.SequenceNode):
        raise SettingsError("rules.no_list", line=_line(node))
    return node.value, yaml.safe_load(text)


def composed(text: str) -> yaml.Node | None:
    """Read YAML as it is written; raises ``SettingsError`` naming the line of what is wrong."""
    try:
        events = [*yaml.parse(text, yaml.SafeLoader)]
        alias = next((event for event in events if isinstance(event, yaml.AliasEvent)), None)
        node: yaml.Node | None = None if alias else yaml.compose(text, yaml.SafeLoader)
        yaml.safe_load("" if alias else text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context
        if mark is None:
            raise SettingsError("rules.yaml_somewhere", why=why) from error
        line, column = mark.line + 1, mark.column + 1
        raise SettingsError("rules.yaml", line=line, column=column, why=why) from error
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError("rules.character") from error
    except RecursionError as error:
        raise SettingsError("rules.too_deep") from error
    if alias is not None:  # a few of them can stand for a billion words
        raise SettingsError("rules.reference", line=_line(alias))
    return node


def _rule(node: yaml.Node, values: Any) -> Rule:
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise SettingsError("rules.no_rule", line=_line(node))
    keys = [*_keys(node)]
    names = [(level, str(key.value)) for level, key in keys]
    for number, (level, key) in enumerate(keys):
        if (level, str(key.value)) in names[:number]:
            raise SettingsError("rules.twice", line=_line(key), key=str(key.value))
    try:
        return Rule.from_dict({str(key): value for key, value in values.items()})
    except ValueError as error:
        line = _line(_culprit(node, str(error)))
        raise SettingsError(
            "rules.refused", line=line, name=str(values.get("name")), why=_why(error)
        ) from error


def _keys(node: yaml.MappingNode) -> Iterator[tuple[int, yaml.Node]]:
    """Yield the keys of a rule and of its ``when``, with their depth."""
    for key, value in node.value:
        yield 0, key
        if isinstance(value, yaml.MappingNode):
            yield from ((1, inner) for inner, _ in value.value)


def _culprit(node: yaml.MappingNode, message: str) -> yaml.Node:
    """Find the key that a message of postprocess.py is about; the rule where it names none."""
    name = next((str(value.value) for key, value in node.value if key.value == "name"), None)
    words = message.removeprefix(f"rule {name!r}: ").removeprefix("key ").split()
    named = words[0].strip("'") if words else ""
    return next((key for _, key in _keys(node) if key.value == named), node)


def _why(error: ValueError) -> Notice | str:
    """Say what postprocess.py does not like about a rule; its own words where it has no parts."""
    if not isinstance(error.__cause__, RefusedError):
        return str(error)
    refused = error.__cause__
    return Notice(f"rule.{refused.problem}", refused.parts)


def _line(where: yaml.Node | yaml.Event) -> int:
    return int(where.start_mark.line) + 1


# Writing ------------------------------------------------------------------------------------------


def rules_text(rules: Sequence["DataclassInstance"]) -> str:
    """Write rules, or what has their fields, as ``read_rules`` reads them."""
    plain = [_plain(rule) for rule in rules]
    style = {"allow_unicode": True, "sort_keys": False, "width": 100, "default_flow_style": None}
    return str(yaml.safe_dump(plain, **style)) if plain else ""


def _plain(part: "DataclassInstance") -> dict[str, Any]:
    """Return what differs from doing nothing."""
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return {name: _value(value) for name, value in values.items() if is_stated(value)}


def is_stated(value: object) -> bool:
    """Whether a field says something; a name that is empty does, and so does the number 0."""
    return value is not None and value is not False and value != ()


def _value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(value)
    if isinstance(value, tuple):
        return [*value]
    return value if isinstance(value, (bool, float)) else str(value)
