"""``python -m richspeech mcp``: tools for programs that start this one and talk on its pipes.

It ends when they close its stdin. Every call is a line on stderr.
"""

import sys
import threading
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from richspeech.cli.options import MODEL, Model
from richspeech.errors import OptionError
from richspeech.extras import extra
from richspeech.version import version

EXAMPLES = ("mcp", "mcp --folder recordings --model embedded")

SECONDS_TO_KEEP = 1.0
"""For what is stopped at the end to keep what it has; clients wait for two."""


def mcp(
    *,
    folder: Annotated[tuple[Path, ...], Parameter(metavar="DIR")] = (),
    model: Model = MODEL,
) -> int:
    """Serve tools for programs on stdin and stdout (Model Context Protocol).

    Transcripts are kept in the history, if the settings have one.

    Args:
        folder: read recordings below this folder alone; may be given several times

    """
    for each in folder:
        if not each.is_dir():
            raise OptionError("mcp.folder", name=str(each))
    settings = model.settings()
    with extra("mcp"):
        from richspeech.api.mcp import mcp_server  # noqa: PLC0415 - an extra, and it takes a second
    from richspeech.operations.logs import logs_written  # noqa: PLC0415 - a help text needs none
    from richspeech.service import open_service  # noqa: PLC0415 - of these

    # To stderr alone, which clients keep: the file of the settings is a server's.
    logs = logs_written(settings.operations.model_copy(update={"log_folder": None}), sys.stderr)
    with logs, open_service(settings, model.config) as service:
        load = partial(service.readiness.load, service.transcribers.load_main)
        threading.Thread(target=load, name="loading", daemon=True).start()
        mcp_server(service, version(), folder).run()
        service.runner.close(0.0, SECONDS_TO_KEEP)
    return 0
