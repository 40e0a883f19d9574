"""The whole application on a real port, with whatever service a test gives it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from richspeech.app import application
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.operations.metrics import Metrics
from richspeech.service import Service, build
from richspeech.settings import load_settings
from richspeech.storage.quota import Quota
from tests.sockets import listening


def service_of(loaded: Loaded | None, **settings: Any) -> Service:
    """A service without a history whose engine is there, or is still being loaded."""
    readiness = Readiness()
    if loaded is not None:
        readiness.load(lambda: loaded)
    own: dict[str, Any] = {
        "model": {"id": "embedded", "device": "cpu"},
        "voices": {"id": "embedded"},
    }
    return build(load_settings(**{**own, **settings}), readiness)


@contextmanager
def served(service: Service, folder: Path) -> Iterator[str]:
    """The address of the application; what is uploaded lies in the folder."""
    app = application(service, Quota(folder, 10**10, 10**10), Metrics())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with listening() as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
