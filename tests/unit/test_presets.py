"""Presets of risk: what comes with the program is whole, and every trade differs where it says."""

import pytest

from richspeech.model.risk_rules import WordsRule, require_consistent
from richspeech.presets.rules import FOLDER, PRESETS, preset_rules
from richspeech.settings import RiskSettings


def test_every_file_is_a_preset_and_every_preset_a_file() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*PRESETS}


@pytest.mark.parametrize("name", PRESETS)
def test_the_rules_of_a_preset_fit_together_and_no_word_stands_twice(name: str) -> None:
    rules = RiskSettings(preset=name).rules_in_force  # type: ignore[arg-type]
    require_consistent(rules)
    for rule in rules:
        if isinstance(rule, WordsRule):
            for words in (rule.words, rule.idioms, rule.negations.before, rule.negations.after):
                assert len({*words}) == len(words), rule.name


def test_a_preset_has_what_its_base_has_unless_it_says_otherwise() -> None:
    service, live = ({r.name: r for r in preset_rules(each)} for each in ("service", "live"))
    assert live["law"] is service["law"]
    assert live["long-anger"] != service["long-anger"]
    assert "demands" not in {rule.name for rule in preset_rules("teaching")}


def test_own_rules_hold_until_a_preset_is_asked_for() -> None:
    own = RiskSettings(rules=())
    assert own.rules_in_force == ()
    assert own.with_preset(None) is own
    assert own.with_preset("sales").rules_in_force == preset_rules("sales")
