"""The form of settings: it and config.yaml say the same, and it says what the command line says."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from richspeech.access.principal import SCOPES_OF, Principal, Role
from richspeech.console.events import SettingChange, Wishes
from richspeech.console.tabs.settings.editing import SettingsEditing
from richspeech.console.tabs.settings.fields import fields_of
from richspeech.console.tabs.settings.form import RULES, SECTIONS, SettingsForm, form_words
from richspeech.errors import AccessError, OptionError, SettingsError
from richspeech.language.catalog import locales
from richspeech.operations.caller import Caller, called_by
from richspeech.places import CONFIG
from richspeech.presets.rules import PRESETS, Preset, preset_rules
from richspeech.service import build
from richspeech.settings import Settings, load_settings
from richspeech.storage.settings_text import SettingsText

SHIPPED = SettingsText(CONFIG.read_text(encoding="utf-8"))
PASSWORD = "a long one"  # noqa: S105
Edit = Callable[..., SettingsEditing]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    monkeypatch.setattr("os.environ", {})

    def make(add: str = "", **settings: Any) -> SettingsEditing:
        config = Path(shutil.copy(CONFIG, tmp_path / "config.yaml"))
        if add:
            config.write_text(add, encoding="utf-8")
        known = load_settings(config, **settings)
        return SettingsEditing(build(known, config_file=config))

    return make


def wish(kind: Any = "edit", text: str | None = None, **changes: Any) -> Wishes:
    pairs = [(path.partition("__"), value) for path, value in changes.items()]
    made = tuple(SettingChange(group=at[0], key=at[2], value=value) for at, value in pairs)
    return Wishes(kind=kind, text=text, changes=made)


def changed(editing: SettingsEditing, **changes: Any) -> SettingsForm:
    return editing.made(wish(**changes), SHIPPED.text)[0]


def field(drawn: dict[str, Any], path: str) -> dict[str, Any]:
    fields = (each for section in drawn["sections"] for each in section["fields"])
    return next(each for each in fields if ".".join(each["path"]) == path)


@pytest.mark.parametrize("locale", locales())
def test_the_file_that_comes_with_the_program_is_shown_in_every_language(locale: str) -> None:
    form = SettingsForm(SHIPPED, SHIPPED, Settings())
    drawn = form.to_dict(locale)
    assert (drawn["differ"], drawn["problems"]) == (0, [])
    assert [each["name"] for each in drawn["sections"]] == [*SECTIONS]
    assert field(drawn, "history.keep_days")["unit"]
    words = form_words(locale, may_save=True)
    assert all(each["label"] for each in words["rules"]["risk.rules"])


def test_what_the_form_shows_is_what_the_text_says() -> None:
    drawn = SettingsForm(SHIPPED, SHIPPED, Settings()).to_dict("en")
    for section in drawn["sections"]:
        for each in section["fields"]:
            group, key = each["path"]
            stated = SHIPPED.document[group][key]
            assert each["value"] == ("off" if stated is False and each["choices"] else stated)
    rules = drawn["rules"]["highlights.rules"]["members"]
    assert [each["values"] for each in rules] == SHIPPED.document["highlights"]["rules"]


def test_a_change_is_in_the_text_at_once_and_told_beside_what_holds(edit: Edit) -> None:
    form = changed(edit(), history__keep_days=30, voices__remember=True)
    assert "  keep_days: 30\n" in form.text.text
    drawn = form.to_dict("en")
    assert drawn["differ"] == 2
    days = field(drawn, "history.keep_days")
    assert (days["value"], days["running"], days["differs"]) == (30, None, True)


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ({"history__keep_days": 0}, "history.keep_days", "不能小于 1"),
        ({"limits__max_seconds": None}, "limits.max_seconds", "要填数字"),
        ({"privacy__kinds": []}, "privacy.kinds", "至少要有 1 项，现在是 0 项"),
        ({"risk__staff": ["客服", " "]}, "risk.staff", "文字的写法不对，要符合 \\S"),
    ],
)
def test_a_wrong_value_stays_and_is_told_at_its_field(
    edit: Edit, change: dict[str, Any], place: str, said: str
) -> None:
    drawn = changed(edit(), **change).to_dict("zh")
    assert field(drawn, place)["problem"] == said
    assert drawn["problems"] == []


def test_the_form_says_what_the_command_line_says(edit: Edit, tmp_path: Path) -> None:
    form = changed(edit(), risk__medium_from=70)
    path = tmp_path / "mine.yaml"
    path.write_text(form.text.text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"risk: medium_from 70 is over high_from 60\."):
        load_settings(path)
    assert form.to_dict("en")["problems"] == ["risk: medium_from 70 is over high_from 60."]
    assert form.to_dict("zh")["problems"] == ["risk：medium_from 70 大于 high_from 60。"]


@pytest.mark.parametrize("preset", PRESETS)
def test_own_rules_begin_as_those_of_a_preset(edit: Edit, preset: Preset) -> None:
    form = changed(edit(), risk__rules={"preset": preset})
    assert form.group("risk").rules == preset_rules(preset)
    back = edit().made(wish(risk__rules=None), form.text.text)[0]
    assert back.text.document == SHIPPED.document


def test_a_rule_that_is_wrong_says_in_which_field(edit: Edit) -> None:
    form = changed(edit(), risk__rules={"preset": "service"})
    prologue, members = form.text.members(("risk", "rules"))
    sent = [{"values": each.values, "source": each.source} for each in members]
    sent[0]["values"] = {**members[0].values, "points": 500}
    sent[1]["values"] = {**members[1].values, "emotions": []}
    edited = edit().made(wish(risk__rules={"prologue": prologue, "members": sent}), form.text.text)[
        0
    ]
    drawn = edited.to_dict("en")
    told = [each["problem"] for each in drawn["rules"]["risk.rules"]["members"]]
    assert told[:3] == [
        "Points of each finding: Input should be less than or equal to 100.",
        "the rule long-anger needs emotions, events or sentiments.",
        "",
    ]
    assert drawn["problems"] == []
    untouched = edited.text.members(("risk", "rules"))[1][2:]
    assert untouched == members[2:]


@pytest.mark.parametrize(
    "change",
    [
        {"server__password": PASSWORD},
        {"page__may_save_rules": True},
        {"risk__rules": "all"},
        {"risk__rules": {"preset": "none"}},
        {"risk__rules": {"prologue": "", "members": [3]}},
    ],
)
def test_a_change_that_no_form_of_ours_makes_is_refused(edit: Edit, change: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        changed(edit(), **change)


def test_passwords_do_not_reach_the_page_and_are_no_problem_there(edit: Edit) -> None:
    secret = f"server: {{user: ann, password: {PASSWORD}}}\nhistory:\n  keep_days: 3\n"
    editing = edit(secret)
    form, _ = editing.made(wish("open"), "")
    drawn = form.to_dict("en")
    assert PASSWORD not in f"{form.text.text}{drawn}"
    assert (drawn["differ"], drawn["problems"]) == (0, [])
    assert form.text.document["server"] == {"user": "ann", "password": None}


def test_only_the_groups_of_rules_are_saved(edit: Edit, tmp_path: Path) -> None:
    editing, config = edit(), tmp_path / "config.yaml"
    wanted = wish("save", risk__medium_from=20, highlights__top=3, limits__max_seconds=60)
    _, said = editing.made(wanted, SHIPPED.text)
    assert said is not None
    assert said.key == "settings_saved"
    saved, before = load_settings(config), load_settings(CONFIG)
    assert (saved.risk.medium_from, saved.highlights.top) == (20, 3)
    assert saved.limits == before.limits
    assert (tmp_path / "config.yaml.bak").read_bytes() == CONFIG.read_bytes()
    assert config.read_text("utf-8").count("#") == CONFIG.read_text("utf-8").count("#")


@pytest.mark.parametrize(
    ("settings", "change", "key"),
    [
        ({"page": {"may_save_rules": False}}, {"risk__medium_from": 20}, "settings_may_not_save"),
        ({}, {"risk__medium_from": 70}, "settings.refused"),
    ],
)
def test_what_may_not_be_saved_leaves_the_file_as_it_was(
    edit: Edit, tmp_path: Path, settings: dict[str, Any], change: dict[str, Any], key: str
) -> None:
    editing = edit(**settings)
    _, said = editing.made(wish("save", **change), SHIPPED.text)
    assert said is not None
    assert said.key == key
    assert (tmp_path / "config.yaml").read_bytes() == CONFIG.read_bytes()


def test_settings_are_for_administrators(edit: Edit) -> None:
    editing = edit()
    editing.require_for_caller()  # where nobody logs in, everybody is one
    member = Caller(principal=Principal("ming", Role.MEMBER, SCOPES_OF[Role.MEMBER]))
    with called_by(member), pytest.raises(AccessError):
        editing.require_for_caller()
    strangers = {"host": "0.0.0.0", "allow_unauthenticated": True}  # noqa: S104
    with pytest.raises(AccessError):
        edit(server=strangers).require_for_caller()


@pytest.mark.parametrize("path", RULES)
def test_a_fresh_rule_has_what_has_to_be_stated(path: tuple[str, str]) -> None:
    def shown(model: type[BaseModel]) -> set[str]:
        return {name for name, each in fields_of(model).items() if each.is_needed}

    for model in RULES[path].values():
        assert shown(model) == {
            name for name, each in model.model_fields.items() if each.is_required()
        }
        assert yaml.safe_dump([each.first for each in fields_of(model).values()])
