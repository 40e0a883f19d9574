"""Refuse a request in one sentence, over HTTP or before a WebSocket is accepted."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from richspeech.api.openai.errors import locale_of, plain_body, speaks
from richspeech.errors import RichSpeechError
from richspeech.language.catalog import Notice


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    sentence: str,
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
) -> None:
    """Answer with ``status`` and {"detail": sentence}, and read nothing more.

    Clients of the API get the sentence where they look for it, with the ``code`` of the error.
    """
    is_api = speaks(scope["path"])
    body = plain_body(status, sentence, code) if is_api else {"detail": sentence}
    response = JSONResponse(body, status, dict(headers or {}))
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, send)


async def refuse_for(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    error: RichSpeechError,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Say why, in the language that is preferred; English if it is none of ours."""
    sentence = Notice.of(error).sentence(locale_of(HTTPConnection(scope)))
    await refuse(scope, receive, send, status, sentence, headers, error.code)
