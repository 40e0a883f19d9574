"""The bench itself: what it prints, what it measures with, and that its weights are sound."""

import inspect
import json
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.bench import SECTIONS, machine, measure, report, sections, weights
from richspeech.bench.cache import build_once
from richspeech.bench.measure import ChildReport, Timing, alternate, peak_mb, run_child
from richspeech.bench.setup import make_setup
from richspeech.bench.speech import Repeated, clips, make_speech, write_wav
from richspeech.cli.app import main
from richspeech.engines.hub import EMBEDDED_RECOGNISER
from richspeech.engines.sensevoice.parity import equal_share
from richspeech.errors import ModelError, OptionError
from richspeech.places import HOME as ROOT

FITTED_SECONDS = 30.0
CHILD_FACTS = {
    "peak_mb": 1.0, "peak_gpu_mb": None, "early_mb": 1.0, "late_mb": 2.0, "growth_mb": 1.0,
    "seconds": 36_000.0, "count": 1_000, "loaded_mb": 1.0, "used_mb": 2.0,
}  # fmt: skip


def no_child(role: str, setup: object) -> ChildReport:
    return ChildReport(1.0, CHILD_FACTS)


def test_one_object_holds_every_measurement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sections, "run_child", no_child)
    monkeypatch.setattr(sections, "CPU_ENCODERS", (("openvino", "float32"), ("torch", "int8")))
    arguments = ["--json", "--seconds", "30", "--repeat", "1", "--device", "cpu"]
    assert main(["bench", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rtfx"].keys() == {"ours", "reference", "sherpa_int8", "recogniser"}
    assert min(found["rtfx"].values()) > 0
    for name in ("ready_seconds", "first_text_seconds", "peak_memory_mb", "vad_speedup"):
        assert found[name] > 0
    assert found["limit"]["rtfx"] > 0
    assert found["encoder"].endswith(found["limit"]["precision"])
    assert found["sentiment"]["labels_equal_percent"] >= 99
    assert min(found["sentiment"]["labels"].values()) > 0, "sentences of every sentiment"
    assert found["encoder_rtfx"].keys() == {"openvino float32"}
    assert "Only OpenVINO" in found["notes"]["torch int8"]
    assert found["machine"]["versions"]["torch"]
    assert set(sections.RUN) == set(SECTIONS)
    tables = report.markdown(found)
    for key, _ in report.TABLES:
        assert key in found
    assert sum(line.startswith("| --- |") for line in tables.splitlines()) == len(report.TABLES)


class Slow:
    """Products that cost what they would cost where the precision is emulated."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, product: Callable[[], object]) -> float:
        size = len(inspect.getclosurevars(product).nonlocals["matrix"])
        seconds = 30 * (size / 2_048) ** 3
        self.seconds += seconds
        return seconds


def test_the_limit_is_measured_in_a_moment_even_where_products_are_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow()
    monkeypatch.setattr(machine, "timed", slow.timed)
    gflops = machine.matrix_gflops("cpu", "float32")
    assert gflops == pytest.approx(2e-9 * 2_048**3 / 30)
    assert slow.seconds < 2


def test_the_largest_product_is_measured_where_it_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "timed", lambda _: 0.01)
    assert machine.matrix_gflops("cpu", "float32") == pytest.approx(2e-9 * 2_048**3 / 0.01)


def test_the_limit_of_eight_bits_is_that_of_their_own_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "LARGEST_MATRIX", {"cpu": 512})
    assert machine.matrix_gflops("cpu", "int8") > 1


def test_a_machine_is_called_by_what_makes_products_fast() -> None:
    kinds = {
        ("avx2",): "AVX2 alone",
        ("avx2", "avx_vnni"): "AVX2 with VNNI",
        ("avx2", "avx512f", "avx512_vnni"): "AVX-512 with VNNI",
        ("avx2", "avx512f", "avx512_vnni", "avx512_bf16"): "AVX-512 with bf16",
        (): "no known instruction set",
    }
    assert {flags: machine.kind_of(flags) for flags in kinds} == kinds


def test_turns_that_would_take_too_long_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(alternate({"quick": lambda: None}, 5)["quick"].runs) == 5
    monkeypatch.setattr(measure, "MOST_SECONDS", 0.05)
    calls: list[str] = []

    def slow() -> None:
        calls.append("slow")
        time.sleep(0.04)

    assert len(alternate({"slow": slow}, 5).get("slow", Timing(())).runs) == len(calls) == 1


def test_an_emulated_precision_is_left_out_and_the_note_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sections, "has_bfloat16", lambda _: False)
    monkeypatch.setattr(sections, "CPU_ENCODERS", (("torch", "bfloat16"),))
    bench = sections.Bench(make_setup("embedded", device="cpu", seconds=30.0, repeat=1))
    found = sections.encoders(bench)
    assert found["encoder_rtfx"] == {}
    assert "only emulates" in found["notes"]["torch bfloat16"]


class Quiet:
    def transcribe_file(self, path: Path) -> str:
        return path.name


def test_without_sherpa_its_row_says_so_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    bench = sections.Bench(make_setup("embedded", device="cpu", seconds=30.0, repeat=1))
    vars(bench).update(ours=Quiet(), authors=Quiet(), utterances=[])
    found = sections.speed(bench)
    assert found["rtfx"]["sherpa_int8"] is None
    assert "sherpa_onnx is not installed" in report.markdown(sections.basics(bench) | found)


def test_a_bench_that_cannot_be_is_refused_in_a_sentence() -> None:
    with pytest.raises(OptionError, match=r"at least one run\."):
        make_setup("embedded", repeat=0)
    with pytest.raises(OptionError, match="30 seconds of speech"):
        make_setup("embedded", seconds=1.0)


def test_a_process_that_fails_is_reported() -> None:
    with pytest.raises(ModelError, match="'no such role' failed"):
        run_child("no such role", make_setup("embedded", seconds=30.0))


def test_the_peak_of_a_process_is_not_that_of_the_one_that_started_it() -> None:
    ballast = np.ones(10**9, np.uint8)
    code = "from richspeech.bench.measure import peak_mb; print(peak_mb())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert float(done.stdout) < 10**9 / 1024**2 < peak_mb()
    assert ballast.all()


# -------------------------------------------------------------------------------------- speech


def test_speech_is_always_the_same_and_a_long_one_begins_as_a_short_one() -> None:
    short, long = make_speech(20.0), make_speech(200.0)
    assert len(short) == 20 * SAMPLE_RATE
    np.testing.assert_array_equal(short, long[: len(short)])
    assert np.abs(long[-20 * SAMPLE_RATE :]).max() > 0.05


def test_a_repeated_recording_has_the_length_that_it_claims() -> None:
    speech = np.arange(24, dtype=np.float32)
    blocks = [*Repeated(speech, 100 / SAMPLE_RATE).blocks(7 / SAMPLE_RATE)]
    np.testing.assert_array_equal(np.concatenate(blocks), np.resize(speech, 100))
    assert {len(block) for block in blocks[:-1]} == {7}


def test_clips_begin_at_different_places() -> None:
    found = clips(np.arange(10 * SAMPLE_RATE, dtype=np.float32), 1.0, 4)
    assert [clip.speech[0] / SAMPLE_RATE for clip in found] == [0.0, 3.0, 6.0, 9.0]
    assert {len(clip.speech) for clip in found} == {SAMPLE_RATE}


def test_the_file_holds_the_samples(tmp_path: Path) -> None:
    speech = np.array([0.0, 1.0, -1.0, 0.5], np.float32)
    write_wav(speech, tmp_path / "speech.wav")
    with wave.open(str(tmp_path / "speech.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (SAMPLE_RATE, 1)
        samples = np.frombuffer(file.readframes(4), "<i2")
    np.testing.assert_allclose(samples / 32_767, speech, atol=1e-4)


# ------------------------------------------------------------------------------------- weights


@pytest.fixture(scope="module")
def shallow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``random-full`` is, with four narrow layers instead of seventy."""
    folder: Path = tmp_path_factory.mktemp("random-shallow")
    small = {"output_size": 256, "linear_units": 256, "num_blocks": 3, "tp_blocks": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "FULL_ENCODER", small)
        patch.setattr(weights, "CALIBRATION_SECONDS", FITTED_SECONDS)
        patch.setattr(weights, "FITTING_STEPS", 40)
        weights._build(folder)
    return folder


def test_random_weights_have_the_published_vocabulary(shallow: Path) -> None:
    processor: Any = sentencepiece.SentencePieceProcessor(model_file=str(shallow / weights.BPE))
    assert processor.get_piece_size() == 25_055
    for tag, number in {"<|zh|>": 24_884, "<|HAPPY|>": 25_001, "<|withitn|>": 25_016}.items():
        assert processor.piece_to_id(tag) == number


def test_random_weights_load_and_say_what_the_embedded_model_says(shallow: Path) -> None:
    embedded = make_setup("embedded", device="cpu", seconds=FITTED_SECONDS)
    setups = (embedded, replace(embedded, model=str(shallow)))
    said, heard = (
        [bench.authors.tokens(each) for each in bench.utterances]
        for bench in map(sections.Bench, setups)
    )
    assert sum(map(len, said)) > 50
    assert equal_share(said, heard) > 0.95


def test_the_size_of_weights_is_that_of_their_matrices(shallow: Path) -> None:
    size = weights.size_of(EMBEDDED_RECOGNISER)
    assert 3.9e6 < size.parameters < 4.1e6
    assert weights.size_of(shallow).gflop_per_second > size.gflop_per_second


def test_what_is_built_is_kept_until_its_sources_change(tmp_path: Path) -> None:
    source, built = tmp_path / "source", []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "made").write_text(source.read_text())

    for content in ("one", "one", "three"):
        if not source.is_file() or source.read_text() != content:
            source.write_text(content)
        folder = build_once(tmp_path / "cache", "thing", [source], build)
        assert (folder / "made").read_text() == content
    assert len(built) == 2
    assert [*(tmp_path / "cache").iterdir()] == [folder]


def test_tokens_are_equal_only_in_their_order() -> None:
    assert equal_share([["a", "b", "c", "d"]], [["a", "x", "c", "d"]]) == 0.75
    assert equal_share([["a", "b"], []], [["a", "b", "c"], ["d"]]) == 0.5
    assert equal_share([[]], [[]]) == 1.0
