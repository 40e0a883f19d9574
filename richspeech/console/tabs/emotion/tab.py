"""The tab of emotions: a recording on one side, what its voice says on the other."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.sources import Sources, example_buttons
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.emotion import render as emotion_render
from richspeech.console.widgets import BEGINS, DRAWN, QUICK
from richspeech.emotion.document import GRANULARITIES
from richspeech.emotion.runs import AUDIO, EMBEDDING, RESULT
from richspeech.errors import NoRecordingError
from richspeech.jobs.emotion import EmotionJob, EmotionRequest
from richspeech.language.catalog import say

CURVE = "window.richspeech.emotionCurve(element, props, watch);"
DOWNLOADS = {
    "emotion_download_result": RESULT,
    "emotion_download_embedding": EMBEDDING,
    "emotion_download_audio": AUDIO,
}
"""Text on the button → file of the run."""


class EmotionTab:
    """Nine emotions of one recording, over time if one likes."""

    name = "emotion"

    def __init__(self, context: Context, _: Shell) -> None:
        self._context, self._widgets = context, context.widgets
        self._settings = context.settings.emotion
        self._work = context.service.emotions
        self._sources = Sources(context, "emotion-")

    def build(self) -> None:
        """Make both sides."""
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="side"):
                self._build_input()
                self._example_buttons = example_buttons(self._context, "emotion-")
            with gr.Column(scale=8, min_width=320, elem_classes="side"):
                self._build_result()

    def _build_input(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("recording")
            self._widgets.html(partial(render.note, "emotion_which", "file-hint"))
            self._sources.build()
            self._granularity = self._widgets.add(
                gr.Radio, self._granularity_words, value="frame", elem_id="granularity"
            )
            self._embedding = self._widgets.explained(
                gr.Checkbox, "emotion_embedding", value=False, elem_id="emotion-embedding"
            )
            self._keep = self._widgets.explained(
                gr.Checkbox,
                "emotion_keep",
                value=False,
                visible=self._settings.outputs_folder is not None,
                elem_id="emotion-keep",
            )
            self._start, self._cancel = self._widgets.start_and_cancel("emotion_start", "emotion-")

    @staticmethod
    def _granularity_words(locale: str) -> dict[str, Any]:
        return {
            "label": say("emotion_granularity", locale),
            "choices": [
                (say(f"emotion_granularity_{name}", locale), name) for name in GRANULARITIES
            ],
        }

    def _build_result(self) -> None:
        with gr.Column(elem_classes="card", elem_id="emotion-result"):
            self._widgets.heading("emotion_result")
            self._status = gr.HTML(
                emotion_render.status(None, "zh"),
                elem_id="emotion-status",
                elem_classes="status",
                **DRAWN,
            )
            self._verdict = gr.HTML("", elem_id="emotion-verdict", **DRAWN)
            self._player = gr.HTML("", elem_id="emotion-player", **DRAWN)
            self._curve = gr.HTML(
                html_template='<div class="voice-curve" hidden></div>',
                js_on_load=CURVE,
                apply_default_css=False,
                elem_id="emotion-curve",
            )
            self._scores = gr.HTML("", elem_id="emotion-scores", **DRAWN)
            with gr.Row(elem_classes="downloads", visible=False) as self._downloads_row:
                self._downloads = [
                    self._widgets.labelled(
                        gr.DownloadButton,
                        key,
                        size="sm",
                        min_width=100,
                        elem_id=key.replace("_", "-"),
                    )
                    for key in DOWNLOADS
                ]
            self._journal = gr.HTML("", elem_id="emotion-journal", **DRAWN)

    # Events ----------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """Whatever shows the job."""
        return [
            self._status,
            self._verdict,
            self._player,
            self._curve,
            self._scores,
            self._journal,
            self._downloads_row,
            *self._downloads,
            self._start,
            self._cancel,
        ]

    def wire(self) -> None:
        """Connect the buttons."""
        form = {self._granularity, self._embedding, self._keep}
        self._sources.wire()
        self._cancel.click(self._press_cancel, None, self.painted, **QUICK)
        self._start.click(
            self._press_start, {*self._sources.widgets, *form}, self.painted, **BEGINS
        ).then(self._watch, None, self.painted, **QUICK)
        for button, example in zip(self._example_buttons, self._context.examples, strict=True):
            button.click(
                self._press_example(str(example.path)),
                form,
                [*self._sources.widgets, *self.painted],
                **BEGINS,
            ).then(self._watch, None, self.painted, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show the job, and go on painting it while it runs."""
        page_load.add(
            lambda session: session.job_of(EmotionJob) is not None, self._watch, self.painted
        )

    def paint(self, session: Session) -> list[Any]:
        """Draw the session's job."""
        job, locale = session.job_of(EmotionJob), session.locale
        over = job is None or job.is_over
        files = job.result.files if job and job.result else {}
        return [
            emotion_render.status(job, locale),
            emotion_render.verdict(job, self._settings.risk, locale),
            emotion_render.player(job, locale),
            emotion_render.curve(job, locale),
            emotion_render.scores(job, locale),
            emotion_render.journal(job, locale),
            gr.update(visible=bool(files)),
            *(
                gr.update(value=files.get(name), visible=name in files)
                for name in DOWNLOADS.values()
            ),
            gr.update(interactive=over),
            gr.update(interactive=not over),
        ]

    def _press_start(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        return self._begin(request, self._sources.chosen(values), values)

    def _press_example(self, path: str) -> Callable[..., dict[Any, Any]]:
        def press(values: dict[Any, Any], request: gr.Request) -> dict[Any, Any]:
            painting = self._begin(request, path, values)
            return {
                **self._sources.showing(path),
                **dict(zip(self.painted, painting, strict=True)),
            }

        return press

    def _begin(self, request: gr.Request, path: str | None, values: Mapping[Any, Any]) -> list[Any]:
        session = self._context.session(request)
        self._context.require_open()
        _forget(session.job_of(EmotionJob))
        asked = EmotionRequest(
            frames=values[self._granularity] == "frame",
            embedding=bool(values[self._embedding]),
            keep=bool(values[self._keep]),
        )
        job = EmotionJob(Path(path) if path else None, asked)
        if path is None:
            job.fail(NoRecordingError())
        session.put(job)
        self._work.submit(job, session.folder)
        return self.paint(session)

    async def _watch(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for painting in self._context.paintings(request, EmotionJob, self.paint):
            yield painting

    def _press_cancel(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if (job := session.job_of(EmotionJob)) is not None:
            job.cancel()
        return self.paint(session)


def _forget(job: EmotionJob | None) -> None:
    """Stop a job and delete its files, before another takes its place."""
    if job is None:
        return
    job.cancel()
    for path in job.result.files.values() if job.result else ():
        shutil.rmtree(path.parent, ignore_errors=True)
