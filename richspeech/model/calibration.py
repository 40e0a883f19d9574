"""Calibration: what turns the numbers of one model into probabilities that hold.

A network says 0.99 too often. One temperature for each kind of answer (Guo et al., On Calibration
of Modern Neural Networks, 2017), fitted on recordings whose truth is known, takes that back and
leaves every order, and so every decision, as it was. The same recordings tell below which
probability a word is to be checked, how sure an emotion must be to be named, and how an utterance
looks that is unlike what the model knows. All of it belongs to the weights that it was measured on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from postprocess import NO_SPEECH, AudioEvent, Emotion
from richspeech.errors import ModelError
from richspeech.model.transcript import Hypothesis, Token
from richspeech.model.validation import why_refused

CLOSEST = 2.0**-24
"""To 0 and to 1; a float32 knows nothing between that and 1."""
FAR = 700.0
"""What ``math.exp`` can still take."""

Probability = Annotated[float, Field(ge=0, le=1)]
HIGHEST_TEMPERATURE = 100.0
Temperature = Annotated[float, Field(gt=0, le=HIGHEST_TEMPERATURE)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class Temperatures:
    """By what log-probabilities are divided; None where too little was known to fit it."""

    language: Temperature | None = None
    emotion: Temperature | None = None
    event: Temperature | None = None


@dataclass(frozen=True)
class WordOdds:
    """How the log-odds of a word become those that hold."""

    temperature: Temperature
    bias: Finite
    """Added behind it: the path may be wrong as a whole, whatever each frame says."""

    def sure(self, probability: float) -> float:
        """Return the calibrated probability of a word, or of a token of one."""
        return _from_odds(log_odds(probability) / self.temperature + self.bias)


@dataclass(frozen=True)
class Logistic:
    """A logistic regression on signals."""

    bias: Finite
    weights: Mapping[str, Finite]
    """By the names of signals."""

    def probability(self, found: Mapping[str, float]) -> float:
        """Return 0 to 1."""
        weighed = (weight * found[name] for name, weight in self.weights.items())
        return _from_odds(self.bias + sum(weighed))


@dataclass(frozen=True)
class Misheard:
    """How probable it is that most words of an utterance are wrong, or missing."""

    words: Logistic | None = None
    """Where words were written."""
    silence: Logistic | None = None
    """Where none were."""


@dataclass(frozen=True)
class Calibration:
    """Of one model; what is None nobody could tell, so nothing is claimed."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    weights: str
    """Digest of the files that it belongs to."""
    temperatures: Temperatures = field(default_factory=Temperatures)
    words: WordOdds | None = None
    unsure_below: Probability | None = None
    """Calibrated probability below which a word is to be checked."""
    sure_emotion: Probability | None = None
    """Calibrated probability from which on an emotion is named."""
    misheard: Misheard | None = None
    fitted_on: Mapping[str, int] = field(default_factory=dict)
    """How many of what."""

    def apply(
        self, hypothesis: Hypothesis, duration: float, *, names_any: bool = False
    ) -> Hypothesis:
        """Return a hypothesis of ``duration`` seconds with probabilities that hold.

        An emotion that is not certain enough becomes unknown, unless one is to be named anyhow.
        """
        heard, temperatures = hypothesis, self.temperatures
        emotions = tempered(heard.emotion_probabilities, temperatures.emotion)
        enough = 0.0 if names_any or self.sure_emotion is None else self.sure_emotion
        is_sure = emotions.get(heard.emotion, 1.0) >= enough
        return replace(
            heard,
            language_probabilities=tempered(heard.language_probabilities, temperatures.language),
            emotion=heard.emotion if is_sure else Emotion.UNKNOWN,
            emotion_probabilities=emotions,
            event_probabilities=tempered(heard.event_probabilities, temperatures.event),
            tokens=tuple(self._token(each) for each in heard.tokens),
            misheard_probability=self._misheard(heard, duration),
        )

    def _token(self, token: Token) -> Token:
        if token.probability is None or self.words is None:
            return token
        return replace(token, probability=self.words.sure(token.probability))

    def _misheard(self, hypothesis: Hypothesis, duration: float) -> float | None:
        misheard = self.misheard or Misheard()
        spoken = word_signals(hypothesis, duration)
        fitted = misheard.silence if spoken is None else misheard.words
        found = silence_signals(hypothesis) if spoken is None else spoken
        return fitted.probability(found) if fitted and found else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        document: dict[str, Any] = _adapter().dump_python(self, mode="json", exclude_none=True)
        return document

    @classmethod
    def from_dict(cls, document: object, name: str) -> "Calibration":
        """Read what ``to_dict`` gave; raises ``ModelError`` that calls it ``name``."""
        try:
            found = _adapter().validate_python(document)
        except ValidationError as error:
            raise ModelError("calibration.refused", name=name, why=why_refused(error)) from error
        misheard = found.misheard or Misheard()
        for fitted, known in ((misheard.words, WORD_SIGNALS), (misheard.silence, SILENCE_SIGNALS)):
            if fitted and (unknown := {*fitted.weights} - {*known}):
                raise ModelError(
                    "calibration.signals", name=name, unknown=tuple(sorted(unknown)), known=known
                )
        return found


@cache
def _adapter() -> TypeAdapter[Calibration]:
    return TypeAdapter(Calibration)


def tempered(probabilities: Mapping[str, float], temperature: float | None) -> Mapping[str, float]:
    """Return probabilities that exclude each other as they are at a temperature; None: as are."""
    if temperature is None or not probabilities:
        return probabilities
    highest = max(probabilities.values())
    shares = {name: (p / highest) ** (1 / temperature) for name, p in probabilities.items()}
    whole = sum(shares.values())
    return {name: share / whole for name, share in shares.items()}


def log_odds(probability: float) -> float:
    """Return ln p / (1 - p), of what a float32 can tell from 0 and 1."""
    kept = min(max(probability, CLOSEST), 1 - CLOSEST)
    return math.log(kept / (1 - kept))


def _from_odds(logarithm: float) -> float:
    return 1 / (1 + math.exp(-max(min(logarithm, FAR), -FAR)))


WORD_SIGNALS = ("mean_word", "tokens_a_second", "blank_share")
SILENCE_SIGNALS = ("no_speech", "event")


def word_signals(hypothesis: Hypothesis, duration: float) -> Mapping[str, float] | None:
    """Return what tells whether words are wrong, of uncalibrated probabilities.

    The mean log-odds of the tokens, tokens a second, and the share of the time without one. None
    without words, and where the engine gives no probabilities of them.
    """
    odds = [log_odds(t.probability) for t in hypothesis.tokens if t.probability is not None]
    if not odds or duration <= 0 or not any(map(str.isalnum, hypothesis.text)):
        return None
    heard = sum((t.end or 0.0) - (t.start or 0.0) for t in hypothesis.tokens)
    return {
        "mean_word": sum(odds) / len(odds),
        "tokens_a_second": len(odds) / duration,
        "blank_share": 1 - heard / duration,
    }


def silence_signals(hypothesis: Hypothesis) -> Mapping[str, float] | None:
    """Return what tells whether words are missing where none were written.

    The log-odds that nobody speaks, and those of the likeliest sound beside speech. None where the
    engine gives no such probabilities, and where it has written words.
    """
    languages, events = hypothesis.language_probabilities, hypothesis.event_probabilities
    others = [value for name, value in events.items() if name != AudioEvent.SPEECH]
    if NO_SPEECH not in languages or not others or any(map(str.isalnum, hypothesis.text)):
        return None
    return {"no_speech": log_odds(languages[NO_SPEECH]), "event": log_odds(max(others))}
