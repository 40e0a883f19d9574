"""``python -m richspeech batch FOLDER|ZIP|FILE… --output DIR``: many recordings, resumable.

What is done already is not done again, unless the recording, the settings or the weights have
changed. What failed is tried again. Nothing goes to stdout; the exit status is 1 when a recording
failed.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from richspeech.cli.batch_report import Report
from richspeech.cli.options import (
    AS_SET,
    LOOK,
    MODEL,
    RECOGNITION,
    History,
    Look,
    Model,
    Recognition,
)
from richspeech.engines import loader
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError
from richspeech.jobs.batch.manifest import Manifest, Record, open_manifest
from richspeech.jobs.batch.results import Results
from richspeech.jobs.batch.rows import BatchRow
from richspeech.jobs.batch.sources import Item, open_sources, zip_limits
from richspeech.jobs.batch.work import Batch, transcribe_with
from richspeech.jobs.caching import Step
from richspeech.model.job_state import State
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings
from richspeech.storage.history import engine_identity
from richspeech.storage.identity import digest_of, request_identity
from richspeech.writers import WRITERS

EXAMPLES = (
    "batch calls/ --output results --format srt",
    "batch monday.zip tuesday.zip --output results --workers 2",
)


def require_no_format(_: object, source: Path) -> None:
    """Raise ``OptionError`` for a format that follows another one without its own ``--format``."""
    if str(source) in WRITERS and not source.exists():
        raise OptionError("cli.format_as_source", form=str(source))


def batch(
    *sources: Annotated[
        Path,
        Parameter(name="FOLDER|ZIP|FILE", required=True, validator=require_no_format),
    ],
    output: Annotated[Path, Parameter(metavar="DIR")],
    formats: Annotated[
        tuple[str, ...], Parameter(name="--format", choices=tuple(WRITERS), negative=())
    ] = (),
    workers: Annotated[
        int | None, Parameter(validator=Number(gte=1, lte=64), metavar="N", show_default=AS_SET)
    ] = None,
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
        workers: recordings transcribed at once

    """
    from richspeech.service import open_service  # noqa: PLC0415 - a help text needs no engine

    settings = model.settings()
    options = recognition.options(settings)
    limits = loader.audio_limits(settings)
    results = Results(output, formats, look.options(), limits)
    with ExitStack() as stack:
        items = stack.enter_context(open_sources(sources, zip_limits(settings)))
        manifest = stack.enter_context(open_manifest(results.folder))
        service = stack.enter_context(open_service(settings, keeps=history))
        loaded = stack.enter_context(service.main_engine())
        tell_of_embedded(*loaded.all_weights)
        identity = engine_identity(settings, loaded)
        todo = _todo(items, request_identity(identity, options), manifest, results)
        transcribe = transcribe_with(service.caching(loaded), limits, options)
        books, report = _Books(todo, manifest, results, settings), Report(sys.stderr)

        def watch(row: BatchRow) -> None:
            books.note(row)
            report.show(work, row)

        work = Batch(todo, transcribe, books.keep, watch)
        work.run(workers or settings.batch.workers)
        report.end(work, done_before=len(items) - len(todo))
    return 1 if any(row.state is State.FAILED for row in work.rows) else 0


def _todo(items: Sequence[Item], identity: str, manifest: Manifest, results: Results) -> list[Item]:
    """Return what is not done yet; what is gets the formats that it lacks."""
    items = [replace(item, version=digest_of(item.version, identity)) for item in items]
    return [item for item in items if not (_is_done(item, manifest) and results.complete(item))]


def _is_done(item: Item, manifest: Manifest) -> bool:
    record = manifest.records.get(item.name)
    return record is not None and (record.state, record.version) == ("done", item.version)


class _Books:
    """Writes results first, then the line that says so."""

    def __init__(
        self, items: Sequence[Item], manifest: Manifest, results: Results, settings: Settings
    ) -> None:
        self._versions = {item.name: item.version for item in items}
        self._manifest, self._results, self._settings = manifest, results, settings

    def keep(self, item: Item, last: Step) -> int:
        """Keep a transcript; return its risk."""
        transcript = last.progress.transcript
        self._results.write(item, transcript)
        self._manifest.append(
            Record(
                name=item.name,
                version=item.version,
                state="done",
                finished=_now(),
                duration=round(transcript.duration, 4),
                processing_seconds=round(transcript.processing_seconds, 4),
            )
        )
        return assess_risk(transcript, self._settings.risk).score

    def note(self, row: BatchRow) -> None:
        """Keep why a recording failed."""
        if row.state is State.FAILED:
            version = self._versions[row.name]
            self._manifest.append(Record(row.name, version, "failed", _now(), error=str(row.error)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
