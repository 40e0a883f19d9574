"""Hypothesis without its clock, for a busy machine; and no log handler that outlives its test."""

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from richspeech.app import gradio_without_stubs

if TYPE_CHECKING:
    from richspeech.storage.transcripts import Store

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
settings.register_profile("fast", settings.get_profile("unhurried"), max_examples=20)


AUDIT = Path(tempfile.gettempdir()) / f"audit-of-tests-{os.getpid()}"
"""What tests delete and export is written down here, and what they hand in lies here."""


IMPORTS = ExitStack()
"""What holds while tests are collected, since their modules import Gradio."""


def pytest_sessionstart() -> None:
    gc.disable()
    IMPORTS.enter_context(gradio_without_stubs())
    os.environ["RICHSPEECH_OPERATIONS__AUDIT_FILE"] = str(AUDIT / "audit.jsonl")
    os.environ["RICHSPEECH_JOBS__RECORDINGS"] = str(AUDIT / "recordings")
    # starting them takes two seconds of processor time; the tests of reading processes ask for some
    os.environ["RICHSPEECH_READING__PROCESSES"] = "0"


def pytest_sessionfinish() -> None:
    shutil.rmtree(AUDIT, ignore_errors=True)


def pytest_collection_finish() -> None:
    """Collect no garbage among what the imports have made: a million objects that all stay."""
    IMPORTS.close()
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def no_log_goes_to_a_terminal_that_is_gone() -> Iterator[None]:
    """Take back what a command set up: its stderr is that of one test."""
    known = [*logging.root.handlers]
    yield
    for handler in [*logging.root.handlers]:
        if handler not in known and type(handler) is logging.StreamHandler:
            logging.root.removeHandler(handler)


@pytest.fixture
def store(tmp_path: Path) -> Iterator["Store"]:
    """A history of the test's own."""
    from richspeech.storage.transcripts import Store  # most tests need no database

    with closing(Store(f"sqlite:///{tmp_path}/history.sqlite")) as store:
        yield store
