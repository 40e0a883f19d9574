"""Who may be called, and connections that lead to them alone.

A name leads wherever its owner says, and elsewhere a moment later. So for each connection the
addresses behind it are judged, and one of those is connected to; the certificate has to be that of
the name all the same.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import httpcore2

from richspeech.errors import OptionError
from richspeech.model.web_address import WebAddress
from richspeech.settings import WebhookSettings

Address = IPv4Address | IPv6Address

UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6 so far; embedded and local addresses lie beyond."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the whole internet, and of no private network within.

    ``is_global`` alone also holds for multicast, for site-local addresses, and for those that carry
    one of IPv4 within, whichever that is.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return address.is_global and address in UNICAST and address.sixtofour is None


class ForbiddenError(Exception):
    """A name leads to no address that may be called."""


class Receivers:
    """Those that the settings allow."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._origins, self._networks = settings.origins, settings.networks

    def require(self, url: str) -> WebAddress:
        """Return an address that may be called as far as its text tells; raises ``OptionError``."""
        try:
            address = WebAddress.read(url)
        except ValueError as error:
            raise OptionError("webhook.address") from error
        if address.origin not in self._origins:
            raise OptionError("webhook.origin", origin=address.origin)
        return address

    def addresses(self, host: str, port: int) -> Sequence[Address]:
        """Return where a host may be reached; raises ``ForbiddenError`` when that is nowhere.

        Raises ``OSError`` when the name leads nowhere at all.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # The same address may come twice, and one of a link has its interface behind it.
        addresses = dict.fromkeys(ipaddress.ip_address(str(each[4][0])) for each in found)
        allowed = [each for each in addresses if self._may_call(each, host)]
        if not allowed:
            raise ForbiddenError
        return allowed

    def _may_call(self, address: Address, host: str) -> bool:
        """Tell whether an address is public, or listed, or in a network that is."""
        is_listed = host == str(address) or any(address in each for each in self._networks)
        return is_listed or is_public(address)


class Connections(httpcore2.NetworkBackend):
    """Connections to receivers, for one request, which is over at a given moment."""

    def __init__(self, receivers: Receivers, seconds: float) -> None:
        self._receivers, self._until = receivers, time.monotonic() + seconds
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the moment counts
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers of those that may be called."""
        try:
            addresses = self._receivers.addresses(host, port)
        except (OSError, UnicodeError) as error:  # the latter for a label of over 63 letters
            raise httpcore2.ConnectError(str(error)) from error
        failure: httpcore2.NetworkError | None = None
        for address in addresses:
            try:
                stream = self._network.connect_tcp(
                    str(address), port, seconds_until(self._until), local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                failure = error
            else:
                return _Stream(stream, self._until)
        raise failure or httpcore2.ConnectError


def seconds_until(moment: float) -> float:
    """Return what is left of the time; raises ``TimeoutException`` when nothing is."""
    seconds = moment - time.monotonic()
    if seconds <= 0:
        raise httpcore2.ReadTimeout
    return seconds


class _Stream(httpcore2.NetworkStream):
    """Ends at a moment, even if a byte comes now and then, which would renew every time-out."""

    def __init__(self, inner: httpcore2.NetworkStream, until: float) -> None:
        self._inner, self._until = inner, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, seconds_until(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, seconds_until(self._until))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, seconds_until(self._until))
        return _Stream(inner, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()
