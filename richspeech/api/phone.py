"""A phone as the microphone of a live session: its page, and the WebSocket /phone/sound.

The session is another window's: ``begin`` on /live carries ``phone_page``, where that page is.

    ← {"type": "link", "address": "https://…/phone#TOKEN", "seconds": 120, "code": ["1011…", …]}
    ← {"type": "ready"}                 once the phone is there; then all is as with a microphone

``code`` are the rows of a QR code, 1 is dark. The token stands behind the #, which browsers keep to
themselves: no log, no proxy and no other site ever sees it. The phone's script sends it:

    → {"type": "begin", "link": "TOKEN", "sample_rate": 48000}
    ← {"type": "ready"}
    → sound as on /live, {"type": "stop"}
    ← {"type": "finished"}
    ← {"type": "error", "code": "access", "message": "…"}

A phone needs no login, and is told nothing of what was heard.
"""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urljoin, urlsplit

import segno
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.types import Message

from richspeech.access.phone_links import PhoneLinks
from richspeech.api.root_page import ASIDE_POLICY, Files, RootPage, aside_route, locale_of
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.pcm import PcmStream
from richspeech.errors import AccessError, OptionError, RichSpeechError
from richspeech.language.catalog import Notice

log = logging.getLogger(__name__)

PAGE = "phone"
SOUND = "/phone/sound"
FILES = "/phone/web"
POLICY = f"{ASIDE_POLICY}; connect-src 'self'"
MOST_WAITING = 100
"""Frames of a tenth of a second between the phone and the session."""
SECONDS_TO_BEGIN = 10.0


class PhoneBegin(BaseModel):
    """The first message of a phone."""

    type: Literal["begin"]
    link: Annotated[str, Field(max_length=100)]
    sample_rate: int = SAMPLE_RATE
    """Hz."""


class Handset:
    """What a session hears in the place of a microphone: a phone's sound, and the end of either.

    ``desk`` is the socket of the session's own window.
    """

    def __init__(self, desk: WebSocket) -> None:
        self._desk = desk
        self._messages: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)
        self._pcm: asyncio.Future[PcmStream] = asyncio.get_running_loop().create_future()
        self._end = asyncio.Event()
        self._leaving: asyncio.Task[None] | None = None

    async def come(self, seconds: float) -> PcmStream:
        """Wait for the phone, and return how its sound is read.

        Raises ``AccessError`` when none has come, and ``WebSocketDisconnect`` when the session's
        window wants none any more.
        """
        leaving = self._leaving = asyncio.create_task(self._until_left())
        either: tuple[asyncio.Future[Any], ...] = (self._pcm, leaving)
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._pcm.done():
            return self._pcm.result()
        if leaving.done():
            raise WebSocketDisconnect
        raise AccessError("phone.expired", seconds=seconds)

    async def _until_left(self) -> None:
        """Pass on the end of the session's window; sound does not come from there."""
        while (message := await self._desk.receive()).get("bytes"):
            continue
        await self._messages.put(message)

    async def receive(self) -> Message:
        """Return the next message, as a socket does."""
        return await self._messages.get()

    async def talk(self, phone: WebSocket, pcm: PcmStream) -> None:
        """Pass on what a phone says, until the session is over."""
        self._pcm.set_result(pcm)
        await phone.send_json({"type": "ready"})
        talking = asyncio.create_task(self._pass_on(phone))
        try:
            await self._end.wait()
        finally:
            talking.cancel()
        with suppress(WebSocketDisconnect):
            await phone.send_json({"type": "finished"})
            await phone.close()

    async def _pass_on(self, phone: WebSocket) -> None:
        is_over = False
        while not is_over:
            message = await phone.receive()
            await self._messages.put(message)
            is_over = not message.get("bytes")

    def hang_up(self) -> None:
        """Let the phone go."""
        self._end.set()
        if self._leaving is not None:
            self._leaving.cancel()


class Phones:
    """Expects phones, and leads each to the session whose link it has."""

    def __init__(self, seconds: float) -> None:
        """``seconds``: how long a link may be followed."""
        self._links: PhoneLinks[Handset] = PhoneLinks(seconds)

    @asynccontextmanager
    async def expected(
        self, desk: WebSocket, page: str, visitor: str
    ) -> AsyncIterator[tuple[Handset, PcmStream]]:
        """Show a link to the window of a session, and wait for the phone that follows it.

        Raises ``OptionError`` where no phone could, and as ``Handset.come`` and ``PhoneLinks``.
        """
        place = phone_page(page, desk.headers.get("origin"))
        handset = Handset(desk)
        token, seconds = self._links.make(visitor, handset), self._links.seconds
        try:
            address = f"{place}#{token}"
            shown = {"address": address, "seconds": seconds, "code": code_of(address)}
            await desk.send_json({"type": "link", **shown})
            yield handset, await handset.come(seconds)
        finally:
            self._links.take_back(token)
            handset.hang_up()

    async def serve(self, phone: WebSocket) -> None:
        """Lead one conversation with a phone."""
        await phone.accept()
        try:
            begin = await _begun(phone)
            pcm = PcmStream(begin.sample_rate)
            handset = self._links.follow(begin.link, phone.client.host if phone.client else "")
            await handset.talk(phone, pcm)
        except RichSpeechError as error:
            sentence = Notice.of(error).sentence(locale_of(phone))
            await phone.send_json({"type": "error", "code": error.code, "message": sentence})
            await phone.close()
        except WebSocketDisconnect as error:
            log.info("a phone was lost (%s)", error.code)


async def _begun(phone: WebSocket) -> PhoneBegin:
    """Read the first message; raises ``OptionError``, and ``WebSocketDisconnect``."""
    try:
        async with asyncio.timeout(SECONDS_TO_BEGIN):
            return PhoneBegin.model_validate_json(await phone.receive_text())
    except (TimeoutError, ValidationError, KeyError) as error:
        raise OptionError("phone.begin") from error


def phone_page(page: str, origin: str | None) -> str:
    """Return where a phone finds its page, beside the one at ``page``.

    Raises ``OptionError`` where no phone comes, or none is given its microphone, and for an address
    that is not the one from which the request came (its ``origin``).
    """
    parts, host = page_parts(page, origin)
    if is_own(host):
        raise OptionError("phone.local", host=host)
    if parts.scheme != "https":
        raise OptionError("phone.insecure")
    return beside(parts, PAGE)


def page_parts(page: str, origin: str | None) -> tuple[SplitResult, str]:
    """Return the address of a page in parts, and its host.

    Raises ``OptionError`` for what is none, and for one that is not the one from which the request
    came (its ``origin``).
    """
    try:
        parts = urlsplit(page)
        host = parts.hostname or ""
    except ValueError as error:
        raise OptionError("phone.page") from error
    if origin is not None and origin != f"{parts.scheme}://{parts.netloc}":
        raise OptionError("phone.page")
    return parts, host


def beside(parts: SplitResult, name: str) -> str:
    """Return the address of a page beside another one."""
    return urljoin(parts._replace(query="", fragment="").geturl(), name)


def is_own(host: str) -> bool:
    """Tell whether a name leads to the machine of whoever asks, and so to no other."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.endswith(".localhost")


def code_of(text: str) -> list[str]:
    """Return the rows of a QR code: 1 is dark, 0 is light."""
    return ["".join(map(str, row)) for row in segno.make(text, error="m", micro=False).matrix]


def phone_routes(phones: Phones, root_page: RootPage) -> tuple[BaseRoute, ...]:
    """Make the routes of a phone: its page, the scripts of that, and its sound."""
    return (
        aside_route(root_page, PAGE, POLICY),
        WebSocketRoute(SOUND, phones.serve),
        Mount(FILES, Files(root_page)),
    )
