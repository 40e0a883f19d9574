"""The forms with which recordings are sent: fields as text → what is asked for.

Names and values are OpenAI's; ``sentiment`` and ``rich`` are ours. A field that is not known here
is refused, so that nobody waits for what it promises.
Source: openai-python 3.57, types/audio/transcription_create_params.py
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from richspeech.api.multipart import FormFile
from richspeech.api.openai.errors import ParameterError, about
from richspeech.api.openai.models import engine_of
from richspeech.api.turns import Turns
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers
from richspeech.language.catalog import Notice
from richspeech.model.hotword_list import hotwords_in, protected_in
from richspeech.model.languages import AUTO, closest_language
from richspeech.model.options import (
    HOTWORD_LETTERS,
    MOST_HOTWORDS,
    MOST_TRACKS,
    MOST_VOICES,
    USUAL_WEIGHT,
    Channels,
    Denoise,
    Options,
    Tracks,
    Voices,
    require_hotwords,
    require_protected,
)
from richspeech.model.request import TranscriptionRequest
from richspeech.model.speaker import names_over, speakers_in
from richspeech.model.validation import bare_reason
from richspeech.operations.caller import caller, know
from richspeech.service import Service
from richspeech.writers.line_room import (
    LATIN_PER_LINE,
    LATIN_RANGE,
    WIDE_PER_LINE,
    WIDE_RANGE,
    LineRoom,
)

ResponseFormat = Literal["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]
SUBTITLES = ("srt", "vtt")
LISTS = ("languages", "keywords", "timestamp_granularities", "include")
NESTED = re.compile(r"(chunking_strategy)\[(\w+)\]")
CHOICES = ("tracks", "channels", "speakers", "denoise", "voices", "protected_words")
"""Fields in which nothing stands for what the settings say."""
SPEAKERS = ("known_speaker_names", "known_speaker_references")
ONE_FILE: Mapping[str, Any] = MappingProxyType(
    {"type": "string", "format": "binary", "description": "The recording."}
)
NO_HOTWORDS: Mapping[str, int] = MappingProxyType({})
BETWEEN_WORDS = re.compile(r"[,，、;；.。!！?？:：\n]+")


def _truth(value: Any) -> Any:
    """Read the two values that forms send; all others are left to be refused."""
    return {"true": True, "false": False}.get(value.lower(), value) if value else value


def _chunking(value: Any) -> Any:
    """Read an object that came as JSON."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


Form = TypeVar("Form", bound="RecognitionForm")
Truth = Annotated[bool, BeforeValidator(_truth), Field(strict=True)]


class ServerVad(Turns):
    """Turns as a form asks for them; it says nothing else."""

    model_config = ConfigDict(extra="forbid")


class RecognitionForm(BaseModel):
    """What any request says of how a recording is to be heard, beside the recording."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    model: str | None = Field(None, description="An id of /v1/models; the main engine if left out.")
    language: str | None = Field(
        None, description="BCP-47 tag of what is spoken; auto or nothing detects it."
    )
    languages: list[str] = Field(
        [], alias="languages[]", description="Languages among which detection chooses."
    )
    prompt: str = Field(
        "",
        description="Free text. What stands between its commas and full stops and is 2 to 20 "
        "characters long counts as a keyword; the rest is ignored.",
    )
    keywords: list[str] = Field(
        [],
        alias="keywords[]",
        description="Words that are likely to be said: what sounds like one is written as it. At "
        f"most {MOST_HOTWORDS}, each of 2 to 20 characters.",
    )
    hotwords: str = Field(
        "",
        description="The same as a list or the text of a file: one a line, or parted by commas or "
        "tabs, each with a weight from 1 to 100 behind it or none, which is 20. The heavier, the "
        "less a word has to sound like it.",
    )
    protected_words: str = Field(
        "",
        description="Words that no hotword replaces, as such a list without weights. Else as the "
        "settings say.",
    )
    temperature: float = Field(
        0.0, ge=0, le=1, description="Accepted without effect: the best path is always taken."
    )
    chunking_strategy: Annotated[Literal["auto"] | ServerVad | None, BeforeValidator(_chunking)] = (
        Field(
            None,
            description="Recordings are always cut into utterances: auto as the settings say, "
            "server_vad otherwise. Also as chunking_strategy[type] and so on.",
        )
    )
    adapter: str | None = Field(
        None,
        max_length=64,
        description="An id of /v1/adapters, or none; else as the settings say.",
    )
    cascade: str | None = Field(
        None,
        max_length=64,
        description="An id of /v1/cascades, which revises labels, or none; else as the settings "
        "say.",
    )
    sentiment: Truth | None = Field(
        None, description="Read the words for their sentiment; else as the settings say."
    )

    tracks: Tracks | Annotated[int, Field(ge=1, le=MOST_TRACKS)] | None = Field(
        None,
        description="Audio tracks that are heard: default, the main one; all, each by itself; mix, "
        "all as one; or the number of one, from 1. Else as the settings say.",
    )
    channels: Channels | None = Field(
        None,
        description="mix hears channels as one, split each by itself, and auto as what is on them "
        "asks for. Else as the settings say.",
    )
    speakers: str | None = Field(
        None,
        description="Names of who is on which channel where channels are heard apart: "
        "left=agent,right=customer, or a JSON object of the same; a number counts channels from 1. "
        "Else as the settings say.",
    )
    denoise: Denoise | None = Field(
        None,
        description="What takes noise out before anything is looked for: rnnoise, gtcrn or off. "
        "Else as the settings say.",
    )
    voices: Voices | Annotated[int, Field(ge=1, le=MOST_VOICES)] | None = Field(
        None,
        description="How many speakers are told apart by their voices where they are heard as one "
        "signal: a number, auto, which counts them, or off. Else as the settings say.",
    )

    def require_fit(self) -> None:
        """Raise ``ParameterError`` where two fields exclude each other."""

    def options(self, defaults: Options, engine: str) -> Options:
        """Return what that means for an engine; raises ``ParameterError``."""
        allowed = tuple(known_language(each, "languages[]", engine) for each in self.languages)
        chunking = self.chunking_strategy
        turns = chunking.turns if isinstance(chunking, ServerVad) else None
        with about("hotwords"):
            listed = hotwords_in(self.hotwords)
            require_hotwords((*listed,))
        hotwords = hotwords_of(self.keywords, self.prompt, "keywords[]", listed)
        with about("protected_words"):
            protected = protected_in(self.protected_words)
            require_protected(protected)
        asked = replace(
            defaults,
            hotwords=(*hotwords,),
            hotword_weights=(*hotwords.values(),),
            protected_words=protected or defaults.protected_words,
            turn_detection=turns,
            tracks=self.tracks or defaults.tracks,
            channels=self.channels or defaults.channels,
            speakers=names_over(known_speakers(self.speakers or ""), defaults.speakers),
            denoise=self.denoise or defaults.denoise,
            voices=self.voices or defaults.voices,
        )
        if allowed:
            asked = replace(asked, allowed_languages=tuple(dict.fromkeys(allowed)))
        if self.language == AUTO:
            return replace(asked, language=None)
        if self.language:
            return replace(asked, language=known_language(self.language, "language", engine))
        return asked

    def request(self, service: Service) -> TranscriptionRequest:
        """Return what that asks of a service.

        Raises ``ParameterError``, and ``UnknownModelError`` for a model that there is not.
        """
        engine = engine_of(self.model, service.transcribers)
        is_main = engine == service.transcribers.engines[0]
        options = self.options(service.defaults, engine)
        return TranscriptionRequest(
            options,
            None if is_main else engine,
            self.sentiment,
            adapter=known_adapter(self.adapter, engine, service.transcribers),
            cascade=self._known_cascade(engine, service.transcribers),
        )

    def _known_cascade(self, engine: str, transcribers: Transcribers) -> str | None:
        with about("cascade"):
            transcribers.require_cascade(engine, self.adapter, self.cascade)
        return self.cascade


class TranscriptionForm(RecognitionForm):
    """What a request for a transcript says beside its file."""

    response_format: ResponseFormat = Field("json", description="How the answer is written.")
    timestamp_granularities: list[Literal["word", "segment"]] = Field(
        [], alias="timestamp_granularities[]", description="With verbose_json only."
    )
    include: list[Literal["logprobs"]] = Field(
        [], alias="include[]", description="logprobs: of every token; with the JSON formats only."
    )
    stream: Truth = Field(
        default=False,
        description="Server-sent events: one delta an utterance, as soon as it is there.",
    )
    rich: Truth = Field(
        default=False,
        description="Show emotions and sounds in text, srt and vtt, which else have words.",
    )
    latin_per_line: int = Field(
        LATIN_PER_LINE,
        ge=LATIN_RANGE[0],
        le=LATIN_RANGE[1],
        description="Latin characters that fill a line of srt or vtt.",
    )
    wide_per_line: int = Field(
        WIDE_PER_LINE,
        ge=WIDE_RANGE[0],
        le=WIDE_RANGE[1],
        description="Chinese, Japanese or Korean characters that fill one.",
    )
    mask: Truth | None = Field(
        None,
        description="Mask personal data: numbers of phones and cards, e-mail, addresses, plates, "
        "names. Else as the settings say, which may have it masked in any case.",
    )

    def see(self, service: Service) -> None:
        """Have whoever asks see what they have asked for, as far as they may."""
        know(principal=service.settings.privacy.seen_by(caller().principal, self.mask))

    @property
    def room(self) -> LineRoom:
        """Of a line of subtitles."""
        return LineRoom(self.latin_per_line, self.wide_per_line)

    def require_fit(self) -> None:
        """Raise ``ParameterError`` where two fields exclude each other."""
        form = self.response_format
        if self.timestamp_granularities and form != "verbose_json":
            raise _unfit("timestamp_granularities[]", form, ("verbose_json",))
        if self.include and form in ("text", *SUBTITLES):
            raise _unfit("include[]", form, ("json", "verbose_json", "diarized_json"))
        if self.stream and form in SUBTITLES:
            raise _unfit("stream", form, ("json", "text", "verbose_json", "diarized_json"))


def known_language(language: str, param: str, engine: str) -> str:
    """Return what an engine calls a language; raises ``ParameterError`` naming those it knows."""
    known = engine_named(engine).languages
    if (closest := closest_language(language, known)) is None:
        raise ParameterError(
            "language.not_of_engine",
            param,
            engine=engine,
            language=language,
            known=(AUTO, *known),
        )
    return closest


def known_adapter(adapter: str | None, engine: str, transcribers: Transcribers) -> str | None:
    """Return the adapter that is asked for; raises ``ParameterError`` naming those there are."""
    with about("adapter"):
        transcribers.require_adapter(engine, adapter)
    return adapter


def known_speakers(text: str) -> tuple[str | None, ...]:
    """Return names by channel; raises ``ParameterError`` for what cannot be read as such."""
    with about("speakers"):
        return speakers_in(text)


def hotwords_of(
    keywords: Iterable[str],
    prompt: str,
    param: str,
    listed: Mapping[str, int] = NO_HOTWORDS,
) -> Mapping[str, int]:
    """Return the keywords with weights, and what a prompt has of the kind while there is room.

    ``listed`` have weights of their own. Raises ``ParameterError`` for a keyword that is too long
    or too short, and for too many.
    """
    words = dict.fromkeys((" ".join(each.split()) for each in keywords), USUAL_WEIGHT)
    words.update(listed)
    with about(param):
        require_hotwords((*words,))
    found = words | {each: USUAL_WEIGHT for each in words_in(prompt) if each not in words}
    return dict(islice(found.items(), MOST_HOTWORDS))


def words_in(prompt: str) -> tuple[str, ...]:
    """Return what may be hotwords in free text: the short pieces of lists."""
    pieces = (" ".join(piece.split()) for piece in BETWEEN_WORDS.split(prompt))
    return tuple(piece for piece in pieces if len(piece) in HOTWORD_LETTERS)


def read_fields(fields: Iterable[tuple[str, str]], kind: type[Form]) -> Form:
    """Read the fields of one kind of form.

    Raises ``ParameterError`` naming the first at fault, in the order of the kind.
    """
    try:
        form = kind.model_validate(
            _gathered(each for each in fields if each[1] or each[0] not in CHOICES)
        )
    except ValidationError as error:
        raise _refusal(error, kind) from error
    form.require_fit()
    return form


def files_of(files: Iterable[FormFile], kind: type[RecognitionForm]) -> tuple[FormFile, ...]:
    """Return the recordings; raises ``ParameterError`` when there is none, or one is called else.

    ``kind`` is the form that they came with.
    """
    recordings = tuple(files)
    for file in recordings:
        if file.field != "file":
            raise _unknown(file.field, kind)
    if not recordings:
        raise ParameterError("api.no_file", "file")
    return recordings


def schema(kind: type[RecognitionForm], file: Mapping[str, Any] = ONE_FILE) -> dict[str, Any]:
    """Return a form as OpenAPI describes it, ``file`` included."""
    described = kind.model_json_schema(by_alias=True)
    # within a body, a reference to its own definitions leads nowhere
    vad = described.pop("$defs")["ServerVad"]
    choices = described["properties"]["chunking_strategy"]["anyOf"]
    choices[:] = [vad if "$ref" in each else each for each in choices]
    described["properties"] = {"file": dict(file), **described["properties"]}
    described["required"] = ["file"]
    return described


def _gathered(fields: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
    """Gather what came: lists under their names with brackets, and the parts of an object."""
    found: dict[str, Any] = {}
    nests: dict[str, dict[str, str]] = {}
    for name, value in fields:
        plain = name.removesuffix("[]")
        if plain in LISTS:
            found.setdefault(f"{plain}[]", []).append(value)
        elif nested := NESTED.fullmatch(name):
            nests.setdefault(nested[1], {})[nested[2]] = value
        elif plain in SPEAKERS:
            raise ParameterError("api.no_speakers", name)
        elif name in found:
            raise ParameterError("api.twice", name)
        else:
            found[name] = value
    for name, parts in nests.items():
        if name in found:
            raise ParameterError("api.twice", name)
        found[name] = parts
    return found


def _refusal(error: ValidationError, kind: type[RecognitionForm]) -> ParameterError:
    faults = error.errors()
    name = faults[0]["loc"][0]
    # of a choice, the last: what is wrong with an object
    fault = [each for each in faults if each["loc"][0] == name][-1]
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        return _unknown(str(name), kind)
    if name == "tracks":  # a word or a number: what either is not, says nothing
        value = str(faults[0]["input"])[:40]
        return ParameterError("option.tracks", "tracks", value=value, most=MOST_TRACKS)
    return ParameterError("api.refused", str(name), why=bare_reason(fault["msg"]))


def _unknown(name: str, kind: type[RecognitionForm]) -> ParameterError:
    """Refuse a field, or a file, that is not known, or is known as the other of the two."""
    known = ("file", *(each.alias or key for key, each in kind.model_fields.items()))
    if name in known:
        return ParameterError("api.no_file", "file")
    return ParameterError("api.unknown", name, known=known)


def _unfit(param: str, form: str, fitting: tuple[str, ...]) -> ParameterError:
    why = Notice("api.unfit", {"form": form, "fitting": fitting})
    return ParameterError("api.refused", param, why=why)
