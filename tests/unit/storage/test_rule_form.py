"""Rules in a form: what goes through it means the same, and what nobody changed stays as it is."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import DEFAULT_RULES, LANGUAGES, Emotion, Rule, RuleCondition
from richspeech.errors import OptionError, SettingsError
from richspeech.places import CONFIG
from richspeech.storage.rule_file import RuleFile, read_rules, rules_text
from richspeech.storage.rule_form import HEARD_EVENTS, RuleForm, SentRule, changed_form, read_form

TWO = """\
# for the whole shop

# music says nothing
- name: no-music
  when: {event: bgm}
  drop_event: true   # at all
# who complains is not sad

- name: "calm #1"
  when:
    any_words: ["坏: 了", 'a, b']
    emotion: sad
  set_emotion: angry
  # to be looked at again
"""


def through_the_page(form: RuleForm, **changed: Any) -> RuleForm:
    """The form as the page sends it back; ``changed`` is what somebody did to the last rule."""
    drawn = json.loads(json.dumps([draft.to_dict("en") for draft in form.drafts]))
    if changed:
        drawn[-1] |= changed
    for each in drawn:
        del each["problem"]
    return changed_form(form.prologue, tuple(SentRule(**each) for each in drawn))


words = st.lists(
    st.text("ab退款 #:,'\"-[{&*!|>%@`", min_size=1, max_size=6).filter(
        lambda word: any(each.isalnum() for each in word)
    ),
    max_size=3,
).map(tuple)
maybe = st.none
conditions = st.builds(
    RuleCondition,
    emotion=st.sampled_from(Emotion),
    event=maybe() | st.sampled_from(HEARD_EVENTS),
    language=maybe() | st.sampled_from(LANGUAGES),
    any_words=words,
    no_words=words,
    endings=words,
    probability_below=maybe() | st.floats(0, 1, exclude_min=True),
)
rules = st.builds(
    Rule,
    name=st.text("ab规 #:'\"-", min_size=1, max_size=8).filter(str.strip),
    when=conditions,
    set_emotion=st.sampled_from(Emotion),
    set_event=maybe() | st.sampled_from(HEARD_EVENTS),
)


@given(st.lists(rules, max_size=3).map(tuple))
def test_rules_that_go_through_the_form_are_the_same(wanted: tuple[Rule, ...]) -> None:
    form = read_form(rules_text(wanted))
    assert [draft.problem for draft in form.drafts] == [None] * len(wanted)
    anew = RuleForm("", tuple(replace(draft, source="") for draft in form.drafts))
    for page in (through_the_page(form), through_the_page(anew)):
        assert read_rules(page.text) == wanted


def test_the_rules_that_come_with_the_program_fit_the_form() -> None:
    text = RuleFile(CONFIG).text()
    form = read_form(text)
    assert all(draft.parts for draft in form.drafts)
    assert through_the_page(form).text == text
    assert read_rules(text) == DEFAULT_RULES


line = st.sampled_from(["", "# a", "  # b", "    # c: d", "- name: x", "  when: {emotion: sad}"])
more = st.sampled_from(["  drop_emotion: true", "  drop_emotion: true # e", "- {name: y}", "---"])


@given(st.lists(line | more, max_size=8).map("\n".join))
def test_what_nobody_changes_stays_as_it_is_written_or_is_no_form(text: str) -> None:
    try:
        form = read_form(text)
    except SettingsError:
        return
    if "#" in text:
        assert form.text.rstrip("\n") == text.rstrip("\n")
        assert through_the_page(form).text == form.text


def test_a_rule_that_is_changed_keeps_the_comments_around_it_and_leaves_the_others_alone() -> None:
    form = read_form(TWO)
    assert form.prologue == "# for the whole shop\n\n"
    text = through_the_page(form, name="calm").text
    assert text.startswith(TWO[: TWO.index('- name: "calm #1"')])
    assert text.endswith("  set_emotion: angry\n  # to be looked at again\n")
    assert [rule.name for rule in read_rules(text)] == ["no-music", "calm"]


def test_a_comment_within_a_rule_leaves_it_to_the_yaml_view() -> None:
    first, second = read_form(TWO).drafts
    assert (first.parts, second.problem) == (None, None)
    assert "a comment within this rule" in first.to_dict("en")["problem"]
    assert second.parts is not None


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("- {name: x, when: {emotion: sadd}, drop_emotion: true}", "'sadd' is not one of"),
        ("- {name: x, when: {emotion: sad}, drop: true}", "'drop' is not one of"),
        ("- {name: x, when: {event: speech}, drop_event: true}", "'speech' is not an event"),
        ("- {name: 3, when: {emotion: sad}, drop_emotion: true}", "name"),
        ("- {name: x, when: {any_words: [a, [b]]}, drop_emotion: true}", "words"),
        ('- {name: "x\\ny", when: {emotion: sad}, drop_emotion: true}', "no field for all"),
    ],
)
def test_what_the_form_has_no_field_for_stays_as_it_is_and_is_said(rule: str, problem: str) -> None:
    form = read_form(f"{rule}\n")
    assert form.drafts[0].parts is None
    assert problem in form.drafts[0].to_dict("en")["problem"]
    assert through_the_page(form).text == f"{rule}\n"


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"name": ""}, "Give the rule a name."),
        ({"when": {}}, "Add a condition"),
        ({"when": {"any_words": []}}, "Add a condition"),
        ({"effects": {}}, "Add a change"),
        ({"effects": {"set_emotion": "sad", "drop_emotion": True}}, "cannot be set and taken away"),
        ({"effects": {"drop_event": True}}, "Which sound is to go?"),
        ({"when": {"probability_below": 0.5}}, "concerns an emotion or a sound"),
        ({"when": {"emotion": "sad", "probability_below": 0}}, "above 0 and up to 1"),
        ({"when": {"any_words": ["!"]}}, "Each word needs a letter"),
    ],
)
def test_a_rule_that_is_not_finished_says_what_is_missing(
    parts: dict[str, Any], problem: str
) -> None:
    changed = through_the_page(read_form(TWO), **parts)
    assert problem in changed.drafts[-1].to_dict("en")["problem"]
    again = read_form(changed.text)
    assert again.drafts[-1].problem == changed.drafts[-1].problem


def test_rules_in_one_line_are_written_in_lines_unless_that_loses_a_comment() -> None:
    text = "[{name: x, when: {emotion: sad}, drop_emotion: true}]"
    assert read_rules(read_form(text).text) == read_rules(text)
    with pytest.raises(SettingsError, match="lose their comments"):
        read_form(f"{text} # why")


@pytest.mark.parametrize("text", ["a: b", "- [", "- &a {name: x}\n- *a", "x" * 100_001])
def test_what_is_no_list_of_rules_has_no_form(text: str) -> None:
    with pytest.raises(SettingsError):
        read_form(text)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]"])
def test_without_rules_the_form_is_empty(text: str) -> None:
    form = read_form(text)
    assert form.drafts == ()
    assert read_rules(form.text) == ()


@pytest.mark.parametrize(
    "forged",
    [
        {"when": {"emotion": "speech"}},
        {"when": {"event": "speech"}},
        {"when": {"any_words": "a"}},
        {"when": {"any_words": ["a\nb"]}},
        {"when": {"probability_below": "0.5"}},
        {"effects": {"drop_emotion": 1}},
        {"effects": {"other": 1}},
    ],
)
def test_what_no_form_of_ours_holds_is_refused(forged: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        through_the_page(read_form(TWO), **forged)


def test_a_form_is_not_longer_than_rules_may_be() -> None:
    sent = SentRule("x", {}, {}, "#" * 60_000, locked=True)
    with pytest.raises(SettingsError, match="100,000"):
        changed_form("", (sent, sent))
