"""Every backend of the encoder says what funasr's says; what OpenVINO prepared is kept and safe."""

import logging
import shutil
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.engines import transcribers
from richspeech.engines.common import openvino_import
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.features import extract_batch
from richspeech.engines.hub import EMBEDDED_RECOGNISER
from richspeech.engines.sensevoice import engine as engine_module
from richspeech.engines.sensevoice import int8, openvino
from richspeech.engines.sensevoice.encoder import SanmEncoder, Scores
from richspeech.engines.sensevoice.engine import SenseVoice
from richspeech.engines.sensevoice.lora import Base
from richspeech.engines.sensevoice.parity import Parity
from richspeech.engines.sensevoice.parts import MODEL_CLASS, Parts
from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES
from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.settings import load_settings
from tests.integration.conftest import EXAMPLES, references, request_of

LIMITS = AudioLimits(max_bytes=10**9, max_seconds=3_600.0)
PIECE = 6 * 16_000


class Theirs(NamedTuple):
    """funasr's model, and its logits for pieces of every example."""

    auto_model: Any
    log_mels: list[NDArray[np.float32]]
    logits: list[NDArray[np.float32]]


@pytest.fixture(scope="module")
def theirs() -> Theirs:
    auto_model = load_automodel(EMBEDDED_RECOGNISER, MODEL_CLASS, "cpu", 2)
    waveforms = [load_waveform(EXAMPLES / name, LIMITS) for name in sorted(references())]
    pieces = [w[i : i + PIECE] for w in waveforms for i in range(0, len(w) - 8_000, PIECE)]
    log_mels = [request_of(piece).utterance.log_mel for piece in pieces]
    return Theirs(auto_model, log_mels, [logits_of(auto_model, each) for each in log_mels])


def logits_of(auto_model: Any, log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """As ``SenseVoiceSmall.inference`` computes them, with ITN, for any language."""
    model, parts = auto_model.model, Parts.of(auto_model)
    features, _ = extract_batch([log_mel], parts.features)
    rows = torch.tensor([parts.prompts.rows(None, itn=True)])
    speech = torch.cat([model.embed(rows), features], dim=1)
    with torch.inference_mode():
        encoded, _ = model.encoder(speech, torch.tensor([speech.shape[1]]))
        logits: NDArray[np.float32] = model.ctc.ctc_lo(encoded)[0].numpy()
    return logits


def scores_of(engine: SenseVoice, theirs: Theirs, batch: int) -> list[Scores]:
    rows = engine.prompts.rows(None, itn=True)
    found: list[Scores] = []
    for first in range(0, len(theirs.log_mels), batch):
        log_mels = theirs.log_mels[first : first + batch]
        features, lengths = extract_batch(log_mels, engine.features)
        inputs = engine.prompts.before(features.numpy(), [rows] * len(log_mels))
        found += engine.encoder.score(inputs, lengths)
    return found


def share_of_equal_tokens(found: list[Scores], theirs: Theirs) -> float:
    pairs = zip(found, theirs.logits, strict=True)
    return float(np.concatenate([s.tokens == x[PROMPT_FRAMES:].argmax(1) for s, x in pairs]).mean())


def load(folder: Path = EMBEDDED_RECOGNISER, **choices: Any) -> SenseVoice:
    return SenseVoice.load(folder, "cpu", **choices)


@pytest.mark.parametrize("backend", ["openvino", "torch"])
@pytest.mark.parametrize("batch", [1, 5])
def test_float32_scores_are_funasrs(theirs: Theirs, backend: str, batch: int) -> None:
    found = scores_of(load(backend=backend, precision="float32"), theirs, batch)
    for scores, logits in zip(found, theirs.logits, strict=True):
        np.testing.assert_allclose(scores.prompts, logits[:PROMPT_FRAMES], atol=1e-4)
        shares = torch.from_numpy(logits[PROMPT_FRAMES:]).softmax(dim=1).numpy()
        np.testing.assert_array_equal(scores.tokens, shares.argmax(1))
        np.testing.assert_allclose(scores.probabilities, shares.max(1), atol=1e-4)


def test_the_encoded_frames_are_funasrs(theirs: Theirs) -> None:
    parts, model = Parts.of(theirs.auto_model), theirs.auto_model.model
    features, lengths = extract_batch(theirs.log_mels[:4], parts.features)
    inputs = parts.prompts.before(features.numpy(), [parts.prompts.rows("zh", itn=False)] * 4)
    rows = torch.tensor([parts.prompts.rows("zh", itn=False)] * 4)
    sizes = torch.tensor(lengths) + PROMPT_FRAMES
    with torch.inference_mode():
        mine = SanmEncoder(model).eval().encode(torch.from_numpy(inputs), sizes)
        expected, _ = model.encoder(torch.cat([model.embed(rows), features], dim=1), sizes)
    for i, size in enumerate(sizes.tolist()):
        torch.testing.assert_close(mine[i, :size], expected[i, :size], atol=1e-4, rtol=0)


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_bfloat16_hears_the_same_tokens(theirs: Theirs, backend: str) -> None:
    found = scores_of(load(backend=backend, precision="bfloat16"), theirs, 4)
    assert share_of_equal_tokens(found, theirs) >= 0.995


@pytest.mark.parametrize("backend", ["auto", "openvino"])
def test_eight_bits_hear_nearly_the_same_tokens(theirs: Theirs, backend: str) -> None:
    found = scores_of(load(backend=backend, precision="int8"), theirs, 4)
    assert share_of_equal_tokens(found, theirs) >= 0.985


def test_in_eight_bits_an_utterance_gets_the_same_in_any_company(theirs: Theirs) -> None:
    engine = load(precision="int8")
    alone, together = (scores_of(engine, theirs, batch) for batch in (1, 5))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.tokens, other.tokens)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.05)


@cache
def texts_of_the_examples(backend: str, precision: str) -> dict[str, list[str]]:
    chosen = {"id": "embedded", "device": "cpu", "backend": backend, "precision": precision}
    transcriber = transcribers.load(load_settings(model=chosen)).transcriber
    found = {}
    for name in sorted(references()):
        with open_recording(EXAMPLES / name, LIMITS) as recording:
            *_, last = transcriber.transcribe(recording, Options(), lambda: False)
        found[name] = [segment.raw_text for segment in last.transcript.segments]
    return found


@pytest.mark.parametrize(
    ("backend", "precision"),
    [
        ("torch", "bfloat16"),
        ("openvino", "float32"),
        ("openvino", "bfloat16"),
        ("openvino", "int8"),
        ("auto", "int8"),
    ],
)
def test_every_backend_writes_the_same_transcripts(backend: str, precision: str) -> None:
    found = texts_of_the_examples(backend, precision)
    expected = texts_of_the_examples("torch", "float32")
    if precision == "float32":
        assert found == expected
    assert without_closing_marks(found) == without_closing_marks(expected)


def without_closing_marks(texts: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out what less precision may take for another: whether somebody asks or states."""
    return {name: [text.rstrip("。？！.?!") for text in of_one] for name, of_one in texts.items()}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the embedded model."""
    folder = tmp_path_factory.mktemp("cache")
    load(cache_folder=folder)
    return folder


@pytest.fixture
def cache_folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(prepared, tmp_path / "cache")


@pytest.fixture
def preparing(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that are prepared; in this process instead of another, which is quicker."""
    seen: list[Path] = []

    def here(folder: Path, *more: Any) -> None:
        seen.append(folder)
        openvino.prepare(folder, *more)

    monkeypatch.setattr(openvino, "_elsewhere", here)
    return seen


def words(engine: SenseVoice) -> str:
    request = request_of(load_waveform(EXAMPLES / "en-meeting.wav", LIMITS)[:PIECE])
    return engine.recognise([request])[0].raw_text


@cache
def words_in_torch() -> str:
    return words(load(backend="torch"))


def test_a_second_start_takes_what_the_first_one_prepared(
    cache_folder: Path, preparing: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "funasr", raising=False)
    engine = load(cache_folder=cache_folder)
    assert preparing == []
    assert "funasr" not in sys.modules
    assert words(engine) == words_in_torch()


def test_a_copy_in_another_place_is_the_same_model(
    cache_folder: Path, preparing: list[Path], tmp_path: Path
) -> None:
    load(shutil.copytree(EMBEDDED_RECOGNISER, tmp_path / "copy"), cache_folder=cache_folder)
    assert preparing == []


def test_other_weights_are_prepared_anew(
    cache_folder: Path, preparing: list[Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(EMBEDDED_RECOGNISER, tmp_path / "copy")
    weights = torch.load(folder / "model.pt")
    weights["ctc.ctc_lo.bias"] += torch.arange(len(weights["ctc.ctc_lo.bias"])) % 2 * 9
    torch.save(weights, folder / "model.pt")
    engine = load(folder, cache_folder=cache_folder)
    assert preparing == [folder]
    assert words(engine) != words(load(cache_folder=cache_folder))


def test_another_version_of_the_graph_is_prepared_anew(
    cache_folder: Path, preparing: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino, "GRAPH_VERSION", openvino.GRAPH_VERSION + 1)
    load(cache_folder=cache_folder)
    assert preparing == [EMBEDDED_RECOGNISER]


@pytest.mark.parametrize("name", ["encoder.xml", "encoder.bin", "parts.npz", "sizes.json"])
@pytest.mark.parametrize("damage", [b"", b"no graph", None])
def test_a_damaged_cache_is_made_anew(
    cache_folder: Path, preparing: list[Path], name: str, damage: bytes | None
) -> None:
    (file,) = cache_folder.glob(f"*/{name}")
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    assert words(load(cache_folder=cache_folder)) == words_in_torch()
    assert preparing == [EMBEDDED_RECOGNISER]


@pytest.mark.parametrize("name", ["encoder.xml", "parts.npz"])
def test_rubbish_of_the_right_length_is_made_anew(
    cache_folder: Path, preparing: list[Path], name: str
) -> None:
    (file,) = cache_folder.glob(f"*/{name}")
    file.write_bytes(b"\x07" * file.stat().st_size)
    assert words(load(cache_folder=cache_folder)) == words_in_torch()
    assert preparing == [EMBEDDED_RECOGNISER]


def test_a_damaged_compiled_graph_is_compiled_again(cache_folder: Path) -> None:
    for file in cache_folder.glob("*/compiled/*"):
        file.chmod(0o600)
        file.write_bytes(b"\x07" * 1_000)
    assert words(load(cache_folder=cache_folder)) == words_in_torch()


def test_without_openvino_torch_is_used_and_the_reason_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    openvino_import.openvino.cache_clear()
    monkeypatch.setitem(sys.modules, "openvino", None)
    engine = load()
    assert engine.encoder.description == "torch on cpu, float32"
    (warning,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert "OpenVINO cannot be used (import of openvino halted" in warning
    with pytest.raises(ModelError, match=r"set model\.backend to torch"):
        load(backend="openvino")


def test_an_encoder_without_a_graph_runs_in_torch(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    preparing: list[Path],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(openvino_import.openvino(), "save_model", lambda *_, **__: 1 / 0)
    engine = load(cache_folder=tmp_path)
    assert engine.encoder.description.startswith("torch")
    assert "OpenVINO cannot be used" in caplog.text
    assert [*tmp_path.iterdir()] == []


def test_a_cache_folder_that_cannot_be_written_leaves_torch(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    engine = load(cache_folder=tmp_path / "file" / "cache")
    assert engine.encoder.description.startswith("torch")
    assert "Not a directory" in caplog.text


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(ModelError, match="OpenVINO runs on the CPU, not on cuda:0"):
        SenseVoice.load(EMBEDDED_RECOGNISER, "cuda:0", backend="openvino")
    with pytest.raises(
        ModelError, match="Only OpenVINO and ONNX Runtime, on a CPU, compute in int8"
    ):
        load(backend="torch", precision="int8")


# Eight bits without being asked -------------------------------------------------------------------


EXACT = Parity(tokens=300, tokens_equal=0.996, tag_difference=0.01, speedup=1.3)
INEXACT = [
    replace(EXACT, tokens_equal=0.99),
    replace(EXACT, tag_difference=0.03),
    replace(EXACT, speedup=0.9),
]


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that eight bits are tried with, in this process; the small model counts as large."""
    seen: list[Path] = []

    def here(folder: Path, *more: Any) -> None:
        seen.append(folder)
        int8.prepare(folder, *more)

    monkeypatch.setattr(int8, "_elsewhere", here)
    monkeypatch.setattr(engine_module, "LARGE_BYTES", 0)
    return seen


@pytest.fixture(scope="module")
def tried(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the embedded model, and eight bits once they were asked for."""
    return shutil.copytree(prepared, tmp_path_factory.mktemp("tried") / "cache")


def test_the_verdict_on_eight_bits_is_measured_once_and_kept(
    trials: list[Path], tried: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, second = load(cache_folder=tried), load(cache_folder=tried)
    assert trials == [EMBEDDED_RECOGNISER]
    parity = int8.known_parity(Base(EMBEDDED_RECOGNISER), tried)
    assert parity is not None
    assert parity.is_exact
    assert parity.tokens > 300
    assert f"8 bits on speech: {parity}" in caplog.text
    chosen = "ONNX Runtime on cpu, int8" if parity.is_worth_it else "OpenVINO on cpu"
    assert first.encoder.description.startswith(chosen)
    assert second.encoder.description.startswith(chosen)


@pytest.mark.parametrize("verdict", [EXACT, *INEXACT])
def test_eight_bits_are_taken_where_they_are_exact_and_faster(
    trials: list[Path], tried: Path, monkeypatch: pytest.MonkeyPatch, verdict: Parity
) -> None:
    load(cache_folder=tried)
    trials.clear()
    monkeypatch.setattr(int8, "read_parity", lambda _: verdict)
    engine = load(cache_folder=tried)
    assert engine.encoder.description.startswith("ONNX" if verdict == EXACT else "OpenVINO")
    assert load(precision="int8", cache_folder=tried).encoder.precision == "int8"
    assert trials == []


def test_eight_bits_of_a_small_model_are_not_tried(cache_folder: Path) -> None:
    load(cache_folder=cache_folder)
    assert int8.known_parity(Base(EMBEDDED_RECOGNISER), cache_folder) is None


def test_without_onnx_runtime_there_are_no_eight_bits(
    trials: list[Path], cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    int8.onnxruntime.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load(cache_folder=cache_folder).encoder.description.startswith("OpenVINO")
    with pytest.raises(ModelError, match="ONNX Runtime cannot compute in int8"):
        load(precision="int8", cache_folder=cache_folder)
    assert trials == []


def test_openvino_is_imported_without_its_reporter() -> None:
    openvino_import.openvino()
    assert sys.modules["openvino_telemetry"] is None
