"""Values of config.yaml change one by one, and every other character stays as it was."""

import difflib

import pytest
import yaml

from richspeech.errors import SettingsError
from richspeech.places import CONFIG
from richspeech.storage.settings_text import Member, Path, SettingsText

SHIPPED = SettingsText(CONFIG.read_text(encoding="utf-8"))
RULES = ("highlights", "rules")
MINE = """\
history:
  # how long
  keep_days: 30 # a month

# who listens
server: {user: ann, password: secret of ann}
risk:
  preset: sales
  rules:
    # ours
    - name: a
      kind: words
    # theirs

    - name: b   # at times
      kind: end
  # after all
page:
"""


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("history", "keep_days"), 30, ["-  keep_days: null", "+  keep_days: 30"]),
        (("recognition", "denoise"), "off", ['-  denoise: "off"', "+  denoise: 'off'"]),
        (("privacy", "kinds"), ["phone"], None),
        (("risk", "staff"), ["客服", "a: b"], None),
        (("webhooks", "retry_seconds"), [5], None),
    ],
)
def test_one_value_changes_and_nothing_else(
    path: Path, value: object, lines: list[str] | None
) -> None:
    made = SHIPPED.with_value(path, value)
    changed = changed_lines(SHIPPED.text, made.text)
    assert made.value(path) == value
    assert all(path[1] in line or line.startswith("-") for line in changed)
    assert lines is None or changed == lines
    back = made.with_value(path, SHIPPED.value(path))
    assert back.document == SHIPPED.document


def test_comments_stay_beside_and_behind_what_changed() -> None:
    made = SettingsText(MINE).with_value(("history", "keep_days"), None)
    assert "  keep_days: null # a month\n\n# who listens\n" in made.text
    made = made.with_value(("history", "enabled"), value=False)
    assert "  keep_days: null # a month\n  enabled: false\n\n# who listens\n" in made.text


@pytest.mark.parametrize("group", ["page", "live", "server"])
def test_a_group_that_is_missing_or_on_one_line_is_written(group: str) -> None:
    path = (group, "x")
    made = SettingsText(MINE).with_value(path, 3)
    assert made.value(path) == 3
    assert made.document == SettingsText(MINE).document | {
        group: {**(SettingsText(MINE).document.get(group) or {}), "x": 3}
    }


@pytest.mark.parametrize("text", ["", "# all commented out\n"])
def test_a_file_without_groups_gets_its_first(text: str) -> None:
    made = SettingsText(text).with_value(("history", "keep_days"), 3)
    assert made.text == f"{text}{text and chr(10)}history:\n  keep_days: 3\n"


def test_a_member_of_a_list_changes_and_the_others_keep_their_lines() -> None:
    before = SettingsText(MINE)
    prologue, (first, second) = before.members(("risk", "rules"))
    assert (first.is_locked, second.is_locked) == (False, True)
    third = Member({"name": "c", "words": ["退款"]})
    mended = Member({**first.values, "points": 3}, first.source)
    made = before.with_members(("risk", "rules"), prologue, [second, mended, third])
    assert made.value(("risk", "rules")) == [second.values, mended.values, third.values]
    assert "    - name: b   # at times\n      kind: end\n    # ours\n" in made.text
    assert made.text.index("points: 3") < made.text.index("words: [退款]")
    assert made.text.endswith("  # after all\npage:\n")


def test_the_rules_that_come_with_the_program_go_through_a_form_unchanged() -> None:
    prologue, kept = SHIPPED.members(RULES)
    assert SHIPPED.with_members(RULES, prologue, kept).text == SHIPPED.text
    assert not any(each.is_locked for each in kept)
    assert SHIPPED.with_members(RULES, "", []).value(RULES) == []


def test_secrets_are_left_out_and_come_back_where_they_were() -> None:
    mine = SettingsText(MINE)
    shown = mine.without_secrets()
    assert "secret" not in shown.text
    assert shown.document["server"] == {"user": "ann", "password": None}
    assert shown.with_secrets_of(mine).document == mine.document


@pytest.mark.parametrize(
    ("path", "value", "is_kept"),
    [
        (("history", "url"), "sqlite:///data/history.sqlite", True),
        (("history", "url"), "postgresql://ann:pw@host/name", False),
        (("history", "url"), "postgresql://host/name?password=pw", False),
        (("jobs", "broker"), "redis://10.0.0.5:6379/0", True),
        (("jobs", "broker"), "redis://:pw@10.0.0.5:6379/0", False),
        (("server", "password"), "sqlite:", False),
        (("webhooks", "secret"), "whsec_AAAA", False),
    ],
)
def test_an_address_without_a_password_is_none(path: Path, value: str, *, is_kept: bool) -> None:
    shown = SHIPPED.with_value(path, value).without_secrets()
    assert shown.value(path) == (value if is_kept else None)


def test_some_groups_go_into_another_file_whose_others_stay() -> None:
    made = SHIPPED.with_groups_of(SettingsText(MINE), ["risk", "highlights"])
    assert made.document == SHIPPED.document | {"risk": SettingsText(MINE).document["risk"]}
    assert "  rules:\n    # ours\n    - name: a\n" in made.text
    assert made.text.startswith(SHIPPED.text.partition("\nrisk:")[0])
    made = SettingsText("page: {}\n").with_groups_of(SHIPPED, ["risk"])
    assert made.document == {"page": {}, "risk": SHIPPED.document["risk"]}


@pytest.mark.parametrize(
    "text",
    [f"a: {'[' * 5_000}", "- a\n", "a: [", "{a: 1}\n", "a: &x [1]\nb: *x\n", "x: 1\n" * 100_000],
)
def test_what_is_no_file_of_groups_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        SettingsText(text).with_value(("history", "keep_days"), 3)


def test_lines_end_as_yaml_wants_them() -> None:
    assert yaml.safe_load(SHIPPED.with_value(("risk", "rules"), None).text) == SHIPPED.document
