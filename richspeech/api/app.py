"""The FastAPI application: health for probes; the console is mounted on it by app_sensevoice."""

from fastapi import FastAPI
from pydantic import BaseModel

from richspeech.loader import Loaded


class Health(BaseModel):
    """What GET /health answers."""

    status: str
    """ok: the model is loaded; before that nothing listens."""
    model: str
    source: str
    """folder, cache, download or embedded."""
    engine: str
    device: str
    version: str


def create_app(loaded: Loaded, version: str) -> FastAPI:
    """Make the application around a loaded transcriber.

    There are no documentation pages: FastAPI's would load their scripts from a CDN.
    """
    app = FastAPI(title="richspeech", version=version, docs_url=None, redoc_url=None)
    health = Health(
        status="ok",
        model=loaded.weights.name,
        source=loaded.weights.source.value,
        engine=loaded.engine,
        device=loaded.device,
        version=version,
    )

    @app.get("/health")
    def read_health() -> Health:
        return health

    return app
