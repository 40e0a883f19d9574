"""A model is prepared in a process of its own, which takes the memory for it with it when it ends.

Loading through funasr needs the weights three times.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from richspeech.errors import ModelError
from richspeech.places import PACKAGE

FAILURE = "failure.json"


def prepare_elsewhere(module: str, folder: Path, entry: Path, *more: str | int | None) -> None:
    """Run a module that ends in ``main`` there; its errors are raised here.

    A program is started, since ``multiprocessing`` would first run that of the caller once more.
    """
    places = [str(folder.resolve()), str(entry.resolve())]
    program = [sys.executable, "-m", module, *places, json.dumps(more)]
    done = subprocess.run(  # noqa: S603 - our own module
        program, cwd=PACKAGE.parent, stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode == 0:
        return
    if not (entry / FAILURE).exists():
        message = f"the process that prepares the model ended with status {done.returncode}"
        raise RuntimeError(message)
    key, fields = json.loads((entry / FAILURE).read_text(encoding="utf-8"))
    raise ModelError(key, **fields) if fields is not None else RuntimeError(key)


def _failed(entry: Path, key: str, fields: dict[str, object] | None) -> int:
    """Write down an error of ours, with its fields, or the message of another one."""
    (entry / FAILURE).write_text(json.dumps([key, fields], default=str), encoding="utf-8")
    return 1


def main(prepare: Callable[..., None]) -> int:
    """Call ``prepare(folder, entry, *more)``; what goes wrong is written down for who waits."""
    folder, entry, more = sys.argv[1:4]
    try:
        prepare(Path(folder), Path(entry), *json.loads(more))
    except ModelError as error:
        return _failed(Path(entry), error.key, error.fields)
    except (ImportError, OSError, RuntimeError) as error:
        return _failed(Path(entry), str(error), None)
    return 0
