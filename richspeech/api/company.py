"""Who else is at work on a transcript, and what whoever asks was writing in it.

GET    /v1/transcripts/{transcript}/presence   who else has it open
GET    /v1/transcripts/{transcript}/drafts     what one was writing, on whatever device
PUT    /v1/transcripts/{transcript}/drafts     keep that, for two weeks
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from richspeech.access.drafts import Drafts
from richspeech.access.presence import Presence, Watcher
from richspeech.api.openai.errors import ERRORS
from richspeech.api.root_page import has_already
from richspeech.api.steps import Writing
from richspeech.model.corrections import Correction
from richspeech.operations.caller import caller
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.transcripts import Store, Stored

Number = Annotated[int, Path(ge=1, le=HIGHEST_NUMBER, description="Number of a transcript.")]
Window = Annotated[
    str | None,
    Header(
        alias="x-richspeech-window",
        max_length=64,
        description="Any name for the window that has it open: then others are told, for a while.",
    ),
]
UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "It is as If-None-Match has it."},
    **ERRORS,
}


class Others(BaseModel):
    """Who else has a transcript open."""

    id: int
    object: Literal["transcript.presence"] = "transcript.presence"
    revision: int
    """How often the transcript was changed."""
    others: list[str | None]
    """Names; null for somebody where nobody logs in."""


class Written(BaseModel):
    """What somebody was writing in some segments; of each what differs from what stands there."""

    object: Literal["list"] = "list"
    data: list[dict[str, Any]]
    """``segment`` is its number now; the rest is as a step has it."""


def company(router: APIRouter, kept: Callable[[], Store], presence: Presence) -> None:
    """Add the routes."""

    @router.get(
        "/{transcript}/presence",
        summary="Who else has it open",
        response_model=Others,
        responses=UNCHANGED,
    )
    def read_presence(transcript: Number, request: Request, window: Window = None) -> Response:
        entry, who = kept().entry(transcript), watcher(window)
        if window:
            presence.see(entry.id, who)
        others = presence.others(entry.id, who)
        told = Others(id=entry.id, revision=entry.revision, others=[*others])
        return tagged(request, told.model_dump())

    @router.get("/{transcript}/drafts", summary="What you were writing")
    def read_drafts(transcript: Number) -> Written:
        store = kept()
        return _written(store, store.open(transcript))

    @router.put("/{transcript}/drafts", summary="Keep what you are writing")
    def write_draft(transcript: Number, writing: Writing) -> Written:
        store = kept()
        entry = replace(store.entry(transcript), revision=writing.revision)
        document = store.document(entry)
        Drafts(store).write(entry, writing.draft(document))
        presence.see(entry.id, watcher())
        return _written(store, Stored(entry, document))


def watcher(window: str | None = None) -> Watcher:
    """Return whoever asks, as one who has a transcript open: in a window, or by a key."""
    principal = caller().principal
    return Watcher(principal.user, window or f"key {principal.key or ''}")


def tagged(request: Request, content: Any) -> Response:
    """Return JSON with a tag of it; nothing but that where the request has it already."""
    answer = JSONResponse(content)
    tag = f'"{blake2b(answer.body, digest_size=16).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if has_already(request, tag):
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer


def _written(store: Store, stored: Stored) -> Written:
    numbers = {place: number for number, place in enumerate(stored.document.places)}
    drafts = Drafts(store).of(stored.entry.id, stored.document)
    return Written(data=[_listed(each, numbers[each.place]) for each in drafts])


def _listed(draft: Correction, number: int) -> dict[str, Any]:
    return {"segment": number, **draft.stated}
