"""A real server cuts off who keeps it waiting, and nobody else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from richspeech.api.connection import impatient
from richspeech.api.middleware.bodies import Bodies
from tests.sockets import listening

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def answer(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@contextmanager
def served(seconds: float, connections: int = 100) -> Iterator[tuple[str, int]]:
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    config = uvicorn.Config(
        Bodies(app, seconds),
        http=impatient(seconds),
        limit_concurrency=connections,
        timeout_keep_alive=1,
        log_level="error",
        log_config=None,
    )
    server = uvicorn.Server(config)
    with listening() as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with closing(socket.create_connection(address, timeout=30)) as connection:
        yield connection


def rest_of(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    received = b""
    while chunk := connection.recv(4096):
        received += chunk
    return received


@pytest.mark.parametrize("begun", [b"", b"GET", HEAD])
def test_a_head_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    with served(0.2) as address, connected(address) as slow:
        slow.sendall(begun)
        assert b"200 OK" not in rest_of(slow)


def test_a_second_head_that_stops_in_the_middle_is_cut_off_as_well() -> None:
    with served(0.2) as address, connected(address) as slow:
        slow.sendall(GET)
        slow.sendall(HEAD)
        assert rest_of(slow).count(b"200 OK") == 1


def test_a_body_that_stops_in_the_middle_is_answered_and_cut_off() -> None:
    with served(0.2) as address, connected(address) as slow:
        slow.sendall(HEAD + b"Content-Length: 10\r\n\r\n12345")
        assert b" 408 " in rest_of(slow)


def test_an_answer_may_take_longer_than_a_head() -> None:
    with served(60) as address, connected(address) as patient:
        patient.sendall(HEAD + b"Content-Length: 5\r\nConnection: close\r\n\r\n12345")
        assert rest_of(patient).endswith(b"5")


def test_a_connection_too_many_is_closed_though_it_asks_for_nothing() -> None:
    with served(60, connections=2) as address, ExitStack() as stack:
        *_, third = (stack.enter_context(connected(address)) for _ in range(3))
        assert rest_of(third) == b""


def test_who_goes_away_in_the_middle_of_a_body_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with served(60) as address:
        with connected(address) as gone:
            gone.sendall(HEAD + b"Content-Length: 500\r\n\r\n123")
        with connected(address) as next_one:
            next_one.sendall(HEAD + b"Content-Length: 1\r\nConnection: close\r\n\r\n1")
            assert rest_of(next_one).endswith(b"1")
    assert caplog.text == ""


def test_more_connections_than_allowed_are_told_so() -> None:
    with served(60, connections=2) as address, connected(address), connected(address) as second:
        second.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert b" 503 " in rest_of(second)
