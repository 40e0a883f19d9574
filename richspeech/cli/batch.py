"""``python -m richspeech batch FOLDER|ZIP|FILE… --output DIR``: many recordings, resumable.

What is done already is not done again, unless the recording, the settings or the weights have
changed. What failed is tried again. Nothing goes to stdout; the exit status is 1 when a recording
failed.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Protocol

from cyclopts import Parameter
from cyclopts.validators import Number

from richspeech.access.principal import Role
from richspeech.cli.batch_report import Report
from richspeech.cli.options import (
    AS_SET,
    LOOK,
    MODEL,
    RECOGNITION,
    History,
    Look,
    Model,
    Raw,
    Recognition,
)
from richspeech.engines import loader
from richspeech.engines.hub import Weights, tell_of_embedded
from richspeech.engines.loader import Loaded
from richspeech.errors import OptionError, UsageError
from richspeech.jobs.batch.books import Append, Books, Task
from richspeech.jobs.batch.manifest import Manifest, open_manifest
from richspeech.jobs.batch.passed_over import PassedOver
from richspeech.jobs.batch.ray.session import open_cluster
from richspeech.jobs.batch.results import Results
from richspeech.jobs.batch.rows import BatchRow, Watch, Watched
from richspeech.jobs.batch.sources import Item, open_sources, zip_limits
from richspeech.jobs.batch.summary import write_tables
from richspeech.jobs.batch.work import Batch, transcribe_with
from richspeech.jobs.caching import CachingTranscriber
from richspeech.model.job_state import State
from richspeech.readers.opener import Opener
from richspeech.review.overview_table import TABLES
from richspeech.settings import PrivacySettings, Settings
from richspeech.storage.history import engine_identity
from richspeech.storage.identity import digest_of, request_identity
from richspeech.writers import WRITERS

EXAMPLES = (
    "batch calls/ --output results --format srt",
    "batch calls/ --output results --table xlsx",
    "batch monday.zip tuesday.zip --output results --workers 2",
    "batch corpus/ --output results --ray auto",
)

CLUSTER = re.compile(r"local|auto|[\w.-]+:\d{1,5}", re.ASCII)
"""Addresses of Ray; those of its client (ray://) are none, since Ray Data wants a machine of it."""


def require_no_format(_: object, source: Path) -> None:
    """Raise ``OptionError`` for a format that follows another one without its own ``--format``."""
    if str(source) in WRITERS and not source.exists():
        raise OptionError("cli.format_as_source", form=str(source))


def require_cluster(_: object, address: str | None) -> None:
    """Raise ``OptionError`` for what is no address of a Ray cluster that one is a part of."""
    if address is not None and not CLUSTER.fullmatch(address):
        raise OptionError("cli.ray_address", address=address)


def batch(
    *sources: Annotated[
        Path,
        Parameter(name="FOLDER|ZIP|FILE", required=True, validator=require_no_format),
    ],
    output: Annotated[Path, Parameter(metavar="DIR")],
    formats: Annotated[
        tuple[str, ...], Parameter(name="--format", choices=tuple(WRITERS), negative=())
    ] = (),
    tables: Annotated[
        tuple[str, ...], Parameter(name="--table", choices=tuple(TABLES), negative=())
    ] = (),
    workers: Annotated[
        int | None, Parameter(validator=Number(gte=1, lte=64), metavar="N", show_default=AS_SET)
    ] = None,
    ray: Annotated[
        str | None,
        Parameter(metavar="ADDRESS", validator=require_cluster, show_default=False),
    ] = None,
    raw: Raw = None,
    look: Look = LOOK,
    recognition: Recognition = RECOGNITION,
    history: History = False,
    model: Model = MODEL,
) -> int:
    """Transcribe folders and zips into a folder; run again, it resumes.

    Args:
        sources: folders, zips and recordings
        output: folder for results and manifest
        formats: format besides JSON; repeat the option for several
        tables: table of all recordings, a row each with its risk and why; repeat it for both
        workers: recordings transcribed at once; with --ray, engines
        ray: Ray cluster that transcribes: local, auto or HOST:PORT

    """
    if ray is not None and history:
        raise UsageError("cli.ray_history")
    settings = model.settings()
    options = recognition.options(settings)
    limits = loader.audio_limits(settings)
    results = Results(output.absolute(), formats, look.options(), limits, options, settings.privacy)
    report = Report(sys.stderr)
    with ExitStack() as stack:
        passed = PassedOver()
        items = stack.enter_context(open_sources(sources, zip_limits(settings), passed, raw))
        manifest = stack.enter_context(open_manifest(results.folder))
        engines: Engines
        if ray is None:
            engines = stack.enter_context(_engine_here(settings, workers, keeps=history))
        else:
            engines = stack.enter_context(open_cluster(ray, settings, workers))
        tell_of_embedded(*engines.weights)
        identity = _masked(request_identity(engines.identity, options), settings.privacy)
        todo = _todo(items, identity, manifest, results)
        work = engines.run(todo, Task(settings, options, results), manifest.append, report.show)
        write_tables(tables, items, work.rows, results, settings.risk)
        report.end(work, done_before=len(items) - len(todo), passed_over=passed.notice)
    return 1 if any(row.state is State.FAILED for row in work.rows) else 0


class Engines(Protocol):
    """What does a batch: the engine of this process, or those of a cluster."""

    identity: str
    weights: tuple[Weights | None, ...]

    def run(self, items: Sequence[Item], task: Task, append: Append, watch: Watch) -> Watched:
        """Do all; returns when everything is over."""


class _EngineHere:
    def __init__(
        self,
        settings: Settings,
        loaded: Loaded,
        transcriber: CachingTranscriber,
        workers: int,
        opener: Opener,
    ) -> None:
        self._transcriber, self._workers, self._opener = transcriber, workers, opener
        self.identity = engine_identity(settings, loaded)
        self.weights = loaded.all_weights

    def run(self, items: Sequence[Item], task: Task, append: Append, watch: Watch) -> Watched:
        books = Books(items, task, append)

        def note(row: BatchRow) -> None:
            books.note(row)
            watch(work, row)

        transcribe = transcribe_with(
            self._transcriber, task.results.limits, task.options, self._opener
        )
        work = Batch(items, transcribe, books.keep, note)
        work.run(self._workers)
        return work


@contextmanager
def _engine_here(settings: Settings, workers: int | None, *, keeps: bool) -> Iterator[_EngineHere]:
    from richspeech.service import open_service  # noqa: PLC0415 - a help text needs no engine

    with (
        open_service(settings, keeps=keeps, reads_aside=True) as service,
        service.main_engine() as loaded,
    ):
        at_once = workers or settings.batch.workers
        caching = service.caching(loaded)
        yield _EngineHere(settings, loaded, caching, at_once, service.opener)


def _masked(identity: str, privacy: PrivacySettings) -> str:
    """Tell results whose words are masked from others: what lies there unmasked is not done."""
    if not privacy.masks(Role.ADMIN):
        return identity
    return digest_of(identity, "masked", *sorted(privacy.kinds))


def _todo(items: Sequence[Item], identity: str, manifest: Manifest, results: Results) -> list[Item]:
    """Return what is not done yet; what is gets the formats that it lacks."""
    items = [replace(item, version=digest_of(item.version, identity)) for item in items]
    return [item for item in items if not (_is_done(item, manifest) and results.complete(item))]


def _is_done(item: Item, manifest: Manifest) -> bool:
    record = manifest.records.get(item.name)
    return record is not None and (record.state, record.version) == ("done", item.version)
