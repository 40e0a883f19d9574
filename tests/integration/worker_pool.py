"""Worker processes, forked after the imports: ``worker_pool.py NUMBER``.

The settings come from the environment. The first line of output names the processes.
"""

import json
import os
import signal
import sys
from types import FrameType

from richspeech.cli.worker import worker
from richspeech.engines.common import streaming
from richspeech.queue import celery

IMPORTED = (streaming, celery)
"""What takes seconds to import."""


def fork() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(worker())
    return pid


def main(number: int) -> None:
    pids = [fork() for _ in range(number)]
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
    main(int(sys.argv[1]))
