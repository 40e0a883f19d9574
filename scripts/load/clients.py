"""Who comes under load: programs, and people at pages.

Each sends one recording after the other, some of them broken; some hang up midway. Who is told to
come back later does.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from scripts.load.plan import Clip, Outcome, Plan, Record
from scripts.page_without_browser import PageClient, new_client, opened

BROKEN_SHARE, LEAVING_SHARE = 0.05, 0.02
PATIENCE_SECONDS = 300.0
TRANSCRIPTIONS, JOBS = "/v1/audio/transcriptions", "/v1/jobs"
LATER = (429, 503)
BUSY = "no more may wait"
"""How the page says it, in English."""
SECONDS_TO_RETRY = 5.0
"""At the page, which does not say when."""

Answer = tuple[Outcome, str]
"""What came, and a note where it is bad; ``LATER`` has the seconds instead."""


@dataclass
class ApiClient:
    """A program."""

    plan: Plan
    address: str
    way: str = "API"

    async def work(self) -> None:
        """Send one recording after the other."""
        async with new_client(self.address, PATIENCE_SECONDS) as client:
            await come_and_go(self.plan, self.way, self.sender(client), self._hang_up)

    def sender(self, client: httpx.AsyncClient) -> "Send":
        """Return what sends a clip and judges the answer."""

        async def send(clip: Clip) -> Answer:
            file = {"file": (clip.name, clip.content)}
            answer = await client.post(TRANSCRIPTIONS, files=file)
            if answer.status_code in LATER and "retry-after" in answer.headers:
                return Outcome.LATER, answer.headers["retry-after"]
            if answer.is_success:
                return self.plan.outcome_of(clip, answer.json()["text"])
            error = answer.json().get("error", {}) if "json" in str(answer.headers) else {}
            if answer.status_code == 400 and error.get("code") and not clip.text:
                return Outcome.REFUSED, ""
            return Outcome.FAILED, f"{answer.status_code} {answer.text[:200]}"

        return send

    async def _hang_up(self, clip: Clip) -> None:
        """Send half of it, or all, and go."""
        host, port = self.address.removeprefix("http://").split(":")
        head = b'--x\r\ncontent-disposition: form-data; name="file"; filename="%s"\r\n\r\n'
        body = head % clip.name.encode() + clip.content + b"\r\n--x--\r\n"
        sent = len(body) // self.plan.chance.choice((1, 2))
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST {TRANSCRIPTIONS} HTTP/1.1\r\nhost: {host}:{port}\r\n"
            f"content-type: multipart/form-data; boundary=x\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
        )
        writer.write(body[:sent])
        with suppress(OSError):
            await writer.drain()
            await asyncio.sleep(self.plan.chance.random())
        writer.transport.abort()


@dataclass
class JobClient(ApiClient):
    """A program that hands its recordings in, follows each job and fetches what was heard."""

    way: str = "jobs"

    def sender(self, client: httpx.AsyncClient) -> "Send":
        """Return what hands a clip in, waits for the end and judges the result."""

        async def send(clip: Clip) -> Answer:
            handed_in = await client.post(JOBS, files={"file": (clip.name, clip.content)})
            if handed_in.status_code in LATER and "retry-after" in handed_in.headers:
                return Outcome.LATER, handed_in.headers["retry-after"]
            [job] = handed_in.raise_for_status().json()["data"]
            job = await self._ended(client, job["id"])
            if job["state"] == "finished":
                answer = await client.get(f"{JOBS}/{job['id']}/result?format=json")
                return self.plan.outcome_of(clip, answer.raise_for_status().json()["text"])
            if job["error"] and not clip.text:
                return Outcome.REFUSED, ""
            return Outcome.FAILED, f"{job['state']}: {job['sentence']}"

        return send

    @staticmethod
    async def _ended(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
        """Follow a job until it is over."""
        shown: dict[str, Any] = {}
        async with client.stream("GET", f"{JOBS}/{job}/events") as events:
            async for line in events.raise_for_status().aiter_lines():
                if line.startswith("data:"):
                    shown = json.loads(line.removeprefix("data:"))
        return shown


@dataclass
class PageVisitor:
    """Somebody at a page."""

    plan: Plan
    address: str
    way: str = "page"

    async def work(self) -> None:
        """Open the page, and press the button again and again; who hangs up opens it anew."""
        while not self.plan.is_over:
            began = time.monotonic()
            try:
                async with opened(self.address, PATIENCE_SECONDS) as page:
                    send, leave = self.sender(page), self._leaver(page)
                    await come_and_go(self.plan, self.way, send, leave)
            except _Gone:
                continue
            except httpx.HTTPError as error:
                seconds, note = time.monotonic() - began, f"the page: {error!r}"
                failed = Record(self.way, "", 0.0, Outcome.FAILED, seconds, note=note)
                self.plan.records.append(failed)

    def sender(self, page: PageClient) -> "Send":
        """Return what uploads a clip, presses the button and judges what is shown."""

        async def send(clip: Clip) -> Answer:
            shown = await page.transcribe(clip.name, clip.content)
            if "message done" in shown.status:
                return self.plan.outcome_of(clip, shown.text)
            if BUSY in shown.status:
                return Outcome.LATER, str(SECONDS_TO_RETRY)
            if not clip.text and "message error" in shown.status:
                return Outcome.REFUSED, ""
            return Outcome.FAILED, shown.status[:200]

        return send

    def _leaver(self, page: PageClient) -> "Leave":
        async def leave(clip: Clip) -> None:
            with suppress(TimeoutError):
                seconds = self.plan.chance.random()
                await asyncio.wait_for(page.transcribe(clip.name, clip.content), seconds)
            raise _Gone

        return leave


class _Gone(Exception):  # noqa: N818 - no error
    """The visitor has closed the page."""


Send = Callable[[Clip], Awaitable[Answer]]
Leave = Callable[[Clip], Awaitable[None]]


async def come_and_go(plan: Plan, way: str, send: Send, leave: Leave) -> None:
    """Send one thing after the other until the time is over."""
    while not plan.is_over:
        clip, dice = plan.choose(), plan.chance.random()
        if dice < LEAVING_SHARE:
            plan.records.append(Record(way, clip.name, clip.seconds, Outcome.LEFT, 0.0))
            await leave(clip)
        elif dice < LEAVING_SHARE + BROKEN_SHARE:
            await insist(plan, way, send, plan.broken())
        else:
            await insist(plan, way, send, clip)


async def insist(plan: Plan, way: str, send: Send, clip: Clip) -> None:
    """Send a clip, again whenever the answer is to come later, until the time is over."""
    first = time.monotonic()
    while True:
        began = time.monotonic()
        try:
            outcome, note = await send(clip)
        except (httpx.HTTPError, OSError, ValueError, LookupError) as error:
            outcome, note = Outcome.FAILED, repr(error)
        now = time.monotonic()
        waited = now - first
        record = Record(way, clip.name, clip.seconds, outcome, now - began, waited, note)
        plan.records.append(record)
        if outcome is not Outcome.LATER or plan.is_over:
            return
        await asyncio.sleep(float(note) * plan.chance.uniform(0.8, 1.2))
