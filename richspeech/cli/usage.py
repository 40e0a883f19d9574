"""From words to an exit status; what is written wrongly becomes a sentence."""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cyclopts import App, CycloptsError, MissingArgumentError, Parameter, UnusedCliTokensError

from richspeech.errors import OptionError, RichSpeechError, UsageError
from richspeech.version import version

WRONG_USAGE = 2
INTERRUPTED = 130
"""As shells count a process that Ctrl-C has ended."""
UNWRITABLE = (errno.EBADF, errno.ENOSPC, errno.EIO)
"""What happens to a stdout that was closed before the start, to a full disk, to a broken one."""


def _shown_default(value: object) -> str | None:
    """Return what an option is by default, where that can be typed."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def make_program(name: str, summary: str) -> App:
    """Make a program without commands; flags are off unless named, and have no opposites."""
    return App(
        name=name,
        help=summary,
        help_format="plaintext",
        help_formatter="plain",
        version=version,
        default_parameter=Parameter(negative=(), show_default=_shown_default),
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )


def run(app: App, words: Sequence[str]) -> int:
    """Run what is called; errors that are ours become one sentence on stderr."""
    try:
        status: int | None = app(words, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        print(sentence_of(error, app.name[0]), file=sys.stderr)
        return WRONG_USAGE
    except RichSpeechError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has enough, as ``head`` has
        _write_no_more()
        return 1
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise
        print(OptionError("cli.stdout", why=str(error.strerror)), file=sys.stderr)
        _write_no_more()
        return 1
    return status or 0


def _write_no_more() -> None:
    """Have the flush at the end of the process go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def typed() -> Iterator[None]:
    """Raise what is wrong with options as a ``UsageError``: somebody has typed them."""
    try:
        yield
    except OptionError as error:
        raise UsageError(error.key, **error.fields) from error


def sentence_of(error: CycloptsError, program: str) -> str:
    """Say what is wrong with the words, and where help is."""
    if isinstance(error.__cause__, RichSpeechError):
        return str(error.__cause__)
    said = str(error)
    if type(error) is MissingArgumentError and error.argument is not None:
        said = f"{error.argument.name} is missing."
    elif isinstance(error, UnusedCliTokensError):
        said = f"{' '.join(error.unused_tokens or ())} is more than the command takes."
    return f"{said} See {' '.join((program, *(error.command_chain or ())))} --help."
