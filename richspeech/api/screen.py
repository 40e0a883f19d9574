"""Live captions on another computer: a link lets one screen read what a window shows, and no more.

The window of a live session asks on /live/screen, and says what it shows as long as it likes:

    → {"type": "begin", "page": "https://…/"}                 where that window's page is
    ← {"type": "link", "address": "https://…/screen#TOKEN", "seconds": 120, "code": ["1011…", …]}
    ← {"type": "here"}                  a screen has followed the link
    → {"type": "told", "state": "listening", "lines": […], "open": {…}, "count": 3}
    ← {"type": "gone"}                  the screen has left
    ← {"type": "error", "code": "access", "message": "…"}

It takes link and screen back by closing the socket. The token stands behind the #, as a phone's
does (``phone.py``). The script of the screen sends it on /screen/text, and needs no login:

    → {"type": "begin", "link": "TOKEN"}
    ← {"type": "ready"}
    ← {"type": "told", …}               the newest at once, then each
    ← {"type": "finished"}              the window is gone, or has taken it back
    ← {"type": "error", …}

What passes here are the window's own lines, so a screen reads what its reader may, masked or not.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Literal

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError
from starlette.routing import BaseRoute, Mount, WebSocketRoute

from richspeech.access.phone_links import PhoneLinks
from richspeech.api.conversation import SECONDS_TO_TAKE
from richspeech.api.middleware.visitors import visitor_of
from richspeech.api.phone import POLICY, SECONDS_TO_BEGIN, beside, code_of, is_own, page_parts
from richspeech.api.root_page import Files, RootPage, aside_route, locale_of
from richspeech.errors import AccessError, OptionError, RichSpeechError
from richspeech.language.catalog import Notice

log = logging.getLogger(__name__)

PAGE = "screen"
TEXT = "/screen/text"
DESK = "/live/screen"
FILES = "/screen/web"
LONGEST_SECONDS = 12 * 3_600.0
"""That one screen may read along: longer than any event, shorter than forever."""


class DeskBegin(BaseModel):
    """The first message of a window."""

    type: Literal["begin"]
    page: Annotated[str, Field(max_length=500)]


class ScreenBegin(BaseModel):
    """The first message of a screen."""

    type: Literal["begin"]
    link: Annotated[str, Field(max_length=100)]


class Sign(BaseModel):
    """A mood or a sound."""

    symbol: Annotated[str, Field(max_length=20)]
    word: Annotated[str, Field(max_length=200)]


class Line(BaseModel):
    """What was said in an utterance."""

    text: Annotated[str, Field(max_length=5_000)]
    lang: Annotated[str, Field(max_length=40)]
    signs: Annotated[list[Sign], Field(max_length=20)]


class Told(BaseModel):
    """What a window shows."""

    type: Literal["told"] = "told"
    state: Annotated[str, Field(max_length=20)]
    lines: Annotated[list[Line], Field(max_length=100)]
    """The newest."""
    open: Line | None = None
    """What is still being said."""
    count: Annotated[int, Field(ge=0)]
    """Of all lines there were."""


class Screen:
    """One screen, and what it is to show."""

    def __init__(self) -> None:
        self.came, self.left = asyncio.Event(), asyncio.Event()
        self._told: Told | None = None
        self._news, self._is_over = asyncio.Event(), False

    def tell(self, told: Told) -> None:
        """Have it show something else; what a slow screen has not taken by then it never gets."""
        self._told = told
        self._news.set()

    def end(self) -> None:
        """Have it show nothing more."""
        self._is_over = True
        self._news.set()

    async def read(self, socket: WebSocket) -> None:
        """Send what it is to show until either side ends; raises ``WebSocketDisconnect``."""
        leaving = asyncio.create_task(self._until_left(socket))
        self.came.set()
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await socket.send_json({"type": "ready"})
                while not self._is_over and not self.left.is_set():
                    await self._send_newest(socket)
        except TimeoutError:
            log.info("a screen has read for %g s, or takes nothing any more", LONGEST_SECONDS)
        finally:
            leaving.cancel()
            self.left.set()
        with suppress(WebSocketDisconnect):
            await socket.send_json({"type": "finished"})
            await socket.close()

    async def _send_newest(self, socket: WebSocket) -> None:
        await self._news.wait()
        self._news.clear()
        told, self._told = self._told, None
        if told is not None and not self.left.is_set():
            async with asyncio.timeout(SECONDS_TO_TAKE):
                await socket.send_json(told.model_dump())

    async def _until_left(self, socket: WebSocket) -> None:
        """Wait for whatever it says: it has nothing to say but that it goes."""
        await socket.receive()
        self.left.set()
        self._news.set()


class Screens:
    """Lets screens read along with the windows whose links they have."""

    def __init__(self, seconds: float) -> None:
        """``seconds``: how long a link may be followed."""
        self._links: PhoneLinks[Screen] = PhoneLinks(seconds)

    async def show(self, desk: WebSocket) -> None:
        """Lead one conversation with a window: one link, and one screen."""
        await desk.accept()
        async with _refusals(desk, "a window shows nothing on its screen any more"):
            begin = DeskBegin.model_validate_json(await _first_text(desk))
            place, screen = screen_page(begin.page, desk.headers.get("origin")), Screen()
            token = self._links.make(visitor_of(desk).key, screen)
            try:
                address, seconds = f"{place}#{token}", self._links.seconds
                shown = {"address": address, "seconds": seconds, "code": code_of(address)}
                await desk.send_json({"type": "link", **shown})
                await _led(desk, screen, seconds)
            finally:
                self._links.take_back(token)
                screen.end()
            await desk.close()

    async def read(self, socket: WebSocket) -> None:
        """Lead one conversation with a screen."""
        await socket.accept()
        async with _refusals(socket, "a screen was lost"):
            begin = ScreenBegin.model_validate_json(await _first_text(socket))
            screen = self._links.follow(begin.link, socket.client.host if socket.client else "")
            await screen.read(socket)


async def _first_text(socket: WebSocket) -> str:
    """Read the first message; raises ``OptionError`` when none comes."""
    try:
        async with asyncio.timeout(SECONDS_TO_BEGIN):
            return await socket.receive_text()
    except (TimeoutError, KeyError) as error:
        raise OptionError("screen.message") from error


@asynccontextmanager
async def _refusals(socket: WebSocket, lost: str) -> AsyncIterator[None]:
    """Tell the other side why it is refused; the log says in ``lost`` that it is gone."""
    try:
        yield
    except ValidationError:
        await _refuse(socket, OptionError("screen.message"))
    except RichSpeechError as error:
        await _refuse(socket, error)
    except WebSocketDisconnect as error:
        log.info("%s (%s)", lost, error.code)


async def _refuse(socket: WebSocket, error: RichSpeechError) -> None:
    sentence = Notice.of(error).sentence(locale_of(socket))
    with suppress(WebSocketDisconnect):
        await socket.send_json({"type": "error", "code": error.code, "message": sentence})
        await socket.close()


async def _led(desk: WebSocket, screen: Screen, seconds: float) -> None:
    """Pass on what the window shows, until it or the screen is gone.

    Raises ``AccessError`` when no screen has come, and as ``_heard``.
    """
    hearing = asyncio.create_task(_heard(desk, screen))
    coming, leaving = (asyncio.create_task(each.wait()) for each in (screen.came, screen.left))
    try:
        await asyncio.wait((hearing, coming), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if coming.done():
            await desk.send_json({"type": "here"})
            await asyncio.wait((hearing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return hearing.result()
        if not coming.done():
            raise AccessError("screen.expired", seconds=seconds)
        await desk.send_json({"type": "gone"})
    finally:
        for each in (hearing, coming, leaving):
            each.cancel()


async def _heard(desk: WebSocket, screen: Screen) -> None:
    """Take what a window shows until it goes; raises ``ValidationError`` for anything else."""
    while (message := await desk.receive())["type"] == "websocket.receive":
        screen.tell(Told.model_validate_json(message.get("text") or ""))


def screen_page(page: str, origin: str | None) -> str:
    """Return where a screen finds its page, beside the one at ``page``.

    Raises ``OptionError`` where anybody on the way could read along, and for an address that is not
    the one from which the request came (its ``origin``).
    """
    parts, host = page_parts(page, origin)
    if parts.scheme != "https" and not is_own(host):
        raise OptionError("screen.insecure")
    return beside(parts, PAGE)


def screen_routes(screens: Screens, root_page: RootPage) -> tuple[BaseRoute, ...]:
    """Make the routes: a window's link, a screen's page, the scripts of that, and its text."""
    return (
        WebSocketRoute(DESK, screens.show),
        aside_route(root_page, PAGE, POLICY),
        WebSocketRoute(TEXT, screens.read),
        Mount(FILES, Files(root_page)),
    )
