"""The weights; ``random-full`` builds some of SenseVoiceSmall's full size.

The encoder is random, with a seed and the published shape, so it costs what the published one
costs. Scores of a random last layer would be near ties, decided by rounding; so that layer is
fitted (logistic regression) to predict, frame by frame, the embedded model's output for the first
minutes of the speech. Blanks and tokens are then as frequent as in speech, with margins like those
of trained weights, and a transcript is mostly the embedded model's. They say nothing about
language, emotion or accuracy.
"""

import importlib
import logging
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from postprocess import AudioEvent, Emotion
from richspeech.bench.cache import build_once
from richspeech.bench.speech import example_files, find_utterances, make_speech
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.common.funasr_import import model_class
from richspeech.engines.hub import EMBEDDED_DETECTOR, EMBEDDED_RECOGNISER
from richspeech.engines.weight_files import CALIBRATION
from richspeech.recognition.utterance import Utterance

log = logging.getLogger(__name__)

RANDOM_FULL = "random-full"
FULL_ENCODER = {"output_size": 512, "linear_units": 2048, "num_blocks": 50, "tp_blocks": 20}
"""Where SenseVoiceSmall's encoder differs from the embedded one."""
FULL_VOCABULARY = 25_055
LANGUAGE_IDS = {"zh": 24_884, "en": 24_885, "yue": 24_888, "ja": 24_892, "ko": 24_896}
TAG_IDS = {f"<|{name}|>": number for name, number in LANGUAGE_IDS.items()} | {
    "<|nospeech|>": 24_992,
    **{emotion.tag: 25_001 + i for i, emotion in enumerate(
        (Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.NEUTRAL, Emotion.FEARFUL,
         Emotion.DISGUSTED, Emotion.SURPRISED)
    )},
    Emotion.UNKNOWN.tag: 25_009,
    "<|withitn|>": 25_016,
    "<|woitn|>": 25_017,
    **{event.tag: 25_020 + i for i, event in enumerate(AudioEvent)},
}  # fmt: skip
"""Where the published vocabulary has them; those of the events are not published, and made up."""

CALIBRATION_SECONDS = 240.0
FITTING_STEPS = 100
WEIGHT_DECAY = 1e-5
NEVER = -30.0
"""Bias of a token that the embedded model does not say."""
BPE = "chn_jpn_yue_eng_ko_spectok.bpe.model"
PROMPT_ROWS = (0, 1, 2, 14)
"""Of the prompt table: language auto, the queries of event and emotion, with ITN."""


@dataclass(frozen=True)
class Size:
    """What weights cost."""

    parameters: int
    gflop_per_second: float
    """Of matrix products, for a second of speech."""


def size_of(folder: Path, seconds_per_frame: float = 0.06) -> Size:
    """Read the size of a model folder; every matrix but the prompts' is used once a frame."""
    state: dict[str, Tensor] = torch.load(
        folder / "model.pt", map_location="cpu", weights_only=True, mmap=True
    )
    matrices = sum(w.numel() for name, w in state.items() if w.ndim == 2 and name != "embed.weight")
    return Size(sum(w.numel() for w in state.values()), 2e-9 * matrices / seconds_per_frame)


def random_full(cache: Path) -> Path:
    """Return the folder of the full-size weights, built once."""
    made_of = [*EMBEDDED_RECOGNISER.iterdir(), *EMBEDDED_DETECTOR.iterdir(), *example_files()]
    return build_once(cache, RANDOM_FULL, [*made_of, Path(__file__)], _build)


def _build(folder: Path) -> None:
    log.info("building %s: 234 million weights, a minute or two", RANDOM_FULL)
    small = load_automodel(EMBEDDED_RECOGNISER, "SenseVoiceSmall", "cpu", torch.get_num_threads())
    for path in EMBEDDED_RECOGNISER.iterdir():
        if path.name not in ("model.pt", CALIBRATION):  # which holds for those weights alone
            shutil.copyfile(path, folder / path.name)
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config["encoder_conf"] |= FULL_ENCODER
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    ids = _write_vocabulary(folder / BPE)
    model = _random_model(config)
    _fit_last_layer(model, small, ids)
    torch.save(model.state_dict(), folder / "model.pt")


def _write_vocabulary(path: Path) -> list[int]:
    """Widen the small vocabulary at ``path``; return where each of its pieces has gone."""
    # The classes of this module are made when it is imported, so no type checker sees them.
    schema: Any = importlib.import_module("sentencepiece.sentencepiece_model_pb2")
    model = schema.ModelProto.FromString(path.read_bytes())
    small = list(model.pieces)
    ids = _places([piece.piece for piece in small])
    pieces = [
        schema.ModelProto.SentencePiece(piece=f"▁filler{number}", score=-20.0)
        for number in range(FULL_VOCABULARY)
    ]
    for number, piece in zip(ids, small, strict=True):
        pieces[number] = piece
    del model.pieces[:]
    model.pieces.extend(pieces)
    model.trainer_spec.vocab_size = FULL_VOCABULARY
    path.write_bytes(model.SerializeToString())
    return ids


def _places(pieces: Iterable[str]) -> list[int]:
    """Give tags their published ids and other pieces the first that are free."""
    free = iter(range(FULL_VOCABULARY))
    return [TAG_IDS[piece] if piece in TAG_IDS else next(free) for piece in pieces]


def _random_model(config: dict[str, Any]) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = model_class("SenseVoiceSmall")(
            encoder=config["encoder"],
            encoder_conf=config["encoder_conf"],
            input_size=560,
            vocab_size=FULL_VOCABULARY,
            **config["model_conf"],
        )
    return model.eval()


def _fit_last_layer(model: Any, small: Any, ids: Sequence[int]) -> None:
    """Let ``model`` say what the ``small`` one says, each piece under its new id."""
    utterances = find_utterances(make_speech(CALIBRATION_SECONDS), FsmnVad.load(EMBEDDED_DETECTOR))
    encoded, said = [], []
    for utterance in utterances:
        features = _features(small.kwargs["frontend"], utterance)
        encoded.append(_encode(model, features))
        with torch.no_grad():
            said.append(small.model.ctc.ctc_lo(_encode(small.model, features)).argmax(dim=-1))
    pieces, labels = torch.unique(torch.cat(said), return_inverse=True)
    weight, bias = regress(torch.cat(encoded), labels, len(pieces))
    last, rows = model.ctc.ctc_lo, torch.tensor(ids)[pieces]
    with torch.no_grad():
        last.bias.fill_(NEVER)
        last.weight[rows], last.bias[rows] = weight, bias


def _features(frontend: Any, utterance: Utterance) -> Tensor:
    waveform = torch.from_numpy(utterance.waveform)
    features: Tensor = frontend(waveform[None], [len(waveform)])[0]
    return features


@torch.no_grad()
def _encode(model: Any, features: Tensor) -> Tensor:
    """Return the encoder's output [4 + T, D] for features [1, T, 560], as funasr computes it."""
    x = torch.cat([model.embed(torch.tensor([PROMPT_ROWS])), features], dim=1)
    encoded: Tensor = model.encoder(x, torch.tensor([x.shape[1]]))[0][0]
    return encoded


def regress(
    x: Tensor, labels: Tensor, classes: int, decay: float = WEIGHT_DECAY
) -> tuple[Tensor, Tensor]:
    """Fit a logistic regression of ``labels`` [N] on ``x`` [N, D]; return weight and bias."""
    mean, std = x.mean(dim=0), x.std(dim=0) + 1e-6
    normalised = (x - mean) / std
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    steps = torch.optim.LBFGS([weight, bias], max_iter=FITTING_STEPS, history_size=10)

    def loss() -> Tensor:
        steps.zero_grad()
        scores = normalised @ weight.T + bias
        value = torch.nn.functional.cross_entropy(scores, labels)
        value = value + decay * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    steps.step(loss)  # type: ignore[no-untyped-call]
    scaled = weight.detach() / std
    return scaled, bias.detach() - scaled @ mean
