"""The FastAPI application: probes; richspeech/app.py mounts the console on it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from richspeech.api.operations import probes
from richspeech.operations.parts import Parts

SILENT: Mapping[str, Any] = MappingProxyType(
    {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
)
"""FastAPI would follow what the environment configures, and log what exceptions say."""


def create_app(parts: Parts, version: str, tracing: Mapping[str, Any] = SILENT) -> FastAPI:
    """Make the application around a model that may still be loading.

    ``tracing`` says where the spans of requests go. There are no documentation pages: FastAPI's
    would load their scripts from a CDN.
    """
    app = FastAPI(
        title="richspeech",
        version=version,
        docs_url=None,
        redoc_url=None,
        telemetry=cast("TelemetryConfig", {**SILENT, **tracing}),
    )
    app.include_router(probes(parts, version))
    return app
