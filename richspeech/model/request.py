"""What somebody asks for who hands in a recording: the same from page, command line and API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from postprocess import Rule
from richspeech.errors import OptionError
from richspeech.model.options import Options
from richspeech.model.transcript import plain
from richspeech.model.validation import why_refused


@dataclass(frozen=True)
class TranscriptionRequest:
    """How a recording is to be transcribed."""

    options: Options = field(default_factory=Options)
    engine: str | None = None
    """None is the main one."""
    sentiment: bool | None = None
    """Whether words are read for their sentiment; None: as the settings have it for the engine."""
    rules: tuple[Rule, ...] | None = None
    """Those that mend labels; None: as the settings have them."""
    recalls: bool = True
    """Whether the history may answer, if it knows the same sound with the same settings."""
    adapter: Annotated[str, Field(max_length=64)] | None = None
    """Of the engine's weights, by its name; None: as the settings have it, ``none``: without."""
    cascade: Annotated[str, Field(max_length=64)] | None = None
    """What revises the labels, by its name; None and ``none`` as above."""

    def to_dict(self) -> dict[str, Any]:
        """Return the request as JSON knows it."""
        return dict(plain(self))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "TranscriptionRequest":
        """Read what ``to_dict`` gave; what is left out is as if nobody had asked for it.

        Raises ``OptionError`` naming the first value that does not fit.
        """
        try:
            return _adapter().validate_python(document)
        except ValidationError as error:
            raise OptionError("request.refused", why=why_refused(error)) from error


@cache
def _adapter() -> TypeAdapter[TranscriptionRequest]:
    return TypeAdapter(TranscriptionRequest)
