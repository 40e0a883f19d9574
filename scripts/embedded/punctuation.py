"""Train the tiny ct-punc: which mark follows each character of some Mandarin sentences in a row.

The sentences are those of the text list, and enumerations made of its words, since the list itself
has no enumeration comma. Text is cheap: every step composes its own.
"""

import logging
import random
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from richspeech.engines.common import funasr_import
from scripts.embedded.corpus import PUNCTUATION, Sentence, TextList

log = logging.getLogger(__name__)

MARKS = ("<unk>", "_", "，", "。", "？", "、")
"""What may follow a character, in ct-punc's order; the underline is nothing."""
NOTHING = MARKS.index("_")
SPELLED = str.maketrans("！", "。")
"""ct-punc has no exclamation mark."""
ENUMERATIONS = [
    "我想买{food}、{food}和{food}。",
    "这里有{color}、{color}和{color}的{product}。",
    "{subject}、{subject}和{subject}太难了！",
    "请{person}、{person}和{person}到{place}开会。",
    "我喜欢{activity}、{activity}和{activity}。",
    "{person}、{person}和{person}都很{feeling_good}。",
    "你们要{handle}{topic}、{topic}和{topic}吗？",
    "{product}、{product}和{product}都要{number}元。",
]
UNKNOWN = "<unk>"
IGNORED = -1
"""Pads the targets."""
WIDTH = 128
ENCODER: dict[str, Any] = {
    "input_size": WIDTH,
    "output_size": WIDTH,
    "attention_heads": 4,
    "linear_units": 256,
    "num_blocks": 2,
    "dropout_rate": 0.1,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "input_layer": "pe",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}
MODEL: dict[str, Any] = {
    "punc_list": list(MARKS),
    "embed_unit": WIDTH,
    "att_unit": WIDTH,
    "ignore_id": IGNORED,
    "sentence_end_id": MARKS.index("。"),
}
PARTS: dict[str, Any] = {"encoder": "SANMEncoder", "encoder_conf": ENCODER}


@dataclass(frozen=True)
class Recipe:
    """One schedule."""

    steps: int = 1_000
    rows: int = 16
    most_sentences: int = 8
    cut_share: float = 0.5
    """Share of rows that end in the middle of a sentence: ct-punc reads twenty characters at first,
    then twenty more."""
    unknown_share: float = 0.02
    """Share of characters that are hidden, so that new ones do no harm."""
    peak_rate: float = 2e-3
    log_steps: int = 100
    seed: int = 61


@dataclass(frozen=True)
class Line:
    """Text without marks, and the mark that follows each character."""

    characters: str
    marks: list[int]
    """Indices into MARKS, as many as characters."""


@dataclass(frozen=True)
class Batch:
    """One step."""

    text: Tensor  # [B, N]
    marks: Tensor  # [B, N], padded with IGNORED
    lengths: Tensor  # [B]


def text_list() -> TextList:
    """Return the Mandarin text list with enumerations as one domain more."""
    mandarin = TextList.load("zh")
    return replace(mandarin, templates={**mandarin.templates, "enumerations": ENUMERATIONS})


def tokens() -> list[str]:
    """Return the vocabulary: every character of the text list."""
    return [UNKNOWN, *text_list().characters()]


def line_of(sentences: list[Sentence]) -> Line:
    """Take the marks out of some sentences in a row, digits read out."""
    characters: list[str] = []
    marks: list[int] = []
    for character in "".join(s.spoken for s in sentences).translate(SPELLED):
        if character in PUNCTUATION:
            marks[-1] = MARKS.index(character)
        else:
            characters.append(character)
            marks.append(NOTHING)
    return Line("".join(characters), marks)


def is_held_out(sentence: Sentence) -> bool:
    """Say whether a sentence is for the test: one in ten, of the shortest templates, too.

    A list of test sentences would take every filling of those with few words.
    """
    return zlib.crc32(sentence.woitn.encode()) % 10 == 0


def compose(texts: TextList, rng: random.Random, *, held_out: bool) -> Sentence:
    """Compose a sentence for the test, or one to learn from."""
    while is_held_out(sentence := texts.compose(rng)) != held_out:
        continue
    return sentence


def held_out(rows: int = 300, most_sentences: int = 8, seed: int = 62) -> list[list[Sentence]]:
    """Compose rows of sentences for the test."""
    rng, texts = random.Random(seed), text_list()
    counts = [rng.randint(1, most_sentences) for _ in range(rows)]
    return [[compose(texts, rng, held_out=True) for _ in range(count)] for count in counts]


class Batches:
    """Rows of sentences, composed anew for every step; what is for the test is left out."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.texts = recipe, text_list()
        self.ids = {token: number for number, token in enumerate(tokens())}

    def batch(self, step: int) -> Batch:
        """Return the rows of one step."""
        rng = random.Random(f"{self.recipe.seed} {step}")
        lines = [self._line(rng) for _ in range(self.recipe.rows)]
        text = [torch.tensor([self._id(c, rng) for c in line.characters]) for line in lines]
        marks = [torch.tensor(line.marks) for line in lines]
        return Batch(
            pad_sequence(text, batch_first=True),
            pad_sequence(marks, batch_first=True, padding_value=IGNORED),
            torch.tensor([len(row) for row in text]),
        )

    def _line(self, rng: random.Random) -> Line:
        count = rng.randint(1, self.recipe.most_sentences)
        line = line_of([compose(self.texts, rng, held_out=False) for _ in range(count)])
        if rng.random() >= self.recipe.cut_share:
            return line
        kept = rng.randint(1, len(line.characters))
        return Line(line.characters[:kept], line.marks[:kept])

    def _id(self, character: str, rng: random.Random) -> int:
        return 0 if rng.random() < self.recipe.unknown_share else self.ids[character]


def build_model(vocabulary_size: int) -> Any:
    """Make an untrained CTTransformer of the tiny size."""
    model = funasr_import.model_class("CTTransformer")(vocab_size=vocabulary_size, **MODEL, **PARTS)
    model.punc_weight = torch.ones(len(MARKS))  # the class makes a list, which its loss refuses
    return model


def train(folder: Path, recipe: Recipe) -> None:
    """Train for a few minutes; leaves ``punctuation.pt`` in ``folder``."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    batches = Batches(recipe)
    model = build_model(len(tokens())).train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.peak_rate, recipe.steps, pct_start=0.1
    )
    losses: list[Tensor] = []
    for step in range(recipe.steps):
        batch = batches.batch(step)
        value, _, _ = model(batch.text, batch.marks, batch.lengths, batch.lengths)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(value.detach())
        if len(losses) == recipe.log_steps:
            log.info("punctuation step %d loss %.4f", step + 1, torch.stack(losses).mean())
            losses.clear()
    torch.save(model.state_dict(), folder / "punctuation.pt")
