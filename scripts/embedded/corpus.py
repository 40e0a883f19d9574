"""Random sentences from the text lists: what is said, and how it is written with and without ITN.

A slot item is ``label``, ``label|spoken`` or ``label|spoken|itn``; fixed text that is spoken
differently from how it is written stands in a template as ``[label|spoken]``. A slot that is named
like a kind of number is composed, of numbers that are not kept for the frozen test.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.embedded import numbers

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = ("zh", "yue", "en", "ja", "ko")
PUNCTUATION = "，。？！、,.?!"
SPACED = frozenset({"en", "ko"})
"""Languages that write spaces between words."""

_PART = re.compile(r"\{(\w+)\}|\[([^\]]+)\]|([^{\[]+)")


@dataclass(frozen=True)
class Sentence:
    """One sentence in three spellings."""

    language: str
    spoken: str
    """What the synthesiser is given, with punctuation."""
    withitn: str
    """Punctuation and digits."""
    woitn: str
    """Neither; lower case."""


@dataclass(frozen=True)
class TextList:
    """The slots and templates of one language."""

    language: str
    slots: dict[str, list[str]]
    templates: dict[str, list[str]]

    @classmethod
    def load(cls, language: str) -> "TextList":
        """Read ``texts/<language>.yaml``."""
        content = yaml.safe_load((TEXTS / f"{language}.yaml").read_text(encoding="utf-8"))
        return cls(language, content["slots"], content["templates"])

    def compose(self, rng: random.Random, domain: str | None = None) -> Sentence:
        """Fill a random template with random words; no slot repeats a word within a sentence."""
        template = rng.choice(self.templates[domain or rng.choice(sorted(self.templates))])
        taken: set[str] = set()

        def choose(slot: str) -> str:
            if slot in numbers.KINDS:
                return numbers.draw(self.language, slot, rng)
            free = [w for w in self.slots[slot] if _forms(w)[0] not in taken]
            word = rng.choice(free)
            taken.add(_forms(word)[0])
            return word

        return fill(self.language, template, choose)

    def characters(self) -> list[str]:
        """List every character that its sentences can have without ITN, in order."""
        templates = [t for domain in self.templates.values() for t in domain]
        texts = {fill(self.language, t, lambda slot: self.slots[slot][0]).woitn for t in templates}
        texts |= {plain_form(_forms(item)[0]) for words in self.slots.values() for item in words}
        return sorted(set("".join(texts)) - {" "})


def fill(language: str, template: str, choose: Callable[[str], str] = str) -> Sentence:
    """Put words into the slots of ``template``; ``choose`` gives an item for a slot's name."""
    parts = [
        _forms(choose(slot) if slot else fixed or plain)
        for slot, fixed, plain in _PART.findall(template)
    ]
    label, spoken, itn = ("".join(column) for column in zip(*parts, strict=True))
    return Sentence(language, spoken, _capitalise(itn), plain_form(label))


def form(template: str) -> str:
    """Return what makes a template a sentence of its own: its words, whatever fills the slots."""
    parts = _PART.findall(template)
    return plain_form(
        "".join("_" if slot else _forms(fixed or plain)[0] for slot, fixed, plain in parts)
    )


def plain_form(text: str) -> str:
    """Spell ``text`` as woitn does: no punctuation, lower case, single spaces."""
    return " ".join("".join(c for c in text if c not in PUNCTUATION).lower().split())


def _forms(item: str) -> tuple[str, str, str]:
    label, *rest = item.split("|")
    spoken = rest[0] if rest else label
    return label, spoken, rest[1] if len(rest) > 1 else label


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
