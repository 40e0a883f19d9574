"""What one protocol of the API gives the application, and tells the middleware.

A protocol makes a ``Surface`` of its routes in a file of its own; ``surfaces.py`` lists them all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Surface:
    """Routes that exist for everybody who may come in; the middleware knows them by themselves."""

    router: APIRouter
    """Routes of HTTP and WebSockets, with their whole paths."""
    uploads: frozenset[str] = field(default_factory=frozenset)
    """Paths of those that take recordings: bodies of any size, for as long as bytes come. They
    bound what they read by themselves: ``multipart.read_form``."""


def match_of(surfaces: Iterable[Surface], scope: Scope) -> Match:
    """Say whether a route answers: FULL, or PARTIAL where it does so for another method only."""
    found = (route.matches(scope)[0] for each in surfaces for route in each.router.routes)
    return max(found, key=lambda match: match.value, default=Match.NONE)


def methods_of(surfaces: Sequence[Surface], scope: Scope) -> list[str]:
    """Return the methods for which a route answers at the path of a request."""
    return [each for each in METHODS if match_of(surfaces, {**scope, "method": each}) is Match.FULL]


def uploads_of(surfaces: Iterable[Surface]) -> Collection[str]:
    """Return the paths that take recordings."""
    return frozenset[str]().union(*(surface.uploads for surface in surfaces))
