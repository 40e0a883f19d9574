"""Training says thousands of forms, and none of the frozen test."""

import random

import pytest

from scripts.embedded import dataset, frozen, grammar, numbers, tokenizer
from scripts.embedded.corpus import LANGUAGES, form
from scripts.embedded.dataset import TRAIN, Plan
from scripts.embedded.grammar import Grammar
from scripts.embedded.voices import EXCLUDED_VARIANTS

DRAWS = 3_000


@pytest.fixture(scope="module", params=LANGUAGES)
def rules(request: pytest.FixtureRequest) -> Grammar:
    return Grammar.load(request.param)


def test_half_of_the_forms_drawn_are_new_and_none_is_of_the_test(rules: Grammar) -> None:
    rng = random.Random(1)  # noqa: S311
    forms = {form(rules.template(rng)) for _ in range(DRAWS)}
    assert len(forms) > 0.45 * DRAWS
    assert not forms & frozen.forms(rules.language)


def test_a_form_of_the_test_is_drawn_again(rules: Grammar, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rules.template(random.Random(1))  # noqa: S311
    monkeypatch.setattr(frozen, "forms", lambda _: frozenset({form(first)}))
    assert form(rules.template(random.Random(1))) != form(first)  # noqa: S311


def test_a_sentence_of_the_test_is_composed_again(
    rules: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rules.compose(random.Random(1))  # noqa: S311
    monkeypatch.setattr(frozen, "sentences", lambda: frozenset({first.woitn}))
    assert rules.compose(random.Random(1)).woitn != first.woitn  # noqa: S311


def test_no_sentence_of_the_training_plan_is_one_of_the_test() -> None:
    plan = Plan(dict.fromkeys(TRAIN.speech, 200), 0, seed=TRAIN.seed, free=True)
    said = {job.sentence.woitn for job in dataset.compose(plan) if job.sentence}
    assert len(said) > 900
    assert not said & frozen.sentences()
    assert not set(TRAIN.variants) & set(EXCLUDED_VARIANTS)


def test_every_rule_that_is_named_exists(rules: Grammar) -> None:
    lines = [line for lines in rules.rules.values() for line in lines]
    named = {rule for line in lines for rule in grammar.RULE.findall(line)}
    assert named | {"sentence"} == set(rules.rules)
    slots = {slot for line in lines for slot in grammar.SLOT.findall(line)}
    assert slots <= {*rules.texts.slots, *numbers.KINDS}


@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [
        ("It is 9:05.", "en", ["▁It", "▁is", "▁9", ":", "0", "5", "."]),
        ("On March 5th", "en", ["▁On", "▁March", "▁5", "th"]),
        ("3시 20분", "ko", ["▁3", "시", "▁2", "0", "분"]),
        ("3点20分。", "zh", ["3", "点", "2", "0", "分", "。"]),
    ],
)
def test_every_digit_is_a_piece(text: str, language: str, pieces: list[str]) -> None:
    assert tokenizer.split_pieces(text, language) == pieces
