"""Nobody is called but whom the settings allow, at no address that is not theirs."""

import ipaddress
import socket

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.errors import OptionError
from richspeech.queue.receivers import Connections, ForbiddenError, Receivers, is_public
from richspeech.settings import WebhookSettings
from tests.receiver import SECRET

HOOKS = "https://hooks.example.org"


def allowing(*origins: str, networks: tuple[str, ...] = ()) -> Receivers:
    given = {"secret": SECRET, "origins": origins, "networks": networks}
    return Receivers(WebhookSettings.model_validate(given))


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead there; return those that were looked up."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


# What the text of an address tells ----------------------------------------------------------------


@pytest.mark.parametrize(
    "url", [HOOKS, f"{HOOKS}/heard?job=1#top", f"{HOOKS}:443/", "HTTPS://Hooks.Example.ORG/heard"]
)
def test_an_origin_of_the_settings_may_be_called(url: str) -> None:
    address = allowing(HOOKS).require(url)
    assert (address.origin, address.port) == (HOOKS, 443)
    assert "#" not in str(address)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://hooks.example.org/", "http://hooks.example.org"),
        (f"{HOOKS}:8443/", f"{HOOKS}:8443"),
        (f"{HOOKS}./", f"{HOOKS}."),
        (f"{HOOKS}.evil.example/", f"{HOOKS}.evil.example"),
        ("https://evil.example\\@hooks.example.org/", "https://evil.example"),
        ("https://evil.example\n.hooks.example.org/", "https://evil.example.hooks.example.org"),
        ("https://127.0.0.1/", "https://127.0.0.1"),
        ("https://0x7f.1/", "https://127.0.0.1"),
        ("https://2130706433/", "https://127.0.0.1"),
        ("https://[::1]:80/", "https://[::1]:80"),
    ],
)
def test_any_other_origin_is_refused_by_name(url: str, origin: str) -> None:
    with pytest.raises(OptionError) as refused:
        allowing(HOOKS).require(url)
    assert refused.value.key == "webhook.origin"
    assert f"Webhooks to {origin} are not allowed" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "heard", "ftp://hooks.example.org/", "file:///etc/hostname", "https://", "https:///"),
        *("https://me:word@hooks.example.org/", f"{HOOKS}:99999/", f"{HOOKS}/{'a' * 2_100}"),
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(OptionError, match="A webhook is an address") as refused:
        allowing(HOOKS).require(url)
    assert "word@" not in str(refused.value)


@given(st.text())
def test_whatever_stands_there_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(OptionError):
        allowing(HOOKS).require(text)


def test_nobody_may_be_called_by_default() -> None:
    with pytest.raises(OptionError):
        Receivers(WebhookSettings()).require(HOOKS)


# Where a name leads -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_whole_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.5", "172.16.0.1", "192.168.1.2", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::", "::1"),  # noqa: S104
        *("fe80::1%1", "fc00::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    ],
)
def test_private_addresses_are_not_nor_what_carries_one_within(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_a_name_that_leads_into_a_private_network_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, "127.0.0.1", "::1", "10.0.0.5")
    with pytest.raises(ForbiddenError):
        allowing(HOOKS).addresses("hooks.example.org", 443)


def test_of_several_addresses_the_private_ones_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, "127.0.0.1", "8.8.8.8", "8.8.8.8")
    found = allowing(HOOKS).addresses("hooks.example.org", 443)
    assert [*map(str, found)] == ["8.8.8.8"]


def test_a_private_network_that_is_listed_may_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.1.2.3", "10.2.0.1", "127.0.0.1")
    found = allowing(HOOKS, networks=("10.1.0.0/16",)).addresses("hooks.example.org", 443)
    assert [*map(str, found)] == ["10.1.2.3"]


def test_an_address_that_is_listed_itself_is_no_pass_for_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receivers = allowing(HOOKS, "http://10.0.0.5:8080")
    resolving(monkeypatch, "10.0.0.5")
    assert receivers.addresses("10.0.0.5", 8080)
    with pytest.raises(ForbiddenError):
        receivers.addresses("hooks.example.org", 443)


# Connections --------------------------------------------------------------------------------------


def test_the_address_that_was_judged_is_connected_to_and_the_name_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        asked = resolving(monkeypatch, "127.0.0.1")
        connected: list[object] = []

        def connect(_: object, *where: object) -> httpcore2.NetworkStream:
            connected.append(where[:2])
            return httpcore2.NetworkStream()

        monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
        receivers = allowing("http://hooks.example.org", networks=("127.0.0.1",))
        Connections(receivers, 5).connect_tcp("hooks.example.org", port)
    assert (asked, connected) == (["hooks.example.org"], [("127.0.0.1", port)])


def test_an_address_that_does_not_answer_is_followed_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        network = httpcore2.SyncBackend()
        real = network.connect_tcp
        tried: list[str] = []

        def connect(_: object, host: str, *others: object) -> httpcore2.NetworkStream:
            tried.append(host)
            if host == "127.0.0.2":
                raise httpcore2.ConnectError
            return real(host, *others)  # type: ignore[arg-type]

        resolving(monkeypatch, "127.0.0.2", "127.0.0.1")
        monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
        # The real one looks an address up as well, which leads to itself.
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: server)
        receivers = allowing("http://hooks.example.org", networks=("127.0.0.0/8",))
        Connections(receivers, 5).connect_tcp("hooks.example.org", port)
    assert tried == ["127.0.0.2", "127.0.0.1"]


def test_a_name_that_does_not_exist_is_an_error_of_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(httpcore2.ConnectError, match="no such name"):
        Connections(allowing(HOOKS), 5).connect_tcp("hooks.example.org", 443)
