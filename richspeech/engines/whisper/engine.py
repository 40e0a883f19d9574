"""Whisper by CTranslate2: what is said in an utterance, and when each word of it.

faster-whisper loads the model and makes features, prompts and times of words; which stretch is
heard is decided here. An utterance is what voice activity detection has cut out, so it is decoded
in one go, without faster-whisper's own search for speech, without tokens of time and without what
was said before: ``WhisperModel.transcribe`` would go on behind the last word that it has aligned,
and write words into the silence there. Times come of the attention that its words pay to the sound.

Decoding is a beam search without chance. Utterances are heard one by one, so that the same sound
gives the same words whatever is heard beside it. Whisper was trained on windows of 30 s. What lies
behind an utterance is silence, of which half as much does as well (docs/whisper.md) and costs half;
what then goes round in circles, or is unlikely, is heard again in a whole window.
"""

import logging
import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens
from numpy.typing import NDArray

from postprocess import NO_SPEECH, Emotion
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.automodel import in_one_line
from richspeech.engines.whisper.languages import code_of, tag_of
from richspeech.engines.whisper.weights import TOKENIZER
from richspeech.errors import ModelError, OptionError
from richspeech.model.options import Options, without_marks
from richspeech.model.transcript import Hypothesis, Token
from richspeech.recognition.utterance import Request

log = logging.getLogger(__name__)

WINDOW_SECONDS = 30.0
"""What Whisper hears at once."""
SHORT_WINDOW_SECONDS, SILENCE_SECONDS = 15.0, 3.0
"""What is shorter is filled up with silence to the first, or by the second where that is more."""
BEAM_SIZE = 5
MOST_COMPRESSED = 2.4
"""Text that zlib makes smaller by more than this goes round in circles."""
LOOP_TOKENS = 3
"""So many tokens in a row come only once when a text that went in circles is heard again."""
SILENT, QUITE_SURE = 0.6, -0.5
"""Nothing was said where that is likelier than the first, and the mean logarithm of the tokens'
probabilities is below the second. OpenAI's program, which hears long recordings, has -1; in short
utterances one invented word can be above that."""
UNSURE = -1.0
"""Text of a lower mean is doubtful."""
CUT_SECONDS = 5.0
"""Utterances of more than a window are cut at their quietest moment in this end of it."""
PREPENDED, APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
"""Marks that belong to the word after and before them; faster-whisper's own lists."""
MANDARIN = "以下是普通话的句子。"
"""Said before Mandarin, after which Whisper writes simplified characters and marks; else it writes
now these and now those."""
DEVICES = ("cpu", "cuda")
"""Those that CTranslate2 computes on."""
SMALL_BYTES = 200_000_000
"""Weights below this, tiny and base, lose more by 8 bits than they gain: docs/whisper.md."""


@dataclass(frozen=True)
class _Heard:
    """What was decoded in one window."""

    encoded: ctranslate2.StorageView
    tokens: list[int]
    text: str
    mean_log_probability: float
    no_speech_probability: float

    @property
    def is_silence(self) -> bool:
        return self.no_speech_probability > SILENT and self.mean_log_probability < QUITE_SURE

    @property
    def is_circling(self) -> bool:
        return bool(self.text) and get_compression_ratio(self.text) > MOST_COMPRESSED

    @property
    def is_doubtful(self) -> bool:
        return self.is_circling or self.mean_log_probability < UNSURE


class Whisper:
    """One loaded model. Not thread-safe: one thread owns it."""

    name = "whisper"

    def __init__(
        self,
        model: WhisperModel,
        beam_size: int = BEAM_SIZE,
        short_window_seconds: float = SHORT_WINDOW_SECONDS,
    ) -> None:
        """Take a loaded model; with a ``beam_size`` of 1 the likeliest token is taken each time."""
        self._model, self._beam_size = model, beam_size
        self._short_window_seconds = short_window_seconds
        self._languages = frozenset(
            tag_of(code) for code in model.supported_languages if _token(model, code) is not None
        )

    @classmethod
    def load(
        cls, folder: Path, device: str, *, precision: str = "auto", threads: int | None = None
    ) -> "Whisper":
        """Load the weights in ``folder``, in CTranslate2's format; ``precision`` as in config.yaml.

        Raises ``ModelError`` when they cannot be loaded, or not on this device.
        """
        kind, _, index = device.partition(":")
        if kind not in DEVICES:
            raise ModelError("whisper.device", device=device, known=DEVICES)
        number, size = int(index or 0), (folder / "model.bin").stat().st_size
        try:
            known = ctranslate2.get_supported_compute_types(kind, number)
            model = WhisperModel(
                str(folder.resolve()),
                device=kind,
                device_index=number,
                compute_type=precision if precision in known else _compute_type(kind, size),
                cpu_threads=threads or os.cpu_count() or 1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            reason = in_one_line(error)
            raise ModelError("model.unloadable", name=folder.name, why=reason) from error
        except Exception as error:
            if type(error) is not Exception:  # the only kind that tokenizers has for a bad file
                raise
            reason = in_one_line(error)
            raise ModelError(
                "whisper.tokenizer", name=folder.name, file=TOKENIZER, why=reason
            ) from error
        log.info("whisper computes in %s", model.model.compute_type)
        return cls(model)

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Recognise utterances one by one; longer ones than 30 s are heard in pieces.

        Raises ``OptionError`` for a language that these weights do not know.
        """
        return [self._hear(each.utterance.waveform, each.options) for each in requests]

    def _hear(self, waveform: Waveform, options: Options) -> Hypothesis:
        language: str | None = None
        probabilities: Mapping[str, float] = {}
        silence, tokens, left_out = 0.0, list[Token](), 0
        for start, piece in _windows(waveform):
            encoded = self._encode(piece, self._short_window_seconds)
            if language is None:
                language, probabilities = self._language(encoded, options)
            tokenizer = self._tokenizer(language)
            hotwords = self._with_room([*options.weighed_hotwords], tokenizer)
            left_out = len(options.hotwords) - len(hotwords)
            heard = self._decode(piece, encoded, tokenizer, hotwords)
            silence = max(silence, heard.no_speech_probability)
            if not heard.is_silence:
                words = self._words(heard, tokenizer, len(piece) / SAMPLE_RATE)
                tokens += (word.moved(start) for word in words)
        tokens = _without_first_space(tokens)
        text = "".join(token.text for token in tokens)
        return Hypothesis(
            text=text,
            language=language if text else NO_SPEECH,
            language_probabilities={**probabilities, NO_SPEECH: silence},
            emotion=Emotion.UNKNOWN,
            emotion_probabilities={},
            events=(),
            event_probabilities={},
            tokens=tuple(tokens),
            raw_text=text,
            hotwords_left_out=left_out,
        )

    def _with_room(self, hotwords: Sequence[str], tokenizer: Tokenizer) -> Sequence[str]:
        """Return the first hotwords, as many as the prompt has room for.

        ``get_prompt`` would cut off what is longer wherever that is, in the middle of a word.
        """
        most = self._model.max_length // 2 - 1

        def tokens(count: int) -> int:
            return len(tokenizer.encode(f" {_prompt(tokenizer, hotwords[:count])}"))

        return hotwords[: bisect_right(range(1, len(hotwords) + 1), most, key=tokens)]

    def _encode(self, waveform: Waveform, seconds: float) -> ctranslate2.StorageView:
        """Return what the encoder makes of at most a window, filled up to so many ``seconds``.

        With silence, as in training, where ``WhisperModel`` fills features up with zeros, which
        are louder.
        """
        extract = self._model.feature_extractor
        features = extract(waveform, padding=extract.n_fft + extract.hop_length)  # [mels, frames]
        second = extract.sampling_rate // extract.hop_length
        wanted = max(features.shape[1] + SILENCE_SECONDS * second, seconds * second)
        frames = min(round(wanted) // 2 * 2, extract.nb_max_frames)  # the encoder halves them
        missing = max(frames - features.shape[1], 0)
        return self._model.encode(np.pad(features, ((0, 0), (0, missing)), "edge")[:, :frames])

    def _language(
        self, encoded: ctranslate2.StorageView, options: Options
    ) -> tuple[str, Mapping[str, float]]:
        """Return the language, as a tag, and how probable it and others are."""
        allowed = options.allowed_languages or ()
        for tag in (options.language, *allowed):
            if tag is not None and tag not in self._languages:
                known = tuple(sorted(self._languages))
                raise OptionError("whisper.language", language=tag, known=known)
        if not self._model.model.is_multilingual:
            return "en", {}
        found = self._model.model.detect_language(encoded)[0]
        probabilities = {tag_of(token.strip("<|>")): float(share) for token, share in found}
        likeliest = max(allowed or probabilities, key=lambda tag: probabilities.get(tag, 0.0))
        return options.language or likeliest, probabilities

    def _tokenizer(self, language: str) -> Tokenizer:
        model = self._model
        return Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, "transcribe", code_of(language)
        )

    def _decode(
        self,
        waveform: Waveform,
        encoded: ctranslate2.StorageView,
        tokenizer: Tokenizer,
        hotwords: Sequence[str],
    ) -> _Heard:
        """Decode a window; what is doubtful in a whole one, and circles once more."""
        prompt = self._model.get_prompt(
            tokenizer, [], without_timestamps=True, hotwords=_prompt(tokenizer, hotwords)
        )
        heard = self._generate(encoded, tokenizer, prompt)
        if heard.is_doubtful:
            encoded = self._encode(waveform, WINDOW_SECONDS)
            heard = self._generate(encoded, tokenizer, prompt)
        if heard.is_circling:
            heard = self._generate(encoded, tokenizer, prompt, no_repeat_ngram_size=LOOP_TOKENS)
        return heard

    def _generate(
        self,
        encoded: ctranslate2.StorageView,
        tokenizer: Tokenizer,
        prompt: list[int],
        **more: int,
    ) -> _Heard:
        found = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=self._beam_size,
            sampling_temperature=0.0,
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            **more,
        )[0]
        tokens = [token for token in found.sequences_ids[0] if token < tokenizer.eot]
        # the score is a mean over the tokens; OpenAI's, which the limits are for, counts the end
        mean = found.scores[0] * len(tokens) / (len(tokens) + 1)
        text = tokenizer.decode(tokens).strip()
        return _Heard(encoded, tokens, text, mean, found.no_speech_prob)

    def _words(self, heard: _Heard, tokenizer: Tokenizer, duration: float) -> Iterator[Token]:
        """Yield words with times in the window, marks that follow a word in one with it."""
        extract = self._model.feature_extractor
        frames = min(round(duration * SAMPLE_RATE) // extract.hop_length, extract.nb_max_frames)
        segment: dict[str, Any] = {
            "seek": 0,
            "start": 0.0,
            "end": duration,
            "tokens": heard.tokens,
            "words": [],
        }
        self._model.add_word_timestamps(
            [[segment]], tokenizer, heard.encoded, frames, PREPENDED, APPENDED, 0.0
        )
        at = 0.0
        for word in segment["words"]:
            start = min(max(float(word["start"]), at), duration)
            end = at = min(max(float(word["end"]), start), duration)
            yield Token(word["word"], start, end, float(word["probability"]))


def _prompt(tokenizer: Tokenizer, hotwords: Sequence[str]) -> str:
    """Return what is said to come before."""
    said = MANDARIN if tokenizer.language_code == "zh" else ""
    bare = map(without_marks, hotwords)  # a list with marks of its own teaches to double them
    listed = f"{', '.join(bare)}." if hotwords else ""  # else it goes on where that ends
    return said + listed


def _compute_type(device: str, weights_bytes: int) -> str:
    """Return what ``precision: auto`` means."""
    if device == "cuda":
        return "float16"
    return "float32" if weights_bytes < SMALL_BYTES else "int8"


def _token(model: WhisperModel, code: str) -> int | None:
    if not model.model.is_multilingual:
        return 0
    found: int | None = model.hf_tokenizer.token_to_id(f"<|{code}|>")
    return found


def _without_first_space(tokens: Sequence[Token]) -> list[Token]:
    if not tokens:
        return []
    first = tokens[0]
    text = first.text.lstrip()
    return [Token(text, first.start, first.end, first.probability), *tokens[1:]]


def _windows(waveform: Waveform) -> Iterator[tuple[float, Waveform]]:
    """Yield where each piece of at most WINDOW_SECONDS begins, in seconds, and the piece."""
    at, most = 0, round(WINDOW_SECONDS * SAMPLE_RATE)
    while len(waveform) - at > most:
        length = _quietest(waveform[at : at + most])
        yield at / SAMPLE_RATE, waveform[at : at + length]
        at += length
    yield at / SAMPLE_RATE, waveform[at:]


def _quietest(window: Waveform) -> int:
    """Return the middle, in samples, of the quietest tenth of a second in the last CUT_SECONDS."""
    size = SAMPLE_RATE // 10
    last = window[-round(CUT_SECONDS * SAMPLE_RATE) :]
    energies: NDArray[np.float64] = np.square(last.reshape(-1, size), dtype=np.float64).sum(axis=1)
    return len(window) - len(last) + int(energies.argmin()) * size + size // 2
