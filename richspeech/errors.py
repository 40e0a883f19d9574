"""One family of errors; each says in one sentence what is wrong and what to do.

An error is raised with a key and fields. Its sentence stands under the key in the files of
``richspeech.language``, in every language; ``str(error)`` is the English one.

RichSpeechError
 ├── SettingsError (ValueError)      config.yaml, environment or an argument is refused
 ├── ModelError (RuntimeError)       weights are missing, unreadable or not of the expected class
 ├── AudioError (ValueError)         a recording cannot be decoded or breaks a limit
 ├── OptionError (ValueError)        a request asks for something that does not exist
 │    └── UsageError                 or the words of a command do, which are wrong by themselves
 ├── StoreError (RuntimeError)       the history cannot be read or written
 │    └── UnreadableStoreError       its file is damaged or of another version, and may be put aside
 ├── AccessError (PermissionError)   a page, a file or a window is somebody else's
 ├── QuotaError (OSError)            a window, or all of them, would fill the disk
 ├── StoppingError (RuntimeError)    the process is about to end and takes no new work
 ├── BusyError (RuntimeError)        so many jobs wait that no more may join them
 ├── JobError (RuntimeError)         a durable job is there no longer, or cannot be done
 │    └── JobLostError               somebody else has it by now
 ├── WorkError (RuntimeError)        a job ended otherwise than it was meant to; its code says how
 │    ├── UnexpectedError            a fault of the program
 │    ├── UnwritableError            its files cannot be written
 │    ├── InterruptedWorkError       the process ended before the recording did
 │    │    └── InterruptedKeptError  what was heard until then is in the history
 │    └── NoRecordingError           nobody has said what to work on
 │         └── NothingToCompareError nor on what to compare settings
 └── Cancelled (RuntimeError)        the person who asked for the work stopped it
"""

from typing import Any

from richspeech.language.catalog import FALLBACK_LOCALE, Notice, sentence
from richspeech.language.printing import shown

LONGEST_FIELD = 300
"""Characters; what is longer, such as a name from a stranger, is cut off."""

MOST_IN_FIELD = 50
"""Names in a list."""


class RichSpeechError(Exception):
    """Base of every error that this package raises on purpose."""

    code = "error"
    """Machine-readable name of its kind, for the wire."""

    def __init__(self, key: str, /, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        """Where its sentence stands, such as ``audio.empty``."""
        self.fields = {name: _told(value) for name, value in fields.items()}
        """What the sentence names: texts on one line and of a bounded length, numbers, lists of
        them, and ``Notice`` where a part is itself translated."""

    def __str__(self) -> str:
        return sentence(self, FALLBACK_LOCALE)


def _told(value: Any) -> Any:
    """Return what a sentence may name, and of a list that is cut how many more there are."""
    if not isinstance(value, tuple | list) or len(value) <= MOST_IN_FIELD:
        return bounded(value)
    named = value[: MOST_IN_FIELD - 1]  # so that it stays as it is when it is told again
    return (*bounded(named), Notice("list_more", {"count": len(value) - len(named)}))


def bounded(value: Any) -> Any:
    """Return what a sentence may name: texts on one line and not too long, lists not either."""
    if isinstance(value, str):
        line = shown(value[: LONGEST_FIELD + 1])
        return line if len(line) <= LONGEST_FIELD else f"{line[: LONGEST_FIELD - 1]}…"
    if isinstance(value, tuple | list):
        return tuple(bounded(each) for each in value[:MOST_IN_FIELD])
    return value


class SettingsError(RichSpeechError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""

    code = "settings"


class ModelError(RichSpeechError, RuntimeError):
    """Weights cannot be found, loaded or used."""

    code = "model"


class AudioError(RichSpeechError, ValueError):
    """A recording cannot be decoded, holds no sound, or is over a limit."""

    code = "audio"


class OptionError(RichSpeechError, ValueError):
    """A recognition option has a value that does not exist."""

    code = "option"


class UsageError(OptionError):
    """A command was written wrongly: no file, model or settings could make it right."""


class StoreError(RichSpeechError, RuntimeError):
    """The history cannot be opened, read or written, or has changed meanwhile."""

    code = "store"


class MissingTranscriptError(StoreError):
    """The history has no such transcript, or none that whoever asks may see."""

    code = "transcript_not_found"


class ChangedElsewhereError(StoreError):
    """Somebody else has changed a transcript since it was read."""

    code = "transcript_changed"


class UnreadableStoreError(StoreError):
    """The file of the history is damaged, or was made by another version; it may be put aside."""


class StoppingError(RichSpeechError, RuntimeError):
    """The process is about to end and takes no new work."""

    code = "stopping"

    def __init__(self, key: str = "work.stopping", /) -> None:
        super().__init__(key)


class AccessError(RichSpeechError, PermissionError):
    """Somebody asks for a page, a file or a window that is not theirs."""

    code = "access"


class QuotaError(RichSpeechError, OSError):
    """What somebody sends is more than the disk is to hold."""

    code = "quota"


class BusyError(RichSpeechError, RuntimeError):
    """So many jobs wait already that this one is not taken; on the wire this is status 429."""

    code = "busy"


class JobError(RichSpeechError, RuntimeError):
    """A durable job is there no longer, has no result yet, or has cost too many workers."""

    code = "job"


class JobLostError(JobError):
    """A worker has a job no longer: its lease was over, or the job was deleted."""

    def __init__(self, key: str = "job.lost", /) -> None:
        super().__init__(key)


class WorkError(RichSpeechError, RuntimeError):
    """A job ended otherwise than it was meant to; its code is the key of its sentence as well."""

    def __init__(self) -> None:
        super().__init__(self.code)


class UnexpectedError(WorkError):
    """The program has a fault; the log has the rest."""

    code = "unexpected"


class UnwritableError(WorkError):
    """The files of a job cannot be written."""

    code = "export_unwritable"


class InterruptedWorkError(WorkError):
    """The process ended before the recording did, and nothing of it is kept."""

    code = "interrupted"


class InterruptedKeptError(InterruptedWorkError):
    """The process ended before the recording did; the history has what was heard until then."""

    code = "interrupted_kept"


class NoRecordingError(WorkError):
    """Nobody has said what to work on."""

    code = "no_audio"


class NothingToCompareError(NoRecordingError):
    """Nobody has said on which recording settings are to be compared."""

    code = "lab_no_audio"


class Cancelled(RichSpeechError, RuntimeError):  # noqa: N818 - not a fault
    """The work was stopped on request; not a fault."""

    code = "cancelled"

    def __init__(self, key: str = "work.cancelled", /) -> None:
        super().__init__(key)
