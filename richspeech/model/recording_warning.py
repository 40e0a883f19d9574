"""Warnings: what is amiss with a recording that was heard all the same.

The sentence of a warning stands under ``warning.CODE`` in the files of ``richspeech.language``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from richspeech.errors import bounded
from richspeech.language.catalog import FALLBACK_LOCALE, sentence

Value: TypeAlias = int | float | str | tuple[str, ...]

UNLIKE_KNOWN = "unlike_known"
"""Most of it is probably misheard, since it is unlike what the model knows."""
OF_SOUND = ("very_quiet", UNLIKE_KNOWN, "hotwords_left_out", "voices_failed", "voices_synthetic")
"""Codes of what is amiss with the samples, or how they were heard; all others are of the file that
they came in."""


@dataclass(frozen=True)
class RecordingWarning:
    """One thing that is amiss; said in whatever language the reader has."""

    code: str
    """Machine-readable, such as ``damaged_packets``."""
    fields: Mapping[str, Value] = field(default_factory=dict, hash=False)
    """What its sentence names."""

    @classmethod
    def of(cls, code: str, **fields: Value) -> "RecordingWarning":
        """Return a warning whose fields are of a bounded length, whatever a file has put in."""
        return cls(code, {name: bounded(value) for name, value in fields.items()})

    @property
    def is_of_sound(self) -> bool:
        """Whether samples and request decide it, so that every file that has them has it."""
        return self.code in OF_SOUND

    @property
    def key(self) -> str:
        """Key of its text."""
        return f"warning.{self.code}"

    def sentence(self, locale: str) -> str:
        """Say it."""
        return sentence(self, locale)

    def to_dict(self, locale: str = FALLBACK_LOCALE) -> dict[str, Any]:
        """Return the JSON form; ``message`` is for people, and is not read back."""
        return {"code": self.code, "message": self.sentence(locale), "fields": dict(self.fields)}

    def __str__(self) -> str:
        return self.sentence(FALLBACK_LOCALE)
