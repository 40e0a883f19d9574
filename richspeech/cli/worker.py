"""``python -m richspeech worker``: does the jobs that others hand in, until it is interrupted."""

import logging
import sys
from dataclasses import replace

from richspeech.cli.options import Weights
from richspeech.errors import SettingsError
from richspeech.places import own_config

EXAMPLES = ("worker", "worker --device cuda:1")

log = logging.getLogger(__name__)

WEIGHTS = Weights()


def worker(*, weights: Weights = WEIGHTS) -> int:
    """Do the jobs of all consoles that share the database, where jobs.queue is celery.

    Any number may run, on any machine: on one with GPUs, one for each. The status is 1 when the
    settings, the database or the model do not allow it.
    """
    # These take as long to import as the rest of the command.
    from richspeech.operations.logs import logs_written  # noqa: PLC0415
    from richspeech.queue.celery import SWEEP_SECONDS, listen, make_app  # noqa: PLC0415
    from richspeech.service import open_service  # noqa: PLC0415

    weights = replace(weights, config=own_config(weights.config))
    settings = weights.settings()
    if settings.jobs.queue != "celery" or settings.jobs.broker is None:
        raise SettingsError("worker.builtin")
    app = make_app(settings.jobs.broker)
    with (
        logs_written(settings.operations, sys.stdout),
        open_service(settings, weights.config, keeps=True, queues=True) as service,
        service.main_engine(),
        service.working() as worker,
        service.consumer(worker, SWEEP_SECONDS).running(),
    ):
        log.info("%s waits for jobs", worker.name)
        listen(app, worker.name, service.work.set)
    return 0
