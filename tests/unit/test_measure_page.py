"""The visitors of scripts/measure_page.py do what a browser did, each under a name of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scripts.measure_page import Asked, Visit, Visitor

WINDOW = "0123456789abcdef" * 2
COOKIE = "browser=one"
"""Without it nobody is let on, once they have had it."""


def join(*data: object) -> Asked:
    return Asked(
        "POST", "/gradio_api/queue/join", json.dumps({"data": data, "session_hash": "old"})
    )


FIRST, SECOND, THIRD = join("en", WINDOW), join(1), join(2)
BROWSER = (
    Asked("GET", "/", None),
    Asked("GET", "/assets/a.js", None),
    Asked("GET", "/health", None),
    Asked("GET", "/gradio_api/heartbeat/old", None),
    FIRST,
    Asked("GET", "/gradio_api/queue/data?session_hash=old", None),
    SECOND,
    THIRD,
    Asked("GET", "/gradio_api/queue/data?session_hash=old", None),
)


@contextmanager
def served() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """A port, and what is asked for there."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/" and self.headers["Cookie"] != COOKIE:
                self.send_error(403)
                return
            asked.append((self.path, ""))
            self.answer(b'data: {"msg": "close_stream"}\n\n')

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, body.decode()))
            self.answer(b"{}")

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", f"{COOKIE}; HttpOnly")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


def test_what_a_browser_asked_for_is_sorted_into_files_and_groups_of_events() -> None:
    visit = Visit.of(BROWSER)
    assert visit == Visit("old", BROWSER[:2], ((FIRST,), (SECOND, THIRD)))


def test_a_visitor_asks_for_the_same_under_a_name_of_its_own() -> None:
    with served() as (port, asked):
        for _ in range(2):
            Visitor(port, Visit.of(BROWSER)).come(has_files=False)
    half = len(asked) // 2
    paths = [path.split("=")[0] for path, _ in asked[:half]]
    data, posts = "/gradio_api/queue/data?session_hash", "/gradio_api/queue/join"
    assert [path for path in paths if "heartbeat" not in path] == (
        ["/", "/assets/a.js", posts, data, posts, data, posts]
    )
    bodies = [json.loads(body) for _, body in asked if body]
    names = {body["session_hash"] for body in bodies}
    windows = {body["data"][1] for body in bodies if body["data"][0] == "en"}
    assert len(names) == len(windows) == 2
    assert "old" not in names
    assert WINDOW not in windows


def test_a_visitor_who_has_the_files_asks_for_the_page_alone() -> None:
    with served() as (port, asked):
        Visitor(port, Visit.of(BROWSER)).come(has_files=True)
    assert [path for path, _ in asked if "gradio_api" not in path] == ["/"]
