"""The only module that imports transformers.

Its models import torchaudio where they find it, which fails beside a CPU build of torch; see
``funasr_import``. It also draws bars and gives advice while it loads, on stderr; errors come as
exceptions, so nothing is lost by keeping it quiet.
"""

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

from richspeech.engines.common.funasr_import import fbank_backend


@cache
def transformers() -> Any:
    """Import transformers, with torchaudio or without."""
    fbank_backend()
    module = importlib.import_module("transformers")
    module.utils.logging.set_verbosity_error()
    module.utils.logging.disable_progress_bar()
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep torch's and transformers' warnings off stderr while a model is loaded or exported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
