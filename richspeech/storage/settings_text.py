"""config.yaml as text of which single values change, and every other character stays.

    text + (group, key) + value → text

A value is replaced where YAML's marks say that it stands, so that comments and line breaks around
it are as somebody wrote them. A key that is missing is put at the end of its group.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import yaml

from richspeech.errors import SettingsError
from richspeech.storage.rule_file import composed
from richspeech.storage.yaml_list import anew, has_comment_within, joined, members

Path: TypeAlias = tuple[str, str]
"""Group and key."""
DUMPED: Mapping[str, Any] = {"allow_unicode": True, "sort_keys": False, "default_flow_style": None}
LONGEST_TEXT = 300_000
"""Characters: ten times the file that comes with the program."""
ADDRESSES: tuple[Path, ...] = (("history", "url"), ("jobs", "broker"))
SECRET_PATHS: tuple[Path, ...] = (("server", "password"), ("webhooks", "secret"), *ADDRESSES)
"""Settings that may hold a password."""
NOT_SECRET = re.compile(r"sqlite:[^@?]*|redis://[^@?]*")
"""Addresses of a file, or of a machine of which nobody wants a password."""


@dataclass(frozen=True)
class Member:
    """One member of a list, such as a rule."""

    values: Any
    """What it says."""
    source: str = ""
    """Its lines, with the comments around them; nothing for a new one."""

    @property
    def is_locked(self) -> bool:
        """Whether a change would lose what somebody wrote within it."""
        return not isinstance(self.values, dict) or has_comment_within(self.source)


@dataclass(frozen=True)
class SettingsText:
    """Raises ``SettingsError``, naming the line, wherever it is no YAML of groups."""

    text: str

    @cached_property
    def document(self) -> dict[str, Any]:
        """What it says, by groups."""
        if self._root is None:
            return {}
        loaded = yaml.CSafeLoader("").construct_document(self._root)
        return {str(group): values for group, values in loaded.items()}

    @cached_property
    def _root(self) -> yaml.MappingNode | None:
        if len(self.text) > LONGEST_TEXT:
            raise SettingsError("rules.too_long", count=len(self.text), most=LONGEST_TEXT)
        root = _composed(self.text)
        if root is not None and (not isinstance(root, yaml.MappingNode) or root.flow_style):
            raise SettingsError("settings_form.no_groups")
        return root

    def value(self, path: Path) -> Any:
        """Return what is stated; raises ``KeyError`` where nothing is."""
        group = self.document.get(path[0])
        if not isinstance(group, dict):
            raise KeyError(path)
        return group[path[1]]

    # Values -----------------------------------------------------------------------------------

    def with_value(self, path: Path, value: Any) -> "SettingsText":
        """Return it with another value, which is written on the line of its key."""
        line = _dumped([value], **{**DUMPED, "default_flow_style": True, "width": 10**6})
        return self._with(path, value, f" {line.strip()[1:-1]}")

    def with_list(self, path: Path, text: str) -> "SettingsText":
        """Return it with another list, one member below the other."""
        value = yaml.load(text, yaml.CSafeLoader) or []
        if not value:
            return self.with_value(path, [])
        indent = " " * (self._column(path) + 2)
        return self._with(path, value, "\n" + textwrap.indent(text.strip("\n"), indent))

    def _with(self, path: Path, value: Any, written: str) -> "SettingsText":
        key, node, at = *self._place(path), self._end_of_group(path[0])
        if node is not None and key is not None:
            start = self.text.index(":", key.end_mark.index) + 1
            end = max(start, self._end(node))
            after = self.text[end:]
        elif at is not None:  # its group has no such key yet
            start = at
            written = f"\n{' ' * self._column(path)}{path[1]}:{written}"
            after = self.text[at:]
        else:
            return self._with_group(path, value)
        return self._checked(path, value, f"{self.text[:start]}{written}{after}")

    def _with_group(self, path: Path, value: Any) -> "SettingsText":
        """Return it with its group written anew: there is none, or it stands on one line."""
        group = {**(self.document.get(path[0]) or {}), path[1]: value}
        lines = _dumped({path[0]: group}, **{**DUMPED, "default_flow_style": False})
        found = self._group(path[0])
        if found is None:
            before = f"{self.text.rstrip()}\n\n" if self.text.strip() else ""
            return self._checked(path, value, f"{before}{lines}")
        start, end = found[0].start_mark.index, self._end(found[1])
        return self._checked(path, value, f"{self.text[:start]}{lines.rstrip()}{self.text[end:]}")

    def _checked(self, path: Path, value: Any, text: str) -> "SettingsText":
        """Return a text that says the same but for one value; raises ``SettingsError`` else."""
        group = {**(self.document.get(path[0]) or {}), path[1]: value}
        made = SettingsText(text)
        if made.document != {**self.document, path[0]: group}:
            raise SettingsError("settings_form.not_fitting", key=".".join(path))
        return made

    def with_groups_of(self, other: "SettingsText", names: Sequence[str]) -> "SettingsText":
        """Return it with some groups as another text has them, comments included."""
        made = self
        for name in names:
            if name in other.document:
                made = made._with_lines(name, other)
        return made

    def _with_lines(self, name: str, other: "SettingsText") -> "SettingsText":
        lines, found = other.lines_of(name), self._group(name)
        before = f"{self.text.rstrip()}\n\n" if self.text.strip() else ""
        text = f"{before}{lines}\n"
        if found is not None:
            start, end = found[0].start_mark.index, self._end(found[1])
            text = f"{self.text[:start]}{lines}{self.text[end:]}"
        made = SettingsText(text)
        if made.document != {**self.document, name: other.document[name]}:
            raise SettingsError("settings_form.not_fitting", key=name)
        return made

    def lines_of(self, name: str) -> str:
        """Return a group as it is written; nothing where there is none."""
        found = self._group(name)
        return self.text[found[0].start_mark.index : self._end(found[1])] if found else ""

    # Lists ------------------------------------------------------------------------------------

    def members(self, path: Path) -> tuple[str, tuple[Member, ...]]:
        """Cut a list into what stands before its first member and the lines of each.

        Raises ``KeyError`` where there is none, and ``SettingsError`` where that would lose
        comments.
        """
        values = self.value(path)
        if not isinstance(values, list) or not values:
            raise KeyError(path)
        prologue, sources = members(self._list_text(path), values)
        return prologue, tuple(map(Member, values, sources))

    def with_members(self, path: Path, prologue: str, kept: Sequence[Member]) -> "SettingsText":
        """Return it with a list of such members; who says what its lines say keeps them."""
        return self.with_list(path, joined(prologue, *map(_lines_of, kept)))

    def _list_text(self, path: Path) -> str:
        key, node = self._place(path)
        if key is None or node is None or getattr(node, "flow_style", True):
            return _dumped(self.value(path), **DUMPED)
        start = self.text.index("\n", self.text.index(":", key.end_mark.index)) + 1
        return textwrap.dedent(self.text[start : self._end(node)]) + "\n"

    # Secrets ----------------------------------------------------------------------------------

    def without_secrets(self) -> "SettingsText":
        """Return it without what may be a password, where it states one."""
        made = self
        for path in SECRET_PATHS:
            if self.states(path) and not _is_plain_address(path, self.value(path)):
                made = made.with_value(path, None)
        return made

    def with_secrets_of(self, other: "SettingsText") -> "SettingsText":
        """Return it with what another one states where this one was told to leave it out."""
        made = self
        for path in SECRET_PATHS:
            is_left_out = path[1] in (self.document.get(path[0]) or {}) and not self.states(path)
            if is_left_out and other.states(path):
                made = made.with_value(path, other.value(path))
        return made

    def states(self, path: Path) -> bool:
        """Whether there is such a value, other than null."""
        group = self.document.get(path[0])
        return isinstance(group, dict) and group.get(path[1]) is not None

    # Places -----------------------------------------------------------------------------------

    def _group(self, name: str) -> tuple[yaml.Node, yaml.Node] | None:
        pairs = self._root.value if self._root is not None else ()
        return next((pair for pair in pairs if pair[0].value == name), None)

    def _place(self, path: Path) -> tuple[yaml.Node | None, yaml.Node | None]:
        """Return key and value as they are written in a group of several lines."""
        found = self._group(path[0])
        if found is None or not isinstance(found[1], yaml.MappingNode) or found[1].flow_style:
            return None, None
        pairs = (pair for pair in found[1].value if pair[0].value == path[1])
        return next(pairs, (None, None))

    def _end_of_group(self, name: str) -> int | None:
        """Return where a group of several lines ends, before the comments behind it."""
        found = self._group(name)
        if found is None or not isinstance(found[1], yaml.MappingNode) or found[1].flow_style:
            return None
        return self.text.find("\n", self._end(found[1])) % (len(self.text) + 1)

    def _column(self, path: Path) -> int:
        found = self._group(path[0])
        is_block = found is not None and isinstance(found[1], yaml.MappingNode)
        if found is None or not is_block or found[1].flow_style or not found[1].value:
            return 2
        return int(found[1].value[0][0].start_mark.column)

    def _end(self, node: yaml.Node) -> int:
        """Return where a value ends, before blank lines and comments behind it."""
        end = int(node.end_mark.index)
        if getattr(node, "flow_style", True) and getattr(node, "style", None) not in ("|", ">"):
            return end
        lines = self.text[:end].splitlines(keepends=True)
        while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        return len("".join(lines).rstrip("\r\n"))


def _is_plain_address(path: Path, value: object) -> bool:
    return path in ADDRESSES and NOT_SECRET.fullmatch(str(value)) is not None


def _dumped(value: Any, **how: Any) -> str:
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, **how))


def _composed(text: str) -> yaml.Node | None:
    """Read YAML as it is written, in C: ten times as quick, but it says less of what is wrong."""
    try:
        events = yaml.parse(text, yaml.CSafeLoader)
        if not any(isinstance(each, yaml.AliasEvent) for each in events):
            return yaml.compose(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        pass
    composed(text)
    raise SettingsError("rules.character")


def _lines_of(member: Member) -> str:
    if member.source and _says(member):
        return member.source
    return anew(member.source, _dumped([member.values], width=100, **DUMPED))


def _says(member: Member) -> bool:
    try:
        return bool(yaml.load(member.source, yaml.CSafeLoader) == [member.values])
    except yaml.YAMLError:
        return False
