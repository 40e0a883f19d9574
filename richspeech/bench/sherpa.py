"""sherpa-onnx with the same weights: ONNX in 8 bits, decoding given utterances.

Graph, metadata and quantisation are those of sherpa-onnx's published SenseVoice: dynamic, matrix
products only, unsigned weights.
"""

import contextlib
import importlib
import io
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.bench.cache import build_once
from richspeech.engines.common.automodel import load_automodel
from richspeech.recognition.utterance import Utterance

log = logging.getLogger(__name__)

INPUTS = ("x", "x_length", "language", "text_norm")
OPSET = 13
FLOAT_MODEL, MODEL, TOKENS = "model.onnx", "model.int8.onnx", "tokens.txt"
EVENT_AND_EMOTION_QUERIES = (1, 2)


class Graph(nn.Module):
    """What sherpa-onnx calls: features without prompts in, scores of every frame out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.prompts, self.encoder, self.last = model.embed, model.encoder, model.ctc.ctc_lo

    def forward(self, x: Tensor, x_length: Tensor, language: Tensor, text_norm: Tensor) -> Tensor:
        """Return [B, 4 + T, V] for ``x`` [B, T, 560]; the others are [B]."""
        queries = torch.tensor([EVENT_AND_EMOTION_QUERIES]).expand(x.shape[0], 2)
        rows = torch.cat([language[:, None], queries, text_norm[:, None]], dim=1)
        encoded = self.encoder(torch.cat([self.prompts(rows), x], dim=1), x_length + 4)[0]
        scores: Tensor = self.last(encoded)
        return scores


class SherpaInt8:
    """The published way to run SenseVoice without PyTorch."""

    def __init__(self, folder: Path, cache: Path, threads: int) -> None:
        """Export the weights in ``folder``, once; raises ``ImportError`` without the packages."""
        sherpa = importlib.import_module("sherpa_onnx")
        exported = build_once(
            cache,
            f"sherpa-{folder.name}",
            [folder / "model.pt", Path(__file__)],
            lambda into: export(folder, into),
        )
        self._recogniser = sherpa.OfflineRecognizer.from_sense_voice(
            model=str(exported / MODEL),
            tokens=str(exported / TOKENS),
            num_threads=threads,
            language="auto",
            use_itn=True,
        )

    def recognise(self, utterances: Sequence[Utterance]) -> list[str]:
        """Return the words of each, decoded one by one, which is fastest on a CPU."""
        return [self._decode(utterance) for utterance in utterances]

    def _decode(self, utterance: Utterance) -> str:
        stream = self._recogniser.create_stream()
        stream.accept_waveform(SAMPLE_RATE, utterance.waveform)
        self._recogniser.decode_stream(stream)
        return str(stream.result.text)


def export(folder: Path, into: Path) -> None:
    """Write the 8-bit model and its tokens."""
    onnx = importlib.import_module("onnx")
    quantization = importlib.import_module("onnxruntime.quantization")
    log.info("exporting %s for sherpa-onnx: a minute", folder.name)
    auto_model = load_automodel(folder, "SenseVoiceSmall", "cpu", torch.get_num_threads())
    _write_graph(auto_model.model, into / FLOAT_MODEL)
    quantization.quantize_dynamic(
        into / FLOAT_MODEL,
        into / MODEL,
        op_types_to_quantize=["MatMul"],
        weight_type=quantization.QuantType.QUInt8,
    )
    (into / FLOAT_MODEL).unlink()
    model = onnx.load(into / MODEL)
    onnx.helper.set_model_props(model, _metadata(auto_model))
    onnx.save(model, into / MODEL)
    tokenizer = auto_model.kwargs["tokenizer"].sp
    lines = [f"{tokenizer.id_to_piece(i)} {i}\n" for i in range(tokenizer.get_piece_size())]
    (into / TOKENS).write_text("".join(lines), encoding="utf-8")


@torch.no_grad()
def _write_graph(model: Any, path: Path) -> None:
    example = (
        torch.randn(2, 50, 560),
        *(torch.tensor(row, dtype=torch.int32) for row in ([40, 50], [0, 3], [14, 15])),
    )
    axes = {name: {0: "N"} for name in INPUTS} | {"x": {0: "N", 1: "T"}}
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")  # that traced sizes may be constants; these are not
        torch.onnx.export(
            Graph(model).eval(),
            example,
            path,
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_axes={**axes, "logits": {0: "N", 1: "T"}},
            opset_version=OPSET,
            dynamo=False,
        )


def _metadata(auto_model: Any) -> dict[str, str]:
    frontend, model = auto_model.kwargs["frontend"], auto_model.model
    shift, scale = (",".join(f"{value:.6f}" for value in row) for row in frontend.cmvn.tolist())
    facts = {
        "model_type": "sense_voice_ctc",
        "version": 2,
        "vocab_size": model.vocab_size,
        "lfr_window_size": frontend.lfr_m,
        "lfr_window_shift": frontend.lfr_n,
        "normalize_samples": 0,
        "neg_mean": shift,
        "inv_stddev": scale,
        "with_itn": model.textnorm_dict["withitn"],
        "without_itn": model.textnorm_dict["woitn"],
        "comment": "made by richspeech bench",
        **{f"lang_{name}": row for name, row in model.lid_dict.items()},
    }
    return {name: str(value) for name, value in facts.items()}
