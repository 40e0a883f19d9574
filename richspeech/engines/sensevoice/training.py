"""Trains an adapter for SenseVoiceSmall: LoRA beside the linears of the encoder, by PEFT.

The forward pass is our own encoder over the modules that PEFT has wrapped, since funasr's scales
its input in place, which makes every second pass over a batch wrong. The loss is funasr's: CTC over
the words, cross entropy over the four prompt frames, but for those that nobody has labelled. Sums
run in bfloat16, what is learned is kept in float32, and each layer is computed again on the way
back (gradient checkpointing), so that memory grows with one layer instead of seventy.
"""

import contextlib
import errno
import os
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.checkpoint import checkpoint

from postprocess import AudioEvent, Emotion
from richspeech.engines.common.automodel import in_one_line, load_automodel
from richspeech.engines.common.device import choose_device
from richspeech.engines.common.fbank import HOP_MS, log_mel
from richspeech.engines.common.features import extract_batch
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.common.openvino_import import best_precision
from richspeech.engines.common.transformers_import import transformers
from richspeech.engines.sensevoice.calibration import utterances
from richspeech.engines.sensevoice.decode import BLANK, Vocabulary, decode, greedy_runs
from richspeech.engines.sensevoice.encoder import SanmEncoder, Scores
from richspeech.engines.sensevoice.parts import MODEL_CLASS, Parts
from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES
from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.errors import AudioError, OptionError
from richspeech.extras import extra
from richspeech.model.transcript import Hypothesis

TARGETS = ("linear_q_k_v", "linear_out", "w_1", "w_2")
"""Linears that get a product beside them."""
UNLABELLED = -100
"""What cross entropy leaves out."""
SPACE = "▁"
HINT_SHARE = 0.5
"""Share of clips whose language is named; the model has to find out the others'."""
FEW = 64
"""Clips that tell a habit."""
SYSTEM_ERROR = re.compile(r"(?:os error|code:) (\d+)")
"""In what Rust says of a file that it cannot write."""
EVALUATED_SECONDS = 60.0
"""Sound a batch, padding included, where nothing is learned."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Lesson:
    """One clip, and what is to be said of it."""

    log_mel: Array
    """[T, 80]"""
    tokens: tuple[int, ...]
    labels: tuple[int, int, int, int]
    """Language, emotion, event and ITN, as ids; UNLABELLED where nobody has said."""
    language: str | None
    itn: bool

    @property
    def frames(self) -> int:
        """Its length, in 10 ms."""
        return len(self.log_mel)

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames * HOP_MS / 1000


class Trainee:
    """A loaded model that learns. Not thread-safe."""

    def __init__(self, parts: Parts, model: Any, device: str) -> None:
        """Take a funasr ``SenseVoiceSmall`` whose linears PEFT has wrapped."""
        self.parts, self._wrapped, self._device = parts, model, torch.device(device)
        self._encoder = SanmEncoder(model.base_model.model)
        self.vocabulary = Vocabulary(parts.tokenizer)
        self._halves = _has_bfloat16(self._device)
        self.learned = [each for each in model.parameters() if each.requires_grad]
        """All that changes."""

    @classmethod
    def load(cls, folder: Path, device: str, threads: int | None, recipe: Recipe) -> "Trainee":
        """Load a model folder and put an adapter beside it, which changes nothing yet.

        Raises ``ModelError`` for what is no SenseVoice, ``SettingsError`` without PEFT.
        """
        with extra("adapt", "peft", "requirements-adapt.txt"):
            peft = _peft()
        device, _ = choose_device(device)
        auto_model = load_automodel(folder, MODEL_CLASS, device, threads or os.cpu_count() or 1)
        torch.manual_seed(recipe.seed)
        config = peft.LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules=list(TARGETS),
        )
        return cls(Parts.of(auto_model), peft.get_peft_model(auto_model.model, config), device)

    # Lessons ----------------------------------------------------------------------------------

    def lesson(
        self,
        features: Array,
        text: str,
        *,
        language: str | None,
        emotion: Emotion | None,
        event: AudioEvent | None,
        itn: bool,
        leads: bool,
    ) -> Lesson:
        """Return what is to be learned of a clip; ``leads`` as ``leads_with_space`` has it.

        Raises ``OptionError`` for a text that the model cannot write, or not in so little time.
        """
        tokens = self._tokens(text, leads=leads)
        frames = -(-len(features) // self.parts.features.hop)
        needed = len(tokens) + sum(one == other for one, other in pairwise(tokens))
        if needed > frames:
            raise OptionError("adapt.too_much_text", count=needed, most=frames)
        known = self.vocabulary
        labels = (
            known.languages.get(language or "", UNLABELLED),
            known.emotions.get(emotion or "", UNLABELLED),
            known.events.get(event or "", UNLABELLED),
            self._itn_id(itn=itn),
        )
        return Lesson(features, tokens, labels, language, itn)

    def _tokens(self, text: str, *, leads: bool) -> tuple[int, ...]:
        processor = self.parts.tokenizer
        ids = processor.encode(text)
        unknown = [
            place for place, number in enumerate(ids) if number in (BLANK, processor.unk_id())
        ]
        if unknown:
            pieces = processor.encode(text, out_type=str)
            raise OptionError(
                "adapt.unwritable", pieces=tuple(pieces[place] for place in unknown[:5])
            )
        if not leads and ids and processor.id_to_piece(ids[0]) == SPACE:
            ids = ids[1:]
        return tuple(ids)

    def _itn_id(self, *, itn: bool) -> int:
        processor = self.parts.tokenizer
        number = int(processor.piece_to_id("<|withitn|>" if itn else "<|woitn|>"))
        return UNLABELLED if number == processor.unk_id() else number

    # What it says now -------------------------------------------------------------------------

    def as_it_was(self) -> AbstractContextManager[None]:
        """Have it answer without the adapter within the block."""
        switched_off: AbstractContextManager[None] = self._wrapped.disable_adapter()
        return switched_off

    def answers(self, clips: Sequence[Array], itn: Sequence[bool]) -> list[Hypothesis]:
        """Return what it hears in each clip of log-mels [T, 80], in float32."""
        return [
            decode(
                scores,
                self.vocabulary,
                seconds_per_frame=self.parts.features.seconds_per_frame,
                duration=len(clip) * HOP_MS / 1000,
                ban_unknown_emotion=False,
            )
            for clip, scores in zip(clips, self._heard(clips, itn), strict=True)
        ]

    def leads_with_space(self, clips: Sequence[Array], itn: Sequence[bool]) -> bool:
        """Say whether it begins with a space by itself, as SentencePiece does.

        What it says of some clips tells; to teach it otherwise would be learned in vain.
        """
        heard = self._heard(clips[:FEW], itn[:FEW])
        runs = [greedy_runs(each.tokens, each.probabilities) for each in heard]
        firsts = [self.parts.tokenizer.id_to_piece(each[0].token) for each in runs if each]
        return 2 * firsts.count(SPACE) > len(firsts)

    def _heard(self, clips: Sequence[Array], itn: Sequence[bool]) -> list[Scores]:
        self._wrapped.eval()
        found: dict[int, Scores] = {}
        for places in by_length([len(clip) for clip in clips], EVALUATED_SECONDS):
            features, lengths = extract_batch([clips[i] for i in places], self.parts.features)
            rows = [self.parts.prompts.rows(None, itn=itn[i]) for i in places]
            inputs = self.parts.prompts.before(features.numpy(), rows)
            found.update(zip(places, self._encoder.score(inputs, lengths), strict=True))
        return [found[i] for i in range(len(clips))]

    # Learning ---------------------------------------------------------------------------------

    def loss(self, lessons: Sequence[Lesson], rng: random.Random) -> Tensor:
        """Return the loss of one batch, for every token and every label alike."""
        features, lengths = extract_batch([each.log_mel for each in lessons], self.parts.features)
        rows = [self._row(each, rng) for each in lessons]
        inputs = torch.from_numpy(self.parts.prompts.before(features.numpy(), rows))
        sizes = torch.tensor(lengths) + PROMPT_FRAMES
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._halves):
            scores = self._scores(inputs.to(self._device), sizes.to(self._device))
        scores = scores.float()
        labels = torch.tensor([each.labels for each in lessons], device=self._device)
        return _ctc(scores[:, PROMPT_FRAMES:], lengths, lessons) + _labels(
            scores[:, :PROMPT_FRAMES], labels
        )

    def _row(self, lesson: Lesson, rng: random.Random) -> list[int]:
        hint = lesson.language if rng.random() < HINT_SHARE else None
        known = hint if hint in self.parts.prompts.languages else None
        return self.parts.prompts.rows(known, itn=lesson.itn)

    def _scores(self, inputs: Tensor, sizes: Tensor) -> Tensor:
        """Return the logits [B, 4 + T, V]; layers keep their inputs alone."""
        encoder, x = self._encoder, inputs
        real = torch.arange(x.shape[1], device=x.device) < sizes[:, None]
        for layers, norm in (
            (encoder.lower, encoder.middle_norm),
            (encoder.upper, encoder.last_norm),
        ):
            for layer in layers:
                x = checkpoint(layer, x, real, use_reentrant=False)
            x = F.layer_norm(x.float(), norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        logits: Tensor = encoder.vocabulary(x)
        return logits

    def train(self) -> None:
        """Get ready to learn; ``answers`` ends that."""
        self._wrapped.train()

    def save(self, folder: Path) -> None:
        """Write the adapter as PEFT reads it: a config, and numbers as safetensors.

        Raises ``OSError`` where the disk is full.
        """
        with writing_numbers():
            self._wrapped.save_pretrained(str(folder), safe_serialization=True)
        (folder / "README.md").unlink(missing_ok=True)  # a form that nobody has filled in


@contextlib.contextmanager
def writing_numbers() -> Iterator[None]:
    """Raise as ``OSError`` what safetensors has an error of its own for, such as a full disk."""
    try:
        yield
    except SafetensorError as error:
        found = SYSTEM_ERROR.search(str(error))
        number = int(found[1]) if found else errno.EIO
        why = os.strerror(number) if found else in_one_line(error)
        raise OSError(number, why) from error


def _peft() -> Any:
    transformers()  # which PEFT imports, and which has to be imported so
    return import_module("peft")


def utterances_in(folder: Path, detector: Path, cache_folder: Path) -> Iterator[tuple[str, Array]]:
    """Yield what is said in the recordings of a folder: a key, and log-mels [T, 80].

    What is no recording, or holds no speech, is left out.
    """
    model = FsmnVad.load(detector, cache_folder=cache_folder)
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(AudioError):
            for each in utterances(path, model):
                start, end = (round(1000 * seconds) for seconds in (each.start, each.end))
                yield f"{path.stem}-{start:08}-{end:08}", each.log_mel


def _has_bfloat16(device: torch.device) -> bool:
    """Say whether sums in bfloat16 are faster here, and not merely possible."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device.type == "cpu" and best_precision() == "bfloat16"


def features_of(waveform: Array) -> Array:
    """Return the log-mels [T, 80] of a 16 kHz waveform."""
    return log_mel(waveform)


def by_length(sizes: Sequence[int], batch_seconds: float) -> Iterator[list[int]]:
    """Put places of similar length together, so many that a batch with its padding is full."""
    batch: list[int] = []
    for place in sorted(range(len(sizes)), key=sizes.__getitem__):
        if batch and sizes[place] * (len(batch) + 1) * HOP_MS > 1000 * batch_seconds:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _ctc(scores: Tensor, lengths: Sequence[int], lessons: Sequence[Lesson]) -> Tensor:
    targets = torch.tensor([token for each in lessons for token in each.tokens])
    sizes = torch.tensor([len(each.tokens) for each in lessons])
    sums = F.ctc_loss(
        scores.log_softmax(-1).transpose(0, 1),
        targets.to(scores.device),
        torch.tensor(lengths),
        sizes,
        blank=BLANK,
        reduction="none",
        zero_infinity=True,
    )
    return sums.sum() / max(int(sizes.sum()), 1)


def _labels(scores: Tensor, labels: Tensor) -> Tensor:
    if bool((labels == UNLABELLED).all()):
        return scores.sum() * 0.0  # cross entropy of nothing is no number
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=UNLABELLED)
