"""GET /v1/adapters and POST /v1/adapters/{adapter}/unload: what ``adapter`` may name, and its end.

Nothing here loads one: that does whoever is the first to ask for a transcript with it.
"""

from typing import Literal

from pydantic import BaseModel

from richspeech.access.principal import Scope
from richspeech.api.kept import Kept, Listing, router_of
from richspeech.api.surface import Surface
from richspeech.engines.adapters import Adapter as KeptAdapter
from richspeech.operations.caller import caller
from richspeech.service import Service


class Adapter(Kept):
    """One adapter."""

    object: Literal["adapter"] = "adapter"
    loaded: bool
    """Whether it is in memory."""


class Unloading(BaseModel):
    """What became of it."""

    id: str
    unloaded: bool
    """False while somebody uses it, and for that of the main engine."""


def adapters(service: Service) -> Surface:
    """Return the routes."""
    router, transcribers = router_of("adapters"), service.transcribers

    def described(adapter: KeptAdapter) -> Adapter:
        main = transcribers.main
        return Adapter(
            id=adapter.name,
            base=adapter.base_name,
            fits=adapter.fits(main.weights.folder) if main else None,
            loaded=adapter.name in transcribers.adapters_loaded,
            default=adapter.name == transcribers.main_adapter,
            facts=dict(adapter.facts),
        )

    @router.get("", summary="List the adapters")
    def list_adapters() -> Listing[Adapter]:
        return Listing(data=[described(adapter) for adapter in transcribers.adapters])

    @router.post("/{adapter}/unload", summary="Take one out of memory")
    def unload_adapter(adapter: str) -> Unloading:
        caller().principal.require(Scope.ADMIN)
        return Unloading(id=adapter, unloaded=transcribers.unload(adapter))

    return Surface(router)
