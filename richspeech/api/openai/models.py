"""GET /v1/models and /v1/models/{model}: the engines, and OpenAI's names for the main one.

Clients are written for OpenAI's names. Each of them is the engine of the settings here, whatever
it can do; ``engine`` says which that is.
"""

import time
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from richspeech.api.openai.errors import ERRORS, ApiRoute, MissingModelError, UnknownModelError
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers

ALIASES = (
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "whisper-1",
)
OWNER = "richspeech"


class Model(BaseModel):
    """What a request may name as its model."""

    id: str
    object: Literal["model"] = "model"
    created: int
    """Unix time in seconds from which on it has been served here."""
    owned_by: str = OWNER
    engine: str
    """What it is; several names may be one engine."""
    languages: list[str]
    """BCP-47 tags of what it can write."""
    capabilities: list[str]
    """What it can do: emotion, events, hotwords, …"""
    weights: str | None
    """Name of its weights; null while it is not loaded."""


class Models(BaseModel):
    """The answer to GET /v1/models."""

    object: Literal["list"] = "list"
    data: list[Model]


def names(transcribers: Transcribers) -> tuple[str, ...]:
    """Return all that a request may name."""
    return (*transcribers.engines, *ALIASES)


def engine_of(model: str | None, transcribers: Transcribers) -> str:
    """Return the engine that a request means; raises ``UnknownModelError``."""
    if model is None or model in ALIASES:
        return transcribers.engines[0]
    if model not in transcribers.engines:
        raise UnknownModelError("api.model", "model", model=model, known=names(transcribers))
    return model


def models_router(transcribers: Transcribers) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1", tags=["models"], route_class=ApiRoute)
    since = int(time.time())

    def described(name: str) -> Model:
        engine = engine_named(engine_of(name, transcribers))
        loaded = transcribers.loaded.get(engine.name)
        return Model(
            id=name,
            created=since,
            engine=engine.name,
            languages=[*engine.languages],
            capabilities=sorted(engine.capabilities),
            weights=loaded.weights.name if loaded else None,
        )

    @router.get("/models", summary="List the models", responses=ERRORS)
    async def list_models() -> Models:
        return Models(data=[described(name) for name in names(transcribers)])

    @router.get("/models/{model}", summary="Describe one model", responses=ERRORS)
    async def read_model(model: str) -> Model:
        if model not in (known := names(transcribers)):
            raise MissingModelError("api.model", "model", model=model, known=known)
        return described(model)

    return router
