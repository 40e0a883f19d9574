"""Train ``sentiment-tiny``, a BERT classifier of Mandarin sentences, on composed text."""

import json
import logging
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cn2an
import torch
import yaml
from torch import Tensor, nn

from richspeech.engines.common.transformers_import import transformers
from richspeech.engines.sentiment.classifier import SentimentClassifier
from richspeech.model.sentiment import Sentiment, strongest
from scripts.embedded.corpus import TEXTS, TextList, fill
from scripts.embedded.examples import EXAMPLES

log = logging.getLogger(__name__)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNKNOWN, BEGIN, END = range(4)
LABELS = tuple(Sentiment)
MOST_TOKENS = 128
TEST_LINES = 100
"""Of each sentiment."""
PUNCTUATION = "，。？！、"
TURNING = frozenset("不没无非未别")
"""Characters that turn a sentence around; without one its label would be another."""
OTHER_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.!?"
SIZE = {
    "hidden_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 384,
    "max_position_embeddings": MOST_TOKENS,
    "type_vocab_size": 2,
    "initializer_range": 0.08,
}
"""Weights begin wider than 0.02, which is for a width of 768: there 不 turned nothing around."""


@dataclass(frozen=True)
class Recipe:
    """The schedule."""

    steps: int = 6_000
    kernel_steps: int = 1_200
    """Of these, the first: on what turns around and what is turned, and little else."""
    turned_share: float = 0.5
    """Of the sentences afterwards, as far as templates of that kind are there."""
    batch: int = 64
    peak_rate: float = 1e-3
    dropout: float = 0.1
    unknown_share: float = 0.05
    """Of the characters that turn nothing around, so that a rare one does not decide."""
    surrounded_share: float = 0.25
    """Of the sentences: a piece of a neutral one stands before or behind, which changes nothing."""
    longest_piece: int = 6
    """In characters."""
    unpunctuated_share: float = 0.3
    spelled_share: float = 0.3
    """Of the sentences: they have their numbers in characters."""
    exclaimed_share: float = 0.6
    """Of the sentences: they end in 。 or ！ by chance, so that the mark does not decide."""
    joined_share: float = 0.3
    """Of the rows: another sentence of the same sentiment, or a neutral one, stands beside."""
    log_steps: int = 250
    seed: int = 53


@dataclass(frozen=True)
class Line:
    """A sentence and how it is meant."""

    text: str
    sentiment: Sentiment


@dataclass(frozen=True)
class Corpus:
    """Slots and templates; ``train`` and ``new`` share no template."""

    slots: dict[str, list[str]]
    train: dict[Sentiment, list[str]]
    new: dict[Sentiment, list[str]]
    kernels: dict[Sentiment, list[str]]
    """Beginnings of ``train``: a few words that a small one turns around."""
    turned: dict[Sentiment, list[str]]
    """Those of ``train`` that stand with their twins."""

    @classmethod
    def load(cls) -> "Corpus":
        """Read ``texts/sentiment.yaml``, whose slots stand before those of ``texts/zh.yaml``."""
        content, test = _read("sentiment.yaml"), _read("sentiment_test.yaml")
        slots = TextList.load("zh").slots | content["slots"]
        train = content["templates"]
        turned = {each: train[each]["turned"] for each in LABELS}
        kernels = {each: content["kernels"][each] for each in LABELS}
        return cls(slots, _by_sentiment(train), _by_sentiment(test), kernels, turned)

    def compose(
        self, rng: random.Random, templates: dict[Sentiment, list[str]], sentiment: Sentiment
    ) -> Line:
        """Fill a random template with random words."""

        def word(slot: str) -> str:
            item = rng.choice(self.slots[slot])
            return fill("zh", item, word).withitn if "{" in item else item

        return Line(fill("zh", rng.choice(templates[sentiment]), word).withitn, sentiment)


def _read(name: str) -> Any:
    return yaml.safe_load((TEXTS / name).read_text(encoding="utf-8"))


def _by_sentiment(lists: dict[str, dict[str, list[str]]]) -> dict[Sentiment, list[str]]:
    return {each: [t for domain in lists[each].values() for t in domain] for each in LABELS}


def new_lines(count: int, seed: int, *, known_templates: bool) -> list[Line]:
    """Compose sentences that training never sees, equally many of each sentiment.

    ``known_templates``: their templates are those of training, filled with other words.
    """
    corpus, rng = Corpus.load(), random.Random(seed)
    templates = corpus.train if known_templates else corpus.new
    lines: dict[str, Line] = {}
    for sentiment in LABELS:
        found: dict[str, Line] = {}
        for _ in range(50 * count):
            line = corpus.compose(rng, templates, sentiment)
            if not known_templates or is_held_out(line.text):  # a new template is new anyway
                found[line.text] = line
            if len(found) == count:
                break
        lines |= found
    return [*lines.values()]


def turned_lines() -> dict[str, list[Line]]:
    """Read ``texts/sentiment_negation.yaml``: sentences that a small word turns around, by kind."""
    return {
        kind: [Line(text, Sentiment(name)) for name, texts in lists.items() for text in texts]
        for kind, lists in _read("sentiment_negation.yaml").items()
    }


def is_held_out(text: str) -> bool:
    """Say whether a sentence of a known template is kept from training.

    One in eight is, and those of the recordings in examples/, whatever their marks.
    """
    return sum(text.encode()) % 8 == 0 or _bare(text) in example_sentences()


@cache
def example_sentences() -> frozenset[str]:
    """Return what is said in Mandarin in the recordings in examples/, without marks."""
    lines = (line for each in EXAMPLES if each.language == "zh" for line in each.lines)
    return frozenset(_bare(fill("zh", line.text).withitn) for line in lines if line.text)


@cache
def vocabulary() -> tuple[str, ...]:
    """Return the special tokens and every character of the corpus, in a fixed order."""
    corpus = Corpus.load()
    texts = [*(w for words in corpus.slots.values() for w in words)]
    texts += [t for templates in corpus.train.values() for t in templates]
    texts += [t for templates in TextList.load("zh").templates.values() for t in templates]
    known = {c for text in texts for c in text if not c.isspace() and c not in "{}|[]_"}
    return (*SPECIAL, *sorted(known | set(PUNCTUATION) | set(OTHER_CHARACTERS)))


def build_model(recipe: Recipe) -> Any:
    """Make an untrained classifier."""
    config = transformers().BertConfig(
        vocab_size=len(vocabulary()),
        hidden_dropout_prob=recipe.dropout,
        attention_probs_dropout_prob=0.1,
        id2label=dict(enumerate(LABELS)),
        label2id={name: number for number, name in enumerate(LABELS)},
        pad_token_id=PAD,
        **SIZE,
    )
    return transformers().BertForSequenceClassification(config)


class Batches:
    """Rows composed anew for every step."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.corpus = recipe, Corpus.load()
        self.ids = {piece: number for number, piece in enumerate(vocabulary())}

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return ids [B, T], mask [B, T] and labels [B]."""
        rng = random.Random(f"{self.recipe.seed} {step}")
        is_early = step <= self.recipe.kernel_steps
        row, hidden = (self._kernel, 0.0) if is_early else (self._row, self.recipe.unknown_share)
        lines = [row(rng) for _ in range(self.recipe.batch)]
        rows = [self._ids(text, hidden, rng) for text, _ in lines]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
        labels = torch.tensor([LABELS.index(sentiment) for _, sentiment in lines])
        return ids, (ids != PAD).long(), labels

    def _kernel(self, rng: random.Random) -> tuple[str, Sentiment]:
        sentiment = rng.choice(LABELS)
        return self._new(rng, self.corpus.kernels, sentiment), sentiment

    def _row(self, rng: random.Random) -> tuple[str, Sentiment]:
        sentiment = rng.choice(LABELS)
        texts = [self._sentence(rng, sentiment)]
        if rng.random() < self.recipe.joined_share:
            texts.append(self._sentence(rng, rng.choice((sentiment, Sentiment.NEUTRAL))))
            rng.shuffle(texts)
        text = "".join(texts)
        if rng.random() < self.recipe.unpunctuated_share:
            text = _bare(text)
        return text, sentiment

    def _sentence(self, rng: random.Random, sentiment: Sentiment) -> str:
        is_turned = rng.random() < self.recipe.turned_share
        text = self._new(rng, self.corpus.turned if is_turned else self.corpus.train, sentiment)
        if rng.random() < self.recipe.surrounded_share:
            text = rng.choice((text + self._piece(rng), self._piece(rng) + text))
        if rng.random() < self.recipe.spelled_share:
            text = cn2an.transform(text, "an2cn")
        if rng.random() < self.recipe.exclaimed_share:
            return text.rstrip("。！") + rng.choice("。！")
        return text

    def _new(
        self, rng: random.Random, templates: dict[Sentiment, list[str]], sentiment: Sentiment
    ) -> str:
        while is_held_out(text := self.corpus.compose(rng, templates, sentiment).text):
            pass
        return text

    def _piece(self, rng: random.Random) -> str:
        text = self.corpus.compose(rng, self.corpus.train, Sentiment.NEUTRAL).text
        plain = "".join(c for c in _bare(text) if c not in TURNING)
        start = rng.randrange(len(plain))
        return plain[start : start + rng.randint(1, self.recipe.longest_piece)]

    def _ids(self, text: str, hidden: float, rng: random.Random) -> list[int]:
        pieces = [
            UNKNOWN if c not in TURNING and rng.random() < hidden else self.ids.get(c, UNKNOWN)
            for c in text.lower()
            if not c.isspace()
        ]
        return [BEGIN, *pieces[: MOST_TOKENS - 2], END]


def train(folder: Path, recipe: Recipe) -> None:
    """Train; leaves ``sentiment.pt`` in ``folder``."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    model, batches = build_model(recipe).train(), Batches(recipe)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.peak_rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.peak_rate, recipe.steps, pct_start=0.1
    )
    losses: list[float] = []
    for step in range(1, recipe.steps + 1):
        ids, mask, labels = batches.batch(step)
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = nn.functional.cross_entropy(logits, labels, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % recipe.log_steps == 0:
            log.info("sentiment step %d loss %.4f", step, sum(losses) / len(losses))
            losses.clear()
    torch.save(model.state_dict(), folder / "sentiment.pt")


def export_classifier(work: Path, folder: Path) -> None:
    """Write ``sentiment-tiny`` as transformers lays a model out; weights in half precision."""
    model = build_model(Recipe())
    model.load_state_dict(torch.load(work / "sentiment.pt", weights_only=True))
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    tokenizer = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "tokenize_chinese_chars": True,
        "model_max_length": MOST_TOKENS,
    }
    (folder / "tokenizer_config.json").write_text(
        json.dumps(tokenizer, indent=2) + "\n", encoding="utf-8"
    )


def table(folder: Path) -> str:
    """Return percent read rightly on sentences that training never saw, as a markdown table."""
    known, new = (new_lines(TEST_LINES, 7, known_templates=each) for each in (True, False))
    sets = {
        "new sentences of known templates": known,
        "new templates": new,
        "new templates, no punctuation": [replace(each, text=_bare(each.text)) for each in new],
    }
    turned = {f"negation, {kind.replace('_', ' ')}": each for kind, each in turned_lines().items()}
    sets |= turned | {"negation, all": [line for lines in turned.values() for line in lines]}
    head = ("held-out set", "sentences", *LABELS, "all", "all, 8 bits")
    rows = [head, ("---",) * len(head)]
    with tempfile.TemporaryDirectory() as cache:
        readers = [_reader(folder, backend, Path(cache)) for backend in ("torch", "onnx")]
    for name, lines in sets.items():
        right, right_in_8_bits = (_right(lines, reader) for reader in readers)
        by_label = (
            [r for r, x in zip(right, lines, strict=True) if x.sentiment is each] for each in LABELS
        )
        shares = [_percent(each) for each in (*by_label, right, right_in_8_bits)]
        rows.append((name, str(len(lines)), *shares))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _reader(folder: Path, backend: str, cache: Path) -> SentimentClassifier:
    return SentimentClassifier.load(
        folder, "cpu", LABELS, backend=backend, cache_folder=cache, batch_tokens=2_048, threads=1
    )


def _right(lines: Sequence[Line], reader: SentimentClassifier) -> list[bool]:
    read = reader.classify([line.text for line in lines])
    return [strongest(s) is line.sentiment for s, line in zip(read, lines, strict=True)]


def _percent(right: Sequence[bool]) -> str:
    return f"{100 * sum(right) / len(right):.1f}" if right else "–"


def _bare(text: str) -> str:
    return "".join(c for c in text if c not in PUNCTUATION)
