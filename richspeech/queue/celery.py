"""Celery: tells the workers of other machines that there is work, and no more.

    a job waits → the bell rings → Redis or RabbitMQ → every worker hears it, and looks in SQL

A message carries no job and is over as soon as it is heard, so that neither a visibility time-out
nor a time limit for acknowledgements ever ends, however long a job is. All workers hear it, and who
has a place takes a job; one that is down keeps no message from the others. Whatever becomes of
messages, workers look by themselves as well, every ``SWEEP_SECONDS``.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from richspeech.extras import extra

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

SWEEP_SECONDS = 15.0
"""Between two looks of a worker that has heard nothing: a message may be lost, or the broker."""

BELL = "richspeech.bell"
"""The exchange; every worker has a queue of its own behind it, which goes with the worker."""

TASK = "richspeech.look"

BETWEEN_RINGS_SECONDS = 0.1
"""A thousand jobs that come at once are one message."""

CONNECT_SECONDS = 4.0

VISIBILITY_SECONDS = 5
"""For so long Redis waits to hear that a message has come; no job has anything to do with it."""


def make_app(broker: str) -> "Celery":
    """Return what speaks to a broker, by its URL; connects to nothing yet.

    Raises ``SettingsError`` where Celery is not installed.
    """
    with extra("workers", "celery"):
        from celery import Celery  # noqa: PLC0415
        from kombu.common import Broadcast  # noqa: PLC0415
    app = Celery("richspeech", broker=broker, set_as_current=False)
    app.conf.update(
        task_queues=[Broadcast(BELL, routing_key=BELL)],
        task_default_queue=BELL,
        accept_content=["json"],
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # else a worker gives up after 100, and ends
        broker_channel_error_retry=True,
        broker_heartbeat=10,  # a broker that went without a word is missed after 20 s
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
    )
    return app


class Bell:
    """Rings for the workers from a thread of its own: nobody who hands in a job waits for that."""

    def __init__(self, app: "Celery", work: threading.Event) -> None:
        """Ring whenever ``work`` is set."""
        self._app, self._work = app, work
        self._is_over = threading.Event()
        self._is_broken = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ring meanwhile."""
        thread = threading.Thread(target=self._run, name="bell", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._work.set()
            thread.join(CONNECT_SECONDS)

    def _run(self) -> None:
        while True:
            self._work.wait()
            if self._is_over.wait(BETWEEN_RINGS_SECONDS):
                return
            self._work.clear()
            self._send()

    def _send(self) -> None:
        """Send one message over a connection of its own, which no restart can have broken."""
        from kombu import Exchange  # noqa: PLC0415
        from kombu.exceptions import OperationalError  # noqa: PLC0415

        bell = Exchange(BELL, type="fanout")
        with self._app.connection_for_write() as connection:
            passing = (OperationalError, *connection.connection_errors, *connection.channel_errors)
            try:
                connection.ensure_connection(max_retries=1, timeout=CONNECT_SECONDS)
                self._app.send_task(
                    TASK,
                    exchange=BELL,
                    exchange_type="fanout",
                    routing_key=BELL,  # Redis compares it, though the exchange is for all
                    declare=[bell],
                    connection=connection,
                )
            except passing as error:
                if not self._is_broken:
                    log.warning("workers are not told of work, and look by themselves: %s", error)
                self._is_broken = True
            else:
                self._is_broken = False


def listen(app: "Celery", name: str, look: Callable[[], None]) -> None:
    """Call ``look`` whenever the bell rings, until SIGTERM or SIGINT; for the main thread.

    A broker that is gone is waited for.
    """
    from celery.signals import setup_logging  # noqa: PLC0415

    setup_logging.connect(_leave_logs)
    logging.getLogger("celery").setLevel(logging.WARNING)
    app.task(name=TASK, ignore_result=True)(look)
    worker = app.Worker(
        hostname=name,
        pool="solo",
        concurrency=1,
        quiet=True,
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()


def _leave_logs(**_: object) -> None:
    """Configure nothing: Celery would set the level of everybody's log, hijacked or not."""
