"""A real server that webhooks come to; it answers as a test says."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from richspeech.settings import WebhookSettings

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105
"""Digits and letters in base64; of no use to anybody."""


@dataclass(frozen=True)
class Call:
    """What has come."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with one status after the other, then with the last again and again."""

    answers: list[int] = field(default_factory=lambda: [200])
    location: str | None = None
    """What it says beside each status."""
    silent: threading.Event | None = None
    """If given, nothing is answered before it is set."""
    calls: list[Call] = field(default_factory=list)
    origin: str = ""

    @property
    def url(self) -> str:
        return f"{self.origin}/heard"

    def settings(self, **others: object) -> WebhookSettings:
        """Those that allow this receiver alone."""
        given = {"secret": SECRET, "origins": [self.origin], "retry_seconds": [0.05] * 5, **others}
        return WebhookSettings.model_validate(given)


@contextmanager
def receiving(
    *answers: int,
    location: str | None = None,
    silent: threading.Event | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Receiver]:
    """Serve on loopback, at a port that is free."""
    receiver = Receiver(list(answers) or [200], location, silent)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append(Call(self.path, dict(self.headers), body))
            if receiver.silent is not None:
                receiver.silent.wait()
            answers = receiver.answers
            self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
            if receiver.location is not None:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.origin = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            if silent is not None:
                silent.set()
            server.shutdown()
