"""Rules of highlights and risk in config.yaml: a wrong one is refused by its name."""

from pathlib import Path

import pytest

from richspeech.errors import SettingsError
from richspeech.settings import load_settings

SAD = "{name: a, title: {zh: a, en: a}, emotions: [sad]}"
WORDS = "name: a, kind: words, words: [x], points: 5"
RUN = "name: a, kind: run, min_seconds: 1"
CALM = f"{RUN}, emotions: [happy], points: -5"
TEXT = "{zh: a, en: a}"


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        ("highlights: {pading: 1}", "the key highlights.pading is unknown; remove or correct it"),
        ("highlights: {top: 0}", "highlights.top cannot be 0: Input should be greater"),
        ("highlights: {min_seconds: 40}", "highlights: min_seconds 40 is over max_seconds 30"),
        (
            "highlights: {rules: [{name: a, title: {zh: a, en: a}}]}",
            "highlights.rules.0: the rule a needs emotions or events",
        ),
        (
            "highlights: {rules: [{name: a, title: {zh: $x, en: a}, emotions: [sad]}]}",
            "highlights.rules.0: the text '$x' may name $label and nothing else",
        ),
        (
            "highlights: {rules: [{name: a, title: {zh: a}, emotions: [sad]}]}",
            "highlights.rules.0.title.en: Field required",
        ),
        (
            "highlights: {rules: [{name: a, title: {zh: a, en: a}, events: [speech]}]}",
            "speech is no event that a segment holds",
        ),
        (
            "highlights: {rules: [{name: a, title: {zh: a, en: a}, emotions: [bored]}]}",
            "highlights.rules.0.emotions.0 cannot be 'bored'",
        ),
        (f"highlights: {{rules: [{SAD}, {SAD}]}}", "highlights: two rules have the name a."),
        ("risk: {medium_from: 70}", "risk: medium_from 70 is over high_from 60"),
        (f"risk: {{rules: [{{name: a, kind: mood, sentence: {TEXT}}}]}}", "risk.rules.0"),
        (f"risk: {{rules: [{{{WORDS}, sentence: {TEXT}, min: 1}}]}}", "words.min is unknown"),
        (
            f"risk: {{rules: [{{{WORDS}, sentence: {{zh: $share, en: a}}}}]}}",
            "the text '$share' may name $end, $seconds, $start, $words and nothing else",
        ),
        ("risk: {preset: banking}", "risk.preset cannot be 'banking'"),
        (
            f"risk: {{rules: [{{{RUN}, points: 5, sentence: {TEXT}}}]}}",
            "the rule a needs emotions, events or sentiments",
        ),
        (
            f"risk: {{rules: [{{{WORDS}, against: [a], sentence: {TEXT}}}]}}",
            "the rule a takes nothing off",
        ),
        (
            f"risk: {{rules: [{{{CALM}, against: [b], sentence: {TEXT}}}]}}",
            "the rule a is against b, which is no rule",
        ),
        (
            f"risk: {{rules: [{{{WORDS}, negations: {{befor: [x]}}, sentence: {TEXT}}}]}}",
            "negations.befor is unknown",
        ),
        (
            f"risk: {{rules: [{{{WORDS}, sentence: {{zh: 5 $, en: a}}}}]}}",
            "the text '5 $' may name",
        ),
    ],
)
def test_a_wrong_rule_is_refused_by_its_name(yaml: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(yaml, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert sentence in str(caught.value)
