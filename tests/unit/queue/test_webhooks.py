"""Calls are signed, go to nobody but the receiver, and wait for nobody for long."""

import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import openai
import pytest
import standardwebhooks
import trustme

from richspeech.queue.receivers import Receivers
from richspeech.queue.webhooks import Answer, Delivery, Failure, Webhooks
from richspeech.settings import WebhookSettings
from tests.receiver import SECRET, Call, receiving

BODY = json.dumps({"type": "job.finished", "data": {"name": "会议.wav"}}, ensure_ascii=False)


def delivery_to(url: str) -> Delivery:
    return Delivery("msg_1", url, BODY)


def webhooks_of(settings: WebhookSettings, tls: ssl.SSLContext | None = None) -> Webhooks:
    return Webhooks(SECRET, Receivers(settings), settings.timeout_seconds, tls)


def verified_by_openai(call: Call, secret: str = SECRET) -> bool:
    client = openai.OpenAI(api_key="none", webhook_secret=secret)
    try:
        client.webhooks.verify_signature(call.body, call.headers)
    except openai.InvalidWebhookSignatureError:
        return False
    return True


# What a receiver gets -----------------------------------------------------------------------------


def test_openais_client_and_the_package_verify_a_call() -> None:
    with receiving() as receiver:
        answer = webhooks_of(receiver.settings()).send(delivery_to(receiver.url))
    (call,) = receiver.calls
    assert answer == Answer(200)
    assert (call.path, call.body.decode()) == ("/heard", BODY)
    assert call.headers["Content-Type"] == "application/json"
    assert verified_by_openai(call)
    assert standardwebhooks.Webhook(SECRET).verify(call.body, dict(call.headers))["type"]


def test_what_was_changed_or_signed_by_others_is_not_verified() -> None:
    with receiving() as receiver:
        webhooks_of(receiver.settings()).send(delivery_to(receiver.url))
    (call,) = receiver.calls
    assert not verified_by_openai(Call(call.path, call.headers, call.body + b" "))
    assert not verified_by_openai(call, f"whsec_{'A' * 44}")


def test_each_attempt_has_its_own_time_and_the_same_name() -> None:
    times = iter([1_000.9, 2_000.0])
    with receiving() as receiver:
        settings = receiver.settings()
        webhooks = Webhooks(SECRET, Receivers(settings), 5, seconds_now=lambda: next(times))
        for _ in range(2):
            webhooks.send(delivery_to(receiver.url))
    assert [call.headers["webhook-id"] for call in receiver.calls] == ["msg_1"] * 2
    assert [call.headers["webhook-timestamp"] for call in receiver.calls] == ["1000", "2000"]
    assert len({call.headers["webhook-signature"] for call in receiver.calls}) == 2


# What a receiver may answer -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "is_accepted", "is_final"),
    [(200, True, True), (204, True, True), (410, False, True), (404, False, False)]
    + [(status, False, False) for status in (302, 429, 500, 503)],
)
def test_a_status_says_whether_it_is_there_and_whether_to_try_again(
    status: int, is_accepted: bool, is_final: bool
) -> None:
    with receiving(status) as receiver:
        answer = webhooks_of(receiver.settings()).send(delivery_to(receiver.url))
    assert (answer.is_accepted, answer.is_final) == (is_accepted, is_final)
    assert str(answer) == str(status)


@pytest.mark.parametrize(
    ("said", "seconds"), [(b"120", 120), (b"-1", 0), (b"999999", 0), (b"Sat, 28 Nov 2026", 0)]
)
def test_a_receiver_may_ask_to_be_left_alone_for_a_while(said: bytes, seconds: int) -> None:
    with saying(b"HTTP/1.1 503 Busy\r\nRetry-After: " + said + b"\r\n\r\n") as origin:
        assert sent_to(origin) == Answer(503, later_seconds=seconds)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving() as other, receiving(status, location=other.url) as receiver:
        settings = receiver.settings(origins=[receiver.origin, other.origin])
        answer = webhooks_of(settings).send(delivery_to(receiver.url))
    assert (answer, other.calls) == (Answer(status), [])


def test_a_receiver_that_never_answers_is_not_waited_for() -> None:
    with receiving(silent=threading.Event()) as receiver:
        webhooks = webhooks_of(receiver.settings(timeout_seconds=0.3))
        answer = webhooks.send(delivery_to(receiver.url))
    assert answer == Answer(failure=Failure.TIMEOUT)
    assert not answer.is_final


@contextmanager
def saying(*parts: bytes, pause_seconds: float = 0.0) -> Iterator[str]:
    """Serve one connection with these bytes, once the whole call has come."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            came = b""
            while not came.endswith(BODY.encode()):
                came += connection.recv(65_536)
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause_seconds)
            except OSError:
                return  # nobody listens any more

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(60)
        assert not thread.is_alive()


def sent_to(origin: str, **others: object) -> Answer:
    given = {"secret": SECRET, "origins": [origin], **others}
    return webhooks_of(WebhookSettings.model_validate(given)).send(delivery_to(f"{origin}/heard"))


def test_a_byte_now_and_then_does_not_keep_a_call_alive() -> None:
    with saying(*[b"H"] * 40, pause_seconds=0.1) as origin:
        assert sent_to(origin, timeout_seconds=0.5) == Answer(failure=Failure.TIMEOUT)


def test_of_an_endless_answer_nothing_is_read_but_its_status() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    with saying(head, *[b"x" * 65_536] * 1_000) as origin:
        assert sent_to(origin) == Answer(200)


def test_endless_headers_are_not_read() -> None:
    with saying(b"HTTP/1.1 200 OK\r\n", *[b"a: " + b"x" * 65_536 + b"\r\n"] * 100) as origin:
        assert sent_to(origin) == Answer(failure=Failure.NOT_HTTP)


@pytest.mark.parametrize("words", [b"SSH-2.0-something\r\n", b"", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_answers_otherwise_than_in_http_is_no_receiver(words: bytes) -> None:
    with saying(words) as origin:
        assert sent_to(origin) == Answer(failure=Failure.NOT_HTTP)


def test_nobody_at_the_port_is_a_failure_to_try_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert sent_to(origin) == Answer(failure=Failure.UNREACHABLE)


# Who is called ------------------------------------------------------------------------------------


def test_an_origin_that_is_no_longer_allowed_is_not_called() -> None:
    with receiving() as receiver:
        settings = receiver.settings(origins=["https://hooks.example.org"])
        answer = webhooks_of(settings).send(delivery_to(receiver.url))
    assert (answer, receiver.calls) == (Answer(failure=Failure.FORBIDDEN), [])


def test_a_name_that_leads_to_this_machine_is_called_only_if_its_address_is_listed() -> None:
    with receiving() as receiver:
        named = receiver.origin.replace("127.0.0.1", "localhost")
        assert sent_to(named) == Answer(failure=Failure.FORBIDDEN)
        assert receiver.calls == []
        assert sent_to(named, networks=["127.0.0.1"]) == Answer(200)
    assert receiver.calls[0].headers["Host"] == named.removeprefix("http://")


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        assert sent_to(receiver.origin) == Answer(200)
    assert (len(receiver.calls), proxy.calls) == (1, [])


def served_as(name: str, authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("certified", "expected"),
    [("localhost", Answer(200)), ("other.example", Answer(failure=Failure.UNREACHABLE))],
)
def test_the_certificate_has_to_be_that_of_the_name(certified: str, expected: Answer) -> None:
    authority, trusting = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusting)
    with receiving(tls=served_as(certified, authority)) as receiver:
        named = receiver.origin.replace("127.0.0.1", "localhost")
        settings = receiver.settings(origins=[named], networks=["127.0.0.1"])
        assert webhooks_of(settings, trusting).send(delivery_to(f"{named}/heard")) == expected
        assert webhooks_of(settings).send(delivery_to(named)) == Answer(failure=Failure.UNREACHABLE)
    assert len(receiver.calls) == expected.is_accepted


def test_neither_secret_nor_path_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with receiving(500) as receiver:
        webhooks_of(receiver.settings()).send(delivery_to(f"{receiver.origin}/token"))
    assert [word for word in (SECRET, "token") if word in caplog.text] == []


def test_without_a_secret_nobody_is_called() -> None:
    assert Webhooks.of(WebhookSettings()) is None
