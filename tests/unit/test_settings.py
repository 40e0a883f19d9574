"""config.yaml is complete and explained; wrong settings are refused in one plain sentence."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from postprocess import DEFAULT_RULES, Rule, RuleCondition
from richspeech.errors import SettingsError
from richspeech.places import CONFIG
from richspeech.settings import Settings, load_settings

PASSWORD = "hunter2"  # noqa: S105
GUARD = (
    "can be reached from other machines: set user and password, also beside users of the database, "
    "or allow_unauthenticated: true."
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, **overrides: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, **overrides)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


# config.yaml --------------------------------------------------------------------------------------


def known_keys() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            yield from (f"{name}.{key}" for key in group.model_fields)
        else:
            yield name


def explained_keys() -> dict[str, str]:
    """Walk the text: each key with the comment that stands right above it."""
    found, comment, group = {}, "", ""
    for line in CONFIG.read_text(encoding="utf-8").splitlines():
        if key := re.match(r"(  )?(\w+):", line):
            group = group if key[1] else key[2]
            found[f"{group}.{key[2]}" if key[1] else group] = comment
        comment = comment + line.strip() if line.strip().startswith("#") else ""
    return found


def test_config_yaml_names_every_setting_and_no_other() -> None:
    groups = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    keys = [f"{g}.{key}" for g, group in groups.items() if isinstance(group, dict) for key in group]
    assert [*keys, "rules"] == [*known_keys()]


def test_config_yaml_explains_every_setting_in_a_comment_above_it() -> None:
    comments = explained_keys()
    assert [key for key in known_keys() if len(comments[key]) < len("# As above.")] == []


def test_config_yaml_says_what_the_code_has_as_defaults() -> None:
    assert dict(load_settings()) == dict(Settings())


def test_the_rules_of_config_yaml_are_the_default_rules() -> None:
    assert load_settings(CONFIG).rules == DEFAULT_RULES


# Reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "# nothing\n", "server:\n  # port: 7000\n", "{}"])
def test_what_is_not_given_has_its_default(tmp_path: Path, text: str) -> None:
    assert dict(load_settings(written(tmp_path, text))) == dict(Settings())


@pytest.mark.parametrize("text", ["rules: []", "rules:\n  # - name: mine\n"])
def test_an_empty_list_of_rules_means_no_rules(tmp_path: Path, text: str) -> None:
    assert load_settings(written(tmp_path, text)).rules == ()


def test_a_rule_is_read(tmp_path: Path) -> None:
    text = "rules: [{name: calm, when: {emotion: angry, language: ja}, drop_emotion: true}]"
    condition = RuleCondition(emotion="angry", language="ja")  # type: ignore[arg-type]
    rule = Rule("calm", condition, drop_emotion=True)
    assert load_settings(written(tmp_path, text)).rules == (rule,)


@pytest.mark.parametrize("word", ["off", '"off"'])
def test_off_is_off_although_yaml_takes_it_for_false(tmp_path: Path, word: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"recognition: {{denoise: {word}}}", encoding="utf-8")
    assert load_settings(path).recognition.denoise == "off"


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1


# The environment and the command line -------------------------------------------------------------


def test_the_environment_goes_before_the_file_key_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RICHSPEECH_SERVER__PORT", "7000")
    monkeypatch.setenv("RICHSPEECH_RECOGNITION__ALLOWED_LANGUAGES", '["ja", "en"]')
    text = "server: {host: localhost, port: 8000}\nrecognition: {merge: true}"
    settings = load_settings(written(tmp_path, text))
    assert (settings.server.host, settings.server.port) == ("localhost", 7000)
    assert settings.recognition.allowed_languages == ("ja", "en")
    assert settings.recognition.merge


def test_a_whole_group_may_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RICHSPEECH_VAD", '{"max_end_silence_ms": 400}')
    assert load_settings().vad.max_end_silence_ms == 400
    assert load_settings().vad.max_single_segment_ms == 30_000


def test_the_command_line_goes_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RICHSPEECH_SERVER__PORT", "7000")
    monkeypatch.setenv("RICHSPEECH_SERVER__HOST", "localhost")
    settings = load_settings(CONFIG, server={"port": 7001}, model={})
    assert (settings.server.host, settings.server.port) == ("localhost", 7001)


def test_a_refusal_names_the_variable_that_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RICHSPEECH_SERVER__PORT", "many")
    message = refusal(CONFIG)
    assert message.startswith("RICHSPEECH_SERVER__PORT: server.port cannot be 'many': ")
    assert "config.yaml" not in message


def test_a_refusal_names_the_command_line_that_it_is_about() -> None:
    assert refusal(CONFIG, model={"device": "gpu"}) == (
        "command line: model.device cannot be 'gpu': a device is cpu, cuda:0 or the like."
    )


@pytest.mark.parametrize("variable", ["RICHSPEECH_SERVER", "RICHSPEECH_RULES"])
def test_a_variable_that_is_no_json_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, PASSWORD)
    message = refusal(CONFIG)
    assert variable.rpartition("_")[2].lower() in message
    assert PASSWORD not in message
    assert "YAML" not in message


# Refusing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("sever: {port: 7000}", "sever"),
        ("server: {prot: 7000}", "server.prot"),
        ("model: {hub: {timeout: 3}}", "model.hub"),
    ],
)
def test_an_unknown_key_is_refused_by_name(tmp_path: Path, text: str, key: str) -> None:
    message = refusal(written(tmp_path, text))
    assert message == f"my.yaml: the key {key} is unknown; remove or correct it."


def test_an_unknown_key_of_the_environment_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RICHSPEECH_SERVER__PROT", "7000")
    assert "RICHSPEECH_SERVER__PROT: the key server.prot is unknown" in refusal(CONFIG)


@pytest.mark.parametrize("variable", ["RICHSPEECH_PORT", "RICHSPEECH_SERVER_PORT", "richspeech_x"])
def test_a_variable_of_ours_that_names_no_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "7000")
    assert refusal(CONFIG).startswith(f"{variable}: no setting has this name")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            "window_seconds: 1, hop_seconds: 0.3",
            "window_seconds 1 is no whole number of hop_seconds",
        ),
        ("window_seconds: 0.2, hop_seconds: 0.4", "window_seconds 0.2 is no whole number of hop"),
        ("window_seconds: 0.5, hop_seconds: 0.05", "hop_seconds 0.05 is no whole number of feat"),
    ],
)
def test_a_curve_that_cannot_be_drawn_is_refused(tmp_path: Path, values: str, reason: str) -> None:
    assert reason in refusal(written(tmp_path, f"emotion: {{{values}}}"))


@pytest.mark.parametrize("risk", ["{angry: 1.1}", "{rage: 0.5}", "[angry]"])
def test_a_risk_is_one_of_the_nine_emotions_and_a_probability(tmp_path: Path, risk: str) -> None:
    assert "emotion.risk" in refusal(written(tmp_path, f"emotion: {{risk: {risk}}}"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("server: {user: me, password: x}\nvad: {}\nserver: {port: 7000}", "server"),
        ("server:\n  port: 7000\n  port: 7001", "port"),
        ("rules: []\nrules: []", "rules"),
    ],
)
def test_a_key_that_stands_twice_is_refused(tmp_path: Path, text: str, key: str) -> None:
    message = refusal(written(tmp_path, text))
    assert message == f"my.yaml: the key {key} appears twice; remove one of the two."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules: [{name: mine, whenn: {}, drop_emotion: true}]", ("mine", "whenn")),
        ("rules: [{name: mine, when: {mood: sad}, drop_emotion: true}]", ("mine", "mood")),
        ("rules: [{name: mine, when: {emotion: blue}, drop_emotion: true}]", ("mine", "blue")),
        ("rules: [{when: {emotion: sad}, drop_emotion: true}]", ("rules.0",)),
        ("rules: [3]", ("rules.0", "3")),
        ("rules: 3", ("rules", "3")),
    ],
)
def test_a_wrong_rule_is_refused_by_name(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    message = refusal(written(tmp_path, text))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("group", "key", "value"),
    [
        ("model", "device", "gpu"),
        ("model", "device", "cuda:x"),
        ("model", "id", ""),
        ("model", "engine", "kaldi"),
        ("model", "require_model", "perhaps"),
        ("model", "hub_timeout_seconds", 0),
        ("model", "hub_timeout_seconds", 61),
        ("model", "threads", 0),
        ("model", "idle_seconds", 0),
        ("paraformer", "id", ""),
        ("paraformer", "punctuation_id", ""),
        ("hotwords", "edits_per_character", -0.1),
        ("recognition", "protected_words", ["二" * 21]),
        ("hotwords", "min_likeness", 49.0),
        ("vad", "max_end_silence_ms", 199),
        ("vad", "max_end_silence_ms", 6_001),
        ("vad", "max_single_segment_ms", 1_999),
        ("vad", "max_single_segment_ms", 60_001),
        ("vad", "sure_sound", 1.1),
        ("recognition", "language", "xx"),
        ("recognition", "allowed_languages", []),
        ("recognition", "merge_length_s", 0.5),
        ("recognition", "merge_length_s", 30.5),
        ("recognition", "merge_length_s", float("nan")),
        ("limits", "max_bytes", 0),
        ("limits", "max_seconds", -1.0),
        ("limits", "keep_seconds", 59),
        ("server", "port", 0),
        ("server", "port", 65_536),
        ("server", "user", ""),
    ],
)
def test_a_value_out_of_range_is_refused_by_key_and_value(
    tmp_path: Path, group: str, key: str, value: object
) -> None:
    message = refusal(written(tmp_path, yaml.safe_dump({group: {key: value}})))
    assert message.startswith(f"my.yaml: {group}.{key} cannot be {value!r}: "), message


def test_a_list_names_the_item_that_is_wrong(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, "recognition: {allowed_languages: [zh, xx]}"))
    assert "recognition.allowed_languages.1 cannot be 'xx'" in message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("server: {port: 1\n", "line 2, column 1"),
        ("model:\n\tid: x", "line 2, column 1"),
        ("server: {port: *anchor}", "line 1, column 16"),
    ],
)
def test_bad_yaml_is_refused_with_its_place(tmp_path: Path, text: str, where: str) -> None:
    assert (
        refusal(written(tmp_path, text))
        == f"my.yaml is not valid YAML at {where}: correct it there."
    )


@pytest.mark.parametrize("text", ["just words", "- a\n- b", "3", "3: {a: b}"])
def test_a_file_without_groups_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(written(tmp_path, text)).startswith("my.yaml holds no settings")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    message = refusal(tmp_path / "none.yaml")
    assert message == "The settings file none.yaml does not exist; give its path with --config."


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "my.yaml cannot be read" in refusal(path)
    assert "cannot be read" in refusal(tmp_path)


# Who may come in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "hear.example.com", ""])  # noqa: S104
def test_a_foreign_host_is_refused_without_a_guard(host: str) -> None:
    assert refusal(CONFIG, server={"host": host}) == f"config.yaml: server: {host} {GUARD}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_itself_needs_no_guard(host: str) -> None:
    assert load_settings(CONFIG, server={"host": host}).server.host == host


@pytest.mark.parametrize(
    "guard", [{"user": "me", "password": PASSWORD}, {"allow_unauthenticated": True}]
)
def test_a_foreign_host_is_allowed_with_a_guard(guard: dict[str, Any]) -> None:
    assert load_settings(CONFIG, server={"host": "0.0.0.0", **guard}).server.host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("half", [{"user": "me"}, {"password": PASSWORD}])
def test_user_and_password_belong_together(half: dict[str, Any]) -> None:
    assert "give both or neither" in refusal(CONFIG, server=half)


def test_an_empty_password_is_no_guard() -> None:
    server = {"host": "0.0.0.0", "user": "me", "password": ""}  # noqa: S104
    assert "server.password" in refusal(CONFIG, server=server)


@pytest.mark.parametrize(
    "text",
    [
        f"server: {{password: {PASSWORD}}}",
        f"server: {{host: 0.0.0.0, password: {PASSWORD}}}",
        f"server: {{user: me, password: {PASSWORD}, prot: 1}}",
        f"server: {{user: me, password: [{PASSWORD}]}}",
        f"server: {{user: me, pasword: {PASSWORD}}}",
        f"server: {PASSWORD}",
        f"password: {PASSWORD}",
        f'server: {{password: "{PASSWORD}',
        f"server: {{password: *{PASSWORD}}}",
        f"server: {{password: !{PASSWORD}}}",
        f"server: {{user: me, password: {PASSWORD}, port: many}}",
    ],
)
def test_the_password_never_appears_in_a_message(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text))
    assert PASSWORD not in str(caught.value)


# Webhooks -----------------------------------------------------------------------------------------


SIGNING = f"whsec_{'QUJD' * 8}"


def test_origins_are_compared_as_browsers_spell_them(tmp_path: Path) -> None:
    origins = "[HTTPS://Hooks.Example.org:443, 'http://0x7f.1:9000/']"
    text = f"webhooks: {{secret: {SIGNING}, origins: {origins}, networks: [10.0.0.0/8, '::1']}}"
    webhooks = load_settings(written(tmp_path, text)).webhooks
    assert webhooks.origins == ("https://hooks.example.org", "http://127.0.0.1:9000")
    assert [*map(str, webhooks.networks)] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    "origin",
    [
        "hooks.example.org",
        "https://hooks.example.org/heard",
        "https://me:word@h.org",
        "ftp://h.org",
    ],
)
def test_what_is_no_origin_is_no_receiver(tmp_path: Path, origin: str) -> None:
    text = f"webhooks: {{secret: {SIGNING}, origins: ['{origin}']}}"
    assert "webhooks.origins.0" in refusal(written(tmp_path, text))


@pytest.mark.parametrize("network", ["10.0.0.1/8", "hooks.example.org", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(tmp_path: Path, network: str) -> None:
    assert "webhooks.networks.0" in refusal(
        written(tmp_path, f"webhooks: {{networks: [{network}]}}")
    )


def test_receivers_need_a_secret(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, "webhooks: {origins: ['https://hooks.example.org']}"))
    assert "origins need a secret" in message


@pytest.mark.parametrize(
    "secret",
    [
        "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD",
        "whsec_QUJDQUJD",
        f"whsec_{'QUJD' * 22}",
        f"whsec_{'QUJD' * 8}QQ",
        f"whsec_{'QUJD' * 8}!!!!",
        "whsec_" + "公" * 32,
    ],
)
def test_a_secret_that_not_all_receivers_read_alike_is_refused_without_being_shown(
    tmp_path: Path, secret: str
) -> None:
    message = refusal(written(tmp_path, f"webhooks: {{secret: '{secret}'}}"))
    assert message.startswith(
        "my.yaml: webhooks.secret: a secret is whsec_ and 24 to 64 random bytes"
    )
    assert secret.removeprefix("whsec_") not in message


def test_the_secret_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, f"webhooks: {{secret: {SIGNING}}}"))
    assert settings.webhooks.secret == SIGNING
    assert SIGNING not in repr(settings)


def test_a_password_of_digits_is_refused_without_showing_it(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, "server: {user: me, password: 271828}"))
    assert message == "my.yaml: server.password: Input should be a valid string."


def test_the_cause_of_a_refusal_does_not_show_the_password_either(tmp_path: Path) -> None:
    path = written(tmp_path, f"server: {{user: me, password: [{PASSWORD}]}}")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert PASSWORD not in str(caught.value.__cause__)
