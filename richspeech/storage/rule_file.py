"""Post-processing rules as YAML: read with the place of what is wrong, and put into config.yaml.

Of the file only the lines of its group ``rules`` change, so that everything else stays as somebody
wrote it, comments and line breaks included. The new file is tried before it takes the place of the
old one, which stays beside it as ``config.yaml.bak``.
"""

import shutil
import tempfile
import textwrap
import threading
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from postprocess import Rule, RuleCondition
from richspeech.errors import SettingsError
from richspeech.settings import load_settings
from richspeech.storage.atomic import replacing

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
            self._try(content, rules)
            self._replace(content)
        return rules

    def _lines(self) -> tuple[list[str], tuple[int, int] | None]:
        """Return the lines of the file, each with its end, and which of them are the group."""
        try:
            text = self.path.read_text(encoding="utf-8")
            root = yaml.compose(text, yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            message = f"{self.path.name} cannot be read ({type(error).__name__}); mend it first."
            raise SettingsError(message) from error
        lines = text.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        if root is None:
            return lines, None
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            message = f"{self.path.name} is not written in lines; put the rules there by hand."
            raise SettingsError(message)
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
            message = f"These rules cannot be put into {self.path.name}; put them there by hand."
            raise SettingsError(message)

    def _try(self, content: str, rules: tuple[Rule, ...]) -> None:
        """Read the settings as the next start would."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self.path.name
            path.write_text(content, encoding="utf-8")
            found = load_settings(path).rules
        if found != rules:
            message = (
                "RICHSPEECH_RULES in the environment goes before the rules in "
                f"{self.path.name}; take it away before saving."
            )
            raise SettingsError(message)

    def _replace(self, content: str) -> None:
        path = self.path.resolve()
        try:
            with replacing(path) as new:
                new.write_text(content, encoding="utf-8")
                shutil.copy2(path, self.backup)
        except OSError as error:
            message = (
                f"{path.name} cannot be written ({error.strerror}); the rules are not saved: "
                "allow this program to write there, or put them there by hand."
            )
            raise SettingsError(message) from error


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
    if len(text) > LONGEST_TEXT:
        message = f"The rules have {len(text)} characters, more than {LONGEST_TEXT}; shorten them."
        raise SettingsError(message)
    node = _compose(text)
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise _refused(node, "rules are a list; each one begins with “- name:”")
    values = yaml.safe_load(text)
    return tuple(_rule(*pair) for pair in zip(node.value, values, strict=True))


def _compose(text: str) -> yaml.Node | None:
    try:
        events = [*yaml.parse(text, yaml.SafeLoader)]
        alias = next((event for event in events if isinstance(event, yaml.AliasEvent)), None)
        node: yaml.Node | None = None if alias else yaml.compose(text, yaml.SafeLoader)
        yaml.safe_load("" if alias else text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"Line {mark.line + 1}, column {mark.column + 1}" if mark else "Somewhere"
        message = f"{where}: this is not valid YAML ({error.problem or error.context})."
        raise SettingsError(message) from error
    except (yaml.YAMLError, ValueError) as error:
        message = "The rules hold a character or a value that YAML does not know; remove it."
        raise SettingsError(message) from error
    if alias is not None:  # a few of them can stand for a billion words
        raise _refused(alias, "references with & and * are not allowed here")
    return node


def _rule(node: yaml.Node, values: Any) -> Rule:
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise _refused(node, "a rule begins with “- name:”, followed by when and what to do")
    keys = [*_keys(node)]
    names = [(level, str(key.value)) for level, key in keys]
    for number, (level, key) in enumerate(keys):
        if (level, str(key.value)) in names[:number]:
            raise _refused(key, f"the key {key.value} stands there twice; remove one of the two")
    try:
        return Rule.from_dict({str(key): value for key, value in values.items()})
    except ValueError as error:
        raise _refused(_culprit(node, str(error)), str(error)) from error


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


def _refused(where: yaml.Node | yaml.Event, reason: str) -> SettingsError:
    return SettingsError(f"Line {where.start_mark.line + 1}: {reason}.")


# Writing ------------------------------------------------------------------------------------------


def rules_text(rules: Sequence[Rule]) -> str:
    """Write rules as ``read_rules`` reads them."""
    plain = [_plain(rule) for rule in rules]
    style = {"allow_unicode": True, "sort_keys": False, "width": 100, "default_flow_style": None}
    return str(yaml.safe_dump(plain, **style)) if plain else ""


def _plain(part: Rule | RuleCondition) -> dict[str, Any]:
    """Return what differs from doing nothing."""
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return {name: _value(value) for name, value in values.items() if value}


def _value(value: Any) -> Any:
    if isinstance(value, RuleCondition):
        return _plain(value)
    if isinstance(value, tuple):
        return [*value]
    return value if isinstance(value, (bool, float)) else str(value)
