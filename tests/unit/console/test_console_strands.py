"""Tracks and channels on the page: chosen before, and shown behind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from richspeech.audio.container import AudioLimits
from richspeech.console import render
from richspeech.console.sessions import Session
from richspeech.console.tabs.transcribe.handlers import Choices
from richspeech.console.tabs.transcribe.tracks import OFFERED, Listed, TrackChoice
from richspeech.console.view import segment_line
from richspeech.errors import AudioError, OptionError, RichSpeechError
from richspeech.jobs.transcribe import Transcription
from richspeech.model.audio_track import AudioTrack
from richspeech.model.document import Document
from richspeech.model.options import TRACKS, Options
from richspeech.model.place import Place
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


def test_who_is_left_and_who_is_right_is_asked_for() -> None:
    named = replace(CHOICES, speaker_left=" Ann  Lee ", speaker_right=" ")
    assert named.request().options.speakers == ("Ann Lee", None)
    more = replace(CHOICES, speaker_right="Bob", more_speakers=("Cy",))
    assert more.request().options.speakers == (None, "Bob", "Cy")
    with pytest.raises(OptionError, match="is no name for a speaker"):
        replace(CHOICES, speaker_left="a" * 41).request()


def test_a_track_that_no_list_offers_is_refused() -> None:
    with pytest.raises(OptionError):
        replace(CHOICES, tracks="second").request()


@dataclass
class FilmOpener:
    """Opens everything as a film with these tracks, or fails."""

    tracks: tuple[AudioTrack, ...] = ()
    error: RichSpeechError | None = None

    @contextmanager
    def open(self, *_: object, **__: object) -> Iterator[Any]:
        if self.error is not None:
            raise self.error
        film: Any = SimpleNamespace(tracks=self.tracks)
        yield film


ENGLISH = AudioTrack(1, "", "eng", "aac", 2)
COMMENTARY = AudioTrack(2, "Commentary", "jpn", "ac3", 6)
NAMELESS = AudioTrack(3, "", "", "pcm_s16le", 1)


def listed(opener: FilmOpener, session: Session, chosen: str = "default") -> dict[str, Any]:
    service = SimpleNamespace(opener=opener, defaults=Options(), limits=AudioLimits(1, 1.0))
    context: Any = SimpleNamespace(service=service)
    looks = TrackChoice(context).list_tracks(session, "film.mkv", chosen)
    return {**looks, "values": [value for _, value in looks["choices"]]}


def test_the_tracks_of_a_chosen_film_are_offered_with_all_that_is_known_of_them() -> None:
    session = Session(locale="en")
    looks = listed(FilmOpener((ENGLISH, COMMENTARY, NAMELESS)), session)
    assert looks["choices"][3:] == [
        ("Number 1 · English · aac", "1"),
        ("Number 2 · Japanese · Commentary · ac3", "2"),
        ("Number 3 · pcm_s16le", "3"),
    ]
    assert looks["values"][:3] == [*TRACKS]
    session.locale = "zh"  # which paints it again
    assert session.view(Listed).tracks[1] == COMMENTARY


def test_what_was_chosen_stays_where_there_is_such_a_track() -> None:
    film = FilmOpener((ENGLISH, COMMENTARY))
    assert [listed(film, Session(), each)["value"] for each in ("2", "all", "5")] == [
        *("2", "all", "default"),
    ]


@pytest.mark.parametrize(
    "opener", [FilmOpener((ENGLISH,)), FilmOpener(error=AudioError("audio.no_track", name="x"))]
)
def test_where_there_is_nothing_to_choose_numbers_are_offered_as_before(
    opener: FilmOpener,
) -> None:
    session = Session(locale="en")
    listed(FilmOpener((ENGLISH, COMMENTARY)), session)
    looks = listed(opener, session)
    assert looks["choices"][-1] == (f"Number {OFFERED}", str(OFFERED))


def test_the_viewer_hears_who_speaks() -> None:
    assert json.loads(segment_line(Place(0), CUSTOMER, "label"))["speaker"] == "B"
    assert json.loads(segment_line(Place(0), HAPPY, "label"))["speaker"] == ""


def test_the_table_has_speakers_where_there_are_any() -> None:
    assert "Speaker" in table_of(AGENT, CUSTOMER)
    assert "Speaker" not in table_of(HAPPY)
