"""GET /v1/adapters and POST /v1/adapters/{adapter}/unload: what ``adapter`` may name, and its end.

Nothing here loads one: that does whoever is the first to ask for a transcript with it.
"""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from richspeech.access.principal import Scope
from richspeech.api.openai.errors import ERRORS, ApiRoute
from richspeech.api.surface import Surface
from richspeech.engines.adapters import Adapter
from richspeech.operations.caller import caller
from richspeech.service import Service


class Listed(BaseModel):
    """One adapter."""

    id: str
    object: Literal["adapter"] = "adapter"
    base: str
    """Name of the weights that it was made for."""
    fits: bool | None
    """Whether these are the weights of the main engine; null until that is loaded."""
    loaded: bool
    """Whether it is in memory."""
    default: bool
    """Whether the main engine has it when nobody says otherwise."""
    facts: dict[str, Any]
    """When it was made, of how much, and what it was worth."""


class Listing(BaseModel):
    """All adapters, by name."""

    object: Literal["list"] = "list"
    data: list[Listed]


class Unloading(BaseModel):
    """What became of it."""

    id: str
    unloaded: bool
    """False while somebody uses it, and for that of the main engine."""


def adapters(service: Service) -> Surface:
    """Return the routes."""
    router = APIRouter(
        prefix="/v1/adapters", tags=["models"], route_class=ApiRoute, responses=ERRORS
    )
    transcribers = service.transcribers

    def described(adapter: Adapter) -> Listed:
        main = transcribers.main
        return Listed(
            id=adapter.name,
            base=adapter.base_name,
            fits=adapter.fits(main.weights.folder) if main else None,
            loaded=adapter.name in transcribers.adapters_loaded,
            default=adapter.name == transcribers.main_adapter,
            facts=dict(adapter.facts),
        )

    @router.get("", summary="List the adapters")
    def list_adapters() -> Listing:
        return Listing(data=[described(adapter) for adapter in transcribers.adapters])

    @router.post("/{adapter}/unload", summary="Take one out of memory")
    def unload_adapter(adapter: str) -> Unloading:
        caller().principal.require(Scope.ADMIN)
        return Unloading(id=adapter, unloaded=transcribers.unload(adapter))

    return Surface(router)
