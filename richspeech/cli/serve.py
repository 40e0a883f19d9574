"""``python -m richspeech serve``: the console, until it is interrupted."""

import logging
import sys
from dataclasses import dataclass, replace
from typing import Any

from cyclopts import Parameter

from richspeech.app import bound_socket
from richspeech.app import serve as answer
from richspeech.cli.options import Weights
from richspeech.places import own_config

EXAMPLES = ("serve", "serve --port 7000 --model embedded")

log = logging.getLogger(__name__)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Console(Weights):
    """Address, port and weights."""

    host: str | None = None
    """address to listen on (127.0.0.1)"""
    port: int | None = None
    """port to listen on (6006)"""
    history_aside: bool = False
    """move a damaged history aside and begin a new one"""

    def _asked(self, group: str) -> dict[str, dict[str, Any]]:
        address = {"host": self.host, "port": self.port}
        server = {key: value for key, value in address.items() if value is not None}
        return super()._asked(group) | {"server": server}


CONSOLE = Console()


def serve(*, console: Console = CONSOLE) -> int:
    """Start the web console.

    The status is 1 when the settings, the port or the model do not allow it.
    """
    # structlog takes as long to import as the rest of the command.
    from richspeech.operations.logs import logs_written  # noqa: PLC0415

    console = replace(console, config=own_config(console.config))
    settings = console.settings()
    with logs_written(settings.operations, sys.stdout):
        try:
            with bound_socket(settings.server.host, settings.server.port) as listener:
                answer(settings, listener, console.config, history_aside=console.history_aside)
        except KeyboardInterrupt:
            log.info("stopped")
    return 0
