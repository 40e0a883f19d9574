"""Composition root: settings → models → API and console on one port."""

import inspect
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from richspeech.errors import SettingsError
from richspeech.extras import extra
from richspeech.memory import few_arenas, freeze
from richspeech.operations.pulse import BEAT_SECONDS, Pulse
from richspeech.settings import Settings
from richspeech.storage.workspace import workspace
from richspeech.version import version

if TYPE_CHECKING:
    import uvicorn

    from richspeech.api.middleware.requests import Requests
    from richspeech.console.sessions import Sessions
    from richspeech.engines.loader import Loaded
    from richspeech.engines.readiness import Readiness
    from richspeech.jobs.runner import Runner
    from richspeech.operations.metrics import Metrics
    from richspeech.operations.tracing import Tracing
    from richspeech.service import Service
    from richspeech.storage.quota import Quota

log = logging.getLogger("richspeech.app")

SWEEPS_IN_A_LIFE = 60
"""How often old uploads are looked for in the time for which they are kept."""
LONGEST_SECONDS_BETWEEN_SWEEPS = 60


def bound_socket(host: str, port: int) -> socket.socket:
    """Take the address before anything slow; it listens once there is something to show."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError as error:
        raise SettingsError("app.host", host=host) from error
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise SettingsError("app.port", port=port, host=host, why=str(error.strerror)) from error
    return listener


def serve(
    settings: Settings, listener: socket.socket, config_file: Path, *, history_aside: bool = False
) -> None:
    """Answer requests while the models load; uploads live in a folder that goes with the process.

    The page may put rules into ``config_file``, if the settings allow it. Raises what ended the
    loading, if it failed: then there is nothing to serve.
    """
    few_arenas()
    # Before and after uvicorn has the signals, this way the folder below is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        wyoming = None
        if settings.wyoming.port is not None:
            place = bound_socket(settings.wyoming.host, settings.wyoming.port)
            wyoming = stack.enter_context(place)
        pulse, probe_port = Pulse(), settings.operations.probe_port
        if probe_port is not None:
            place = bound_socket(settings.server.host, probe_port)
            stack.enter_context(pulse.told(stack.enter_context(place)))
        folder = stack.enter_context(workspace())
        tempfile.tempdir = str(folder)
        quieten_gradio(str(folder))
        # These imports take seconds and torch; a help text or a settings error needs neither.
        import uvicorn  # noqa: PLC0415

        from richspeech.api.connection import impatient  # noqa: PLC0415
        from richspeech.api.server import SECONDS_TO_LEAVE, Server  # noqa: PLC0415
        from richspeech.jobs.observer import Observers  # noqa: PLC0415
        from richspeech.operations.metrics import Metrics  # noqa: PLC0415
        from richspeech.service import open_service  # noqa: PLC0415
        from richspeech.storage.quota import Quota  # noqa: PLC0415

        limits = settings.limits
        quota = Quota(folder, limits.upload_total_bytes, limits.upload_window_bytes)
        metrics, tracing = Metrics(), stack.enter_context(traced(settings))
        observer = Observers(metrics, tracing) if tracing else metrics
        opening = open_service(
            settings,
            config_file,
            quota,
            history_aside=history_aside,
            queues=True,
            observer=observer,
            reads_aside=True,
        )
        service = stack.enter_context(opening)
        metrics.watch(service.runner, service.transcribers, service.durable.store)
        if wyoming is not None:
            serve_wyoming(service, wyoming)
        app = application(service, quota, metrics, tracing)
        config = uvicorn.Config(
            app,
            http=impatient(settings.server.header_seconds),
            limit_concurrency=settings.server.connections,
            proxy_headers=bool(settings.server.proxies),
            forwarded_allow_ips=list(settings.server.proxies),
            server_header=False,
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=SECONDS_TO_LEAVE,
            callback_notify=pulse.beat,
            timeout_notify=BEAT_SECONDS,
        )
        announce(settings.server.host, settings.server.port)
        server = Server(
            config,
            settings.server.stop_seconds,
            partial(end_work, service.runner, app),
            partial(end_process, folder),
        )
        with service.at_work(), service.telling():
            run(server, listener, service.readiness, service.transcribers.load_main)


def serve_wyoming(service: "Service", listener: socket.socket) -> None:
    """Answer Home Assistant's protocol in a thread of its own, which goes with the process.

    Raises ``SettingsError`` where its package is not installed.
    """
    with extra("wyoming"):
        from richspeech.api.wyoming import Wyoming  # noqa: PLC0415 - not everybody has it
    server = Wyoming(service, service.settings.wyoming, version())
    threading.Thread(target=server.run, args=(listener,), name="wyoming", daemon=True).start()
    log.info("Wyoming is spoken at port %d", listener.getsockname()[1])


@contextmanager
def traced(settings: Settings) -> Iterator["Tracing | None"]:
    """Trace, if the settings say where to; raises ``SettingsError`` without the extra for it."""
    if settings.operations.otlp_endpoint is None:
        yield None
        return
    with extra("telemetry", "opentelemetry"):
        from richspeech.operations.tracing import tracing_to  # noqa: PLC0415 - not everybody has it

        opening = tracing_to(settings.operations.otlp_endpoint)
    with opening as tracing:
        yield tracing


def end_work(runner: "Runner", requests: "Requests", seconds: float, more_seconds: float) -> None:
    """Let those who have asked get their answers, and what has begun end; then stop the rest.

    Who is still sending a recording has asked as well.
    """
    began = time.monotonic()
    runner.wind_up()
    requests.let_programs_end(seconds)
    runner.close(max(0.0, seconds - (time.monotonic() - began)), more_seconds)


def end_process(folder: Path) -> None:
    """End now, whatever goes on: only the folder of the uploads goes first."""
    log.warning("the process ends before everything in it has")
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def application(
    service: "Service", quota: "Quota", metrics: "Metrics", tracing: "Tracing | None" = None
) -> "Requests":
    """Put API, login, uploads, live and page behind the middleware.

    ``quota`` bounds uploads; ``metrics`` count requests, and are shown; ``tracing`` makes spans.
    """
    with gradio_without_stubs():
        from richspeech import console  # noqa: PLC0415 - gradio takes seconds
    from richspeech.api.app import create_app  # noqa: PLC0415
    from richspeech.api.gradio_client import config_route  # noqa: PLC0415
    from richspeech.api.live import live_route  # noqa: PLC0415
    from richspeech.api.login import add_login  # noqa: PLC0415
    from richspeech.api.middleware.build import middleware_of  # noqa: PLC0415
    from richspeech.api.middleware.requests import Requests  # noqa: PLC0415
    from richspeech.api.operations import metrics_route, probes  # noqa: PLC0415
    from richspeech.api.phone import Phones, phone_routes  # noqa: PLC0415
    from richspeech.api.root_page import captions_route, file_routes, root_route  # noqa: PLC0415
    from richspeech.api.screen import Screens, screen_routes  # noqa: PLC0415
    from richspeech.api.surface import Surface  # noqa: PLC0415
    from richspeech.api.surfaces import surfaces  # noqa: PLC0415
    from richspeech.api.unknown import ANSWERS  # noqa: PLC0415
    from richspeech.api.uploads import Uploads  # noqa: PLC0415
    from richspeech.operations.parts import Parts  # noqa: PLC0415

    settings, readiness = service.settings, service.readiness
    store = service.history.store if service.history else None
    parts = Parts(readiness, service.runner, store.require_reachable if store else None)
    app, limits = (
        create_app(parts, version(), tracing.of_requests if tracing else {}),
        settings.limits,
    )
    accounts = service.accounts
    middleware = middleware_of(settings.server, accounts, settings.privacy)
    if middleware.logins is not None:
        add_login(app, accounts, middleware.logins, middleware.cookies, console.login_page)
    protocols = (*surfaces(service, quota, console.lost_link_page), Surface(metrics_route(metrics)))
    for protocol in protocols:
        app.include_router(protocol.router)
    phones = Phones(settings.live.phone_seconds)
    live = partial(
        live_route,
        phones=phones,
        sessions=service.live_sessions,
        readiness=readiness,
        with_stages=service.transcribers.with_stages,
        defaults=service.defaults,
        settings=settings.live,
    )
    windows = console.mount(
        app,
        service,
        version(),
        routes=lambda page: [
            Uploads(page.windows, quota, limits.max_bytes, page.progress).route,
            live(page.live),
            config_route(page.programs),
            root_route(page.root_page),
            captions_route(page.root_page),
            *phone_routes(phones, page.root_page),
            *screen_routes(Screens(settings.live.phone_seconds), page.root_page),
            *file_routes(page.root_page),
        ],
        answers=ANSWERS,
    )
    threading.Thread(target=sweep_often, args=(windows, limits.keep_seconds), daemon=True).start()
    known = (Surface(probes(parts, version())), *protocols)
    return Requests(middleware.around(app, windows, known), metrics)


def sweep_often(windows: "Sessions", keep_seconds: float) -> None:
    """Delete what is old, again and again, a little before it is ``keep_seconds`` old."""
    while True:
        time.sleep(min(keep_seconds / SWEEPS_IN_A_LIFE, LONGEST_SECONDS_BETWEEN_SWEEPS))
        try:
            windows.sweep()
        except OSError as error:
            log.warning("Old uploads could not be deleted (%s); trying again.", error.strerror)


def run(
    server: "uvicorn.Server",
    listener: socket.socket,
    readiness: "Readiness",
    load: Callable[[], "Loaded"],
) -> None:
    """Serve until told to end, and load meanwhile; raises what ended the loading."""

    def load_or_leave() -> None:
        readiness.load(load)
        freeze()
        if readiness.error is not None:
            server.should_exit = True
        if (loaded := readiness.loaded) is not None and loaded.remedy is not None:
            log.warning("%s", loaded.remedy)

    from richspeech.api.middleware.requests import is_of_denied  # noqa: PLC0415
    from richspeech.api.unknown import is_answered  # noqa: PLC0415 - fastapi takes a second

    def is_worth_logging(record: logging.LogRecord) -> bool:
        # Pages that are open at the end are cut off, as is right.
        return not (server.should_exit or is_answered(record) or is_of_denied(record))

    errors = logging.getLogger("uvicorn.error")
    errors.addFilter(is_worth_logging)
    # A daemon, for whoever presses Ctrl-C does not want to wait for a model.
    threading.Thread(target=load_or_leave, name="loading", daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        errors.removeFilter(is_worth_logging)
        if readiness.loaded is not None:
            readiness.loaded.close()
    if readiness.error is not None:
        raise readiness.error
    log.info("stopped")


def quieten_gradio(folder: str) -> None:
    """Set what gradio reads from the environment while it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = folder
    # Tables of all events that nobody looks at, else made anew after each of them.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)


@contextmanager
def gradio_without_stubs() -> Iterator[None]:
    """Import gradio in three fifths of its time: each import writes stubs for editors into it.

    Whose file is not known gets none (``gradio.component_meta.create_or_modify_pyi``).
    """
    file_of = inspect.getfile

    def file_of_others(object: Any) -> str:  # noqa: A002 - Python's name for it
        if str(getattr(object, "__module__", "")).startswith("gradio."):
            raise OSError
        return file_of(object)

    inspect.getfile = file_of_others
    try:
        yield
    finally:
        inspect.getfile = file_of


def announce(host: str, port: int) -> None:
    """Say where the page is: to a person at a terminal, else in the log."""
    if sys.stdout.isatty():
        sys.stdout.write(welcome(host, port))
        sys.stdout.flush()
    else:
        log.info("the page is at http://%s:%d", host, port)


def welcome(host: str, port: int) -> str:
    """Say where the page is, here and from another machine."""
    shown = f"[{host}]" if ":" in host else host
    return (
        f"\nHear: http://{shown}:{port}\n"
        f"From another machine: ssh -L {port}:127.0.0.1:{port} USER@{socket.gethostname()}"
        f"  then open http://127.0.0.1:{port}\n\n"
    )
