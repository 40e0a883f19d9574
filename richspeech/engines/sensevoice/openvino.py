"""The SANM encoder through OpenVINO, for CPUs; several times as fast there as torch.

A folder is prepared once: another process loads and checks it through ``funasr.AutoModel``,
rebuilds its encoder as an OpenVINO graph, and keeps graph, prompts, frontend and tokenizer in the
cache folder. From then on nothing of the folder is read but what tells whether it is still the
same; the weights are mapped into memory, and neither funasr nor ``model.pt`` is loaded. The other
process takes the memory that loading needs (the weights three times) with it when it ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from richspeech.engines.common.automodel import in_one_line
from richspeech.engines.common.openvino_import import best_precision, openvino
from richspeech.engines.common.prepared import Prepared
from richspeech.engines.sensevoice.elsewhere import main, prepare_elsewhere
from richspeech.engines.sensevoice.encoder import SanmEncoder, Scores, split_scores
from richspeech.engines.sensevoice.graph import build
from richspeech.engines.sensevoice.lora import Base
from richspeech.engines.sensevoice.parts import Parts
from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES
from richspeech.memory import releasing_pages

GRAPH_VERSION = 1
"""Of what ``prepare`` writes; a new one makes every cache anew."""
HINTS = {"float32": "f32", "bfloat16": "bf16"}
"""Ours → OpenVINO's names; where weights have eight bits, the rest is as precise as is fast."""
GRAPH, WEIGHTS, PARTS = "encoder.xml", "encoder.bin", "parts.npz"
COMPILED = "compiled"
WARM_UP_FRAMES = 64


class OpenVinoEncoder:
    """A compiled encoder. Not thread-safe: one thread owns it."""

    def __init__(
        self,
        model: Any,
        precision: str,
        threads: int,
        compiled: Path | None = None,
        weights: Path | None = None,
    ) -> None:
        """Compile a model or the file of one; a second time takes half as long if ``compiled``, a
        folder, keeps what the first time came to. What is read of ``weights``, its mapped file, is
        released.
        """  # noqa: D205
        self._weights, self._shapes = weights, set[tuple[int, ...]]()
        self.precision = precision if precision in HINTS else best_precision()
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": HINTS[self.precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 128,  # of int8; a quarter faster than the usual 32
            "ENABLE_CPU_PINNING": False,  # features and detector run on the same cores
        }
        if compiled is not None:
            # The weights stay in the graph's own file.
            properties |= {"CACHE_DIR": str(compiled), "CACHE_MODE": "OPTIMIZE_SIZE"}
        whole = openvino().Core().compile_model(model, "CPU", properties)
        self._request = whole.create_infer_request()
        self.description = f"OpenVINO on cpu, {precision}"

    def score(self, inputs: NDArray[np.float32], lengths: Sequence[int]) -> list[Scores]:
        """Score a batch."""
        frames = np.arange(inputs.shape[1])
        real = frames < np.asarray(lengths)[:, None] + PROMPT_FRAMES
        with self._laying_out(inputs.shape):
            self._request.infer([inputs, real.astype(np.float32)], share_inputs=True)
        prompts, tokens, probabilities = (
            self._request.get_output_tensor(i).data.copy() for i in range(3)
        )
        return split_scores(prompts, tokens, probabilities, lengths)

    @contextmanager
    def _laying_out(self, shape: tuple[int, ...]) -> Iterator[None]:
        """Release what a first pass of this shape may read to lay weights out in its own way."""
        is_new = shape not in self._shapes
        self._shapes.add(shape)
        with releasing_pages(self._weights) if is_new and self._weights else nullcontext():
            yield

    def warm_up(self, width: int) -> None:
        """Score four seconds of nothing, so that the weights are laid out for products."""
        frames = WARM_UP_FRAMES
        self.score(np.zeros((1, frames, width), np.float32), [frames - PROMPT_FRAMES])


def load(
    base: Base, precision: str, cache_folder: Path, threads: int
) -> tuple[Parts, OpenVinoEncoder]:
    """Load ``base`` from the cache, where it is put first if it, or this code, is new there.

    Raises ``ModelError`` when the folder holds no whole SenseVoice, ``ImportError``, ``OSError``
    or ``RuntimeError`` when OpenVINO or the cache folder cannot be used.
    """
    precision = best_precision() if precision == "auto" else precision
    maker = f"encoder {GRAPH_VERSION} {openvino().__version__} {precision}{base.kind}"
    return Prepared(base.folder, cache_folder, maker).open(
        lambda folder, entry: _elsewhere(folder, entry, precision, threads, base.adapter_folder),
        lambda entry: _read(entry, precision, threads),
    )


def _read(entry: Path, precision: str, threads: int) -> tuple[Parts, OpenVinoEncoder]:
    """Open what is kept; of its weights only the copy that products read stays in memory."""
    parts = Parts.read(entry / PARTS)
    places = (entry / COMPILED, entry / WEIGHTS)
    encoder = OpenVinoEncoder(str(entry / GRAPH), precision, threads, *places)
    encoder.warm_up(parts.prompts.table.shape[1])
    return parts, encoder


def prepare(
    folder: Path, entry: Path, precision: str, threads: int, adapter_folder: str | None = None
) -> None:
    """Write to ``entry``, a folder, what ``load`` needs of a model folder and an adapter's."""
    auto_model = Base.of(folder, adapter_folder).load("cpu", threads)
    parts, encoder = Parts.of(auto_model), SanmEncoder(auto_model.model).eval()
    try:
        model = build(encoder, parts.prompts.table.shape[1], eight_bits=precision == "int8")
        openvino().save_model(model, str(entry / GRAPH), compress_to_fp16=precision != "float32")
    except Exception as error:  # whatever an encoder of another build leads to
        message = f"the encoder has no OpenVINO graph: {in_one_line(error)}"
        raise RuntimeError(message) from error
    parts.save(entry / PARTS)


def _elsewhere(
    folder: Path, entry: Path, precision: str, threads: int, adapter_folder: str | None
) -> None:
    module = "richspeech.engines.sensevoice.openvino"
    prepare_elsewhere(module, folder, entry, precision, threads, adapter_folder)


if __name__ == "__main__":
    raise SystemExit(main(prepare))
