"""Webhooks: those who want to know that a job is over are called.

After the specification of Standard Webhooks (https://www.standardwebhooks.com): a POST of JSON with
``webhook-id``, the same for each attempt, ``webhook-timestamp``, Unix seconds of this attempt, and
``webhook-signature``, an HMAC-SHA256 of both and the body. 2xx says that it is there, 410 that
nobody wants it; all else is tried again, redirects included: they are not followed.
"""

import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import httpcore2
from standardwebhooks import Webhook

from richspeech.errors import OptionError
from richspeech.model.web_address import WebAddress
from richspeech.queue.receivers import Connections, ForbiddenError, Receivers
from richspeech.settings import WebhookSettings

GONE = 410
RETRY_AFTER = re.compile(rb"\d{1,5}")
"""Seconds, of a day or so at most; the other form, a date, is not read."""


@dataclass(frozen=True)
class Delivery:
    """What somebody is told."""

    id: str
    """The same for all attempts, by which a receiver knows one that came twice."""
    url: str
    body: str
    """JSON."""


class Failure(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    """It did not come in time."""
    UNREACHABLE = "unreachable"
    """No such name, no connection, or a certificate that is not the name's."""
    NOT_HTTP = "not_http"
    """Something answered that was no HTTP."""
    FORBIDDEN = "forbidden"
    """The settings do not allow the origin (any more), or any address behind its name."""


@dataclass(frozen=True)
class Answer:
    """What came of one attempt: a status of HTTP, or else a failure."""

    status: int | None = None
    failure: Failure | None = None
    later_seconds: int = 0
    """How long the receiver wants to be left alone (``Retry-After``)."""

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether another attempt is of no use: it is there, or nobody wants it."""
        return self.is_accepted or self.status == GONE

    def __str__(self) -> str:
        return str(self.failure or self.status)


class Webhooks:
    """Calls receivers; for all threads."""

    def __init__(
        self,
        secret: str,
        receivers: Receivers,
        timeout_seconds: float,
        tls: ssl.SSLContext | None = None,
        seconds_now: Callable[[], float] = time.time,
    ) -> None:
        """``tls`` says which certificates are trusted; those of the system unless given."""
        self._secret, self._receivers = Webhook(secret), receivers
        self._seconds, self._tls, self._seconds_now = timeout_seconds, tls, seconds_now

    @classmethod
    def of(cls, settings: WebhookSettings) -> "Webhooks | None":
        """Return what the settings say; None where nobody may be called."""
        if settings.secret is None:
            return None
        return cls(settings.secret, Receivers(settings), settings.timeout_seconds)

    def send(self, delivery: Delivery) -> Answer:
        """Call once, and wait for the status; of what else is answered nothing is read."""
        try:
            return self._post(self._receivers.require(delivery.url), delivery)
        except (OptionError, ForbiddenError):
            return Answer(failure=Failure.FORBIDDEN)
        except httpcore2.TimeoutException:
            return Answer(failure=Failure.TIMEOUT)
        except httpcore2.NetworkError:
            return Answer(failure=Failure.UNREACHABLE)
        except httpcore2.ProtocolError:
            return Answer(failure=Failure.NOT_HTTP)

    def _post(self, address: WebAddress, delivery: Delivery) -> Answer:
        url = httpcore2.URL(
            scheme=address.scheme, host=address.host, port=address.port, target=address.target
        )
        connections = Connections(self._receivers, self._seconds)
        # It knows no proxies, no redirects and no cookies, and is closed with what was not read.
        with (
            httpcore2.ConnectionPool(self._tls, network_backend=connections) as pool,
            pool.stream(
                "POST",
                url,
                headers=self._headers(address, delivery),
                content=delivery.body.encode(),
            ) as response,
        ):
            return Answer(response.status, later_seconds=_later_seconds(response))

    def _headers(self, address: WebAddress, delivery: Delivery) -> dict[str | bytes, str | bytes]:
        # The package takes the hours and minutes for UTC whatever zone they are of.
        now = datetime.fromtimestamp(int(self._seconds_now()), UTC)
        return {
            "Host": address.authority,
            "Content-Type": "application/json",
            "User-Agent": "Hear",
            "Connection": "close",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._secret.sign(delivery.id, now, delivery.body),
        }


def _later_seconds(response: httpcore2.Response) -> int:
    named = (value for name, value in response.headers if name.lower() == b"retry-after")
    said = next(named, b"")
    return int(said) if RETRY_AFTER.fullmatch(said) else 0
