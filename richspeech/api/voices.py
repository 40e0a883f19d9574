"""Voices that are remembered, for programs: those of whoever asks, and of nobody else.

GET    /v1/voices                      names, with how much is kept under each
GET    /v1/voiceprints               everything that is kept, directions included
DELETE /v1/voices/{name}               what is kept under a name
DELETE /v1/voices                      everything
GET    /v1/transcripts/{transcript}/voices
                                       whom those sound like who have no name in it
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from richspeech.api.openai.errors import ERRORS, ApiRoute
from richspeech.api.surface import Surface
from richspeech.engines.voices.load import recognised_from
from richspeech.errors import MissingTranscriptError
from richspeech.model.speaker import LONGEST_NAME
from richspeech.operations.caller import caller
from richspeech.service import Service
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.transcripts import Store

PATH = "/v1/voices"
Name = Annotated[str, Path(min_length=1, max_length=LONGEST_NAME, description="Of a speaker.")]
Number = Annotated[int, Path(ge=1, le=HIGHEST_NUMBER, description="Number of a transcript.")]
EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Every print: name, transcript, voice, created, encoder, direction.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    **ERRORS,
}


class Listed(BaseModel):
    """One voice with a name."""

    name: str
    object: Literal["voice"] = "voice"
    prints: int
    """One of each speaker of a transcript who is called so."""
    encoders: list[str]
    """What has made them, with the version or the digest of its weights."""
    since: datetime
    """Of the oldest transcript with it."""
    until: datetime
    """Of the newest."""


class Listing(BaseModel):
    """Voices, by name."""

    object: Literal["list"] = "list"
    data: list[Listed]
    unnamed: int
    """Prints of speakers whom nobody has named; they go with their transcripts."""


class Forgotten(BaseModel):
    """What is gone."""

    object: Literal["voices.deleted"] = "voices.deleted"
    deleted: int
    """Prints."""


class Likeness(BaseModel):
    """Whom a speaker sounds like."""

    voice: str
    """What the transcript calls them."""
    name: str
    similarity: float
    """Cosine with what is remembered, at most 1."""


class Likenesses(BaseModel):
    """Suggestions; nobody is renamed by them."""

    object: Literal["list"] = "list"
    data: list[Likeness]


def voices(service: Service) -> Surface:
    """Return the routes; without a history there is nothing behind them."""
    router = APIRouter(tags=["voices"], route_class=ApiRoute, responses=ERRORS)

    def kept() -> Store:
        if service.history is None:
            raise MissingTranscriptError("history_off")
        return service.history.seen_by(caller().principal).store

    @router.get(PATH, summary="List the voices that are remembered")
    def list_voices() -> Listing:
        found = kept().voices.remembered()
        return Listing(data=[Listed(**vars(each)) for each in found.voices], unnamed=found.unnamed)

    @router.get(
        "/v1/voiceprints",
        summary="Read all that is kept",
        response_class=Response,
        responses=EXPORT,
    )
    def export_voices() -> JSONResponse:
        prints = [each.to_dict() for each in kept().voices.prints()]
        disposition = {"content-disposition": 'attachment; filename="voices.json"'}
        return JSONResponse({"object": "list", "data": prints}, headers=disposition)

    @router.delete(f"{PATH}/{{name}}", summary="Forget one")
    def forget_voice(name: Name) -> Forgotten:
        return Forgotten(deleted=kept().voices.forget(name))

    @router.delete(PATH, summary="Forget all")
    def forget_voices() -> Forgotten:
        return Forgotten(deleted=kept().voices.forget_all())

    @router.get("/v1/transcripts/{transcript}/voices", summary="Whom its speakers sound like")
    def read_likenesses(transcript: Number) -> Likenesses:
        store = kept()
        store.entry(transcript)  # what is not there, or is another's, is not told of
        found = store.voices.recognised(transcript, partial(recognised_from, service.settings))
        return Likenesses(data=[Likeness(**vars(each)) for each in found])

    return Surface(router)
