"""Refuse a request in one sentence, over HTTP or before a WebSocket is accepted."""

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from richspeech.api.openai.errors import plain_body, speaks


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    sentence: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with ``status`` and {"detail": sentence}, and read nothing more.

    Clients of the API get the sentence where they look for it.
    """
    is_api = speaks(scope["path"])
    body = plain_body(status, sentence) if is_api else {"detail": sentence}
    response = JSONResponse(body, status, dict(headers or {}))
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, send)
