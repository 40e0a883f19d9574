"""Logs: one line an event, on stdout and in a file that is rotated.

    logging.getLogger(…) ─┬→ stdout   JSON lines, or coloured ones on a terminal
                          └→ file     JSON lines

Whoever writes a line uses ``logging`` as ever. Every line says which request it is about, and which
job, and who asked. What people say or send is no part of it; names of files are, in at most
MOST_LETTERS.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from richspeech.errors import SettingsError
from richspeech.operations.caller import caller
from richspeech.settings import OperationsSettings

FILE_NAME = "hear.log"
MOST_LETTERS = 500
"""Of a value; a name of a file has at most 255."""
MOST_TRACE_LETTERS = 20_000
QUIET = ("httpx", "numba", "matplotlib", "alembic", "mcp")
"""They say at every start what they do; their warnings stay."""


@contextmanager
def logs_written(settings: OperationsSettings, stream: TextIO) -> Iterator[None]:
    """Write what is logged meanwhile; raises ``SettingsError`` when the folder takes no file."""
    with ExitStack() as stack:
        handlers: list[logging.Handler] = [logging.StreamHandler(stream)]
        handlers[0].setFormatter(_formatter(_lines_for(stream)))
        if settings.log_folder is not None:
            handlers.append(_file(settings, settings.log_folder))
            stack.callback(handlers[1].close)
        stack.callback(_restore, logging.root.level, logging.root.handlers[:])
        logging.basicConfig(force=True, level=logging.INFO, handlers=handlers)
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        yield


def _restore(level: int, handlers: list[logging.Handler]) -> None:
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers


def _file(settings: OperationsSettings, folder: Path) -> logging.Handler:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / FILE_NAME,
            maxBytes=settings.log_bytes,
            backupCount=settings.log_files,
            encoding="utf-8",
        )
    except OSError as error:
        raise SettingsError(
            "settings.log_folder", folder=str(folder), why=str(error.strerror)
        ) from error
    handler.setFormatter(_formatter(_json()))
    return handler


def _lines_for(stream: TextIO) -> Processor:
    if not stream.isatty():
        return _json()
    # Its usual traceback shows the values of variables, and so what people say.
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _json() -> Processor:
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _formatter(render: Processor) -> logging.Formatter:
    is_json = isinstance(render, structlog.processors.JSONRenderer)
    traces: list[Processor] = [structlog.processors.format_exc_info] if is_json else []
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *traces,
            bounded,
            render,
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            with_caller,
        ],
    )


def with_caller(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Name the request and the job that a line is about, and who asked, as far as there are any."""
    who = caller()
    named = {"request": who.request, "job": who.job, "user": who.user, "key": who.key}
    event.update({key: value for key, value in named.items() if value is not None})
    return event


def bounded(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Cut off long texts, and take out what would move the cursor of a terminal."""
    return {key: _bounded(key, value) for key, value in event.items()}


def _bounded(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    is_trace = key == "exception"
    most, kept = (MOST_TRACE_LETTERS, "\n\t") if is_trace else (MOST_LETTERS, "")
    shown = "".join(
        each if each.isprintable() or each in kept else "\ufffd" for each in value[:most]
    )
    return shown if len(value) <= most else f"{shown}…"
