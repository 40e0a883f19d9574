"""How subtitles look, and a preview: their first lines, and what stands over a film meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.panels.export.material import material_of
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.templates import draw
from richspeech.console.widgets import CHOSEN, QUICK
from richspeech.jobs.export import Material, written
from richspeech.language.catalog import say
from richspeech.writers import FORMATS, Purpose
from richspeech.writers.cues import build_cues
from richspeech.writers.line_room import (
    LATIN_PER_LINE,
    LATIN_RANGE,
    WIDE_PER_LINE,
    WIDE_RANGE,
    LineRoom,
)

FORMS = tuple(each.name for each in FORMATS if each.purpose is Purpose.SUBTITLES)
MOST_SHOWN = 24
"""Lines of a file."""
SCRIPT = "window.richspeech.subtitles(element, props, watch);"


@dataclass(frozen=True)
class Subtitles:
    """What a session has chosen; numbers as gradio has them."""

    emotions: bool = True
    sounds: bool = True
    wide: float = WIDE_PER_LINE
    latin: float = LATIN_PER_LINE
    form: str = FORMS[0]
    """Of the preview."""
    is_open: bool = False
    """Whether the preview is."""

    def material(self, session: Session, unsure_below: float | None = None) -> Material | None:
        """Gather what a file is made of; raises ``OptionError``."""
        return material_of(
            session,
            emotions=self.emotions,
            sounds=self.sounds,
            room=LineRoom(int(self.latin), int(self.wide)),
            unsure_below=unsure_below,
        )


class SubtitlePanel:
    """Choices, and the preview that follows them and every correction while it is open."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets

    def build_choices(self) -> None:
        """Make what says how they look."""
        self._emotions, self._sounds = (
            self._widgets.explained(
                gr.Checkbox, f"export_{each}", value=True, elem_id=f"export-{each}"
            )
            for each in ("emotions", "sounds")
        )
        with gr.Row(elem_id="per-line"):
            self._wide, self._latin = (
                self._widgets.labelled(
                    gr.Slider,
                    f"export_{kind}_per_line",
                    minimum=low,
                    maximum=high,
                    step=1,
                    value=usual,
                    buttons=[],
                    elem_id=f"{kind}-per-line",
                    min_width=150,
                )
                for kind, (low, high), usual in (
                    ("wide", WIDE_RANGE, WIDE_PER_LINE),
                    ("latin", LATIN_RANGE, LATIN_PER_LINE),
                )
            )

    def build_preview(self) -> None:
        """Make the preview, which costs nothing until somebody opens it."""
        with self._widgets.labelled(
            gr.Accordion, "export_preview", open=False, elem_id="subtitle-preview"
        ) as self._place:
            self._form = self._widgets.add(
                gr.Radio, _form_words, value=FORMS[0], elem_id="preview-form"
            )
            self._preview = gr.HTML(
                html_template='<div class="subtitles"></div>',
                js_on_load=SCRIPT,
                apply_default_css=False,
                elem_id="subtitles",
            )

    @property
    def choices(self) -> set[Any]:
        """Widgets that say how they look."""
        return {*self._choices}

    @property
    def _choices(self) -> tuple[Any, ...]:
        """Those, in the order of the fields of ``Subtitles``."""
        return self._emotions, self._sounds, self._wide, self._latin

    def chosen(self, values: Mapping[Any, Any]) -> Subtitles:
        """Read what these widgets say."""
        return Subtitles(*(values[each] for each in self._choices))

    @property
    def painted(self) -> list[Any]:
        """The preview."""
        return [self._preview]

    def wire(self) -> None:
        """Have the preview follow what is chosen."""
        everything = {*self._choices, self._form}
        for widget in everything:
            widget.input(self._choose, everything, self._preview, **CHOSEN)
        self._place.expand(self._open, everything, self._preview, **QUICK)
        self._place.collapse(self._close, None, self._preview, **QUICK)

    def paint(self, session: Session) -> list[Any]:
        """Draw the preview of what the session shows, if it is open."""
        return [preview(session)]

    def _choose(self, values: dict[Any, Any], request: gr.Request) -> dict[str, Any] | None:
        is_open = self._context.session(request).view(Subtitles).is_open
        return self._show(values, request, is_open=is_open)

    def _open(self, values: dict[Any, Any], request: gr.Request) -> dict[str, Any] | None:
        return self._show(values, request, is_open=True)

    def _show(
        self, values: dict[Any, Any], request: gr.Request, *, is_open: bool
    ) -> dict[str, Any] | None:
        session = self._context.session(request)
        chosen = replace(self.chosen(values), form=values[self._form], is_open=is_open)
        session.keep(chosen)
        return preview(session)

    def _close(self, request: gr.Request) -> None:
        session = self._context.session(request)
        session.keep(replace(session.view(Subtitles), is_open=False))


def _form_words(locale: str) -> dict[str, Any]:
    choices = [(say(f"download_{form}", locale), form) for form in FORMS]
    return {"label": say("export_preview_form", locale), "choices": choices}


def preview(session: Session) -> dict[str, Any] | None:
    """Return the first lines of the file, and all that is shown over a film; None if closed."""
    chosen = session.view(Subtitles)
    material = chosen.material(session) if chosen.is_open else None
    if material is None:
        return None
    content = written(material.transcript, material.name, chosen.form, material.options)
    lines = content.decode().splitlines()
    html = draw(
        "panels/export/subtitles.html",
        session.locale,
        text="\n".join(lines[:MOST_SHOWN]),
        left=len(lines[MOST_SHOWN:]),
    )
    return {"html": html, "cues": [*_cues(material)] if _has_film(session) else None}


def _has_film(session: Session) -> bool:
    job = shown(session)
    path = None if job is None else job.playback or job.path
    return path is not None and render.is_film(path)


def _cues(material: Material) -> Iterator[tuple[float, float, str]]:
    """Give start, end and text of each, as srt has them."""
    for cue in build_cues(material.transcript, material.options):
        speaker = f"{cue.speaker}: " if cue.speaker else ""
        yield cue.start, cue.end, speaker + "\n".join(line.text for line in cue.lines)
