"""The real fsmn-vad weights, and funasr's own answers to hold ours against."""

import copy
import importlib
import os
import random
import shutil
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio.vad import NAMES_IN_MODEL_CONF, SpanDetector, SpeechSpan, VadOptions
from richspeech.engines.common import fsmn_vad
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.fbank import Fbank, log_mel
from richspeech.engines.common.fsmn import Fsmn
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.common.funasr_import import funasr, model_class
from richspeech.errors import ModelError
from richspeech.model.turn_detection import TurnDetection
from richspeech.recognition.utterance import Frames

Array = NDArray[np.float32]

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
WEIGHTS = SHARED / "models" / "fsmn-vad"
EXAMPLE = SHARED / "audio" / "vad_example.wav"
RATE = 16_000
LONGEST_MS = 30_000
PUBLISHED_MS = [
    [70, 2340], [2620, 6200], [6480, 23670], [23950, 26250], [26780, 28990], [29950, 31430],
    [31750, 37600], [38210, 46900], [47310, 49630], [49910, 56460], [56740, 59540], [59820, 70450],
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def on_one_thread() -> Iterator[None]:
    """Let funasr's torch not fight other processes for the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def weights() -> Path:
    if not WEIGHTS.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"{WEIGHTS} is absent")
    assert WEIGHTS.is_dir()
    return WEIGHTS


@pytest.fixture(scope="module")
def vad(weights: Path) -> FsmnVad:
    return FsmnVad.load(weights, max_single_segment_ms=LONGEST_MS)


@pytest.fixture(scope="module")
def recordings(weights: Path) -> dict[str, Array]:
    """Every mono wav at 16 kHz; one of them disturbed; all in a row, with pauses of faint noise."""
    rng = np.random.default_rng(0)
    example = read(EXAMPLE)
    noise = rng.standard_normal(example.size).astype(np.float32)
    found = {
        "example": example,
        "in noise": example + 0.03 * noise,
        "backwards": example[::-1].copy(),
    }
    for path in sorted((SHARED / "audio" / "speech").rglob("*.wav")):
        if (sf.info(path).samplerate, sf.info(path).channels) == (RATE, 1):
            found[path.name] = read(path)
    row = [part for each in found.values() for part in (each, 1e-3 * noise[: each.size % RATE])]
    return found | {"all": np.concatenate(row)}


def read(path: Path) -> Array:
    return np.asarray(sf.read(path, dtype="float32")[0], np.float32)


def to_ms(spans: list[SpeechSpan]) -> list[list[int]]:
    return [[round(span.start * 1000), round(span.end * 1000)] for span in spans]


def frames_of(waveform: Array) -> Frames:
    return Fbank().stream().feed(waveform)


def whole(vad: FsmnVad, waveform: Array) -> list[list[int]]:
    stream = vad.stream()
    return to_ms(stream.feed(frames_of(waveform)) + stream.finish())


def in_blocks(vad: FsmnVad, waveform: Array, sizes: Iterator[int]) -> list[list[int]]:
    frontend, stream, spans, first = Fbank().stream(), vad.stream(), [], 0
    while first < waveform.size:
        size = next(sizes)
        spans += stream.feed(frontend.feed(waveform[first : first + size]))
        first += size
    return to_ms(spans + stream.finish())


# ------------------------------------------------------------------------------ the real model


def test_the_published_segments_come_out(vad: FsmnVad, recordings: dict[str, Array]) -> None:
    assert whole(vad, recordings["example"]) == PUBLISHED_MS


def test_every_recording_gets_the_spans_that_funasr_gives(
    vad: FsmnVad, weights: Path, recordings: dict[str, Array]
) -> None:
    model = funasr().AutoModel(
        model=str(weights), device="cpu", ncpu=1, disable_update=True, disable_pbar=True,
        max_single_segment_time=LONGEST_MS,
    )  # fmt: skip
    given_by_funasr = {
        name: model.generate(input=waveform, fs=RATE, max_end_silence_time=800)[0]["value"]
        for name, waveform in recordings.items()
    }
    assert len(given_by_funasr) >= 20
    assert sum(map(len, given_by_funasr.values())) > 50
    assert {name: whole(vad, waveform) for name, waveform in recordings.items()} == (
        given_by_funasr
    )


@pytest.mark.parametrize("seed", range(3))
def test_blocks_of_any_length_give_the_same_spans(
    vad: FsmnVad, seed: int, recordings: dict[str, Array]
) -> None:
    lengths = [0, 1, 79, 399, 400, 401, 560, 1600, 16_000, 50_000]
    choice = random.Random(seed)  # noqa: S311
    sizes = iter(lambda: choice.choice(lengths), None)
    assert in_blocks(vad, recordings["example"], sizes) == PUBLISHED_MS


def test_live_blocks_of_100_ms_report_the_open_span(
    vad: FsmnVad, recordings: dict[str, Array]
) -> None:
    waveform, frontend, stream = recordings["example"][: 4 * RATE], Fbank().stream(), vad.stream()
    opened = set()
    for first in range(0, waveform.size, RATE // 10):
        stream.feed(frontend.feed(waveform[first : first + RATE // 10]))
        opened.add(stream.open_start)
    assert opened == {None, 0.07, 2.62}


@pytest.mark.parametrize("samples", [0, 1, 159, 399, 400, 559, 560, 720, 880, 1040, 4000])
def test_very_short_recordings_have_one_frame_per_whole_window(
    vad: FsmnVad, samples: int, recordings: dict[str, Array]
) -> None:
    waveform = recordings["example"][RATE : RATE + samples]
    silence, decibel = vad.score_track(waveform)
    assert silence.shape == decibel.shape == (max(0, (samples - 240) // 160),)
    stream = vad.stream()
    assert stream.feed(frames_of(waveform)) + stream.finish() == (
        [] if len(silence) < 15 else [SpeechSpan(0.0, len(silence) / 100)]
    )


def test_silence_and_noise_have_no_speech(vad: FsmnVad) -> None:
    noise = np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32) * 1e-4
    assert whole(vad, np.zeros(5 * RATE, np.float32)) == []
    assert whole(vad, noise) == []


def test_less_silence_ends_a_span_sooner_for_whoever_asks(
    vad: FsmnVad, recordings: dict[str, Array]
) -> None:
    def spans(turns: TurnDetection | None) -> list[list[int]]:
        stream = vad.stream(turns)
        return to_ms(stream.feed(frames_of(recordings["example"])) + stream.finish())

    shorter = spans(TurnDetection(silence_duration_ms=300))
    assert len(shorter) > len(spans(None))
    assert spans(TurnDetection()) == spans(None)


def test_streams_in_parallel_do_not_mix(vad: FsmnVad, recordings: dict[str, Array]) -> None:
    waveforms = list(recordings.values())[:8]

    def stream(waveform: Array) -> list[list[int]]:
        return in_blocks(vad, waveform, iter(lambda: 4000, None))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(stream, waveforms)) == [whole(vad, each) for each in waveforms]


def test_a_thread_keeps_its_own_number_of_torch_threads(vad: FsmnVad) -> None:
    def threads_afterwards() -> int:
        vad.score_track(np.zeros(RATE, np.float32))
        return torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(threads_afterwards).result() == torch.get_num_threads()


def test_a_finished_stream_begins_the_next_recording(
    vad: FsmnVad, recordings: dict[str, Array]
) -> None:
    frames, stream = frames_of(recordings["example"][: 5 * RATE]), vad.stream()
    first = stream.feed(frames) + stream.finish()
    assert stream.feed(frames) + stream.finish() == first


def test_long_blocks_are_worked_off_in_pieces(
    vad: FsmnVad, recordings: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fsmn_vad, "PIECE_FRAMES", 97)
    assert whole(vad, recordings["example"]) == PUBLISHED_MS


# ------------------------------------------------------------------------------------- features


def test_features_equal_those_of_funasr(recordings: dict[str, Array]) -> None:
    waveform = recordings["example"][: 5 * RATE]
    frontend = importlib.import_module("funasr.frontends.wav_frontend").WavFrontend(dither=0.0)
    theirs = frontend(torch.from_numpy(waveform)[None], torch.tensor([waveform.size]))[0][0].numpy()
    np.testing.assert_allclose(log_mel(waveform), theirs, atol=1e-3)


# ---------------------------------------------------------------------------------- the network


def test_the_network_answers_what_that_of_funasr_answers(
    weights: Path, recordings: dict[str, Array]
) -> None:
    auto_model = load_automodel(weights, "FsmnVADStreaming", "cpu", 1)
    shift, scale = auto_model.kwargs["frontend"].cmvn.numpy()
    encoder = auto_model.model.encoder
    spliced = torch.from_numpy(log_mel(recordings["in noise"])).unfold(0, 5, 1).transpose(1, 2)
    spliced = spliced.reshape(len(spliced), 400)
    normalised = (spliced + torch.from_numpy(shift)) * torch.from_numpy(scale)
    assert_same_answers(encoder, Fsmn.of(encoder, shift, scale, (0,)), normalised, spliced, [0])


@pytest.mark.parametrize("stride", [1, 3])
def test_any_network_without_a_look_ahead_is_answered_like_that_of_funasr(stride: int) -> None:
    funasr()
    torch.manual_seed(0)
    encoder = importlib.import_module("funasr.models.fsmn_vad_streaming.encoder").FSMN(
        input_dim=400, input_affine_dim=20, fsmn_layers=3, linear_dim=30, proj_dim=16, lorder=5,
        rorder=0, lstride=stride, rstride=0, output_affine_dim=20, output_dim=9,
    )  # fmt: skip
    spliced = torch.randn(300, 400)
    ours = Fsmn.of(encoder, np.zeros(400, np.float32), np.ones(400, np.float32), (0, 4))
    assert_same_answers(encoder, ours, spliced, spliced, [0, 4])


@torch.inference_mode()
def assert_same_answers(
    encoder: Any, ours: Fsmn, normalised: torch.Tensor, spliced: torch.Tensor, ids: list[int]
) -> None:
    expected = encoder.eval()(normalised[None], cache={})[0][:, ids].sum(1).numpy()
    whole_track, _ = ours.silence_probability(spliced, ours.begin())
    np.testing.assert_allclose(whole_track.numpy(), expected, atol=1e-5)
    memories, blocks = ours.begin(), []
    for block in torch.split(spliced, [1, 2, 30, 7, len(spliced) - 40]):
        track, memories = ours.silence_probability(block, memories)
        blocks.append(track)
    np.testing.assert_allclose(torch.cat(blocks).numpy(), expected, atol=1e-5)


# -------------------------------------------------------------------------------------- loading


def test_loading_opens_no_socket_and_leaves_torch_alone(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    FsmnVad.load(weights)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_pauses_and_cuts_can_be_chosen(weights: Path) -> None:
    options = FsmnVad.load(weights, max_end_silence_ms=300, max_single_segment_ms=5000).options
    assert (options.max_end_silence_ms, options.max_single_segment_ms) == (300, 5000)


def copy_of(folder: Path, target: Path) -> Path:
    for file in folder.iterdir():
        shutil.copyfile(file, target / file.name)
    return target


def edit_config(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    file = folder / "config.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    edit(config)
    file.write_text(yaml.safe_dump(config), encoding="utf-8")


def forget_a_weight(folder: Path) -> None:
    state = torch.load(folder / "model.pt", weights_only=True)
    del state["encoder.out_linear2.linear.bias"]
    torch.save(state, folder / "model.pt")


def look_ahead(folder: Path) -> None:
    edit_config(folder, lambda c: c["encoder_conf"].update(rorder=1, rstride=1))
    state = torch.load(folder / "model.pt", weights_only=True)
    taps = {
        f"encoder.fsmn.{i}.fsmn_block.conv_right.weight": torch.ones(128, 1, 1, 1) for i in range(4)
    }
    torch.save(state | taps, folder / "model.pt")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "lacks config.yaml": lambda folder: (folder / "config.yaml").unlink(),
    "has no am.mvn": lambda folder: (folder / "am.mvn").unlink(),
    "lacks model.pt": lambda folder: (folder / "model.pt").unlink(),
    "cannot be loaded": lambda folder: (folder / "model.pt").write_bytes(b"no weights"),
    "copy its folder again (model 'Nobody'": lambda folder: edit_config(
        folder, lambda c: c.update(model="Nobody")
    ),
    "lacks 1 of its weights, such as encoder.out_linear2.linear.bias": forget_a_weight,
    "wants features with window 'povey'": lambda folder: edit_config(
        folder, lambda c: c["frontend_conf"].update(window="povey")
    ),
    "silence cannot be 248": lambda folder: edit_config(
        folder, lambda c: c["model_conf"].update(sil_pdf_ids=[248])
    ),
    "sees frames that are still to come": look_ahead,
    "has detect_mode 0, but only 1 can be used": lambda folder: edit_config(
        folder, lambda c: c["model_conf"].update(detect_mode=0)
    ),
}


@pytest.mark.parametrize("complaint", DAMAGES)
def test_a_damaged_folder_is_refused_in_a_sentence(
    weights: Path, tmp_path: Path, complaint: str
) -> None:
    DAMAGES[complaint](copy_of(weights, tmp_path))
    with pytest.raises(ModelError) as refusal:
        FsmnVad.load(tmp_path)
    assert complaint in str(refusal.value)
    assert str(refusal.value).endswith(".")


# ---------------------------------------------------------------- funasr's own state machine


class ScoresAsFeatures(torch.nn.Module):
    """An encoder whose input already is what it should say."""

    def forward(self, features: torch.Tensor, cache: object) -> torch.Tensor:  # noqa: ARG002
        return features


@cache
def state_machine() -> Any:
    one = dict.fromkeys(
        ("input_dim", "input_affine_dim", "fsmn_layers", "linear_dim", "proj_dim", "lorder",
         "lstride", "output_affine_dim", "output_dim"), 1
    ) | {"rorder": 0, "rstride": 0}  # fmt: skip
    model = model_class("FsmnVADStreaming")(encoder="FSMN", encoder_conf=one)
    model.encoder = ScoresAsFeatures()
    return model


def spans_of_funasr(
    silence: Array, waveform: Array, options: VadOptions, chunk: int
) -> list[list[int]]:
    model = copy.copy(state_machine())
    conf = {theirs: getattr(options, ours) for theirs, ours in NAMES_IN_MODEL_CONF.items()}
    model.vad_opts = type(model.vad_opts)(**conf)
    history = model.init_cache({})
    scores = torch.from_numpy(np.stack((silence, 1 - silence), axis=1))[None]
    found: list[list[int]] = []
    for first in range(0, silence.size, chunk):
        last = min(first + chunk, silence.size)
        for closed in model.forward(
            feats=scores[:, first:last],
            waveform=torch.from_numpy(waveform[None, first * 160 : last * 160 + 240]),
            cache=history,
            is_final=last == silence.size,
            is_streaming_input=False,
        ):
            found += closed
    return found


def our_spans(
    silence: Array, waveform: Array, options: VadOptions, cuts: list[int]
) -> list[list[int]]:
    detector, decibel = SpanDetector(options), frames_of(waveform).decibel
    blocks = zip(np.split(silence, cuts), np.split(decibel, cuts), strict=True)
    return to_ms([s for block in blocks for s in detector.feed(*block)] + detector.finish())


def made_up(pieces: list[tuple[int, float, float]], seed: int) -> tuple[Array, Array]:
    """Silence probabilities and a waveform, from runs of (frames, probability, amplitude)."""
    lengths = [frames for frames, _, _ in pieces]
    silence = np.repeat([level for _, level, _ in pieces], lengths)
    amplitude = np.repeat([level for _, _, level in pieces], np.array(lengths) * 160)
    rng = np.random.default_rng(seed)
    flips = rng.random(silence.size) < 0.1
    silence = np.where(flips, 1 - silence, silence)
    amplitude = np.concatenate((amplitude, np.full(240, amplitude[-1])))
    noise = rng.uniform(-1, 1, amplitude.size) * amplitude
    return silence.astype(np.float32), noise.astype(np.float32)


pieces = st.lists(
    st.tuples(
        st.integers(1, 300),
        st.sampled_from([0.02, 0.19, 0.21, 0.34, 0.36, 0.55, 0.98]),
        st.sampled_from([0.0, 0.001, 0.03, 0.5]),
    ),
    min_size=1,
    max_size=10,
)
option_sets = st.builds(
    VadOptions,
    max_end_silence_ms=st.sampled_from([0, 100, 155, 305, 800, 2000]),
    max_single_segment_ms=st.sampled_from([300, 1005, 3000, 60_000]),
    speech_noise_threshold=st.sampled_from([0.6, 0.3, -0.2]),
    speech_to_noise_ratio=st.sampled_from([1.0, 1.3]),
    window_ms=st.sampled_from([200, 300]),
    silence_to_speech_ms=st.sampled_from([150, 60]),
    speech_to_silence_ms=st.sampled_from([150, 50]),
    lookback_start_ms=st.sampled_from([200, 0, 1000]),
    lookahead_end_ms=st.sampled_from([100, 0, 500]),
    decibel_threshold=st.sampled_from([-100.0, -20.0]),
    snr_threshold_db=st.sampled_from([-100.0, 0.0, 15.0]),
    noise_frames=st.sampled_from([100, 7]),
)
cut_lists = st.lists(st.integers(0, 1000), max_size=10).map(sorted)
chunks = st.sampled_from([6000, 6000, 137, 30])


@settings(deadline=None, max_examples=60)
@given(pieces, option_sets, cut_lists, chunks, st.integers(0, 99))
def test_made_up_tracks_get_the_spans_that_funasr_gives(
    runs: list[tuple[int, float, float]],
    options: VadOptions,
    cuts: list[int],
    chunk: int,
    seed: int,
) -> None:
    silence, waveform = made_up(runs, seed)
    assert our_spans(silence, waveform, options, cuts) == spans_of_funasr(
        silence, waveform, options, chunk
    )


@settings(deadline=None, max_examples=30)
@given(pieces, st.sampled_from([800, 1005]), st.booleans(), st.integers(0, 99))
def test_made_up_tracks_agree_under_the_options_in_use(
    runs: list[tuple[int, float, float]], longest_ms: int, extend: bool, seed: int
) -> None:
    silence, waveform = made_up(runs, seed)
    options = VadOptions(max_single_segment_ms=longest_ms, extend=extend)
    assert our_spans(silence, waveform, options, []) == spans_of_funasr(
        silence, waveform, options, 6000
    )


def test_a_long_track_with_cuts_and_a_spoken_end_agrees() -> None:
    silence, waveform = made_up([(3500, 0.02, 0.5), (150, 0.98, 0.001), (4000, 0.02, 0.5)], 1)
    options = VadOptions(max_single_segment_ms=LONGEST_MS)
    ours = our_spans(silence, waveform, options, [1, 2999, 3001, 5000])
    assert ours == spans_of_funasr(silence, waveform, options, 6000)
    assert len(ours) == 4
    assert ours[-1][1] == 76_500


def test_ours_is_at_least_ten_times_faster_than_funasr() -> None:
    runs = [(500, 0.02, 0.5), (100, 0.98, 0.001)] * 10
    silence, waveform = made_up(runs, 0)
    decibel = frames_of(waveform).decibel

    def ours() -> None:
        SpanDetector(VadOptions()).feed(silence, decibel)

    def theirs() -> None:
        spans_of_funasr(silence, waveform, VadOptions(), 6000)

    assert seconds(theirs) > 10 * seconds(ours)


def seconds(work: Callable[[], None]) -> float:
    """Median processor time of three runs, after one to warm up."""
    taken = []
    for _ in range(4):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return statistics.median(taken[1:])


def test_words_in_a_row_are_cut_between_them(weights: Path) -> None:
    """Human digits, trimmed and joined with up to 60 ms of faint noise."""
    rng, at, parts, edges = np.random.default_rng(0), 0, [], []
    digits = sorted((SHARED / "audio" / "speech" / "en" / "fsdd").glob("*_jackson_*.wav"))
    for number in rng.integers(0, len(digits), 90):
        digit = np.repeat(read(digits[number]), 2)  # 8 kHz
        power = np.convolve(digit**2, np.full(160, 1 / 160), "same")
        loud = np.flatnonzero(power > 1e-3 * power.max())
        gap = rng.normal(0, 1e-3, int(rng.uniform(0, 0.06 * RATE))).astype(np.float32)
        edges.append((at + gap.size / 2) / RATE)
        parts += [gap, digit[loud[0] : loud[-1]] * np.float32(0.3 / np.abs(digit).max())]
        at += gap.size + parts[-1].size
    waveform = np.concatenate(parts)

    def misses(cut_search_ms: int) -> NDArray[np.float64]:
        vad = FsmnVad.load(weights, max_single_segment_ms=4_000, cut_search_ms=cut_search_ms)
        cuts = [end / 1000 for _, end in whole(vad, waveform)[:-1]]
        assert len(cuts) >= 5
        return np.array([min(abs(edge - cut) for edge in edges) for cut in cuts])

    assert np.mean(misses(2_000) <= 0.05) >= 0.8
    assert np.mean(misses(0) <= 0.05) <= 0.5
