"""Sentences of free form for training: rules, words in any order, numbers; never a frozen form.

Three sources: the templates of the language's list, the rules of ``texts/grammar.yaml``, and words
of both in any order, which teach the recogniser that a word may stand anywhere.
"""

import random
import re
from dataclasses import dataclass
from functools import cached_property

import yaml

from scripts.embedded import frozen, numbers
from scripts.embedded.corpus import PUNCTUATION, SPACED, TEXTS, Sentence, TextList, fill, form

RULE, SLOT = re.compile(r"<(\w+)>"), re.compile(r"\{(\w+)\}")
_UNIT = re.compile(r"\{\w+\}|\[[^\]]+\]|[^{}\[\]，。？！、]+")
LISTED, FREE_ORDER = 0.3, 0.2
"""Shares of sentences from the list's templates, and of words in any order; rules make the rest."""
SPELT_NUMBER = 0.7
"""Share of the lists' 24 numbers that any other takes the place of."""
LONGEST = 44
"""Characters of a sentence in CJK and Korean; English may have twice as many."""


@dataclass(frozen=True)
class Grammar:
    """What the training of one language says."""

    texts: TextList
    rules: dict[str, list[str]]
    counted: float = 0.0
    """Share of sentences that have a number on purpose, of each kind alike."""

    @classmethod
    def load(cls, language: str, counted: float = 0.0) -> "Grammar":
        """Read the list and the rules of ``language``."""
        content = yaml.safe_load((TEXTS / "grammar.yaml").read_text(encoding="utf-8"))
        return cls(TextList.load(language), content[language], counted)

    @property
    def language(self) -> str:
        """Its code."""
        return self.texts.language

    @cached_property
    def units(self) -> list[str]:
        """Everything that may stand anywhere: slots, and the fixed words between them."""
        lines = [t for domain in self.texts.templates.values() for t in domain]
        lines += [line for lines in self.rules.values() for line in lines]
        found: set[str] = set()
        for line in lines:
            plain = RULE.sub(" ", line)
            cut = plain.split() if self.language in SPACED else _UNIT.findall(plain)
            found |= {unit.strip(f"{PUNCTUATION} ") for unit in cut}
        return sorted({u if "{" in u or u == "I" else u.lower() for u in found} - {""})

    def template(self, rng: random.Random) -> str:
        """Make a template that is no form of the frozen test."""
        wanted = ""
        if self.counted and rng.random() < self.counted:
            wanted = f"{{{rng.choice(numbers.KINDS)}}}"
        while True:
            template = self._any(rng)
            if wanted in template and form(template) not in frozen.forms(self.language):
                return template

    def compose(self, rng: random.Random) -> Sentence:
        """Make a sentence that the frozen test does not have."""
        while True:
            sentence = fill(self.language, self.template(rng), lambda slot: self._word(slot, rng))
            longest = LONGEST * (2 if self.language == "en" else 1)
            if sentence.woitn not in frozen.sentences() and len(sentence.woitn) <= longest:
                return sentence

    def _any(self, rng: random.Random) -> str:
        source = rng.random()
        if source < LISTED:
            return rng.choice(self.texts.templates[rng.choice(sorted(self.texts.templates))])
        if source < LISTED + FREE_ORDER:
            return self._in_any_order(rng)
        return " ".join(self._expand("sentence", rng).split())

    def _expand(self, rule: str, rng: random.Random) -> str:
        line = rng.choice(self.rules[rule])
        return RULE.sub(lambda found: self._expand(found[1], rng), line)

    def _in_any_order(self, rng: random.Random) -> str:
        units = rng.choices(self.units, k=rng.randrange(2, 7))
        comma, stops = (", ", ".?!") if self.language in SPACED else ("，", "。？！")
        comma = "、" if self.language == "ja" else comma
        space = " " if self.language in SPACED else ""
        text = units[0]
        for unit in units[1:]:
            text += (comma if rng.random() < 0.12 else space) + unit
        return text + rng.choice(stops)

    def _word(self, slot: str, rng: random.Random) -> str:
        if slot == "number" and rng.random() < SPELT_NUMBER:
            slot = "cardinal"
        if slot in numbers.KINDS:
            return numbers.draw(self.language, slot, rng)
        return rng.choice(self.texts.slots[slot])
