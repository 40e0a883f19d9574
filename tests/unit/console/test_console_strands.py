"""Tracks and channels on the page: chosen before, and shown behind."""

import json
from dataclasses import replace

import pytest

from richspeech.console import render
from richspeech.console.tabs.transcribe.handlers import Choices
from richspeech.console.view import segment_line
from richspeech.errors import OptionError
from richspeech.jobs.transcribe import Transcription
from richspeech.model.document import Document
from richspeech.model.transcript import Segment, Transcript
from tests.fakes import HAPPY

CHOICES = Choices("auto", ["zh", "en"], True, False, 15.0, False)
AGENT, CUSTOMER = replace(HAPPY, channel=1, speaker="A"), replace(HAPPY, channel=2, speaker="B")


def table_of(*segments: Segment) -> str:
    job = Transcription(None)
    job.document = Document(Transcript(2.0, 0.1, "ear", "tiny", segments))
    return str(render.table(job, "en"))


def test_what_is_chosen_is_asked_for() -> None:
    asked = replace(CHOICES, tracks="2", channels="split").request().options
    assert (asked.tracks, asked.channels) == (2, "split")
    assert (CHOICES.request().options.tracks, CHOICES.request().options.channels) == (
        "default",
        "auto",
    )


def test_a_track_that_no_list_offers_is_refused() -> None:
    with pytest.raises(OptionError):
        replace(CHOICES, tracks="second").request()


def test_the_viewer_hears_who_speaks() -> None:
    assert json.loads(segment_line(0, CUSTOMER, "label"))["speaker"] == "B"
    assert json.loads(segment_line(0, HAPPY, "label"))["speaker"] == ""


def test_the_table_has_speakers_where_there_are_any() -> None:
    assert "Speaker" in table_of(AGENT, CUSTOMER)
    assert "Speaker" not in table_of(HAPPY)
