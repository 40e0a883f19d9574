"""What the page's own scripts send with an event; whoever forges one gets a sentence."""

from typing import Annotated, Any, Literal, TypeVar

import gradio as gr
from pydantic import BaseModel, Field, ValidationError

from richspeech.errors import OptionError
from richspeech.model.corrections import LONGEST_TEXT
from richspeech.model.document import Document
from richspeech.model.edits import Amendment
from richspeech.model.place import Place
from richspeech.model.steps import Removal
from richspeech.model.tag import LONGEST_TAG
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.rule_form import SentRule

MOST_SENT = 2**53
"""To which browsers count without rounding."""


class Numbered(BaseModel):
    """A row of the history, or a page of a list."""

    id: Annotated[int, Field(ge=0, le=HIGHEST_NUMBER)]


class Named(BaseModel):
    """A row that a name tells apart."""

    id: str


class Tagging(Numbered):
    """A row of the history, and a tag."""

    value: Annotated[str, Field(max_length=2 * LONGEST_TAG)]


class Sight(BaseModel):
    """Whether a page is to be seen."""

    hidden: bool


class Form(BaseModel):
    """A file that is being made, by its form."""

    form: str


class Wish(Form):
    """What is to be cut, and into which form."""

    chosen: frozenset[str]


class _Sent(BaseModel):
    sent: Annotated[int, Field(ge=0, le=MOST_SENT)] | None = None
    """By which the page knows the answer; None where it asks for none."""


class Change(_Sent):
    """What a person has put right; ``Correction.from_dict`` reads it."""

    correction: dict[str, Any]


class Step(_Sent):
    """What is to become of a line."""

    kind: Literal["split", "merge", "remove"]
    index: Annotated[int, Field(ge=0)]
    part: Annotated[int, Field(ge=0)]
    caret: Annotated[int, Field(ge=0, le=LONGEST_TEXT)] | None = None
    """Character of its text before which it is cut."""
    at: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """When, in seconds."""
    correction: dict[str, Any] | None = None
    """What is put right before."""

    def amendment(self, document: Document) -> Amendment:
        """Return the step; raises ``OptionError`` where that cannot be."""
        place = Place(self.index, self.part)
        if self.kind == "split":
            return document.splitting(place, caret=self.caret, at=self.at)
        return document.merging(place) if self.kind == "merge" else Removal(place)


class Rules(_Sent):
    """All that the form of rules holds."""

    prologue: str
    rules: tuple[SentRule, ...]


class Trimming(BaseModel):
    """Where a highlight is to begin and end; None for where rules have it."""

    key: str
    start: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    """Seconds."""
    end: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None


class SettingChange(BaseModel):
    """Another value of a setting."""

    group: str
    key: str
    value: Any


class Wishes(_Sent):
    """What the form of settings wants: to be drawn, to be answered, or to be saved."""

    kind: Literal["open", "restore", "edit", "save"]
    text: str | None = None
    """config.yaml as it stands in the page; None where that has none yet."""
    changes: tuple[SettingChange, ...] = ()


class Draft(BaseModel):
    """A correction that somebody is writing; ``Correction.from_dict`` reads it."""

    draft: dict[str, Any]


class Replace(BaseModel):
    """Words that are to stand in the place of others, wherever those stand."""

    found: Annotated[str, Field(max_length=LONGEST_TEXT)]
    by: Annotated[str, Field(max_length=LONGEST_TEXT)]


class Rename(BaseModel):
    """What somebody who speaks is to be called."""

    speaker: str
    """As the transcript has it."""
    name: str


Kind = TypeVar("Kind", bound=BaseModel)


def read(event: gr.EventData, kind: type[Kind]) -> Kind:
    """Return what came with an event; raises ``OptionError`` when no page of ours sends that."""
    try:
        return kind.model_validate(vars(event)["_data"])
    except ValidationError as error:
        raise OptionError("page.unreadable") from error
