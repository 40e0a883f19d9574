"""Examples → what a model says of them, uncalibrated, beside what is true."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import jiwer
import numpy as np
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits, Source
from richspeech.audio.decode import open_recording
from richspeech.model.calibration import silence_signals, word_signals
from richspeech.model.options import Options
from richspeech.model.timed_words import timed_words
from richspeech.model.transcript import Hypothesis
from richspeech.recognition.pipeline import RecognitionQueue
from richspeech.recognition.reading import Reader
from richspeech.recognition.utterance import Request
from richspeech.review.comparison import words_of
from richspeech.review.examples import Example

LABELS = ("language", "emotion", "event")
"""Answers among several that exclude each other."""


@dataclass(frozen=True)
class Answer:
    """What a model says of one thing, and what is true."""

    probabilities: Mapping[str, float]
    truth: str


@dataclass(frozen=True)
class HeardWord:
    """One word that a model wrote."""

    probability: float
    is_right: bool


@dataclass(frozen=True)
class HeardUtterance:
    """One utterance, and whether more of its words are wrong or missing than right."""

    seconds: float
    signals: Mapping[str, float]
    is_misheard: bool
    has_words: bool


@dataclass(frozen=True)
class Observed:
    """Of one example."""

    kind: str
    utterances: tuple[HeardUtterance, ...] = ()
    words: tuple[HeardWord, ...] = ()
    labels: Mapping[str, Answer] = field(default_factory=dict)
    """By LABELS, where the example is one utterance and its truth is known to the model."""


@dataclass(frozen=True)
class Ear:
    """Hears examples as the page would, but that nothing is calibrated."""

    reader: Reader
    queue: RecognitionQueue
    limits: AudioLimits

    def observe(self, example: Example, sound: Source, defaults: Options) -> Observed:
        """Hear one; raises ``AudioError`` when it has no sound, and what the model raises."""
        options = replace(
            defaults,
            language=None,
            allowed_languages=None,
            inverse_text_normalization=example.itn,
            ban_unknown_emotion=False,
        )
        found = [*self._hypotheses(sound, options)]
        rights = _rights(example.text, [heard for heard, _ in found])
        utterances: list[HeardUtterance] = []
        words: list[HeardWord] = []
        for (heard, seconds), right in zip(found, rights, strict=True):
            words += _words(heard, right)
            judged = [each for each in right if each is not None]
            if known := word_signals(heard, seconds):
                is_misheard = sum(judged) < len(judged) / 2
                utterances.append(
                    HeardUtterance(seconds, known, has_words=True, is_misheard=is_misheard)
                )
            elif (known := silence_signals(heard)) and (len(found) == 1 or not example.text):
                utterances.append(
                    HeardUtterance(seconds, known, has_words=False, is_misheard=bool(example.text))
                )
        labels = _labels(example, found[0][0]) if len(found) == 1 else {}
        return Observed(example.kind, tuple(utterances), tuple(words), labels)

    def _hypotheses(self, sound: Source, options: Options) -> Iterator[tuple[Hypothesis, float]]:
        """Give what is heard in each utterance, with its seconds."""
        with open_recording(sound, self.limits) as recording, self.queue.job() as job:
            utterances = [
                each
                for stretch in self.reader.read(recording, options)
                for each in stretch.utterances
            ]
            futures = [job.submit(Request(each, options)) for each in utterances]
            for utterance, future in zip(utterances, futures, strict=True):
                yield future.result(), utterance.duration


def _words(heard: Hypothesis, right: Sequence[bool | None]) -> Iterator[HeardWord]:
    for word, is_right in zip(timed_words(heard.tokens), right, strict=True):
        if word.probability is not None and is_right is not None:
            yield HeardWord(word.probability, is_right)


def _labels(example: Example, heard: Hypothesis) -> dict[str, Answer]:
    asked = {
        "language": (heard.language_probabilities, example.language),
        "emotion": (heard.emotion_probabilities, example.emotion),
        "event": (heard.event_probabilities, example.event),
    }
    return {
        name: Answer({str(key): value for key, value in known.items()}, str(truth))
        for name, (known, truth) in asked.items()
        if truth is not None and truth in known
    }


def _rights(text: str, heard: Sequence[Hypothesis]) -> list[list[bool | None]]:
    """Say of each word of each utterance whether it was said; None of marks alone.

    Words are aligned over the whole example with the fewest errors, as WER counts them.
    """
    spelled = [[_compared(word.text) for word in timed_words(each.tokens)] for each in heard]
    truth = [word.compared for word in words_of(text)]
    flat = [word for words in spelled for word in words if word]
    same = iter(_same(truth, flat))
    return [[next(same) if word else None for word in words] for words in spelled]


def _compared(text: str) -> str:
    return "".join(word.compared for word in words_of(text))


def _same(truth: Sequence[str], heard: Sequence[str]) -> NDArray[np.bool_]:
    same = np.zeros(len(heard), bool)
    if not truth or not heard:
        return same
    output = jiwer.process_words(" ".join(truth), " ".join(heard))
    for chunk in output.alignments[0]:
        if chunk.type == "equal":
            same[chunk.hyp_start_idx : chunk.hyp_end_idx] = True
    return same
