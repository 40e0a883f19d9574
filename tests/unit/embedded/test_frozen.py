"""The frozen test stays as it was written, and no training sentence is in it."""

import random

from scripts.embedded import frozen, numbers, synthesisers
from scripts.embedded.corpus import LANGUAGES, TextList, form
from scripts.embedded.voices import EXCLUDED_VARIANTS, TRAINING_VARIANTS

DIGEST = "d1c67e8916934de494b1c0cce67ca35bedc1d1ba1fa6a4ffb35b99485f212d6e"
"""A change here needs every model measured anew, and models/README.md to say so."""


def test_nobody_changed_the_sentences_the_voices_or_the_forms() -> None:
    assert frozen.digest() == DIGEST


def test_every_language_has_as_many_sentences_and_every_kind_of_number() -> None:
    for language in LANGUAGES:
        kinds = [line.kind for line in frozen.lines() if line.sentence.language == language]
        assert kinds.count("form") == 48
        assert {kind: kinds.count(kind) for kind in numbers.KINDS} == dict.fromkeys(
            numbers.KINDS, 8
        )


def test_the_numbers_of_the_test_are_kept_from_training() -> None:
    for line in frozen.lines():
        if line.number:
            assert numbers.is_reserved(line.kind, line.number)
            assert line.number in line.sentence.withitn


def test_training_draws_no_number_of_the_test() -> None:
    rng = random.Random(1)  # noqa: S311
    for language in LANGUAGES:
        for kind in numbers.KINDS:
            for _ in range(200):
                written = numbers.draw(language, kind, rng).split("|")[-1]
                assert not numbers.is_reserved(kind, written)


def test_no_template_of_the_training_lists_is_a_form_of_the_test() -> None:
    for language in LANGUAGES:
        texts = TextList.load(language)
        assert not frozen.forms(language) & {
            form(template) for domain in texts.templates.values() for template in domain
        }


def test_the_voices_of_the_test_are_not_those_of_training() -> None:
    assert not set(EXCLUDED_VARIANTS) & set(TRAINING_VARIANTS)
    for take in frozen.takes():
        if take.group in (frozen.NEW, frozen.TELEPHONE):
            assert take.voice in EXCLUDED_VARIANTS
        elif take.group == frozen.OTHER:
            assert take.synthesiser in {name for name, _ in synthesisers.OTHERS.values()}
