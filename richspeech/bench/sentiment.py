"""Sentiment of texts: torch in float32 beside ONNX with 8-bit weights, on the CPU.

``random-full`` is a BERT of the usual size (102 million weights) with random weights, whose last
layer is fitted to predict the embedded model's labels of other sentences. It costs what a trained
one costs and its labels have margins; it says nothing about sentiment.
"""

import json
import logging
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from richspeech.bench.cache import build_once
from richspeech.bench.measure import alternate, resident_mb
from richspeech.bench.weights import RANDOM_FULL, regress
from richspeech.engines.common.transformers_import import transformers
from richspeech.engines.hub import EMBEDDED_CLASSIFIER
from richspeech.engines.sentiment.classifier import SentimentClassifier
from richspeech.engines.sentiment.network import load_model
from richspeech.model.sentiment import Sentiment, strongest

log = logging.getLogger(__name__)

BACKENDS = ("torch", "onnx")
SENTENCES, CALIBRATION = 400, 1_200
"""How many are measured, and how many others the last layer of ``random-full`` is fitted to."""
BATCH_TOKENS = 2_048
FULL_VOCABULARY = 21_128
"""That of bert-base-chinese."""
FIRST_CHARACTER = 0x4E00
WEIGHT_DECAY = 0.1
"""In fitting the last layer: its labels must hang on much, not on the last digit of a little."""
FITTING_BATCH = 64

WHO = (
    *(
        "这个手机",
        "你们的服务",
        "昨天的会议",
        "老师的课",
        "新的方案",
        "今晚的演出",
        "快递",
        "这家酒店",
    ),
    *(
        "客服",
        "那场比赛",
        "这件衣服",
        "我的订单",
        "这次考试",
        "他的报告",
        "你推荐的耳机",
        "楼下的餐厅",
    ),
)
WHAT = (
    *(
        "很好用，我很满意",
        "比我想的还要好",
        "很专业，谢谢大家",
        "让人放心，值得推荐",
        "办得又快又好",
    ),
    *(
        "太差了，我要投诉",
        "让人失望",
        "又出问题了，没有人管",
        "一点也不好，浪费时间",
        "坏了，真麻烦",
    ),
    *("在三楼", "明天上午九点开始", "要三十元", "是昨天寄来的", "下个月再说"),
    *(
        "太激动人心了，我们赢了",
        "让全场都尖叫起来",
        "居然成功了，不敢相信",
        "燃爆了",
        "让我兴奋得跳起来",
    ),
)
MORE = (
    "",
    "",
    "你知道吗",
    "我和同事说了这件事",
    "请在月底以前告诉我",
    "我们下次再去车站旁边的公园看看",
)


@dataclass(frozen=True)
class Classifiers:
    """The same weights, computed in two ways."""

    folder: Path
    by_backend: dict[str, SentimentClassifier]

    @classmethod
    def load(cls, folder: Path, cache_folder: Path, threads: int | None) -> "Classifiers":
        """Load both; the export is made if need be."""
        loaded = {name: load(folder, name, cache_folder, threads) for name in BACKENDS}
        return cls(folder, loaded)


def load(
    folder: Path, backend: str, cache_folder: Path, threads: int | None
) -> SentimentClassifier:
    """Load the classifier with one backend."""
    return SentimentClassifier.load(
        folder,
        "cpu",
        tuple(Sentiment),
        backend=backend,
        cache_folder=cache_folder,
        batch_tokens=BATCH_TOKENS,
        threads=threads,
    )


def texts(count: int, seed: int) -> list[str]:
    """Compose sentences, no two alike, of 5 to 50 characters."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    found: dict[str, None] = {}
    while len(found) < count:
        more = rng.choice(MORE)
        sentence = f"{rng.choice(WHO)}{rng.choice(WHAT)}"
        found[f"{sentence}，{more}。" if more else f"{sentence}{rng.choice('。！')}"] = None
    return [*found]


def measure(classifiers: Classifiers, repeat: int) -> dict[str, Any]:
    """Let both read the sentences in turn, and compare their labels."""
    sentences = texts(SENTENCES, seed=1)
    labels = {name: _labels(each, sentences) for name, each in classifiers.by_backend.items()}
    work: dict[str, Callable[[], object]] = {
        name: lambda each=each: each.classify(sentences)  # type: ignore[misc]
        for name, each in classifiers.by_backend.items()
    }
    timings = alternate(work, repeat)
    speeds = {name: SENTENCES / timing.median for name, timing in timings.items()}
    same = sum(one is other for one, other in zip(*labels.values(), strict=True))
    model = classifiers.by_backend["torch"].network
    return {
        "weights": classifiers.folder.name,
        "parameters": sum(p.numel() for p in model.model.parameters()),  # type: ignore[attr-defined]
        "sentences": SENTENCES,
        "sentences_per_second": speeds,
        "speedup": speeds["onnx"] / speeds["torch"],
        "labels_equal_percent": 100 * same / SENTENCES,
        "labels": {each.value: labels["torch"].count(each) for each in Sentiment},
    }


def growth_mb(
    folder: Path, backend: str, cache_folder: Path, threads: int | None
) -> dict[str, float]:
    """Load one of both in this process and use it: by how much the process has grown."""
    before = resident_mb()
    classifier = load(folder, backend, cache_folder, threads)
    loaded = resident_mb()
    classifier.classify(texts(SENTENCES, seed=1))
    return {"loaded_mb": loaded - before, "used_mb": resident_mb() - before}


def folder_of(weights: str, cache: Path) -> Path:
    """Return the folder that is measured: a BERT of full size for ``random-full``."""
    return random_bert(cache) if RANDOM_FULL in weights else EMBEDDED_CLASSIFIER


def _labels(classifier: SentimentClassifier, sentences: Sequence[str]) -> list[Sentiment | None]:
    return [strongest(scores) for scores in classifier.classify(sentences)]


# ---------------------------------------------------------------------------------- random-full


def random_bert(cache: Path) -> Path:
    """Return the folder of a BERT of full size, built once."""
    made_of = [*EMBEDDED_CLASSIFIER.iterdir(), Path(__file__)]
    return build_once(cache, f"{RANDOM_FULL}-bert", made_of, _build)


def _build(folder: Path) -> None:
    log.info("building a random BERT: 102 million weights, a minute or two")
    config = transformers().BertConfig(
        vocab_size=FULL_VOCABULARY,
        id2label=dict(enumerate(Sentiment)),
        label2id={name: number for number, name in enumerate(Sentiment)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers().BertForSequenceClassification(config).eval()
    _write_tokenizer(folder)
    model.save_pretrained(folder)
    _fit_last_layer(folder)


def _write_tokenizer(folder: Path) -> None:
    small = (EMBEDDED_CLASSIFIER / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    known = dict.fromkeys(small)
    characters = (chr(FIRST_CHARACTER + number) for number in range(FULL_VOCABULARY))
    known |= dict.fromkeys(characters)
    words = [*known][:FULL_VOCABULARY]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    settings = json.loads(
        (EMBEDDED_CLASSIFIER / "tokenizer_config.json").read_text(encoding="utf-8")
    )
    (folder / "tokenizer_config.json").write_text(
        json.dumps(settings | {"model_max_length": 512}), encoding="utf-8"
    )


def _fit_last_layer(folder: Path) -> None:
    """Let the random model say what the embedded one says."""
    sentences = texts(CALIBRATION, seed=2)
    scratch = folder / "small"
    small = load(EMBEDDED_CLASSIFIER, "torch", scratch, None)
    said = [strongest(scores) for scores in small.classify(sentences)]
    order = [*Sentiment]
    labels = torch.tensor([order.index(each) for each in said if each])
    model, tokenizer = load_model(folder)
    features = torch.cat(
        [
            _pooled(model, tokenizer, sentences[at : at + FITTING_BATCH])
            for at in range(0, len(sentences), FITTING_BATCH)
        ]
    )
    weight, bias = regress(features, labels, len(order), WEIGHT_DECAY)
    with torch.no_grad():
        model.classifier.weight.copy_(weight)
        model.classifier.bias.copy_(bias)
    model.save_pretrained(folder)
    shutil.rmtree(scratch, ignore_errors=True)


@torch.no_grad()
def _pooled(model: Any, tokenizer: Any, sentences: Sequence[str]) -> Tensor:
    """Return what the last layer sees, [N, D]."""
    tokens = tokenizer(list(sentences), padding=True, return_tensors="pt")
    pooled: Tensor = model.bert(**tokens).pooler_output
    return pooled
