"""Which audio tracks are heard: those of the chosen recording are offered, once they are known."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from richspeech.console.offers import fitting
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.sources import Sources
from richspeech.console.tab import Context
from richspeech.console.widgets import CHOSEN
from richspeech.errors import RichSpeechError
from richspeech.language.catalog import say
from richspeech.language.languages import language_name
from richspeech.model.audio_track import AudioTrack
from richspeech.model.languages import is_language, short_tag
from richspeech.model.options import TRACKS
from richspeech.readers.opener import tracks_of

log = logging.getLogger(__name__)

OFFERED = 8
"""By their numbers, where nobody knows which there are; cameras and recorders have no more."""
LOOK_SECONDS = 10.0
"""A file that takes longer to open tells nothing of its tracks; nobody waits for it."""


@dataclass(frozen=True)
class Listed:
    """Tracks of the chosen recording; empty where it has one, or nobody could tell."""

    tracks: tuple[AudioTrack, ...] = ()


class TrackChoice:
    """The list to choose from."""

    def __init__(self, context: Context) -> None:
        self._context, self._default = context, context.service.defaults.tracks

    def build(self) -> Any:
        """Make the widget, and return it."""
        self._widget = self._context.widgets.add_for_session(
            gr.Dropdown, self.looks, value=str(self._default), elem_id="tracks"
        )
        return self._widget

    def wire(self, sources: Sources) -> None:
        """Look into every file that is chosen."""
        sources.file.change(self._look, [sources.file, self._widget], self._widget, **CHOSEN)

    def resume(self, page_load: PageLoad) -> None:
        """Know of no tracks in a page that is opened anew, for it has no file."""
        page_load.add(_has_listed, self._forget, [self._widget])

    def looks(self, session: Session) -> dict[str, Any]:
        """Return how the widget looks for a session."""
        locale, tracks = session.locale, session.view(Listed).tracks
        most = max(OFFERED, self._default if isinstance(self._default, int) else 0)
        named = [(named_track(each, locale), str(each.number)) for each in tracks]
        numbers = [(say("tracks_number", locale, number=n), str(n)) for n in range(1, most + 1)]
        usual = [(say(f"tracks_{each}", locale), each) for each in TRACKS]
        return {
            "label": say("tracks", locale),
            "info": say("tracks_info", locale),
            "choices": [*usual, *(named or numbers)],
        }

    def list_tracks(self, session: Session, path: str | None, chosen: str) -> dict[str, Any]:
        """Look which tracks a recording has; return how the widget looks then.

        What is chosen stays where there is such a track.
        """
        session.keep(Listed(self._tracks_in(path)))
        looks = self.looks(session)
        return {**looks, "value": fitting(chosen, looks["choices"])}

    def _look(self, path: str | None, chosen: str, request: gr.Request) -> Any:
        return gr.update(**self.list_tracks(self._context.session(request), path, chosen))

    def _forget(self, request: gr.Request) -> Any:
        session = self._context.session(request)
        return gr.update(**self.list_tracks(session, None, str(self._default)))

    def _tracks_in(self, path: str | None) -> tuple[AudioTrack, ...]:
        """Return several tracks of a file; what is wrong with it is said when it is heard."""
        if path is None:
            return ()
        service, ends = self._context.service, time.monotonic() + LOOK_SECONDS
        try:
            found = tracks_of(
                service.opener, Path(path), service.limits, lambda: time.monotonic() > ends
            )
        except RichSpeechError as error:
            log.debug("no tracks are listed: %s", error)
            return ()
        return found if len(found) > 1 else ()


def named_track(track: AudioTrack, locale: str) -> str:
    """Say what is known of a track: number, language, title and codec."""
    tag = short_tag(track.language)
    language = language_name(tag, locale) if is_language(tag) else track.language
    number = say("tracks_number", locale, number=track.number)
    return " · ".join(filter(None, (number, language, track.title, track.codec)))


def _has_listed(session: Session) -> bool:
    return bool(session.view(Listed).tracks)
