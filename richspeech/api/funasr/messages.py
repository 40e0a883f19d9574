"""What a client of funasr sends, and what it is told.

Source: https://github.com/modelscope/FunASR, runtime/docs/websocket_protocol.md, and the clients in
runtime/python/websocket, runtime/websocket/bin and runtime/html5.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from richspeech.api.heard import labels_of
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.errors import OptionError
from richspeech.model.hotword_list import hotwords_in, protected_in
from richspeech.model.options import USUAL_WEIGHT, Options
from richspeech.model.timed_words import TimedWord, timed_words
from richspeech.model.transcript import Segment
from richspeech.model.validation import why_refused

PCM = "pcm"
MS = 1_000
MOST_WORDS = 10_000
_END_MARKS = re.compile(r"[\W_]*$")
_SPOKEN = re.compile(r"[^\W_]")


def _hotwords(value: Any) -> Any:
    """Read what clients send: an object of weights, as JSON or as it is, or a list of words."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, dict):
        return {" ".join(word.split()): weight for word, weight in value.items()}
    if isinstance(value, str):
        return hotwords_in(value)
    if isinstance(value, list):
        return {" ".join(word.split()): USUAL_WEIGHT for word in value if isinstance(word, str)}
    return value


def _protected(value: Any) -> Any:
    return protected_in(value) if isinstance(value, str) else value


class Start(BaseModel):
    """The first message of a recording, and what holds until the next one; all else is ignored."""

    model_config = ConfigDict(extra="ignore")

    mode: Literal["offline", "online", "2pass"] = "offline"
    """Clients that name none, as funasr's in C++, leave after the first answer."""
    wav_name: str = "demo"
    """Comes back with every answer."""
    wav_format: str = PCM
    """pcm, or what a file is that comes as it is, offline only."""
    audio_fs: int = SAMPLE_RATE
    """Hz, of pcm."""
    is_speaking: bool = True
    is_end: bool = False
    """With the end: whether it is to be acknowledged."""
    itn: bool = True
    """Punctuation and digits."""
    svs_itn: bool = True
    """The same, from clients that know SenseVoice."""
    svs_lang: str = "auto"
    hotwords: Annotated[
        dict[str, int], BeforeValidator(_hotwords), Field(max_length=MOST_WORDS)
    ] = {}
    """Words → weights."""
    protected_words: Annotated[
        tuple[str, ...] | None, BeforeValidator(_protected), Field(max_length=MOST_WORDS)
    ] = None
    """A key of ours: words that no hotword replaces; None: as the settings have it."""

    @property
    def is_pcm(self) -> bool:
        """Whether samples come, and no file."""
        return self.wav_format.lower() == PCM

    def options(self, defaults: Options, known: Sequence[str]) -> Options:
        """Return what is asked for of an engine that knows these languages."""
        return replace(
            defaults,
            inverse_text_normalization=self.itn and self.svs_itn,
            hotwords=(*self.hotwords,),
            hotword_weights=(*self.hotwords.values(),),
            protected_words=(
                defaults.protected_words if self.protected_words is None else self.protected_words
            ),
            language=self.svs_lang if self.svs_lang in known else defaults.language,
        )


def read(text: str) -> Start:
    """Read a message; raises ``OptionError`` naming what does not fit."""
    try:
        return Start.model_validate_json(text)
    except ValidationError as error:
        raise OptionError("funasr.message", why=why_refused(error)) from error


def interim(start: Start, text: str) -> dict[str, Any]:
    """Tell what has come since the last time: clients put such texts together."""
    return {**_named(start, "2pass-online"), "text": text, "is_final": False}


def heard(start: Start, text: str, segments: Sequence[Segment], *, last: bool) -> dict[str, Any]:
    """Tell of utterances that are over, with keys of ours; after the ``last`` nothing follows."""
    mode = "2pass-offline" if start.mode == "2pass" else start.mode
    answer = {**_named(start, mode), "text": text, "is_final": last}
    words = [word for each in segments for word in timed_words(each.tokens) if _is_spoken(word)]
    if words and all(word.start is not None and word.end is not None for word in words):
        answer["timestamp"] = json.dumps([_bounds(word) for word in words])
        answer["stamp_sents"] = [*_sentences(words)]
    return {**answer, **labels_of(segments)} if segments else answer


def acknowledgement(start: Start) -> dict[str, Any]:
    """Tell whoever wants to know that nothing more comes of a recording."""
    return {**_named(start, start.mode), "is_final": True, "is_end": True}


def failure(start: Start, code: str, sentence: str) -> dict[str, Any]:
    """Tell why a recording is not heard; the connection ends after it."""
    ends = {"text": "", "is_final": False, "is_end": True}
    return {**_named(start, start.mode), **ends, "error": sentence, "code": code}


def _named(start: Start, mode: str) -> dict[str, Any]:
    return {"mode": mode, "wav_name": start.wav_name}


def _is_spoken(word: TimedWord) -> bool:
    return bool(_SPOKEN.search(word.text))


def _bounds(word: TimedWord) -> list[int]:
    """Return start and end in milliseconds."""
    return [round(MS * (seconds or 0.0)) for seconds in (word.start, word.end)]


def _sentences(words: Iterable[TimedWord]) -> Iterable[dict[str, Any]]:
    """Cut after every mark, as funasr does; what comes after the last one is a sentence as well."""
    open_: list[TimedWord] = []
    for word in words:
        open_.append(word)
        if _mark(word):
            yield _sentence(open_)
            open_ = []
    if open_:
        yield _sentence(open_)


def _sentence(words: Sequence[TimedWord]) -> dict[str, Any]:
    bounds = [_bounds(word) for word in words]
    return {
        "text_seg": " ".join(_END_MARKS.sub("", word.text).strip() for word in words),
        "punc": _mark(words[-1]),
        "start": bounds[0][0],
        "end": bounds[-1][1],
        "ts_list": bounds,
    }


def _mark(word: TimedWord) -> str:
    found = _END_MARKS.search(word.text)
    return found[0].strip() if found else ""
