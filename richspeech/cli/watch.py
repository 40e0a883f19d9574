"""``python -m richspeech watch IN OUT``: what comes into a folder is transcribed into another one.

It goes on until it is stopped; started again, it goes on where it was. A server with the same
history may do its work.
"""

import signal
import sys
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from richspeech.cli.options import LOOK, MODEL, RECOGNITION, Look, Model, Recognition
from richspeech.engines import loader
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError
from richspeech.writers import WRITERS

EXAMPLES = ("watch incoming/ results/", "watch incoming/ results/ --format srt --format html")

SECONDS_BETWEEN_LOOKS = 1.0
"""Into the folder: what came is noticed soon, and a thousand names cost a few milliseconds."""

SECONDS_TO_KEEP = 5.0
"""For jobs that are stopped at the end to keep what they have."""


def watch(
    folder: Annotated[Path, Parameter(name="IN")],
    output: Annotated[Path, Parameter(name="OUT")],
    *,
    formats: Annotated[
        tuple[str, ...], Parameter(name="--format", choices=tuple(WRITERS), negative=())
    ] = (),
    rest: Annotated[float, Parameter(validator=Number(gte=0, lte=3_600), metavar="SECONDS")] = 5.0,
    look: Look = LOOK,
    recognition: Recognition = RECOGNITION,
    model: Model = MODEL,
) -> int:
    """Transcribe whatever comes into a folder, until stopped.

    Args:
        folder: folder to watch, with all below
        output: folder for results and manifest
        formats: format besides JSON; repeat the option for several
        rest: seconds without a change after which a file has come whole

    """
    if not folder.is_dir():
        raise OptionError("watch.no_folder", name=str(folder))
    if output.resolve().is_relative_to(folder.resolve()):
        raise OptionError("watch.within", name=str(output), folder=str(folder))
    settings = model.settings()
    options = recognition.options(settings)
    # A help text needs none of these.
    from richspeech.jobs.batch.manifest import open_manifest  # noqa: PLC0415
    from richspeech.jobs.batch.results import Results  # noqa: PLC0415
    from richspeech.model.request import TranscriptionRequest  # noqa: PLC0415
    from richspeech.queue.watch import WatchedFolder  # noqa: PLC0415
    from richspeech.service import open_service  # noqa: PLC0415

    limits = loader.audio_limits(settings)
    results = Results(output, formats, look.options(), limits, options, settings.privacy)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as stack:
        manifest = stack.enter_context(open_manifest(output))
        service = stack.enter_context(
            open_service(settings, model.config, queues=True, reads_aside=True)
        )
        loaded = stack.enter_context(service.main_engine())
        tell_of_embedded(*loaded.all_weights)
        print(
            f"Watching {folder}; results go to {output}. Ctrl-C ends it.",
            file=sys.stderr,
            flush=True,
        )
        reads = service.transcribers.reads(loaded.engine)
        watched = WatchedFolder(
            folder,
            service.durable,
            TranscriptionRequest(options, loaded.engine, sentiment=reads),
            results,
            manifest,
            rest,
            is_stopped=stopped.is_set,
            tell=partial(print, file=sys.stderr, flush=True),
        )
        stack.enter_context(service.at_work())
        while not stopped.is_set():
            watched.look()
            stopped.wait(SECONDS_BETWEEN_LOOKS)
        service.runner.close(0.0, SECONDS_TO_KEEP)
    return 0
