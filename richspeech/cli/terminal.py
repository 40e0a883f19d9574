"""What goes to the terminal beside results, and the end of a process."""

import logging
import os
import sys
from typing import NoReturn

from richspeech.errors import RichSpeechError


def tell_failure(name: str, error: RichSpeechError) -> None:
    """Say on stderr why there is no result for a file; its name stands there once."""
    sentence = str(error)
    print(sentence if name in sentence else f"{name}: {sentence}", file=sys.stderr)


def unkept_line(name: str, reason: str) -> str:
    """Say that a transcript is there, but not in the history."""
    return f"{name} is not kept in the history. {reason}"


def leave(status: int) -> NoReturn:
    """End a process whose work is done; native libraries would take seconds to clean up."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
