"""What computes sentiment: torch in float32, or on a CPU ONNX with weights in 8 bits.

The export is made once: weights in 8 bits, channel by channel, activations quantised as they come
(onnxruntime's dynamic quantisation). It is used if it gives the probing sentences the labels that
torch gives them. Later starts need neither torch's model nor transformers: the tokenizer and the
little that has to be known of the model are kept beside it.
"""

import contextlib
import importlib
import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from richspeech.engines.common.automodel import in_one_line
from richspeech.engines.common.prepared import Prepared
from richspeech.engines.common.transformers_import import quiet, transformers
from richspeech.errors import ModelError

log = logging.getLogger(__name__)

NEEDED_FILES = ("config.json",)
FLOAT_MODEL, MODEL, TOKENIZER, FACTS = "float.onnx", "model.onnx", "tokenizer.json", "facts.json"
OPSET = 17
LONGEST_TOKENS = 512
"""What BERT was trained on; some models state a length that they were never trained for."""

PROBES = (
    "谢谢你们，服务很周到，我很满意。",
    "这个东西质量不错，值得推荐。",
    "老师讲得很清楚，孩子很喜欢。",
    "价格便宜，味道也好，下次还来。",
    "同事都很热情，问题解决得很快。",
    "这是我用过的最舒服的椅子。",
    "东西坏了，客服一直不理人。",
    "等了一个月还没有发货，太让人失望了。",
    "这部电影又长又无聊，浪费时间。",
    "房间很脏，晚上吵得睡不着。",
    "我要投诉，你们骗了我的钱。",
    "这次考试又没有及格，真难过。",
    "会议明天上午九点在三楼开始。",
    "请问这件衣服有没有蓝色的？",
    "您的订单号是一二三四五。",
    "请大家把书翻到第十页。",
    "从这里到车站要走二十分钟。",
    "他昨天把报告发给了经理。",
    "天哪，我们赢了，太激动了！",
    "哇，终于抢到票了，高兴得跳起来！",
    "全场都在尖叫，太震撼了！",
    "冲啊，最后一分钟了，加油加油！",
    "不敢相信，我居然中奖了！",
    "我激动得一晚上没有睡着！",
)
"""Plain cases of each sentiment, on which a sound export cannot differ."""


class Network(Protocol):
    """Token ids in, scores out; any number of threads may ask."""

    @property
    def description(self) -> str:
        """What computes, and in which precision."""

    def logits(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return [B, K] for ids and mask [B, T]; the mask is 0 where a row is filled up."""


@dataclass(frozen=True)
class TextFacts:
    """What has to be known of a model to give it texts."""

    most_tokens: int
    """Of one text, with the marks at its ends."""
    padding: int
    """Id of the token that fills rows up."""
    labels: int
    """How many the model has."""
    probes_equal: bool = True
    """Whether the export gives the probing sentences torch's labels."""


def padded(
    rows: Sequence[Sequence[int]], padding: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ids and mask [B, T] of rows of ids."""
    ids = np.full((len(rows), max(map(len, rows))), padding, np.int64)
    mask = np.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask


def open_network(
    folder: Path, device: str, backend: str, cache_folder: Path, threads: int | None
) -> tuple[Network, Any, TextFacts]:
    """Open a model folder with ONNX or torch: network, tokenizer and facts; the log says why.

    ``backend`` is ``auto``, ``onnx`` or ``torch``. Raises ``ModelError`` when the folder does not
    hold such a model, and when a named backend cannot be had.
    """
    on_cpu = torch.device(device).type == "cpu"
    if backend == "onnx" and not on_cpu:
        raise ModelError("sentiment.device", device=str(device))
    if backend != "torch" and on_cpu:
        network, tokenizer, facts = _open_prepared(folder, cache_folder, threads)
        if facts.probes_equal or backend == "onnx":
            return network, tokenizer, facts
        log.warning("sentiment: in 8 bits %s gives other labels, so torch is used", folder.name)
    return _open_torch(folder, device)


@dataclass(frozen=True)
class TorchNetwork:
    """The model as transformers has it, in float32."""

    model: Any
    device: str
    description: str = "torch float32"

    @torch.inference_mode()
    def logits(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return [B, K]."""
        tensors = (torch.from_numpy(each).to(self.device) for each in (ids, mask))
        found: NDArray[np.float32] = self.model(*tensors).float().cpu().numpy()
        return found


@dataclass(frozen=True)
class OnnxNetwork:
    """The exported model."""

    session: Any
    description: str = "onnxruntime int8"

    def logits(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return [B, K]."""
        found: NDArray[np.float32] = self.session.run(None, {"ids": ids, "mask": mask})[0]
        return found


class Graph(nn.Module):
    """Two inputs and one output, whatever else the model takes and gives."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return [B, K] for ids and mask [B, T]."""
        logits: Tensor = self.model(input_ids=ids, attention_mask=mask).logits
        return logits


def _open_torch(folder: Path, device: str) -> tuple[TorchNetwork, Any, TextFacts]:
    model, tokenizer = load_model(folder)
    limits = (
        tokenizer.model_max_length,
        getattr(model.config, "max_position_embeddings", LONGEST_TOKENS),
        LONGEST_TOKENS,
    )
    facts = TextFacts(int(min(limits)), tokenizer.pad_token_id or 0, model.config.num_labels)
    plain = tokenizer.backend_tokenizer
    plain.no_padding()
    plain.no_truncation()
    return TorchNetwork(Graph(model).eval().to(device), device), plain, facts


def load_model(folder: Path) -> tuple[Any, Any]:
    """Load model and tokenizer by path, without foreign code; raises ``ModelError``."""
    path = str(folder.resolve())
    known: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            tokenizer = transformers().AutoTokenizer.from_pretrained(path, **known)
            model, info = transformers().AutoModelForSequenceClassification.from_pretrained(
                path, dtype=torch.float32, output_loading_info=True, **known
            )
    except Exception as error:  # whatever transformers raises on a damaged folder
        raise ModelError("model.unloadable", name=folder.name, why=in_one_line(error)) from error
    if missing := sorted(info["missing_keys"]):
        raise ModelError("sentiment.weights", name=folder.name, count=len(missing), such=missing[0])
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise ModelError("sentiment.tokenizer", name=folder.name)
    return model, tokenizer


# ------------------------------------------------------------------------------- the export


def _open_prepared(
    folder: Path, cache_folder: Path, threads: int | None
) -> tuple[OnnxNetwork, Any, TextFacts]:
    packages = ("torch", "transformers", "onnxruntime")
    maker = " ".join(["sentiment int8 1", *(f"{name} {version(name)}" for name in packages)])
    try:
        return Prepared(folder, cache_folder, maker, NEEDED_FILES).open(
            _export, lambda entry: _read_export(entry, threads)
        )
    except OSError as error:
        raise ModelError(
            "model.cache",
            name=folder.name,
            folder=str(cache_folder),
            why=error.strerror or in_one_line(error),
        ) from error


def _read_export(entry: Path, threads: int | None) -> tuple[OnnxNetwork, Any, TextFacts]:
    facts = TextFacts(**json.loads((entry / FACTS).read_text(encoding="utf-8")))
    tokenizers = importlib.import_module("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(entry / TOKENIZER))
    return OnnxNetwork(_session(entry / MODEL, threads)), tokenizer, facts


def _session(model: Path, threads: int | None) -> Any:
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or torch.get_num_threads()
    # threads that wait for work would take the recogniser's cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _export(folder: Path, entry: Path) -> None:
    """Fill a cache entry: the model in 8 bits, its tokenizer and its facts."""
    network, tokenizer, facts = _open_torch(folder, "cpu")
    tokenizer.save(str(entry / TOKENIZER))
    _write_onnx(network.model, entry / MODEL)
    rows = [tokenizer.encode(text).ids[: facts.most_tokens] for text in PROBES]
    ids, mask = padded(rows, facts.padding)
    exported = OnnxNetwork(_session(entry / MODEL, None))
    labels = [each.logits(ids, mask).argmax(axis=1) for each in (network, exported)]
    known = {**vars(facts), "probes_equal": bool((labels[0] == labels[1]).all())}
    (entry / FACTS).write_text(json.dumps(known), encoding="utf-8")


def _write_onnx(model: nn.Module, path: Path) -> None:
    quantization = importlib.import_module("onnxruntime.quantization")
    ids = torch.ones((2, 8), dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in ("ids", "mask")}
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch, quiet(), _without_advice():
        whole = Path(scratch) / FLOAT_MODEL
        torch.onnx.export(
            model,
            (ids, torch.ones_like(ids)),
            str(whole),
            input_names=["ids", "mask"],
            output_names=["logits"],
            dynamic_axes={**axes, "logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
        quantization.quantize_dynamic(
            whole, path, per_channel=True, weight_type=quantization.QuantType.QInt8
        )


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Keep the quantiser's advice to prepare the graph, which changes nothing, out of the log."""

    def is_worth_logging(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or "onnxruntime" not in record.pathname

    root = logging.getLogger()
    root.addFilter(is_worth_logging)
    try:
        yield
    finally:
        root.removeFilter(is_worth_logging)
