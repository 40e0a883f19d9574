"""The page without a browser: what a program has to know of it, and one that uses it.

A ``PageClient`` sends what gradio's front end sends, event by event: what follows an event
(``then``) is sent once that is answered.
"""

import json
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from gradio_client.utils import apply_diff


def config_in(html: str) -> dict[str, Any]:
    """Read what the page is made of, as gradio's front end gets it."""
    written = html.partition("window.gradio_config = ")[2]
    config: dict[str, Any] = json.JSONDecoder().raw_decode(written)[0]
    return config


def entry_of(config: dict[str, Any], window: str, locale: str) -> tuple[int, list[str]]:
    """Return the event that begins the page in a window, and the values that it is sent."""
    names = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    told = {"window": window, "timezone": "UTC", "look": "", "link": "", "switch": locale}
    [entry] = [d for d in config["dependencies"] if "load" in [kind for _, kind in d["targets"]]]
    return entry["id"], [told[names[each]] for each in entry["inputs"]]


@dataclass(frozen=True)
class Shown:
    """What the page shows of a transcription that is over."""

    text: str | None
    """The words; None where nothing was heard."""
    status: str
    """HTML."""


@dataclass
class PageClient:
    """One window, with a browser's heartbeat; ``opened`` makes it."""

    client: httpx.AsyncClient
    config: dict[str, Any] = field(default_factory=dict)
    """What the page is made of; read when it is opened, unless it is known."""
    window: str = field(default_factory=lambda: secrets.token_hex(16))
    page: str = field(default_factory=lambda: secrets.token_hex(5))
    paintings: int = field(default=0, init=False)
    """Which it has got of events that go on."""

    async def enter(self) -> None:
        """Begin the page as a browser does that has its files already."""
        answer = await self.client.get("/")
        self.config = self.config or config_in(answer.raise_for_status().text)
        number, told = entry_of(self.config, self.window, "en")
        await self._do([(number, told)])

    def beside(self) -> "PageClient":
        """Return another page of the same window, as it is after a reload."""
        return replace(self, page=secrets.token_hex(5))

    async def transcribe(self, name: str, content: bytes) -> Shown:
        """Upload a recording, press the button, and look on until it is over."""
        press, values = await self._filled(name, content)
        painted = await self._do([(press["id"], values)])
        names = {each["id"]: each["props"].get("elem_id") for each in self.config["components"]}
        shown = dict(zip((names[each] for each in press["outputs"]), painted, strict=True))
        return Shown(_text(shown["viewer"]), shown["status"])

    async def begin(self, name: str, content: bytes) -> None:
        """Upload a recording and press the button, without looking on."""
        press, values = await self._filled(name, content)
        await self._send([(press["id"], values)])

    async def hide(self) -> None:
        """Tell the server that nobody sees the page."""
        events = self.config["dependencies"]
        [sight] = [d for d in events if "sight" in [kind for _, kind in d["targets"]]]
        await self._send([(sight["id"], [])], {"hidden": True})

    async def look_on(self) -> None:
        """Look on at the transcription of the window until it is over, as an opened page does."""
        *watches, _ = [  # the last is the second opinion's
            d["id"]
            for d in self.config["dependencies"]
            if d["api_name"].startswith("_watch") and d["targets"][0][1].startswith("load_")
            if self._id("viewer") in d["outputs"]
        ]
        await self._do([(each, []) for each in watches])

    def _id(self, name: str) -> int:
        found = (each for each in self.config["components"] if each["props"].get("elem_id") == name)
        return int(next(found)["id"])

    async def _filled(self, name: str, content: bytes) -> tuple[dict[str, Any], list[Any]]:
        """Upload a recording; return the event of the button, and the values of the form."""
        sent = await self.client.post(
            "/gradio_api/upload",
            files=[("files", (name, content))],
            headers={"x-richspeech-window": self.window},
        )
        file = {"path": sent.raise_for_status().json()[0], "meta": {"_type": "gradio.FileData"}}
        parts = {each["id"]: each["props"] for each in self.config["components"]}
        button = [self._id("start"), "click"]
        [press] = [d for d in self.config["dependencies"] if button in d["targets"]]
        values = {parts[each].get("elem_id"): parts[each].get("value") for each in press["inputs"]}
        return press, [*(values | {"file": file}).values()]

    async def _do(self, events: Sequence[tuple[int, list[Any]]]) -> list[Any]:
        """Send events, and what follows them; return the longest of what the last have answered."""
        answered: list[Any] = []
        while events:
            answered = await self._send(events)
            events = [(each, []) for each in self._followers(number for number, _ in events)]
        return max((list(each) for each in answered), key=len)

    async def _send(
        self, events: Sequence[tuple[int, list[Any]]], told: Mapping[str, Any] | None = None
    ) -> list[Any]:
        for number, data in events:
            event = {"data": data, "fn_index": number, "session_hash": self.page}
            event |= {"event_data": told} if told else {}
            (await self.client.post("/gradio_api/queue/join", json=event)).raise_for_status()
        return [each async for each in self._answers()]

    async def _answers(self) -> AsyncIterator[list[Any]]:
        """Yield what every event has shown in the end."""
        shown: dict[str, list[Any]] = {}
        url = f"/gradio_api/queue/data?session_hash={self.page}"
        async with self.client.stream("GET", url) as stream:
            async for line in stream.raise_for_status().aiter_lines():
                if not line.startswith("data:"):
                    continue
                told = json.loads(line.removeprefix("data:"))
                if told["msg"] == "close_stream":
                    return
                if told["msg"] == "process_generating":
                    self.paintings += 1
                    before, data = shown.get(told["event_id"]), told["output"]["data"]
                    shown[told["event_id"]] = data if before is None else _changed(before, data)
                if told["msg"] == "process_completed":
                    # What was shown in steps is not repeated at their end.
                    yield shown.get(told["event_id"]) or told["output"].get("data")

    def _followers(self, events: Iterable[int]) -> list[int]:
        sent, all_events = {*events}, self.config["dependencies"]
        return [d["id"] for d in all_events if d["backend_fn"] and d["trigger_after"] in sent]


def _changed(shown: list[Any], changes: list[Any]) -> list[Any]:
    return [apply_diff(value, change) for value, change in zip(shown, changes, strict=True)]


def _text(viewer: dict[str, Any] | None) -> str | None:
    """Return the words that the viewer shows."""
    segments = (viewer or {}).get("segments")
    return "".join(json.loads(each)["text"] for each in segments) if segments else None


def new_client(address: str, patience_seconds: float) -> httpx.AsyncClient:
    """Make a client that uses no connection twice.

    A server closes one that was idle for some seconds, perhaps just when the next request is sent;
    browsers send that again, and httpx does not.
    """
    unkept = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=address, timeout=patience_seconds, limits=unkept)


@asynccontextmanager
async def opened(
    address: str, patience_seconds: float, config: Mapping[str, Any] | None = None
) -> AsyncIterator[PageClient]:
    """Open the page in a browser of its own, and leave it in the end.

    With the ``config`` of another client reading it costs this one nothing.
    """
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(new_client(address, patience_seconds))
        page = PageClient(client, dict(config or {}))
        await page.enter()
        beat = client.stream("GET", f"/gradio_api/heartbeat/{page.page}")
        await stack.enter_async_context(beat)
        yield page
