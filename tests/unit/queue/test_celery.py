"""Celery listens, and leaves everything else of the process as it is."""

import logging

import pytest
from celery.apps.worker import Worker

from richspeech.queue.celery import listen, make_app


def look() -> None:
    pytest.fail("nobody rings")


@pytest.mark.filterwarnings("ignore:You're running the worker with superuser")
def test_the_log_of_a_worker_goes_on_saying_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "start", lambda _: None)
    monkeypatch.setattr(logging.root, "level", logging.INFO)
    listen(make_app("memory://"), "worker-1", look)
    assert logging.root.level == logging.INFO
    assert logging.getLogger("celery.worker").getEffectiveLevel() == logging.WARNING
