"""Looks at a server while others work: its memory, and how soon it says that it lives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scripts.load.idle import idle_server
from scripts.measure_page import probed
from scripts.server import Server

LIVEZ = "/livez"
PROBE_PORT = "RICHSPEECH_OPERATIONS__PROBE_PORT"
SECONDS_BETWEEN_LOOKS = 1.0
FIRST_LOOKS = 60
"""Those of the first minute: what is needed then is what the process needs."""


@dataclass
class Seen:
    """What was seen."""

    megabytes: list[float] = field(default_factory=list)
    """Resident memory, once a second, of all its processes."""
    livez_seconds: list[float] = field(default_factory=list)
    processor_seconds: float = 0.0
    pulse_seconds: list[float] = field(default_factory=list)
    """What /livez took at the port for probes."""
    idle_seconds: list[float] = field(default_factory=list)
    """What a server beside it took that does nothing."""

    @property
    def growth_megabytes(self) -> float:
        """Most memory after the first minute beyond the most within it; 0 in a shorter time."""
        first, later = self.megabytes[:FIRST_LOOKS], self.megabytes[FIRST_LOOKS:]
        return max(later) - max(first) if later else 0.0


@contextmanager
def watched(server: Server) -> Iterator[Seen]:
    """Look until the block is left; then all is there. It has to have a port for probes."""
    seen, done = Seen(), threading.Event()

    def look() -> None:
        while not done.wait(SECONDS_BETWEEN_LOOKS):
            seen.megabytes.append(server.family_megabytes)

    looking = threading.Thread(target=look)
    before, port = server.processor_seconds, int(server.environment[PROBE_PORT])
    with (
        idle_server() as idle,
        probed(server.port, LIVEZ) as probes,
        probed(port, LIVEZ) as pulses,
        probed(idle) as idles,
    ):
        looking.start()
        try:
            yield seen
        finally:
            done.set()
            looking.join()
            seen.processor_seconds = server.processor_seconds - before
    seen.livez_seconds, seen.pulse_seconds, seen.idle_seconds = probes(), pulses(), idles()
