"""What goes to the terminal beside results, and the end of a process."""

import logging
import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, TextIO, cast

from richspeech.errors import RichSpeechError
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.speaker import names_unheard
from richspeech.model.transcript import Transcript

if TYPE_CHECKING:
    from richspeech.review.examples import Fault


def open_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr (``>&-``) the missing ones.

    Stdin is empty, stderr takes all; who writes to such a stdout gets an ``OSError``.
    """
    if sys.stdin is None:
        sys.stdin = open_text(os.O_RDONLY, "r")
    if sys.stdout is None:
        sys.stdout = open_text(os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = open_text(os.O_WRONLY, "w")


def open_text(flags: int, mode: str) -> TextIO:
    """Open the null device for text, whatever it may be used for."""
    return cast("TextIO", os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def tell_failure(name: str, error: RichSpeechError) -> None:
    """Say on stderr why there is no result for a file; its name stands there once."""
    sentence = str(error)
    print(sentence if name in sentence else f"{name}: {sentence}", file=sys.stderr)


def tell(line: str) -> None:
    """Say at once on stderr how work goes on."""
    print(line, file=sys.stderr, flush=True)


class Faults:
    """Lines of examples that are left out: each is named on stderr, and they are counted."""

    def __init__(self) -> None:
        self._files: Counter[str] = Counter()

    def tell(self, fault: "Fault") -> None:
        """Say which line it is, and why."""
        self._files[fault.file] += 1
        print(f"{fault.file}, line {fault.line}: {fault.error}", file=sys.stderr)

    def tell_how_many(self) -> None:
        """Say how many there were of each file."""
        for file, count in self._files.items():
            lines = "1 line is" if count == 1 else f"{count} lines are"
            print(f"{file}: {lines} left out.", file=sys.stderr)


def unkept_line(name: str, reason: str) -> str:
    """Say that a transcript is there, but not in the history."""
    return f"{name} is not kept in the history. {reason}"


def warning_line(name: str, warning: RecordingWarning) -> str:
    """Say what is amiss with a recording that was heard all the same."""
    return f"{name}: {warning}"


def tell_of_warnings(
    name: str, transcript: Transcript, speakers: Sequence[str | None] = ()
) -> None:
    """Say on stderr what is amiss, and whom of the ``speakers`` that were named nobody heard."""
    unheard = names_unheard(speakers, {each.channel for each in transcript.segments})
    more = [RecordingWarning.of("speakers_unheard", names=unheard)] if unheard else []
    for warning in (*transcript.warnings, *more):
        print(warning_line(name, warning), file=sys.stderr)


def leave(status: int) -> NoReturn:
    """End a process whose work is done; native libraries would take seconds to clean up."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
