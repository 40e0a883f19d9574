"""Marks of punctuation put among tokens, and segments cut into sentences with times of their own.

A mark is a token without a time, for nobody speaks it; its probability is that of the model which
set it. So it belongs to the word before it wherever words are made of tokens.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from richspeech.model.transcript import Hypothesis, Segment, Token

COMMA, LIST_COMMA, FULL_STOP, QUESTION = "，", "、", "。", "？"
AFTER_LETTERS = {COMMA: ",", FULL_STOP: ".", QUESTION: "?"}
"""What a mark becomes after a word in letters."""
SENTENCE_ENDS = frozenset("。？！；.?!;")
"""Tokens that end a sentence; commas do not."""


@dataclass(frozen=True)
class Mark:
    """A mark that belongs into a text."""

    text: str
    """One of the Chinese ones."""
    letters: int
    """How many characters of the text, spaces aside, stand before it."""
    probability: float
    """0 to 1."""


def with_marks(hypothesis: Hypothesis, marks: Iterable[Mark]) -> Hypothesis:
    """Put marks behind the tokens where they belong; sentences in letters get a capital."""
    waiting, letters = sorted(marks, key=lambda mark: mark.letters), 0
    tokens: list[Token] = []
    for token in hypothesis.tokens:
        begins = not tokens or tokens[-1].text in SENTENCE_ENDS
        tokens.append(_capital(token) if begins else token)
        letters += len("".join(token.text.split()))
        while waiting and waiting[0].letters <= letters:
            mark = waiting.pop(0)
            text = AFTER_LETTERS.get(mark.text, mark.text) if token.text.isascii() else mark.text
            tokens.append(Token(text, None, None, mark.probability))
    text = "".join(token.text for token in tokens)
    return replace(hypothesis, text=text, tokens=tuple(tokens))


def _capital(token: Token) -> Token:
    bare = token.text.lstrip()
    space = token.text[: len(token.text) - len(bare)]
    return replace(token, text=space + bare[:1].upper() + bare[1:])


def cut_sentences(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Cut every utterance into its sentences."""
    return tuple(chain.from_iterable(map(sentences_of, segments)))


def sentences_of(segment: Segment) -> tuple[Segment, ...]:
    """Cut an utterance after each end of a sentence; its labels hold for every one of them.

    A sentence lasts from its first measured token to its last. Where nothing was measured it begins
    where the one before ends, and ends where the utterance does.
    """
    if not segment.tokens:
        return (segment,)
    sentences: list[Segment] = []
    begins = segment.start
    for tokens in _sentences(segment.tokens):
        starts = [token.start for token in tokens if token.start is not None]
        ends = [token.end for token in tokens if token.end is not None]
        start = min(starts, default=begins)
        begins = max(ends, default=segment.end)
        sentences.append(_part(segment, start, begins, tokens))
    return tuple(sentences)


def _part(segment: Segment, start: float, end: float, tokens: Sequence[Token]) -> Segment:
    first = replace(tokens[0], text=tokens[0].text.lstrip())
    tokens = (first, *tokens[1:])
    return replace(
        segment,
        start=start,
        end=end,
        text="".join(token.text for token in tokens),
        tokens=tokens,
        raw_text="".join(token.text for token in tokens if token.start is not None),
    )


def _sentences(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    sentence: list[Token] = []
    for token in tokens:
        sentence.append(token)
        if token.text in SENTENCE_ENDS:
            yield sentence
            sentence = []
    if sentence:
        yield sentence
