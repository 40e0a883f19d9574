"""Try what a hostile or an unlucky visitor would: ``python -m scripts.attack`` prints the answers.

Starts the console on loopback, once open and once with a login, and sends it harmless requests:
files of its own, names that anybody can see, bodies of zeros. It talks to 127.0.0.1 alone. The exit
status is 1 if an attack succeeded. docs/security.md holds the table.
"""

import io
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from richspeech.places import HOME as ROOT
from scripts.page_without_browser import config_in, entry_of
from scripts.ports import free_port
from scripts.screenshots import answers

USER, PASSWORD = "ming", secrets.token_urlsafe(12)
SECRET = "a line that nobody has uploaded"  # noqa: S105 - a secret of nobody's
HEADER_SECONDS = 2
PAGES = 50
JOBS_AT_ONCE = 4
WAITING_JOBS = 1
STOP_SECONDS = 10
UPLOAD_BYTES = 40_000_000
PATIENCE_SECONDS = 60
NOTHING: Mapping[str, str] = MappingProxyType({})
EXAMPLE = ROOT / "examples" / "zh-laughter.wav"


@dataclass(frozen=True)
class Attempt:
    """One row of the table."""

    section: str
    tried: str
    came_back: str
    held: bool


@dataclass
class Server:
    """The console, in a process and a folder of its own."""

    folder: Path
    environment: dict[str, str]
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def history(self) -> Path:
        """Where transcripts are kept."""
        return self.folder / "history.sqlite"

    @property
    def _environment(self) -> dict[str, str]:
        own = {
            "TMPDIR": str(self.folder),
            "RICHSPEECH_HISTORY__URL": f"sqlite:///{self.history}",
            "RICHSPEECH_SERVER__HEADER_SECONDS": str(HEADER_SECONDS),
            "RICHSPEECH_SERVER__BODY_SECONDS": str(HEADER_SECONDS),
            "RICHSPEECH_LIMITS__UPLOAD_WINDOW_BYTES": str(UPLOAD_BYTES),
            "RICHSPEECH_LIMITS__UPLOAD_TOTAL_BYTES": str(6 * UPLOAD_BYTES),
            "RICHSPEECH_SERVER__WAITING_JOBS": str(WAITING_JOBS),
            "RICHSPEECH_SERVER__STOP_SECONDS": str(STOP_SECONDS),
        }
        return os.environ | own | self.environment

    def _command(self, *more: str) -> list[str]:
        self.port = free_port()
        own = ["--model", "embedded", "--port", str(self.port)]
        return [sys.executable, "app_sensevoice.py", *own, *more]

    def start(self, *more: str) -> "Server":
        """Begin it, and wait until it can transcribe."""
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(*more), cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        if not answers(self.process, f"{self.address}/readyz"):
            raise SystemExit(self.log[-4000:])
        return self

    def run(self) -> str:
        """Begin it where it is to refuse; return what it says."""
        done = subprocess.run(
            self._command(),
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.stderr

    @property
    def uploads(self) -> list[Path]:
        """Every file that visitors have here."""
        places = os.walk(self.folder)  # unlike glob, it bears folders that go meanwhile
        within = (place for place in places if "uploads" in Path(place[0]).parts)
        return [Path(place, name) for place, _, names in within for name in names]

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder / "log.txt").read_text(errors="replace")

    def kill(self) -> None:
        """End it, if it is still there."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def end(self, how: int) -> float:
        """Send a signal; return how many seconds it took to end."""
        if self.process is None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(PATIENCE_SECONDS)
        return time.monotonic() - began


@dataclass
class Visitor:
    """One browser with one window."""

    server: Server
    logs_in: bool = False
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    page: str = field(default_factory=lambda: secrets.token_hex(5))

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.server.address, timeout=PATIENCE_SECONDS)
        self.client.get("/", follow_redirects=True)
        if self.logs_in:
            self.log_in()

    def log_in(self, password: str = PASSWORD) -> httpx.Response:
        """Send the form."""
        return self.client.post("/login", data={"username": USER, "password": password})

    def config(self) -> Any:
        """Read what the page is made of."""
        return config_in(self.client.get("/").text)

    def enter(self) -> "Visitor":
        """Begin the page with the key of the window."""
        self.event(*entry_of(self.config(), self.key, "en"))
        self.client.get(f"/gradio_api/queue/data?session_hash={self.page}")
        return self

    def event(self, number: int, data: list[Any], page: str = "") -> httpx.Response:
        """Press something."""
        body = {"data": data, "fn_index": number, "session_hash": page or self.page}
        return self.client.post("/gradio_api/queue/join", json=body)

    def upload(
        self, content: bytes = b"x", name: str = "a.wav", headers: Mapping[str, str] = NOTHING
    ) -> httpx.Response:
        """Send a file."""
        sent = {"x-richspeech-window": self.key, **headers}
        return self.client.post(
            "/gradio_api/upload", files=[("files", (name, content))], headers=sent
        )

    def press_start(self, recording: bytes) -> str:
        """Upload a recording and press the button; return all that the page is told then."""
        own = self.upload(recording, "long.wav").json()[0]
        config = self.config()
        parts = {each["id"]: each for each in config["components"]}
        [button] = [n for n, each in parts.items() if each["props"].get("elem_id") == "start"]
        [press] = [d for d in config["dependencies"] if [button, "click"] in d["targets"]]
        data = [parts[each]["props"].get("value") for each in press["inputs"]]
        data[0] = a_file(own)
        self.event(press["id"], data)
        return self.client.get(f"/gradio_api/queue/data?session_hash={self.page}").text


Try = Callable[[Server, Server], Iterator[Attempt]]


def refused(section: str, tried: str, answer: httpx.Response, *codes: int) -> Attempt:
    """Make a row of an answer that should be one of some refusals, and hold no secret."""
    said = answer.text if len(answer.text) < 160 and "<" not in answer.text else ""
    came_back = f"{answer.status_code} {said}".strip()
    return Attempt(
        section, tried, came_back, answer.status_code in codes and SECRET not in answer.text
    )


def shown(section: str, tried: str, came_back: str, *, held: bool) -> Attempt:
    """Make a row of anything else."""
    return Attempt(section, tried, came_back, held)


def a_file(path: object) -> dict[str, Any]:
    """Name a file as the page does."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


# 1. Files that were never uploaded ----------------------------------------------------------------


def files(opened: Server, guarded: Server) -> Iterator[Attempt]:
    """Name files in every slot of the page."""
    for server, how in ((opened, "open"), (guarded, "logged in")):
        mine, other = (Visitor(server, server is guarded).enter() for _ in range(2))
        private = server.folder / "private.txt"
        private.write_text(SECRET)
        foreign = other.upload(SECRET.encode()).json()[0]
        for path, whose in ((private, "outside the uploads"), (foreign, "of another window")):
            codes = set()
            tried = 0
            for each in mine.config()["dependencies"]:
                for place in range(len(each["inputs"])):
                    data: list[Any] = [None] * len(each["inputs"])
                    data[place] = a_file(path)
                    codes.add(mine.event(each["id"], data).status_code)
                    tried += 1
            row = f"a file {whose} in {tried} slots of events ({how})"
            yield shown("1", row, f"{sorted(codes)}", held=codes == {400})
            row = f"GET a file {whose} ({how})"
            yield refused("1", row, mine.client.get(f"/gradio_api/file={path}"), 404)
        own = mine.upload(SECRET.encode()).json()[0]
        answer = mine.client.get(f"/gradio_api/file={own}")
        yield shown(
            "1",
            f"GET one's own upload ({how})",
            str(answer.status_code),
            held=answer.text == SECRET,
        )


# 2. Whose request it is ---------------------------------------------------------------------------


def requests(opened: Server, guarded: Server) -> Iterator[Attempt]:
    """Ask under other names, from other sites, for others' pages."""
    mine, other = Visitor(opened).enter(), Visitor(opened).enter()
    host = {"host": "other.example.org"}
    yield refused("2", "another name in Host", mine.client.get("/", headers=host), 400)
    for headers in (
        {"origin": "http://other.example.org"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        [(name, value)] = headers.items()
        answer = mine.upload(headers=headers)
        closed = "access-control-allow-origin" not in answer.headers
        row = f"an upload with {name}: {value}"
        yield shown("2", row, str(answer.status_code), held=answer.status_code == 403 and closed)
    sent = mine.client.get("/").headers
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy"):
        yield shown("2", f"{name} of the page", sent.get(name, "")[:400], held=name in sent)
    cookie = Visitor(opened).client.get("/").request.headers.get("cookie", "")
    yield shown("2", "a cookie of the browser", cookie.partition("=")[0], held=bool(cookie))
    for path in (f"queue/data?session_hash={mine.page}", f"heartbeat/{mine.page}"):
        row = f"GET {path.partition(mine.page)[0]}NAME of another browser's page"
        yield refused("2", row, other.client.get(f"/gradio_api/{path}"), 403)
    yield refused("2", "an event of another browser's page", other.event(0, [], mine.page), 403)
    yield refused("2", "an empty window key", mine.upload(headers={"x-richspeech-window": ""}), 403)
    own = mine.upload(SECRET.encode()).json()[0]
    thief = Visitor(opened, key=mine.key).enter()
    row = "a file of a window whose key is known, from another browser"
    yield refused("2", row, thief.client.get(f"/gradio_api/file={own}"), 404)
    for path in (
        "gradio_api/app_id",
        "gradio_api/user",
        "gradio_api/run/predict",
        "monitoring",
        "docs",
    ):
        row = f"/{path}, which the page does not need"
        yield refused("2", row, mine.client.get(f"/{path}"), 404)
    yield from programs(opened, mine)
    stranger = Visitor(guarded)
    for path in ("gradio_api/startup-events", "assets/a.js", f"gradio_api/file={own}"):
        row = f"/{path.partition('=')[0]} without a login"
        yield refused("2", row, stranger.client.get(f"/{path}"), 401)


def programs(opened: Server, page: Visitor) -> Iterator[Attempt]:
    """Call what is for pages as gradio's client, and what is for it as a page."""
    with httpx.Client(base_url=opened.address, timeout=PATIENCE_SECONDS) as client:
        own = {each["id"] for each in client.get("/config").json()["dependencies"]}
        others = {each["id"] for each in page.config()["dependencies"]} - own

        def codes(asking: httpx.Client, name: str, functions: set[int]) -> list[int]:
            url, asked = "/gradio_api/queue/join", {"data": [], "session_hash": name}
            answers = (asking.post(url, json={**asked, "fn_index": each}) for each in functions)
            return sorted({answer.status_code for answer in answers})

        found = codes(client, secrets.token_hex(5), others)
        row = f"{len(others)} events of the page, by gradio's client"
        yield shown("2", row, f"{found}", held=found == [404])
        found = codes(page.client, page.page, own)
        row = f"{len(own)} functions for gradio's client, by a page"
        yield shown("2", row, f"{found}", held=found == [404])


# 3. Login -----------------------------------------------------------------------------------------


def login(opened: Server, guarded: Server) -> Iterator[Attempt]:  # noqa: ARG001 - as every part
    """Try the form."""
    visitor = Visitor(guarded)
    yield refused("3", "a login of 20 kB", visitor.log_in("x" * 20_000), 413)
    multipart = {"username": (None, USER), "password": (None, PASSWORD)}
    yield refused("3", "a login as multipart", visitor.client.post("/login", files=multipart), 415)
    first, second = Visitor(guarded, logs_in=True), Visitor(guarded, logs_in=True)
    kept = dict(first.client.cookies)
    first.client.post("/logout")
    first.client.cookies.update(kept)
    row = "a login that was ended, shown again"
    yield refused("3", row, first.client.get("/gradio_api/startup-events"), 401)
    answer = second.client.get("/gradio_api/startup-events")
    yield shown(
        "3", "the other login of the same user", str(answer.status_code), held=answer.is_success
    )
    yield refused("3", "GET /logout", second.client.get("/logout"), 404)
    codes = [visitor.log_in(f"wrong {number}").status_code for number in range(8)]
    yield shown(
        "3", "eight wrong passwords", str(codes), held=codes[:5] == [400] * 5 and codes[-1] == 429
    )
    answer = visitor.log_in()
    row = f"the right one after them (Retry-After: {answer.headers.get('retry-after')} s)"
    yield shown("3", row, str(answer.status_code), held=answer.status_code == 429)
    yield shown("3", "the log of failures", "names no password", held="wrong 1" not in guarded.log)


# 4. The disk and the connections ------------------------------------------------------------------


def disk(opened: Server, guarded: Server) -> Iterator[Attempt]:  # noqa: ARG001
    """Break off, fill up, keep waiting, and kill."""
    visitor = Visitor(opened).enter()
    before = len(opened.uploads)
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
        f"x-richspeech-window: {visitor.key}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
    )
    with connected(opened) as broken:
        broken.sendall(head.encode() + b"0" * 10_000)
        time.sleep(0.5)
        during = len(opened.uploads) - before
    gone = wait(lambda: len(opened.uploads) == before)
    row = "an upload that is broken off"
    yield shown(
        "4", row, f"{during} file while it came, {'none' if gone else 'some'} after", held=gone
    )
    full = [visitor.upload(b"0" * (UPLOAD_BYTES // 2)) for _ in range(3)]
    yield refused("4", "more than the quota of a window", full[-1], 413)
    others = [Visitor(opened).enter().upload(b"0" * (UPLOAD_BYTES * 3 // 4)) for _ in range(8)]
    yield refused("4", "more than the quota of all windows", others[-1], 413)
    yield refused("4", "an upload without a name", visitor.upload(name=""), 400)
    for begun, what in (
        (b"", "nothing"),
        (b"GET / HTTP/1.1\r\n", "half a head"),
        (head.encode(), "half a body"),
    ):
        with connected(opened) as slow:
            slow.sendall(begun)
            began = time.monotonic()
            while slow.recv(4096):
                pass
            seconds = time.monotonic() - began
        row = f"a connection that sends {what}"
        yield shown(
            "4", row, f"cut off after {seconds:.1f} s", held=seconds < 2 * HEADER_SECONDS + 5
        )
    kept = bool(opened.uploads)
    opened.end(signal.SIGKILL)
    gone = wait(lambda: not opened.uploads)
    row = "kill -9 while uploads are there"
    yield shown("4", row, "deleted at once" if gone else "still there", held=kept and gone)
    opened.start()


# 5. Overload --------------------------------------------------------------------------------------


def overload(opened: Server, guarded: Server) -> Iterator[Attempt]:  # noqa: ARG001
    """Ask for more than can be done."""
    with ThreadPoolExecutor(PAGES) as pool:
        pages = [pool.submit(lambda: Visitor(opened).enter()) for _ in range(PAGES)]
        slowest, codes = 0.0, set()
        while not all(page.done() for page in pages):
            began = time.monotonic()
            for path in ("/health", "/readyz"):
                codes.add(
                    httpx.get(f"{opened.address}{path}", timeout=PATIENCE_SECONDS).status_code
                )
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
    row = f"/health and /readyz while {PAGES} pages are opened at once"
    yield shown("5", row, f"{sorted(codes)}, at most {slowest:.2f} s", held=codes == {200})
    people = [Visitor(opened).enter() for _ in range(JOBS_AT_ONCE + WAITING_JOBS + 1)]
    said = [visitor.press_start(long_recording()) for visitor in people]
    busy = [text for text in said if "waiting here already" in text]
    row = f"{len(people)} long jobs where {JOBS_AT_ONCE} run and {WAITING_JOBS} may wait"
    yield shown("5", row, f"{len(busy)} told how many wait, and to come back", held=len(busy) == 1)


# 6. Nothing lost ----------------------------------------------------------------------------------


def loss(opened: Server, guarded: Server) -> Iterator[Attempt]:  # noqa: ARG001
    """End the process at work, take the history away, and damage it."""
    seconds = opened.end(signal.SIGTERM)
    row = "SIGTERM while long jobs run"
    yield shown("6", row, f"gone after {seconds:.1f} s", held=seconds < STOP_SECONDS + 5)
    kept = names_in(opened.history)
    row = "what was heard by then"
    yield shown(
        "6", row, f"{len(kept)} in the history: {', '.join(sorted(set(kept)))}", held=bool(kept)
    )
    opened.start()
    opened.history.unlink()
    visitor = Visitor(opened).enter()
    visitor.press_start(EXAMPLE.read_bytes())
    there = wait(lambda: opened.history.exists() and bool(names_in(opened.history)))
    yield shown(
        "6",
        "a history deleted under the process",
        "the next transcript is kept" * there,
        held=there,
    )
    opened.end(signal.SIGTERM)
    for path in opened.folder.glob("history.sqlite*"):
        path.unlink()
    opened.history.write_bytes(b"this is no database at all" * 100)
    refused_start = opened.run()
    named = "--history-aside" in refused_start
    yield shown("6", "a damaged history", refused_start.strip()[-240:], held=named)
    opened.start("--history-aside")
    aside = [path.name for path in opened.folder.glob("*aside*")]
    yield shown(
        "6", "the same with --history-aside", f"{len(aside)} file put aside", held=len(aside) == 1
    )


PARTS: tuple[Try, ...] = (files, requests, login, disk, overload, loss)


def long_recording() -> bytes:
    """Say an example again and again, for a quarter of an hour."""
    with wave.open(str(ROOT / "examples" / "zh-call.wav")) as file:
        parameters, sound = file.getparams(), file.readframes(file.getnframes())
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams(parameters)
        file.writeframes(sound * 10)
    return written.getvalue()


def names_in(history: Path) -> list[str]:
    """Read the names of what is kept; none while the history is being made."""
    with closing(sqlite3.connect(history)) as connection, suppress(sqlite3.OperationalError):
        return [name for (name,) in connection.execute("SELECT name FROM richspeech_transcripts")]
    return []


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """Open a bare connection."""
    with closing(socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS)) as each:
        yield each


def wait(holds: Callable[[], bool]) -> bool:
    """Wait until something holds; False when it never does."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def attempts(folder: Path) -> Iterator[Attempt]:
    """Try everything on two servers."""
    login_needed = {"RICHSPEECH_SERVER__USER": USER, "RICHSPEECH_SERVER__PASSWORD": PASSWORD}
    with ExitStack() as stack:
        servers = []
        for name, environment in (("open", {}), ("guarded", login_needed)):
            (folder / name).mkdir()
            server = Server(folder / name, environment).start()
            stack.callback(server.kill)
            servers.append(server)
        for part in PARTS:
            yield from part(*servers)
        tracebacks = sum(server.log.count("Traceback") for server in servers)
        yield shown("all", "tracebacks in the logs", str(tracebacks), held=tracebacks == 0)


def main() -> int:
    """Print the table; 1 when something got through."""
    print("| | tried | came back | |\n| --- | --- | --- | --- |")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        for each in attempts(Path(folder)):
            came_back = each.came_back.replace("|", "\\|").replace("\n", " ")
            end = "held" if each.held else "THROUGH"
            print(f"| {each.section} | {each.tried} | {came_back} | {end} |", flush=True)
            failed += not each.held
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
