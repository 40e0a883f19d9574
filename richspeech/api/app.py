"""The FastAPI application: probes; richspeech/app.py mounts the console on it."""

from fastapi import FastAPI

from richspeech.api.operations import probes
from richspeech.operations.parts import Parts


def create_app(parts: Parts, version: str) -> FastAPI:
    """Make the application around a model that may still be loading.

    There are no documentation pages: FastAPI's would load their scripts from a CDN.
    """
    app = FastAPI(title="richspeech", version=version, docs_url=None, redoc_url=None)
    app.include_router(probes(parts, version))
    return app
