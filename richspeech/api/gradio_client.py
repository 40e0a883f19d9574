"""GET /config: what gradio's own clients ask before they call a function.

Gradio's route of this name describes the whole page. This one tells of the functions for clients,
which the middleware lets them call; the calls themselves go the way of the page's events. Gradio
itself answers /gradio_api/info, which knows of no other functions.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from richspeech.api.middleware.visitors import CONFIG


class Described(Protocol):
    """The functions for clients."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Gradio's configuration of them."""


def config_route(functions: Described) -> Route:
    """Make the route, which goes before gradio's."""

    async def read_config(_: Request) -> Response:
        return JSONResponse(functions.config)

    return Route(CONFIG, read_config)
