"""GET /share/TOKEN: one transcript for whoever has the link, to be read and nothing else.

    a browser                      a page, in the reader's language, that plays nothing
    Accept: application/json       the transcript (docs/transcript.md)
    404, 410                       there is no such link, or no longer

No login is needed. Search engines are told to stay away.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from richspeech.access.shares import ExpiredLinkError, Shares
from richspeech.api.openai import errors
from richspeech.api.root_page import locale_of
from richspeech.api.surface import Surface
from richspeech.errors import AccessError, StoreError
from richspeech.language.catalog import Notice
from richspeech.service import Service
from richspeech.storage.transcripts import Stored
from richspeech.writers import WriterOptions, write

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "media-src data:; base-uri 'none'; form-action 'none'; sandbox allow-scripts"
)
"""The page says itself, by their hashes, which script and style; its origin is nobody's."""
LOST_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Of the page without a transcript, which holds its looks and runs nothing."""
HIDDEN = {"x-robots-tag": "noindex, nofollow, noarchive"}

DrawLost = Callable[[str, str], str]
"""Locale, why there is nothing to read → HTML."""


def share(service: Service, draw_lost: DrawLost) -> Surface:
    """Return the route, if there is a history."""
    router = APIRouter(tags=["history"])
    if service.history is None:
        return Surface(router)
    shares = Shares(service.history.store)

    @router.get(
        "/share/{token}",
        response_class=Response,
        responses={404: {"description": "no such link"}, 410: {"description": "expired"}},
    )
    async def open_link(token: str, request: Request) -> Response:
        """Show the transcript of a link."""
        try:
            stored = await run_in_threadpool(shares.open, token)
        except (AccessError, StoreError) as error:
            return _refusal(request, error, draw_lost)
        if _wants_json(request):
            document = stored.document.transcript.to_dict()
            return JSONResponse({"name": stored.entry.name, **document}, headers=HIDDEN)
        page = await run_in_threadpool(_page, stored, locale_of(request))
        return Response(page, 200, {**HIDDEN, "content-security-policy": POLICY}, "text/html")

    return Surface(router)


def _page(stored: Stored, locale: str) -> bytes:
    options = WriterOptions(locale=locale, title=stored.entry.name)
    return write(stored.document.transcript, "html", options)


def _refusal(request: Request, error: AccessError | StoreError, draw_lost: DrawLost) -> Response:
    if isinstance(error, ExpiredLinkError):
        status = 410
    else:
        status = 404 if isinstance(error, AccessError) else 503
    notice = Notice.of(error)
    if _wants_json(request):
        sentence = notice.sentence(errors.locale_of(request))
        return JSONResponse(errors.plain_body(status, sentence, error.code), status, HIDDEN)
    locale = locale_of(request)
    page = draw_lost(locale, notice.sentence(locale))
    headers = {**HIDDEN, "content-security-policy": LOST_POLICY, "vary": "accept-language, cookie"}
    return HTMLResponse(page, status, headers)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")
