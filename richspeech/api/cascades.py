"""GET /v1/cascades: what ``cascade`` may name."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from richspeech.api.openai.errors import ERRORS, ApiRoute
from richspeech.api.surface import Surface
from richspeech.engines.cascades import KeptCascade
from richspeech.service import Service


class Listed(BaseModel):
    """One cascade."""

    id: str
    object: Literal["cascade"] = "cascade"
    base: str
    """Name of the weights whose labels it revises."""
    fits: bool | None
    """Whether these are what the main engine hears with; null until that is loaded."""
    default: bool
    """Whether it revises the labels of the main engine when nobody says otherwise."""
    revises: list[str]
    """emotion, event or both: that for which it is better than rules alone."""
    facts: dict[str, Any]
    """When it was made, of how much, and what it was worth."""


class Listing(BaseModel):
    """All cascades that are better than rules alone in something, by name."""

    object: Literal["list"] = "list"
    data: list[Listed]


def cascades(service: Service) -> Surface:
    """Return the routes."""
    router = APIRouter(
        prefix="/v1/cascades", tags=["models"], route_class=ApiRoute, responses=ERRORS
    )
    transcribers = service.transcribers

    def described(cascade: KeptCascade) -> Listed:
        main = transcribers.main
        return Listed(
            id=cascade.name,
            base=cascade.base_name,
            fits=cascade.fits(main.weights, main.adapter) if main else None,
            default=cascade.name == transcribers.main_cascade,
            revises=[*cascade.labels],
            facts=dict(cascade.facts),
        )

    @router.get("", summary="List the cascades")
    def list_cascades() -> Listing:
        return Listing(data=[described(cascade) for cascade in transcribers.cascades])

    return Surface(router)
