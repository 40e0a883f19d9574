"""A recogniser without punctuation, followed by a model that sets it."""

from collections.abc import Sequence
from typing import Protocol

from richspeech.model.transcript import Hypothesis
from richspeech.recognition.pipeline import Recogniser
from richspeech.recognition.utterance import Request
from richspeech.stages.sentences import Mark, with_marks


class Punctuator(Protocol):
    """Says which marks belong into a text; one thread at a time."""

    def marks(self, text: str) -> list[Mark]:
        """Return the marks, in order."""


class Punctuated:
    """Recognises, then punctuates what is not empty; the model's thread does both."""

    def __init__(self, recogniser: Recogniser, punctuator: Punctuator) -> None:
        self._recogniser, self._punctuator = recogniser, punctuator
        self.name = recogniser.name

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Return one hypothesis a request, in order; without marks where none are asked for."""
        heard = self._recogniser.recognise(requests)
        return [
            with_marks(each, self._punctuator.marks(each.text))
            if each.text and request.options.inverse_text_normalization
            else each
            for each, request in zip(heard, requests, strict=True)
        ]
