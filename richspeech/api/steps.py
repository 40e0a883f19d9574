"""Steps that change a transcript, as a program asks for them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from postprocess import Emotion
from richspeech.errors import OptionError
from richspeech.model.corrections import LONGEST_TEXT, Correction, ShownEvent
from richspeech.model.document import Document
from richspeech.model.edits import Amendment
from richspeech.model.languages import HeardLanguage
from richspeech.model.place import Place
from richspeech.model.speaker import LONGEST_NAME
from richspeech.model.steps import Removal, Seconds
from richspeech.storage.database import HIGHEST_NUMBER

Number: TypeAlias = Annotated[int, Field(ge=0, le=HIGHEST_NUMBER, strict=True)]
"""Strict, since false is no segment 0."""
Time: TypeAlias = Annotated[Seconds, Field(strict=True)]
Text: TypeAlias = Annotated[str, Field(max_length=LONGEST_TEXT)]
Name: TypeAlias = Annotated[str, Field(max_length=LONGEST_NAME)]


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _OfSegment(_Step):
    segment: Number
    """Its number in ``segments``, from 0."""


class Correct(_OfSegment):
    """Put something right in a segment; what is not given stays."""

    kind: Literal["correct"]
    text: Text | None = None
    language: HeardLanguage | None = None
    emotion: Emotion | None = None
    events: list[ShownEvent] | None = None
    speaker: Name | None = None
    """As the transcript calls somebody, or somebody new."""
    start: Time | None = None
    """Seconds."""
    end: Time | None = None

    def amendment(self, document: Document, place: Place) -> Amendment:
        """Return what that is in a document."""
        values = self.model_dump(exclude={"kind", "segment"}, exclude_none=True)
        if self.speaker is not None:
            values["speaker"] = document.voice_of(self.speaker)
        return Correction.from_dict({"index": place.index, "part": place.part, **values})


class Split(_OfSegment):
    """Cut a segment between two words."""

    kind: Literal["split"]
    caret: Annotated[int, Field(ge=0, le=LONGEST_TEXT, strict=True)] | None = None
    """Character of its text before which the second part begins."""
    at: Time | None = None
    """When it begins, in seconds; needed beside ``caret`` where words have no times."""

    def amendment(self, document: Document, place: Place) -> Amendment:
        """Return what that is in a document."""
        return document.splitting(place, caret=self.caret, at=self.at)


class Merge(_OfSegment):
    """Join a segment with the next one of its channel."""

    kind: Literal["merge"]

    def amendment(self, document: Document, place: Place) -> Amendment:
        """Return what that is in a document."""
        return document.merging(place)


class Remove(_OfSegment):
    """Take a segment out of every view and file."""

    kind: Literal["remove"]

    def amendment(self, _: Document, place: Place) -> Amendment:
        """Return what that is in a document."""
        return Removal(place)


class Replace(_Step):
    """Put words in the place of others, wherever those stand as they are written."""

    kind: Literal["replace"]
    found: Text
    by: Text


class Rename(_Step):
    """Call whoever the transcript calls ``speaker`` something else, wherever they speak."""

    kind: Literal["rename"]
    speaker: Name
    name: Name


class Undo(_Step):
    """Take the last step back."""

    kind: Literal["undo"]


Step: TypeAlias = Annotated[
    Correct | Split | Merge | Remove | Replace | Rename | Undo, Field(discriminator="kind")
]


class Change(_Step):
    """A step, and what it was thought of for."""

    revision: Number
    """That of the transcript as it was read."""
    step: Step


class Writing(_Step):
    """A correction that is not made yet; one that says nothing is none."""

    revision: Number
    """That of the transcript as it was read."""
    step: Correct

    def draft(self, document: Document) -> Correction:
        """Return it, with whoever speaks as they are called; raises ``OptionError``."""
        place = _place(document, self.step.segment)
        values = self.step.model_dump(exclude={"kind", "segment"}, exclude_none=True)
        return Correction.from_dict({"index": place.index, "part": place.part, **values})


def changed(document: Document, step: Any, by: str) -> Document:
    """Return a document after a ``Step`` of somebody; itself where that changes nothing.

    Raises ``OptionError`` for a step that does not fit.
    """
    if isinstance(step, Undo):
        return document.without_last_correction()
    return document.amended(_amendment(document, step), by, datetime.now(UTC))


def _amendment(document: Document, step: Any) -> Amendment:
    if isinstance(step, Replace):
        return document.replacing(step.found, step.by)
    if isinstance(step, Rename):
        return document.naming(step.speaker, step.name)
    amendment: Amendment = step.amendment(document, _place(document, step.segment))
    return amendment


def _place(document: Document, segment: int) -> Place:
    places = document.places
    if segment >= len(places):
        raise OptionError("correction.no_segment", number=segment, count=len(places))
    return places[segment]
