"""The console with a recogniser that waits before each batch, as one that has much to do would.

Python runs this file from the folder of any build: what is measured is then that build. A page at a
job can so be told from the recogniser, which takes a hundred times as much while it works.
"""

import runpy
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

SECONDS_A_BATCH = 0.4
"""A batch has 20 seconds, so fifty times real time: less than the published model on two cores."""


def main() -> None:
    """Run the console of the folder."""
    sys.path[0] = str(Path.cwd())
    engine = import_module("richspeech.engines.sensevoice.engine").SenseVoice
    recognise = engine.recognise

    def unhurried(*args: Any, **options: Any) -> Any:
        time.sleep(SECONDS_A_BATCH)
        return recognise(*args, **options)

    engine.recognise = unhurried
    sys.argv[0] = "app_sensevoice.py"
    runpy.run_path("app_sensevoice.py", run_name="__main__")


if __name__ == "__main__":
    main()
