"""Composition root: arguments → Settings → models → API and console on one port."""

import argparse
import logging
import os
import signal
import socket
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from richspeech.errors import RichSpeechError, SettingsError
from richspeech.settings import CONFIG, ROOT, Settings, load_settings

log = logging.getLogger("richspeech.app")


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 1 when the settings, the port or the model do not allow it."""
    arguments = parse_arguments(argv)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("httpx", "numba", "matplotlib"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        settings = load_settings(arguments.config, **overrides(arguments))
        with bound_socket(settings.server.host, settings.server.port) as listener:
            serve(settings, listener)
    except RichSpeechError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        log.info("stopped")
    return 0


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is not given stays None and leaves the settings as they are."""
    parser = argparse.ArgumentParser(description="Rich speech transcription: the web console.")
    parser.add_argument("--config", type=Path, default=CONFIG, help="settings file (config.yaml)")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (6006)")
    parser.add_argument("--model", help="embedded, a ModelScope id or a model folder")
    parser.add_argument("--device", help="cuda:0, cpu, …")
    return parser.parse_args(argv)


def overrides(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Sort what the command line gives into the groups of the settings."""
    server = {"host": arguments.host, "port": arguments.port}
    model = {"id": arguments.model, "device": arguments.device}
    groups = {"server": server, "model": model}
    return {
        name: {key: value for key, value in group.items() if value is not None}
        for name, group in groups.items()
    }


def bound_socket(host: str, port: int) -> socket.socket:
    """Take the address before the models are loaded; it listens only once they are."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError as error:
        message = f"The host {host} is no address of this machine; give another one with --host."
        raise SettingsError(message) from error
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        message = (
            f"Port {port} on {host} cannot be used ({error.strerror}); "
            "stop what uses it or give another one with --port."
        )
        raise SettingsError(message) from error
    return listener


def serve(settings: Settings, listener: socket.socket) -> None:
    """Load the models and answer requests; uploads live in a folder that goes with the process."""
    # uvicorn raises the signal that stopped it again; this way the folder below is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="richspeech-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        quieten_gradio(folder)
        # These imports take seconds and torch; a help text or a settings error needs neither.
        import uvicorn  # noqa: PLC0415
        from fastapi import Depends  # noqa: PLC0415

        from richspeech import console, loader  # noqa: PLC0415
        from richspeech.api.app import create_app  # noqa: PLC0415
        from richspeech.api.login import require_login  # noqa: PLC0415

        loaded = loader.load(settings)
        log.info("model %s (%s): %s", loaded.weights.name, loaded.device, loaded.weights.reason)
        app = create_app(loaded, version())
        console.mount(app, loaded, settings, version(), [Depends(require_login)])
        sys.stdout.write(welcome(settings.server.host, settings.server.port))
        sys.stdout.flush()
        config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


def quieten_gradio(folder: str) -> None:
    """Set what gradio reads from the environment while it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = folder


def version() -> str:
    """Read the version of this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def welcome(host: str, port: int) -> str:
    """Say where the page is, here and from another machine."""
    shown = f"[{host}]" if ":" in host else host
    return (
        f"\nHear: http://{shown}:{port}\n"
        f"From another machine: ssh -L {port}:127.0.0.1:{port} USER@{socket.gethostname()}"
        f"  then open http://127.0.0.1:{port}\n\n"
    )


if __name__ == "__main__":
    sys.exit(main())
