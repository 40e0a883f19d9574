"""One real server, one real browser, for all tests of this folder.

They go when its last test is done: playwright runs an event loop, beside which no other can run.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from scripts.ports import free_port
from scripts.screenshots import CHROMIUM, answers
from tests.held import SLOW

from .program import Program, Start, forked
from .visitor import EXAMPLES, PATIENCE_MS, Visitor, visitor_at, words_of

SECONDS_TO_END = 120
"""On a busy machine; a server is given twenty for what it is at."""

LONGEST = ("stopping", "page", "viewer", "pressing", "loading")
"""Files that take a minute and more, longest first: whoever gets one last is waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, where their order is left to us (``--no-loadscope-reorder``)."""
    names = [f"test_{name}.py" for name in LONGEST]
    places = {name: place for place, name in enumerate(names)}
    own = [each for each in items if each.path.parent == Path(__file__).parent]
    if len(own) == len(items):
        items.sort(key=lambda each: places.get(each.path.name, len(places)))


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, where there is a browser; in CI a missing one is a failure."""
    if shutil.which(CHROMIUM) is None:
        message = f"{CHROMIUM} is missing"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that lets everybody in and remembers nothing of them."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with started(["-c", SLOW], log, RICHSPEECH_HISTORY__ENABLED="false") as (server, address):
        wait_for(server, f"{address}/readyz", log)
        yield address


@pytest.fixture(scope="package")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that keeps a history, and whose ``calls`` may be transcribed.

    It remembers the voices of those who are named.
    """
    folder = tmp_path_factory.mktemp("remembering")
    calls = folder / "calls"
    calls.mkdir()
    shutil.copy(EXAMPLES / "zh-laughter.wav", calls)
    log, own = folder / "log.txt", {"RICHSPEECH_BATCH__FOLDERS": json.dumps([str(calls)])}
    own |= {"RICHSPEECH_VOICES__ENGINE": "resemblyzer", "RICHSPEECH_VOICES__REMEMBER": "true"}
    with started(["-c", SLOW], log, **own) as (server, address):
        wait_for(server, f"{address}/readyz", log)
        yield address


@contextmanager
def served(log: Path, start: Start = forked, /, **environment: str) -> Iterator[str]:
    """The address of app_sensevoice.py with the embedded model, in a process of its own."""
    with started(["app_sensevoice.py"], log, start, **environment) as (server, address):
        wait_for(server, f"{address}/readyz", log)
        yield address


@contextmanager
def started(
    program: Sequence[str],
    log: Path,
    start: Start = forked,
    port: int | None = None,
    /,
    **environment: str,
) -> Iterator[tuple[Program, str]]:
    """A process that serves the embedded model, and its address, where nothing may listen yet."""
    port = port or free_port()
    arguments = [*program, "--model", "embedded", "--port", str(port)]
    folder = log.absolute().parent
    own = {
        "RICHSPEECH_HISTORY__URL": f"sqlite:///{folder}/history.sqlite",
        "RICHSPEECH_JOBS__RECORDINGS": f"{folder}/recordings",
        "RICHSPEECH_OPERATIONS__AUDIT_FILE": f"{folder}/audit.jsonl",
        "RICHSPEECH_SERVER__HOSTS": json.dumps(["127.0.0.1", "hear.test"]),
        "RICHSPEECH_EMOTION__ID": "embedded",
        "RICHSPEECH_PARAFORMER__ID": "embedded",
        "RICHSPEECH_EMOTION__OUTPUTS_FOLDER": f"{folder}/outputs",
    }
    server = start(arguments, log, os.environ | own | environment)
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(SECONDS_TO_END)


def wait_for(server: Program, address: str, log: Path) -> None:
    if not answers(server, address):
        pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture
def visitor(playwright: Playwright, address: str) -> Iterator[Visitor]:
    """Someone with a Chinese browser."""
    with visitor_at(playwright, address) as visitor:
        yield visitor


@pytest.fixture
def english_visitor(playwright: Playwright, address: str) -> Iterator[Visitor]:
    """Someone with an English browser."""
    with visitor_at(playwright, address, locale="en-US") as visitor:
        yield visitor


@pytest.fixture(scope="session")
def references() -> dict[str, Any]:
    """What is to be heard in the examples, by file name."""
    found: dict[str, Any] = json.loads((EXAMPLES / "references.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def spoken(references: dict[str, Any]) -> tuple[Path, str]:
    """The shortest Chinese example, and its words."""
    chinese = [name for name in references if name.startswith("zh-")]
    name = min(chinese, key=lambda name: (EXAMPLES / name).stat().st_size)
    return EXAMPLES / name, words_of(references[name])
