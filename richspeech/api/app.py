"""The FastAPI application: probes; richspeech/app.py mounts the console on it."""

from fastapi import FastAPI, Response, status
from pydantic import BaseModel

from richspeech.engines.readiness import Readiness, State

PROBED = ["GET", "HEAD"]
"""Some supervisors ask for the head alone."""


class Health(BaseModel):
    """What GET /health answers, always with 200: the process is alive."""

    status: State
    """loading, ok or failed."""
    version: str
    model: str | None = None
    """None, like all below, unless the model is loaded."""
    source: str | None = None
    """folder, cache, download or embedded."""
    engine: str | None = None
    device: str | None = None


class Ready(BaseModel):
    """What GET /readyz answers: with 200 once recordings can be transcribed, else with 503."""

    status: State
    message: str | None = None
    """Why loading failed."""


def create_app(readiness: Readiness, version: str) -> FastAPI:
    """Make the application around a model that may still be loading.

    The probes answer within the event loop: threads may all be taken when many come at once.

    There are no documentation pages: FastAPI's would load their scripts from a CDN.
    """
    app = FastAPI(title="richspeech", version=version, docs_url=None, redoc_url=None)

    @app.api_route("/health", methods=PROBED)
    async def read_health() -> Health:
        health = Health(status=readiness.state, version=version)
        if loaded := readiness.loaded:
            health.model, health.source = loaded.weights.name, loaded.weights.source.value
            health.engine, health.device = loaded.engine, loaded.device
        return health

    @app.api_route("/readyz", methods=PROBED)
    async def read_ready(response: Response) -> Ready:
        ready = Ready(status=readiness.state)
        if readiness.error is not None:
            ready.message = str(readiness.error)
        if ready.status is not State.OK:
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return ready

    return app
