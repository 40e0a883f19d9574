"""Have many people use the console at once, and see what they get: ``python -m scripts.load_test``.

Starts the console on loopback, asks it calmly for the words of every clip, and lets clients come
for some minutes: programs through POST /v1/audio/transcriptions and POST /v1/jobs, pages through
their events. Each sends clips of mixed sizes, some that are broken, and hangs up now and then.
Browsers have pages open meanwhile. Every clip is heard anew: a number in its last samples tells it
from all others.

Right is the text that the calm caller got, an error for what is broken, and 429 or 503 with
Retry-After. Anything else fails, and the text of another clip is told apart from that. The report
is JSON in a file and Markdown on stdout; the exit status is 1 where something did not hold.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import create_engine, select

from richspeech.api.multipart import FOLDER_PREFIX
from richspeech.bench.setup import make_setup
from richspeech.model.transcript import Transcript
from richspeech.places import SHIPPED
from richspeech.storage.database import TranscriptRow
from scripts.load.clients import PATIENCE_SECONDS, ApiClient, JobClient, PageVisitor
from scripts.load.plan import Clip, Plan, same
from scripts.load.reference import make_clips, with_words
from scripts.load.report import machine, markdown, summary, verdicts
from scripts.load.watch import PROBE_PORT, Seen, watched
from scripts.page_without_browser import opened
from scripts.ports import free_port
from scripts.screenshots import ARGUMENTS, CHROMIUM
from scripts.server import Server, served

EXAMPLE = SHIPPED / "examples" / "zh-laughter.wav"
MS = 1000
app = App(help=__doc__)


@app.default
def load_test(
    *,
    clients: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 200,
    visitors: Annotated[int, Parameter(validator=Number(gte=0, lte=100))] = 40,
    handing_in: Annotated[int, Parameter(validator=Number(gte=0, lte=100))] = 40,
    pages: Annotated[int, Parameter(validator=Number(gte=0, lte=50))] = 20,
    browser: bool = True,
    minutes: Annotated[float, Parameter(validator=Number(gt=0, lte=60))] = 5.0,
    model: str = "embedded",
    report: Path = Path("load-test.json"),
) -> int:
    """Load the console and report.

    Args:
        clients: who comes in all
        visitors: how many of them come through the page
        handing_in: how many of them hand in jobs
        pages: open meanwhile, in Chromium
        browser: without it the open pages are event streams, as a page holds them
        minutes: how long somebody comes
        model: embedded, random-full, or a folder
        report: where the JSON is written

    """
    before = machine()
    setup = make_setup(model, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        own = {
            "RICHSPEECH_OPERATIONS__AUDIT_FILE": f"{folder}/audit.jsonl",
            "RICHSPEECH_JOBS__RECORDINGS": f"{folder}/kept",
            PROBE_PORT: str(free_port()),
        }
        with served(Server(Path(folder), setup.model, environment=own)) as server:
            known = with_words(make_clips(Path(folder)), server.address)
            plan = Plan(known, minutes * 60)
            work = _work(plan, server, (clients, visitors, handing_in), pages, browser=browser)
            seen, still_work = asyncio.run(work)
        also = {f"{pages} open pages worked afterwards": still_work} | _left(known, Path(folder))
    found = summary(plan.records, seen, plan.seconds) | {"also": also}
    asked = {
        "clients": clients,
        "visitors": visitors,
        "handing_in": handing_in,
        "pages": pages,
        "browser": browser,
    }
    found |= {"asked": asked, "model": model, "machine": before, "load_after": machine()["load"]}
    report.write_text(json.dumps(found, ensure_ascii=False, indent=1, default=str))
    print(markdown(found))
    return 0 if all(verdicts(found).values()) else 1


StillWork = Callable[[], Awaitable[bool]]


async def _work(
    plan: Plan, server: Server, shares: tuple[int, int, int], pages: int, *, browser: bool
) -> tuple[Seen, bool]:
    """Let everybody come; say what was seen, and whether the open pages still work in the end."""
    clients, visitors, handing_in = shares
    opening = _open_in_browser if browser else _open_streams
    async with opening(server.address, pages) as still_work:
        with watched(server) as seen:
            plan.begin()
            async with asyncio.TaskGroup() as group:
                kinds = (PageVisitor,) * visitors + (JobClient,) * handing_in
                for who in (*kinds, *(ApiClient,) * (clients - len(kinds))):
                    group.create_task(who(plan, server.address).work())
        return seen, await still_work()


@asynccontextmanager
async def _open_streams(address: str, pages: int) -> AsyncIterator[StillWork]:
    """Have pages open as event streams."""
    async with AsyncExitStack() as stack:
        there = [
            await stack.enter_async_context(opened(address, PATIENCE_SECONDS)) for _ in range(pages)
        ]

        async def still_work() -> bool:
            shown = [await page.transcribe(EXAMPLE.name, EXAMPLE.read_bytes()) for page in there]
            return all(each.text for each in shown)

        yield still_work


@asynccontextmanager
async def _open_in_browser(address: str, pages: int) -> AsyncIterator[StillWork]:
    """Have pages open in Chromium, each in a window that knows nothing of others."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        there = [await _window(browser, address) for _ in range(pages)]

        async def still_work() -> bool:
            return all([await _works(page) for page in there])

        yield still_work
        await browser.close()


async def _window(browser: Browser, address: str) -> Page:
    context = await browser.new_context(locale="en-US")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * MS)
    await page.goto(address)
    await page.locator("html[data-settled]").wait_for(state="attached")
    return page


async def _works(page: Page) -> bool:
    """Press an example, and see whether its transcript comes."""
    await page.locator("#examples [data-example]").first.click()
    await page.locator("#status .message.done").wait_for()
    return bool(await page.locator("#transcript .line").count())


def _left(known: Sequence[Clip], folder: Path) -> dict[str, bool]:
    """Say whether the history has of every clip what it says, and whether files are left."""
    words = {clip.name: clip.text for clip in known}
    history = create_engine(f"sqlite:///{folder}/history.sqlite")
    with history.connect() as connection:
        found = connection.execute(select(TranscriptRow.name, TranscriptRow.measured)).all()
    rows = [(name, measured) for name, measured in found if name in words]
    texts = [(name, Transcript.from_dict(measured).text) for name, measured in rows]
    return {
        f"{len(rows)} transcripts of the history are right": all(
            same(text, words[name]) for name, text in texts
        ),
        "no request has left a file": not [*folder.rglob(f"{FOLDER_PREFIX}*")],
    }


if __name__ == "__main__":
    sys.exit(app())
