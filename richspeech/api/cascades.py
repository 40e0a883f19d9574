"""GET /v1/cascades: what ``cascade`` may name."""

from typing import Literal

from richspeech.api.kept import Kept, Listing, router_of
from richspeech.api.surface import Surface
from richspeech.engines.cascades import KeptCascade
from richspeech.service import Service


class Cascade(Kept):
    """One that is better than rules alone in something."""

    object: Literal["cascade"] = "cascade"
    revises: list[str]
    """emotion, event or both: that for which it is better than rules alone."""


def cascades(service: Service) -> Surface:
    """Return the routes."""
    router, transcribers = router_of("cascades"), service.transcribers

    def described(cascade: KeptCascade) -> Cascade:
        main = transcribers.main
        return Cascade(
            id=cascade.name,
            base=cascade.base_name,
            fits=cascade.fits(main.weights, main.adapter) if main else None,
            default=cascade.name == transcribers.main_cascade,
            revises=[*cascade.labels],
            facts=dict(cascade.facts),
        )

    @router.get("", summary="List the cascades")
    def list_cascades() -> Listing[Cascade]:
        return Listing(data=[described(cascade) for cascade in transcribers.cascades])

    return Surface(router)
