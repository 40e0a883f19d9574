"""Rules in config.yaml: what is wrong is named with its line, and nothing else is touched."""

import shutil
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from postprocess import DEFAULT_RULES, AudioEvent, Emotion, Rule, RuleCondition
from richspeech.errors import SettingsError
from richspeech.places import CONFIG
from richspeech.settings import load_settings
from richspeech.storage.rule_file import RuleFile, read_rules, rules_text

MINE = """\
# angry words
- name: calm
  when: {emotion: angry, any_words: [投诉, "坏: 了"]}
  set_emotion: neutral
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copy(CONFIG, tmp_path / "config.yaml"))


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read_rules(text)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


# Reading ------------------------------------------------------------------------------------------


def test_rules_are_read() -> None:
    (rule,) = read_rules(MINE)
    assert rule.name == "calm"
    assert rule.when == RuleCondition(emotion=Emotion.ANGRY, any_words=("投诉", "坏: 了"))


@pytest.mark.parametrize("text", ["", "  \n", "# nothing\n", "[]"])
def test_no_text_means_no_rules(text: str) -> None:
    assert read_rules(text) == ()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (
            "\n- name: x\n  when:\n    emotion: sadd\n  drop_emotion: true",
            4,
            "'sadd' is not one of",
        ),
        ("- name: x\n  when: {emotion: sad}\n  drop: true", 3, "key 'drop' is not one of"),
        ("- name: x\n  when: {}\n  drop_emotion: true", 2, "when is empty"),
        (MINE + "- name: y\n  when: {emotion: sad}", 5, "rule 'y': nothing to set or drop"),
        (MINE + "- name: y\n  name: z", 6, "the key name appears twice"),
        ("a: b", 1, "rules are a list"),
        ("# x\n- b", 2, "a rule begins with"),
        ("- name: [", 1, "not valid YAML"),
        (
            "- name: x\n  when: {any_words: [[a, b]], emotion: sad}\n  drop_emotion: true",
            2,
            "words",
        ),
        ("- &a [x]\n- *a", 2, "references with & and * are not allowed"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    message = refusal(text)
    assert message.startswith(f"Line {line}")
    assert reason in message


@pytest.mark.parametrize("text", ["\x00", "- 2026-99-99", "x" * 100_001])
def test_what_is_no_yaml_is_refused_in_a_sentence(text: str) -> None:
    refusal(text)


@given(st.text(st.sampled_from("-name: whe{}[]x&*\n '\"!|>#"), max_size=40))
def test_any_text_is_rules_or_refused(text: str) -> None:
    try:
        rules = read_rules(text)
    except SettingsError:
        return
    assert read_rules(rules_text(rules)) == rules


@pytest.mark.parametrize(
    "rules",
    [
        (),
        DEFAULT_RULES,
        (
            Rule(
                "music: 1",
                RuleCondition(event=AudioEvent.BGM, language="ja", probability_below=0.4),
                drop_event=True,
                set_emotion=Emotion.UNKNOWN,
            ),
        ),
    ],
)
def test_rules_that_are_written_are_read_again(rules: tuple[Rule, ...]) -> None:
    assert read_rules(rules_text(rules)) == rules


# The file -----------------------------------------------------------------------------------------


def test_the_group_is_shown_as_it_is_written_with_its_comments() -> None:
    text = RuleFile(CONFIG).text()
    assert read_rules(text) == DEFAULT_RULES
    assert text.startswith("# A sentence that trails off")


def test_what_is_saved_as_it_was_changes_no_byte(config: Path) -> None:
    file = RuleFile(config)
    assert file.save(file.text()) == DEFAULT_RULES
    assert config.read_bytes() == CONFIG.read_bytes()


def test_saving_changes_the_rules_and_no_other_line(config: Path) -> None:
    rules = RuleFile(config).save(MINE)
    assert load_settings(config).rules == rules
    assert RuleFile(config).text() == MINE
    before, after = CONFIG.read_text("utf-8"), config.read_text("utf-8")
    head = before[: before.index("\nrules:\n")]
    assert after.startswith(head)
    assert dict(load_settings(config)) | {"rules": ()} == dict(load_settings()) | {"rules": ()}


def test_the_file_before_is_kept_beside_it_with_its_mode(config: Path) -> None:
    config.chmod(0o640)
    file = RuleFile(config)
    file.save(MINE)
    assert file.backup.read_bytes() == CONFIG.read_bytes()
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert sorted(p.name for p in config.parent.iterdir()) == ["config.yaml", "config.yaml.bak"]


@pytest.mark.parametrize("text", ["", "# none any more\n"])
def test_rules_can_be_taken_away(config: Path, text: str) -> None:
    assert RuleFile(config).save(text) == ()
    assert load_settings(config).rules == ()
    assert RuleFile(config).save(MINE) == read_rules(MINE)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# only this",
        "server: {port: 7000}\n",
        "rules: []\nserver:\n  port: 7000\n",
        "rules: [{name: x, when: {emotion: sad}, drop_emotion: true}]  # one\n\n# next\npage: {}\n",
        "rules:\n# mine\n- {name: x, when: {event: bgm}, drop_event: true}\n# of page\npage: {}",
    ],
)
def test_rules_find_their_place_in_any_file(config: Path, before: str) -> None:
    config.write_text(before, encoding="utf-8")
    RuleFile(config).save(MINE)
    after = config.read_text("utf-8")
    assert load_settings(config).rules == read_rules(MINE)
    others = [yaml.safe_load(text) or {} for text in (before, after)]
    assert {**others[0], "rules": 0} == {**others[1], "rules": 0}
    for comment in ("# only this", "# next", "# of page"):
        assert (comment in after) == (comment in before)


def test_a_refused_text_leaves_the_file_alone(config: Path) -> None:
    with pytest.raises(SettingsError, match="Line 1"):
        RuleFile(config).save("- name: x")
    assert config.read_bytes() == CONFIG.read_bytes()
    assert not RuleFile(config).backup.exists()


@pytest.mark.parametrize("text", ["--- \n" + MINE, "%YAML 1.1\n---\n" + MINE])
def test_what_would_not_be_the_same_inside_the_file_is_refused(config: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="by hand"):
        RuleFile(config).save(text)
    assert config.read_bytes() == CONFIG.read_bytes()


@pytest.mark.parametrize("content", ["{server: {port: 7000}}", "- a", "a: [", "server: {prt: 1}"])
def test_a_file_that_is_no_config_is_left_as_it_is(config: Path, content: str) -> None:
    config.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError):
        RuleFile(config).save(MINE)
    assert config.read_text("utf-8") == content


def test_the_environment_is_named_where_it_would_hide_the_rules(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RICHSPEECH_RULES", "[]")
    with pytest.raises(SettingsError, match="RICHSPEECH_RULES in the environment"):
        RuleFile(config).save(MINE)
    assert config.read_bytes() == CONFIG.read_bytes()


def test_a_file_that_cannot_be_replaced_is_a_sentence(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SettingsError, match="cannot be written"):
        RuleFile(config).save(MINE)
    monkeypatch.undo()
    assert config.read_bytes() == CONFIG.read_bytes()
    assert not (config.parent / ".config.yaml.part").exists()
