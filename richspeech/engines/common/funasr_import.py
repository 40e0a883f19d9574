"""The only module that imports funasr.

torchaudio's wheel needs CUDA libraries. Beside a CPU build of torch importing it raises OSError,
which funasr does not expect; a ``None`` in ``sys.modules`` turns that into the ImportError that
funasr handles by taking its features from kaldi-native-fbank.

funasr prints while it is imported and while it loads, and logs through the root logger. Stdout is
for results alone, so what it prints goes to our log at DEBUG, and of what it logs errors remain.
"""

import contextlib
import importlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

log = logging.getLogger(__name__)


@cache
def fbank_backend() -> str:
    """Return ``torchaudio`` where it can be imported, else ``kaldi-native-fbank``."""
    try:
        importlib.import_module("torchaudio")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:  # of another torch
        for name in [n for n in sys.modules if n.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules["torchaudio"] = None  # type: ignore[assignment]
        log.info("torchaudio cannot be imported (%s); features come from kaldi-native-fbank", error)
        return "kaldi-native-fbank"
    return "torchaudio"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep funasr's lines off stdout and pydub's warning off stderr.

    It holds for the whole process as long as it lasts, so it is for start-up alone.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pydub\.")
            yield
    finally:
        for line in printed.getvalue().splitlines():
            log.debug("funasr: %s", line)


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Refuse what funasr itself logs below ERROR; a logger's filter sees only its own records."""
    return record.levelno >= logging.ERROR or "/funasr/" not in record.pathname.replace("\\", "/")


@cache
def funasr() -> Any:
    """Import funasr, with torchaudio or without."""
    fbank_backend()
    logging.getLogger().addFilter(_is_worth_logging)
    with quiet():
        return importlib.import_module("funasr")


def model_class(name: str) -> Any:
    """Return the funasr model class registered as ``name``."""
    funasr()
    with quiet():
        return importlib.import_module("funasr.register").tables.model_classes[name]
