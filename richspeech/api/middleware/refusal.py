"""Refuse a request in one sentence, over HTTP or before a WebSocket is accepted."""

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    sentence: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with ``status`` and {"detail": sentence}, and read nothing more."""
    response = JSONResponse({"detail": sentence}, status, dict(headers or {}))
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, send)
