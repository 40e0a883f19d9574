"""Limits on the size of a body and on the time it takes."""

import asyncio
import time
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from richspeech.api.middleware.refusal import refuse

UPLOAD = "/gradio_api/upload"
MOST_BYTES = 2 * 2**20
"""Of anything but an upload: rules, corrections and words are text that people typed."""
MOST_BYTES_BY_PATH = {"/login": 16 * 1024, "/logout": 1024}


class BodyRefused(HTTPException):
    """A body is too large or too slow; FastAPI makes an answer of it, or else ``Bodies``."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence, {"connection": "close"})


class Bodies:
    """Cuts off what is too large (413) or too slow (408).

    An upload may last as long as bytes come, since ``multipart.py`` counts them; anything else must
    be here within the same seconds as a whole.
    """

    def __init__(self, app: ASGIApp, seconds: float, uploads: Collection[str] = ()) -> None:
        """Let ``uploads`` take recordings: paths, beside the page's own."""
        self._app, self._seconds = app, seconds
        self._uploads = frozenset({UPLOAD, *uploads})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with a body that ends in time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, self._timely(scope, receive), sent)
        except ClientDisconnect:
            return  # who went away in the middle of a body needs no answer
        except BodyRefused as refused:
            if not has_begun:
                status, headers = refused.status_code, refused.headers
                await refuse(scope, receive, send, status, refused.detail, headers)

    def _timely(self, scope: Scope, receive: Receive) -> Receive:
        """Return ``receive`` with a limit on what comes, until all is here."""
        path, began = scope["path"].rstrip("/"), time.monotonic()
        is_upload = path in self._uploads
        most = None if is_upload else MOST_BYTES_BY_PATH.get(path, MOST_BYTES)
        claimed = Headers(scope=scope).get("content-length", "0")
        seen, is_whole = 0, False

        async def received() -> Message:
            nonlocal seen, is_whole
            if is_whole:
                return await receive()
            if most is not None and claimed.isdecimal() and int(claimed) > most:
                raise _too_large(most)
            spent = 0.0 if is_upload else time.monotonic() - began
            try:
                message = await asyncio.wait_for(receive(), max(self._seconds - spent, 0.001))
            except TimeoutError as error:
                sentence = f"Nothing came for {self._seconds:g} seconds: send it again."
                raise BodyRefused(408, sentence) from error
            seen += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if most is not None and seen > most:
                raise _too_large(most)
            return message

        return received


def _too_large(most_bytes: int) -> BodyRefused:
    sentence = f"This is larger than the {most_bytes} bytes that are read here: send less."
    return BodyRefused(413, sentence)
