"""What the page's own scripts send with an event; whoever forges one gets a sentence."""

from typing import Annotated, Any, TypeVar

import gradio as gr
from pydantic import BaseModel, Field, ValidationError

from richspeech.errors import OptionError
from richspeech.model.corrections import LONGEST_TEXT
from richspeech.storage.database import HIGHEST_NUMBER


class Numbered(BaseModel):
    """A row of the history, or a page of a list."""

    id: Annotated[int, Field(ge=0, le=HIGHEST_NUMBER)]


class Named(BaseModel):
    """A row that a name tells apart."""

    id: str


class Form(BaseModel):
    """A file that is being made, by its form."""

    form: str


class Wish(Form):
    """What is to be cut, and into which form."""

    chosen: frozenset[str]


class Change(BaseModel):
    """What a person has put right; ``Correction.from_dict`` reads it."""

    correction: dict[str, Any]


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
