"""``python -m richspeech worker``: does the jobs that others hand in, until it is interrupted."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from richspeech.cli.options import Weights
from richspeech.errors import SettingsError
from richspeech.memory import few_arenas
from richspeech.places import own_config

if TYPE_CHECKING:
    from richspeech.queue.consumer import Doer
    from richspeech.service import Service

EXAMPLES = (
    "worker",
    "worker --kind reading",
    "worker --kind recognition --device cuda:1",
)

log = logging.getLogger(__name__)

WEIGHTS = Weights()


def worker(
    *,
    kind: Annotated[Literal["all", "reading", "recognition"], Parameter(show_default=True)] = "all",
    weights: Weights = WEIGHTS,
) -> int:
    """Do the jobs of all consoles that share the database, where jobs.queue is celery.

    Any number may run, on any machine. Where GPUs are dear, have them recognise alone: one worker
    of kind recognition for each, and as many of kind reading, on any CPUs, as keep them busy. The
    status is 1 when the settings, the database or the model do not allow it.

    Args:
        kind: all does whole jobs; reading decodes and finds speech; recognition does the rest
    """
    # These take as long to import as the rest of the command.
    from richspeech.operations.logs import logs_written  # noqa: PLC0415
    from richspeech.queue.celery import SWEEP_SECONDS, Bell, listen, make_app  # noqa: PLC0415
    from richspeech.service import open_service  # noqa: PLC0415

    few_arenas()
    weights = replace(weights, config=own_config(weights.config))
    settings = weights.settings()
    if settings.jobs.queue != "celery" or settings.jobs.broker is None:
        raise SettingsError("worker.builtin")
    app, others = make_app(settings.jobs.broker), threading.Event()
    with (
        logs_written(settings.operations, sys.stdout),
        Bell(app, others).running(),
        open_service(
            settings,
            weights.config,
            keeps=True,
            queues=True,
            others=others if kind == "reading" else None,
            reads_aside=kind != "recognition",
        ) as service,
        service.main_engine(),
        _doing(service, kind) as doer,
        service.consumer(doer, SWEEP_SECONDS).running(),
    ):
        log.info("%s waits for work of kind %s", doer.name, kind)
        listen(app, doer.name, service.work.set)
    return 0


@contextmanager
def _doing(service: "Service", kind: str) -> Iterator["Doer"]:
    with service.recognising() if kind == "recognition" else service.working() as doer:
        yield doer
