"""What programs that watch the server ask: is it alive, is it ready, how is it.

GET /livez     the process answers; nothing else is looked at
GET /readyz    200 when it serves, else 503; with what is wrong, part by part
GET /health    what is running, always with 200
GET /metrics   numbers in Prometheus' form

All answer within the event loop: threads may all be taken when many come at once. The first three
need no login. Some supervisors ask for the head alone.
"""

from fastapi import APIRouter, Response, status
from pydantic import BaseModel

from richspeech.engines.readiness import Readiness, State
from richspeech.operations.metrics import CONTENT_TYPE, Metrics
from richspeech.operations.parts import Fault, Parts

UNREADY, FULL = "unready", "full"
"""The model is there, and something else is wrong; or nothing but that too many jobs wait."""


class Alive(BaseModel):
    """What GET /livez answers."""

    status: str = "ok"


class Health(BaseModel):
    """What GET /health answers."""

    status: State
    """loading, ok or failed."""
    version: str
    model: str | None = None
    """None, like all below, unless the model is loaded."""
    source: str | None = None
    """folder, cache, download or embedded."""
    engine: str | None = None
    device: str | None = None


class Part(BaseModel):
    """One part of what GET /readyz answers."""

    ready: bool
    message: str | None
    """What is wrong, and what to do."""


class Ready(BaseModel):
    """What GET /readyz answers."""

    status: str
    """How far the model is: loading, ok or failed; unready when it is something else, full when too
    many jobs wait, which keeps nobody away."""
    message: str | None
    """What is wrong first."""
    parts: dict[str, Part]
    """model, queue and store."""


def probes(parts: Parts, version: str) -> APIRouter:
    """Return the routes that need no login."""
    router = APIRouter(tags=["operations"])
    readiness = parts.readiness

    @router.head("/livez", include_in_schema=False)
    @router.get("/livez")
    async def read_alive() -> Alive:
        return Alive()

    @router.head("/health", include_in_schema=False)
    @router.get("/health")
    async def read_health() -> Health:
        return health_of(readiness, version)

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", responses={503: {"model": Ready}})
    async def read_ready(response: Response) -> Ready:
        ready = ready_of(await parts.faults(), readiness.state)
        if ready.status not in (State.OK, FULL):
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return ready

    return router


def health_of(readiness: Readiness, version: str) -> Health:
    """Say what is running."""
    health = Health(status=readiness.state, version=version)
    if loaded := readiness.loaded:
        health.model, health.source = loaded.weights.name, loaded.weights.source.value
        health.engine, health.device = loaded.engine, loaded.device
    return health


def ready_of(faults: dict[str, Fault | None], model: State) -> Ready:
    """Say what is wrong; the first part with a fault speaks for all, one that passes last."""
    wrong = sorted(filter(None, faults.values()), key=lambda fault: fault.is_passing)
    status: str = model
    if wrong and model is State.OK:
        status = FULL if wrong[0].is_passing else UNREADY
    said = {name: fault.message if fault else None for name, fault in faults.items()}
    return Ready(
        status=status,
        message=wrong[0].message if wrong else None,
        parts={name: Part(ready=not why, message=why) for name, why in said.items()},
    )


def metrics_route(metrics: Metrics) -> APIRouter:
    """Return the route that programs with a login ask."""
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", response_class=Response)
    async def read_metrics() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return router
