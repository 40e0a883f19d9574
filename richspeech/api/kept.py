"""What the settings' folders keep for some weights, as the API lists it: adapters and cascades."""

from typing import Any, Generic, Literal, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel

from richspeech.api.openai.errors import ERRORS, ApiRoute


class Kept(BaseModel):
    """What all of them have."""

    id: str
    base: str
    """Name of the weights that it was made for."""
    fits: bool | None
    """Whether these are what the main engine hears with; null until that is loaded."""
    default: bool
    """Whether the main engine has it when nobody says otherwise."""
    facts: dict[str, Any]
    """When it was made, of how much, and what it was worth."""


Item = TypeVar("Item", bound=Kept)


class Listing(BaseModel, Generic[Item]):
    """All of a kind, by name."""

    object: Literal["list"] = "list"
    data: list[Item]


def router_of(kind: str) -> APIRouter:
    """Return a router for the routes of a kind, which stands in their paths."""
    return APIRouter(prefix=f"/v1/{kind}", tags=["models"], route_class=ApiRoute, responses=ERRORS)
