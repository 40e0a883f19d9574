"""CTC scores to tokens with times and probabilities, and the posteriors of the tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.engines.sensevoice.encoder import Scores
from richspeech.errors import ModelError
from richspeech.model.transcript import Hypothesis, Token

BLANK = 0
NO_SPEECH = "nospeech"
LANGUAGE_FRAME, EMOTION_FRAME, EVENT_FRAME = range(3)


@dataclass(frozen=True)
class Run:
    """Consecutive frames on which one token is the best."""

    token: int
    first: int
    """Frame, counted from the first frame after the prompts."""
    last: int
    probability: float
    """Mean over the run."""


class Vocabulary:
    """What the ids of one model mean: words, and the tags that it knows."""

    def __init__(self, processor: Any) -> None:
        """Read the tags from a SentencePiece processor; raises ``ModelError`` when it has none."""
        self._processor = processor
        self.languages = self._known({name: f"<|{name}|>" for name in (*LANGUAGES, NO_SPEECH)})
        self.emotions = self._known({emotion: emotion.tag for emotion in Emotion})
        self.events = self._known({event: event.tag for event in AudioEvent})
        if not (self.languages and self.emotions and self.events):
            raise ModelError("model.tokenizer")

    def _known(self, spellings: Mapping[str, str]) -> dict[str, int]:
        unknown = self._processor.unk_id()
        ids = {name: self._processor.piece_to_id(tag) for name, tag in spellings.items()}
        return {name: number for name, number in ids.items() if number != unknown}

    @cached_property
    def tags(self) -> frozenset[int]:
        """Ids that are tags, known or not."""
        size = self._processor.get_piece_size()
        pieces = (self._processor.id_to_piece(number) for number in range(size))
        return frozenset(
            n for n, piece in enumerate(pieces) if piece.startswith("<|") and piece.endswith("|>")
        )

    def piece(self, number: int) -> str:
        """Return a token as it stands in the text, its leading space included."""
        return str(self._processor.id_to_piece(number)).replace("▁", " ")


def posteriors(
    frame: NDArray[np.float32], ids: Mapping[str, int], *, banned: str | None = None
) -> dict[str, float]:
    """Return the probabilities of the tags ``ids`` among themselves, from logits [V]."""
    names = [name for name in ids if name != banned]
    values = frame[[ids[name] for name in names]].astype(np.float64)
    shares = np.exp(values - values.max())
    return dict(zip(names, (shares / shares.sum()).tolist(), strict=True))


def greedy_runs(tokens: NDArray[np.integer[Any]], probabilities: NDArray[np.float32]) -> list[Run]:
    """Read the best CTC path, [T] and [T]: blanks dropped, repeats merged."""
    if not len(tokens):
        return []
    edges = (np.flatnonzero(np.diff(tokens)) + 1).tolist()
    return [
        Run(int(tokens[first]), first, end - 1, float(probabilities[first:end].mean()))
        for first, end in zip([0, *edges], [*edges, len(tokens)], strict=True)
        if tokens[first] != BLANK
    ]


def decode(
    scores: Scores,
    vocabulary: Vocabulary,
    *,
    seconds_per_frame: float,
    duration: float,
    ban_unknown_emotion: bool,
    hint: str | None = None,
) -> Hypothesis:
    """Read one utterance of ``duration`` seconds.

    A frame lasts ``seconds_per_frame`` and is centred on its time, as in funasr's timestamps.
    ``hint`` is the language that the caller named; the text was then recognised in it.
    """
    languages = posteriors(scores.prompts[LANGUAGE_FRAME], vocabulary.languages)
    banned = Emotion.UNKNOWN if ban_unknown_emotion else None
    emotions = posteriors(scores.prompts[EMOTION_FRAME], vocabulary.emotions, banned=banned)
    events = posteriors(scores.prompts[EVENT_FRAME], vocabulary.events)
    language = hint if hint in languages and _best(languages) != NO_SPEECH else _best(languages)
    emotion, event = Emotion(_best(emotions)), AudioEvent(_best(events))
    path = greedy_runs(scores.tokens, scores.probabilities)
    runs = [run for run in path if run.token not in vocabulary.tags]
    tokens = _tokens(runs, vocabulary, seconds_per_frame, duration)
    text = "".join(token.text for token in tokens)
    return Hypothesis(
        text=text,
        language=language,
        language_probabilities=languages,
        emotion=emotion,
        emotion_probabilities=emotions,
        events=() if event is AudioEvent.SPEECH else (event,),
        event_probabilities=events,
        tokens=tokens,
        raw_text=f"<|{language}|>{emotion.tag}{event.tag}{text}",
    )


def _best(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=probabilities.__getitem__)


def _tokens(
    runs: Sequence[Run], vocabulary: Vocabulary, seconds_per_frame: float, duration: float
) -> tuple[Token, ...]:
    half = seconds_per_frame / 2
    tokens: list[Token] = []
    for run in runs:
        text = vocabulary.piece(run.token)
        start = min(max(run.first * seconds_per_frame - half, 0.0), duration)
        end = min(run.last * seconds_per_frame + half, duration)
        tokens.append(
            Token(text if tokens else text.lstrip(), start, max(start, end), run.probability)
        )
    return tuple(token for token in tokens if token.text)
