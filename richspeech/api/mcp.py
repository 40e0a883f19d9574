"""Tools for programs that work for people (Model Context Protocol): they talk on stdin and stdout.

    transcribe(path, …)               a recording → its transcript (docs/transcript.md)
    search(query, …)                  the history, searched as on the page
    tag(number, …)                    a transcript of it, filed under words
    highlights(path, …)               a recording → insight, highlights, risk
    richspeech://transcripts/{number} a transcript of the history

There is no port: whoever starts the program may read what it reads, which is every recording that
this user of the machine may read, or those below some folders. Every call has a number of its own,
and is a line in the log.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from pydantic import Field

from richspeech.access.principal import ANYBODY, Principal
from richspeech.errors import OptionError, RichSpeechError
from richspeech.jobs.transcribe import Transcription
from richspeech.model.hotword_list import hotwords_of_file
from richspeech.model.options import language_hint
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript, plain
from richspeech.operations.caller import Caller, called_by, caller, request_id_of
from richspeech.presets.rules import Preset
from richspeech.review.review import review_transcript
from richspeech.service import Service
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.listing import Listing, list_found
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Entry, Store

log = logging.getLogger(__name__)

INSTRUCTIONS = (
    "Transcribes recordings on this machine and keeps, for every utterance, its time, language, "
    "emotion and background sounds, each with the model's probability. An emotion is how a voice "
    "sounds to a model, not what a person feels: look at the probability."
)
MOST_FOUND = 50
"""Transcripts in one answer."""

Asking = Context[Any, Any]
RecordingPath = Annotated[str, Field(description="path of an audio or video file on this machine")]
Language = Annotated[
    str | None, Field(description="auto, or a tag such as zh, yue, en, ja, ko; by default detected")
]
Engine = Annotated[
    str | None,
    Field(description="sensevoice, paraformer, reference or whisper; by default as configured"),
]
RiskPreset = Annotated[
    Preset | None, Field(description="rules of the risk, by trade; by default as configured")
]
Hotwords = Annotated[
    tuple[str, ...],
    Field(
        description="names and terms that are likely to occur; a comma and a weight from 1 to 100 "
        "may follow each, as in Alibaba,40: the heavier, the less it has to sound alike"
    ),
]
ProtectedWords = Annotated[
    tuple[str, ...], Field(description="words that no hotword replaces; else as configured")
]
HasTokens = Annotated[
    bool, Field(description="also give every token with its time and probability, which is long")
]
Line = Annotated[
    str,
    Field(
        description="words and terms: refund emotion:angry event:laughter lang:yue risk:high "
        "tag:callback after:DATE"
    ),
]
Tags = Annotated[
    tuple[str, ...], Field(description="words of letters, digits, - and _, such as callback")
]
Order = Annotated[
    Literal["newest", "risk"], Field(description="what comes first: the newest, or the riskiest")
]


def mcp_server(service: Service, version: str, folders: Sequence[Path] = ()) -> MCPServer:
    """Make the server; recordings are read below ``folders`` alone, if there are any."""
    server = MCPServer("richspeech", instructions=INSTRUCTIONS, version=version)
    tools = _Tools(service, folders)
    for tool in (tools.transcribe, tools.search, tools.tag, tools.highlights):
        server.tool(description=tools.description(tool))(tool)
    server.resource("richspeech://transcripts/{number}", mime_type="application/json")(
        tools.transcript
    )
    return server


class _Tools:
    """What each tool does; its docstring is the first that programs are told about it."""

    def __init__(self, service: Service, folders: Sequence[Path]) -> None:
        self._service = service
        self._folders = tuple(folder.resolve() for folder in folders)

    def description(self, tool: Callable[..., Any]) -> str:
        """Return what programs are told about a tool: also, where recordings have to lie."""
        told = getdoc(tool) or ""
        if tool in (self.search, self.tag) or not self._folders:
            return told
        return f"{told} It lies below {self._named_folders}; a relative path starts there, too."

    @property
    def _named_folders(self) -> str:
        return " or ".join(map(str, self._folders))

    async def transcribe(
        self,
        path: RecordingPath,
        asking: Asking,
        language: Language = None,
        engine: Engine = None,
        hotwords: Hotwords = (),
        protected_words: ProtectedWords = (),
        tokens: HasTokens = False,  # noqa: FBT002 - by name, in JSON
    ) -> dict[str, Any]:
        """Transcribe a recording: text, times, language, emotion, sounds, with probabilities."""
        with _call("transcribe", self._principal):
            transcript = await self._heard(
                path, asking, language, engine, hotwords, protected_words
            )
            return _document(transcript, tokens=tokens)

    async def highlights(
        self,
        path: RecordingPath,
        asking: Asking,
        language: Language = None,
        engine: Engine = None,
        preset: RiskPreset = None,
    ) -> dict[str, Any]:
        """Transcribe a recording and tell what to hear again, its shares of emotions, its risk."""
        with _call("highlights", self._principal):
            transcript = await self._heard(path, asking, language, engine)
            settings = self._service.settings.with_risk_preset(preset)
            review = review_transcript(transcript, settings)
            return {"file": path, "model": transcript.model, **review.to_dict()}

    def search(
        self,
        query: Line,
        limit: Annotated[int, Field(ge=1, le=MOST_FOUND)] = 20,
        offset: Annotated[int, Field(ge=0)] = 0,
        order: Order = "newest",
    ) -> dict[str, Any]:
        """Search the transcripts that were kept, with their risks; an empty query finds all."""
        here = datetime.now().astimezone().tzinfo
        assert here is not None  # noqa: S101 - what astimezone gives has one
        with _call("search", self._principal):
            listing = list_found(
                self._store,
                parse_query(query),
                limit=limit,
                offset=offset,
                timezone=here,
                by_risk=order == "risk",
            )
        lines = [_line(entry, listing) for entry in listing.entries]
        return {"total": listing.found, "unrated": listing.unrated, "transcripts": lines}

    def tag(
        self,
        number: Annotated[int, Field(ge=1, le=HIGHEST_NUMBER, description="of a transcript")],
        add: Tags = (),
        remove: Tags = (),
    ) -> dict[str, Any]:
        """File a kept transcript under words, or take words off; tells what it has then."""
        with _call("tag", self._principal):
            tags = self._store.tags.change(number, add=add, remove=remove)
            return {"number": number, "tags": [*tags]}

    def transcript(self, number: int) -> dict[str, Any]:
        """One transcript of the history, by its number."""
        with _call("transcript", self._principal, ResourceError):
            return self._store.open(number).document.transcript.to_dict()

    @property
    def _principal(self) -> Principal:
        return self._service.settings.privacy.seen_by(ANYBODY)

    @property
    def _store(self) -> Store:
        if self._service.history is None:
            raise OptionError("history.off")
        return self._service.history.seen_by(caller().principal).store

    async def _heard(
        self,
        path: str,
        asking: Asking,
        language: str | None,
        engine: str | None,
        hotwords: tuple[str, ...] = (),
        protected_words: tuple[str, ...] = (),
    ) -> Transcript:
        """Have a recording transcribed, and tell meanwhile how far that is."""
        listed, defaults = hotwords_of_file("\n".join(hotwords)), self._service.defaults
        options = replace(
            defaults,
            language=defaults.language if language is None else language_hint(language),
            hotwords=(*listed,),
            hotword_weights=(*listed.values(),),
            protected_words=protected_words or defaults.protected_words,
        )
        job = Transcription(self._allowed(path), TranscriptionRequest(options, engine))
        self._service.transcriptions.submit(job)
        await job.attend(partial(_tell, job, asking))
        assert job.transcript is not None  # noqa: S101 - it is finished
        return job.transcript

    def _allowed(self, path: str) -> Path:
        """Return where a recording is: where we are, or else below one of the folders.

        Raises ``OptionError`` outside of the folders, if there are any.
        """
        try:
            named = Path(path).expanduser()
            places = [(start / named).resolve() for start in (Path(), *self._folders)]
            allowed = [*filter(self._may_read, places)]
            found = next(filter(Path.is_file, allowed), None)
        except (ValueError, OSError, RuntimeError) as error:  # NUL, a circle of links, no such user
            raise OptionError("mcp.path", name=path) from error
        if not allowed:
            raise OptionError("mcp.outside", name=path, folders=self._named_folders)
        return found or allowed[0]

    def _may_read(self, place: Path) -> bool:
        return not self._folders or any(map(place.is_relative_to, self._folders))


async def _tell(job: Transcription, asking: Asking) -> None:
    done, total = job.seconds
    if done > 0:  # what is told has to grow
        await asking.report_progress(done, total)


def _document(transcript: Transcript, *, tokens: bool) -> dict[str, Any]:
    document = transcript.to_dict()
    if not tokens:
        for segment in document["segments"]:
            del segment["tokens"]
    return document


def _line(entry: Entry, listing: Listing) -> dict[str, Any]:
    risk = listing.risks.get(entry.id)
    return {
        "number": entry.id,
        "name": entry.name,
        "created": entry.created.isoformat(timespec="seconds"),
        "duration": plain(entry.duration),
        "language": entry.language,
        "engine": entry.engine,
        "model": entry.model,
        "preview": entry.preview,
        "labels": [f"{term.key}:{term.value}" for term in listing.labels[entry.id]],
        "tags": [*listing.tags[entry.id]],
        "risk": None if risk is None else {"level": risk.level, "score": risk.score},
    }


@contextmanager
def _call(tool: str, principal: Principal, refusal: type[Exception] = ToolError) -> Iterator[None]:
    """Give a call a number, log its end, and turn what we refuse into what its client is told."""
    began, end = time.monotonic(), "failed"
    with called_by(Caller(request_id_of(""), principal=principal)):
        try:
            yield
            end = "done"
        except RichSpeechError as error:
            end = error.code
            raise refusal(str(error)) from error
        finally:
            log.info("%s: %s in %.3f s", tool, end, time.monotonic() - began)
