"""Worker processes, forked after the imports: ``worker_pool.py KIND…``.

The settings come from the environment. The first line of output names the processes.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Literal, cast

from richspeech.cli.worker import worker
from richspeech.engines.common import streaming
from richspeech.queue import celery, recognition, remote
from tests.held import hold

Kind = Literal["all", "reading", "recognition"]

VISIBILITY_SECONDS = 1
"""After which a broker takes a message for lost; a long job of the tests lasts longer."""
HELD_SECONDS = 80.0
"""So much of a recording is read until the gate is open."""

IMPORTED = (streaming, celery, recognition, remote)
"""What takes seconds to import."""


def fork(kind: Kind) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(worker(kind=kind))
    return pid


def main(kinds: Sequence[Kind]) -> None:
    celery.VISIBILITY_SECONDS = VISIBILITY_SECONDS
    hold(HELD_SECONDS)
    pids = [fork(kind) for kind in kinds]
    sys.stdout.write(f"{json.dumps(pids)}\n")
    sys.stdout.flush()

    def end(sent: int, _frame: FrameType | None) -> None:
        for pid in pids:
            os.kill(pid, sent)

    signal.signal(signal.SIGTERM, end)
    while pids:
        pid, _ = os.wait()
        pids.remove(pid)


if __name__ == "__main__":
    main(cast("list[Kind]", sys.argv[1:]))
