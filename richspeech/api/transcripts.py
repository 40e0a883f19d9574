"""The transcripts that were kept, for programs: those of whoever asks, and for an admin all.

GET    /v1/transcripts                 searched with q as on the page, newest or riskiest first
GET    /v1/transcripts/{transcript}    one, in any format of docs/exports.md
GET    /v1/transcripts/{transcript}/conversation
                                       what happened between those who speak in it
GET    /v1/transcripts/{transcript}/risk
                                       how risky the call is, and why
POST   /v1/transcripts/{transcript}/edits
                                       change one by a step, or take the last one back
PUT    /v1/transcripts/{transcript}/tags/{tag}
                                       file it under a word; DELETE takes that off again
GET    /v1/transcripts/{transcript}/presence, drafts
                                       who else has it open, and what one was writing: company.py
DELETE /v1/transcripts/{transcript}    one, with its edits, tags and links
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from richspeech.api.company import company, tagged, watcher
from richspeech.api.exported import (
    FILES,
    JSON,
    Asked,
    Form,
    Masked,
    exported,
    require_known,
)
from richspeech.api.openai.errors import ERRORS, ApiRoute, ParameterError
from richspeech.api.steps import Change, changed
from richspeech.api.surface import Surface
from richspeech.errors import MissingTranscriptError, OptionError
from richspeech.language.catalog import Notice
from richspeech.model.edits import PERSON
from richspeech.model.tag import LONGEST_TAG
from richspeech.model.transcript import plain
from richspeech.operations.caller import caller
from richspeech.presets.rules import Preset
from richspeech.review.conversation import Conversation, talk_of
from richspeech.review.conversation_table import write_conversation
from richspeech.review.risk import Level, assess_risk
from richspeech.service import Service
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.listing import Listing as Found
from richspeech.storage.listing import list_found
from richspeech.storage.query import LONGEST_LINE, parse_query
from richspeech.storage.query import Query as Search
from richspeech.storage.transcripts import Entry, Store, Stored
from richspeech.writers import WRITERS

PATH = "/v1/transcripts"
MOST_LISTED = 100
"""In one answer; whoever wants more asks with ``offset``."""
TALK_FORMS = (JSON, "csv")
TalkForm = Annotated[str, Query(description="Format.", json_schema_extra={"enum": [*TALK_FORMS]})]
TALK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Turns, shares of talk, talk-over and silences, each with its seconds.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    },
    **ERRORS,
}
WHOLE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The transcript as it is then, with its revision.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    **ERRORS,
}
RISK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Score, level, and every finding with its points and seconds.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    **ERRORS,
}
Number = Annotated[int, Path(ge=1, le=HIGHEST_NUMBER, description="Number of a transcript.")]
Line = Annotated[
    str,
    Query(
        max_length=LONGEST_LINE,
        description="Words and terms: refund emotion:angry event:laughter lang:yue risk:high "
        "tag:callback after:DATE",
    ),
]
Tag = Annotated[str, Path(max_length=2 * LONGEST_TAG, description="Letters, digits, - and _.")]
Order = Annotated[
    Literal["newest", "risk"], Query(description="What comes first: the newest, or the riskiest.")
]


class Rated(BaseModel):
    """How risky a transcript is by the rules in force."""

    level: Level
    score: int


class Listed(BaseModel):
    """One transcript, in a list."""

    id: int
    object: Literal["transcript"] = "transcript"
    name: str | None
    """Of the file; null when it had none."""
    created: datetime
    duration: float
    """Seconds."""
    language: str | None
    engine: str
    model: str
    preview: str
    """The first words."""
    labels: list[str]
    """What is heard in it, as a search line has it: emotion:angry."""
    risk: Rated | None
    """Null where it is not worked out yet."""
    tags: list[str]
    """Under which people have filed it."""
    owner: str | None
    """Whose it is; null where nobody had logged in."""


class Listing(BaseModel):
    """Transcripts, in the order that was asked for."""

    object: Literal["list"] = "list"
    data: list[Listed]
    total: int
    """How many there are in all."""
    has_more: bool
    """Whether some come after these."""
    unrated: int
    """Transcripts of the whole history whose risk is not worked out yet: ask once more."""


class Tagged(BaseModel):
    """What a transcript is filed under now."""

    id: int
    object: Literal["transcript.tags"] = "transcript.tags"
    tags: list[str]


class Deletion(BaseModel):
    """What is gone."""

    id: int
    object: Literal["transcript.deleted"] = "transcript.deleted"
    deleted: Literal[True] = True


def transcripts(service: Service) -> Surface:
    """Return the routes; without a history there is nothing behind them."""
    router = APIRouter(prefix=PATH, tags=["history"], route_class=ApiRoute, responses=ERRORS)

    def kept() -> Store:
        if service.history is None:
            raise MissingTranscriptError("history_off")
        return service.history.seen_by(caller().principal).store

    @router.get("", summary="List and search transcripts")
    def list_transcripts(
        q: Line = "",
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
        offset: Annotated[int, Query(ge=0, le=HIGHEST_NUMBER)] = 0,
        order: Order = "newest",
        mask: Masked = None,  # noqa: ARG001
    ) -> Listing:
        return _listing(kept(), _search(q), limit, offset, by_risk=order == "risk")

    @router.get("/{transcript}", summary="Read one", response_class=Response, responses=FILES)
    def read_transcript(
        transcript: Number,
        request: Request,
        asked: Asked,
        format: Form = JSON,  # noqa: A002 - as other protocols call it
        mask: Masked = None,  # noqa: ARG001
    ) -> Response:
        require_known("format", format, tuple(WRITERS))
        stored = kept().open(transcript)
        if format == JSON:
            return tagged(request, _document(stored))
        options = replace(asked, title=stored.entry.name)
        return exported(stored.document.transcript, format, options)

    @router.post("/{transcript}/edits", summary="Change one by a step", responses=WHOLE)
    def edit_transcript(transcript: Number, change: Change) -> JSONResponse:
        store = kept()
        entry = replace(store.entry(transcript), revision=change.revision)
        before = store.document(entry)
        after = changed(before, change.step, store.principal.user or PERSON)
        kept_entry = store.edit(entry, after) if after != before else entry
        service.presence.see(entry.id, watcher())
        return JSONResponse(_document(Stored(kept_entry, after)))

    @router.delete("/{transcript}", summary="Delete one")
    def delete_transcript(transcript: Number) -> Deletion:
        store = kept()
        store.entry(transcript)  # what is not there, or is another's, is not deleted
        store.delete(transcript)
        return Deletion(id=transcript)

    _tags(router, kept)
    _review(router, kept, service)
    company(router, kept, service.presence)
    return Surface(router)


def _tags(router: APIRouter, kept: Callable[[], Store]) -> None:
    """Add what files transcripts under words."""

    @router.put("/{transcript}/tags/{tag}", summary="File one under a word")
    def tag_transcript(transcript: Number, tag: Tag) -> Tagged:
        with _refused("tag"):
            return Tagged(id=transcript, tags=[*kept().tags.add(transcript, tag)])

    @router.delete("/{transcript}/tags/{tag}", summary="Take a word off one")
    def untag_transcript(transcript: Number, tag: Tag) -> Tagged:
        with _refused("tag"):
            return Tagged(id=transcript, tags=[*kept().tags.remove(transcript, tag)])


def _review(router: APIRouter, kept: Callable[[], Store], service: Service) -> None:
    """Add what a transcript amounts to."""

    @router.get(
        "/{transcript}/conversation",
        summary="What happened between those who speak",
        response_class=Response,
        responses=TALK,
    )
    def read_conversation(transcript: Number, format: TalkForm = JSON) -> Response:  # noqa: A002
        require_known("format", format, TALK_FORMS)
        heard = kept().open(transcript).document.transcript
        return _told(talk_of(heard, service.settings.conversation), format)

    @router.get("/{transcript}/risk", summary="How risky the call is, and why", responses=RISK)
    def read_risk(
        transcript: Number,
        preset: Annotated[Preset | None, Query(description="Rules by trade.")] = None,
        mask: Masked = None,  # noqa: ARG001
    ) -> JSONResponse:
        heard = kept().open(transcript).document.transcript
        return JSONResponse(assess_risk(heard, service.settings.risk.with_preset(preset)).to_dict())


def _search(line: str) -> Search:
    with _refused("q"):
        return parse_query(line)


@contextmanager
def _refused(parameter: str) -> Iterator[None]:
    """Say of which parameter it is that a value cannot be."""
    try:
        yield
    except OptionError as error:
        raise ParameterError("api.refused_sentence", parameter, why=Notice.of(error)) from error


def _listing(store: Store, search: Search, limit: int, offset: int, *, by_risk: bool) -> Listing:
    zone = datetime.now().astimezone().tzinfo or UTC
    listing = list_found(store, search, limit=limit, offset=offset, timezone=zone, by_risk=by_risk)
    lines = [_listed(entry, listing) for entry in listing.entries]
    has_more = offset + len(lines) < listing.found
    return Listing(data=lines, total=listing.found, has_more=has_more, unrated=listing.unrated)


def _listed(entry: Entry, listing: Found) -> Listed:
    risk = listing.risks.get(entry.id)
    return Listed(
        id=entry.id,
        name=entry.name,
        created=entry.created,
        duration=plain(entry.duration),
        language=entry.language,
        engine=entry.engine,
        model=entry.model,
        preview=entry.preview,
        labels=[f"{term.key}:{term.value}" for term in listing.labels[entry.id]],
        risk=None if risk is None else Rated(level=risk.level, score=risk.score),
        tags=[*listing.tags[entry.id]],
        owner=listing.owners.get(entry.id),
    )


def _told(conversation: Conversation, form: str) -> Response:
    if form == JSON:
        return JSONResponse(conversation.to_dict())
    return Response(write_conversation(conversation), media_type="text/csv; charset=utf-8")


def _document(stored: Stored) -> dict[str, Any]:
    entry = stored.entry
    own = {
        "id": entry.id,
        "name": entry.name,
        "created": entry.created.isoformat(),
        "revision": entry.revision,
    }
    return {**own, **stored.document.transcript.to_dict()}
