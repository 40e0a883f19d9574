"""The SANM encoder in 8 bits through ONNX Runtime, the fastest wherever it was measured.

A folder is prepared once, in another process (see ``elsewhere``). Speech gives the ranges of what
goes into the linears and, in float32, what the model says of it; then the 8 bits are held against
that. The verdict is kept beside the weights.
"""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from richspeech.engines.common.openvino_import import best_precision
from richspeech.engines.common.prepared import Prepared
from richspeech.engines.common.processor import abilities, has_vnni
from richspeech.engines.sensevoice.decode import Vocabulary
from richspeech.engines.sensevoice.elsewhere import main, prepare_elsewhere
from richspeech.engines.sensevoice.encoder import Encoder, SanmEncoder, Scores, split_scores
from richspeech.engines.sensevoice.lora import Base
from richspeech.engines.sensevoice.openvino import OpenVinoEncoder
from richspeech.engines.sensevoice.parity import Parity, compare
from richspeech.engines.sensevoice.parts import Parts
from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES

GRAPH_VERSION = 3
"""Of what ``prepare`` writes; a new one makes every cache anew."""
GRAPH, PARTS, VERDICT = "int8.onnx", "parts.npz", "parity.json"
ROOMS = (1.0, 0.8)
"""Shares of the ranges that were met which are tried; half of them is too little for any."""
ROUNDS = 3
"""Of the race against the fastest other precision."""


@cache
def onnxruntime() -> Any:
    """Import ONNX Runtime; raises ``ImportError`` where it is not to be had."""
    return import_module("onnxruntime")


class OnnxEncoder:
    """A session of ONNX Runtime. Not thread-safe: one thread owns it."""

    precision = "int8"
    description = "ONNX Runtime on cpu, int8"

    def __init__(self, file: Path, threads: int) -> None:
        """Open what ``prepare`` wrote."""
        options = onnxruntime().SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Each shape would get a plan of its memory, and 50 MB more; without one it is no slower.
        options.enable_mem_pattern = False
        # Features and detector run on the same cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime().InferenceSession(
                file, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no common type but that
            raise RuntimeError(str(error)) from error

    def score(self, inputs: NDArray[np.float32], lengths: Sequence[int]) -> list[Scores]:
        """Score a batch."""
        sizes = np.asarray(lengths, np.int32) + PROMPT_FRAMES
        real = (np.arange(inputs.shape[1]) < sizes[:, None]).astype(np.float32)
        fed = {"inputs": inputs, "real": real, "lengths": sizes}
        prompts, shares = self._session.run(None, fed)
        tokens = shares.argmax(-1)
        probabilities = np.take_along_axis(shares, tokens[..., None], -1)[..., 0]
        return split_scores(prompts, tokens, probabilities, lengths)


def load(base: Base, cache_folder: Path, threads: int) -> tuple[Parts, OnnxEncoder, Parity]:
    """Load ``base`` from the cache, where it is put first if it, or this code, is new there.

    Raises ``ModelError`` when the folder holds no whole SenseVoice, ``ImportError``, ``OSError``
    or ``RuntimeError`` when a library or the cache folder cannot be used.
    """
    return prepared(base, cache_folder).open(
        lambda folder, entry: _elsewhere(folder, entry, threads, base.adapter_folder),
        lambda entry: (
            Parts.read(entry / PARTS),
            OnnxEncoder(entry / GRAPH, threads),
            read_parity(entry),
        ),
    )


def prepared(base: Base, cache_folder: Path) -> Prepared:
    """Say where a folder is kept, with its adapter; another processor has another verdict."""
    # OpenVINO, the rival of the race, is not loaded to be asked: that takes 60 MB.
    made_with = f"{onnxruntime().__version__} {metadata.version('openvino')}"
    maker = f"int8 {GRAPH_VERSION} {made_with} {abilities()}{base.kind}"
    return Prepared(base.folder, cache_folder, maker)


def known_parity(base: Base, cache_folder: Path) -> Parity | None:
    """Return the verdict on a folder; None where it has not been prepared here."""
    entry = prepared(base, cache_folder).entry
    return read_parity(entry) if entry.exists() else None


def read_parity(entry: Path) -> Parity:
    """Read the verdict."""
    return Parity(**json.loads((entry / VERDICT).read_text(encoding="utf-8")))


def prepare(folder: Path, entry: Path, threads: int, adapter_folder: str | None = None) -> None:
    """Write to ``entry``, a folder, what ``load`` needs of a model folder and an adapter's."""
    from richspeech.engines.sensevoice import calibration, graph, int8_graph  # noqa: PLC0415

    torch.set_num_threads(threads)
    auto_model = Base.of(folder, adapter_folder).load("cpu", threads)
    parts, encoder = Parts.of(auto_model), SanmEncoder(auto_model.model).eval()
    width = parts.prompts.table.shape[1]
    batches = calibration.example_batches(parts, entry.parent)
    ranges, expected = calibration.measure(encoder, batches)
    vocabulary, trials = Vocabulary(parts.tokenizer), {}
    for room in ROOMS:
        model = int8_graph.build(encoder, width, ranges, narrow=not has_vnni(), room=room)
        (trial := entry / str(room)).mkdir()
        int8_graph.save(model, trial / GRAPH)
        scores = calibration.score_all(OnnxEncoder(trial / GRAPH, threads), batches)
        trials[room] = compare(expected, scores, vocabulary, speedup=0.0)
    best = max(ROOMS, key=lambda room: trials[room].rank)
    for file in (entry / str(best)).iterdir():
        file.rename(entry / file.name)
    for room in ROOMS:
        shutil.rmtree(entry / str(room))
    parts.save(entry / PARTS)
    rival = OpenVinoEncoder(graph.build(encoder, width), best_precision(), threads)
    speedup = race(OnnxEncoder(entry / GRAPH, threads), rival, batches)
    parity = replace(trials[best], speedup=speedup)
    (entry / VERDICT).write_text(json.dumps(asdict(parity)), encoding="utf-8")


def _elsewhere(folder: Path, entry: Path, threads: int, adapter_folder: str | None) -> None:
    module = "richspeech.engines.sensevoice.int8"
    prepare_elsewhere(module, folder, entry, threads, adapter_folder)


def race(
    one: Encoder, other: Encoder, batches: Sequence[tuple[NDArray[np.float32], list[int]]]
) -> float:
    """Return how many times as fast ``one`` is, by processor time, so that company matters less."""
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for batch in batches[:: max(1, len(batches) // ROUNDS)]:
        for number, encoder in enumerate((one, other)):
            encoder.score(*batch)
            began = time.process_time()
            encoder.score(*batch)
            seconds[number].append(time.process_time() - began)
    return sum(seconds[1]) / sum(seconds[0])


if __name__ == "__main__":
    raise SystemExit(main(prepare))
