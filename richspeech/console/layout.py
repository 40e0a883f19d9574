"""The page: widgets in their places, each wired to one line of ``handlers``."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from richspeech.audio import AudioLimits
from richspeech.console import render
from richspeech.console.examples import Example, find_examples
from richspeech.console.handlers import FORMATS, Choices, Handlers, Painting, paint
from richspeech.console.login import login_message
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Sessions
from richspeech.console.theme import CSS, theme
from richspeech.console.view import VIEWER_WORDS, labels, viewer_words
from richspeech.console.words import LOCALES, language_name, say, size_words
from richspeech.errors import RichSpeechError
from richspeech.loader import audio_limits, default_options
from richspeech.options import AUTO, Options
from richspeech.readiness import Readiness
from richspeech.settings import ROOT, Settings
from richspeech.transcript import LANGUAGES

EXAMPLES = ROOT / "examples"
JOBS_AT_ONCE = 4
"""Jobs that run side by side; the scheduler shares the model among them, more wait in a queue."""

SCRIPT_WORDS = ("name", "drop", "record", "stop", "pause", "resume", "microphone_choice")
"""What page.js writes into widgets whose words gradio does not let us change."""

SCRIPTS = ("page.js", "timeline.js", "transcript.js", "viewer.js")
"""In the order in which the browser reads them."""

VIEWER = """
window.richspeech.view(element, props, watch, {
  correct: (correction) => trigger("correct", { correction }), undo: () => trigger("undo"),
});
"""

STYLE_NAMES = ("label", "emoji", "tags", "plain")

App = TypeVar("App")
Words = Callable[[str], dict[str, Any]]
"""Locale → what a widget shows in it."""


def mount(
    app: App, readiness: Readiness, settings: Settings, version: str, guards: Sequence[Any] = ()
) -> App:
    """Put the console at the root of a FastAPI application, behind the routes that it has.

    ``guards`` are FastAPI dependencies of all its routes, for when there is a password.
    """
    limits = audio_limits(settings)
    sessions = Sessions(settings.limits.keep_seconds)
    page = Page(
        readiness,
        Handlers(readiness, limits, sessions),
        page_facts(settings, limits, version),
        default_options(settings),
        find_examples(EXAMPLES),
    )
    server = settings.server
    guarded = (server.user, server.password) if server.user and server.password else None
    gr.mount_gradio_app(
        app,
        page.build(),
        path="/",
        auth=guarded,
        auth_message=login_message(),
        app_kwargs={"dependencies": list(guards)} if guarded else None,
        allowed_paths=[str(EXAMPLES)],
        max_file_size=limits.max_bytes,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        theme=theme(),
        css_paths=[CSS],
        head=head(settings.page.unsure_below),
    )
    return app


def head(unsure_below: float) -> str:
    """Return the scripts of the page, with the words that they need."""
    keys = (*SCRIPT_WORDS, *VIEWER_WORDS)
    data = {
        "Words": {locale: viewer_words(keys, locale) for locale in LOCALES},
        "Labels": labels(),
        "UnsureBelow": unsure_below,
    }
    values = (f"window.richspeech{name} = {_script_json(value)};" for name, value in data.items())
    files = (Path(__file__).parent / name for name in SCRIPTS)
    scripts = ["".join(values), *(file.read_text(encoding="utf-8") for file in files)]
    return "".join(f"<script>{script}</script>" for script in scripts)


def _script_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def page_facts(settings: Settings, limits: AudioLimits, version: str) -> render.Facts:
    """Gather what the page says about the program."""
    return render.Facts(
        version=version,
        port=settings.server.port,
        keep_seconds=settings.limits.keep_seconds,
        max_bytes=limits.max_bytes,
        max_seconds=limits.max_seconds,
    )


class Page:
    """Builds the widgets once; remembers how each is called in every language."""

    def __init__(
        self,
        readiness: Readiness,
        handlers: Handlers,
        facts: render.Facts,
        defaults: Options,
        examples: tuple[Example, ...],
    ) -> None:
        self._readiness, self._handlers = readiness, handlers
        self._facts, self._defaults = facts, defaults
        self._examples = examples
        self._words: list[tuple[Any, Words]] = []
        """Widgets with words, in the order in which a change of language updates them."""
        self._example_buttons: list[Any] = []

    def build(self) -> Any:
        """Lay out the page in Chinese; page.js and ``_change_locale`` make it English."""
        keep = int(self._facts.keep_seconds)
        with gr.Blocks(
            title=say("name", "zh"),
            analytics_enabled=False,
            delete_cache=(min(keep, 300), keep),
        ) as blocks:
            with gr.Row(elem_id="head"):
                self._html(render.header, elem_id="title")
                self._switch = gr.Radio(
                    [("中文", "zh"), ("English", "en")],
                    value="zh",
                    elem_id="switch",
                    container=False,
                    show_label=False,
                    label=say("switch", "zh"),
                    min_width=150,
                    scale=0,
                )
            self._banner = self._html(self._draw_banner, elem_id="banner")
            self._html(partial(render.insecure_notice, self._facts), elem_id="insecure")
            with gr.Row(elem_id="columns"):
                with gr.Column(scale=5, min_width=320, elem_id="left"):
                    self._build_input()
                with gr.Column(scale=8, min_width=320, elem_id="right"):
                    self._build_result()
            self._footer = self._html(self._draw_footer, elem_id="foot")
            self._wire(blocks)
        return blocks

    # Widgets with words ----------------------------------------------------------------------

    def _add(self, kind: Callable[..., Any], words: Words, **properties: Any) -> Any:
        widget = kind(**words("zh"), **properties)
        self._words.append((widget, words))
        return widget

    def _html(self, draw: Callable[[str], str], **properties: Any) -> Any:
        def words(locale: str) -> dict[str, Any]:
            return {"value": draw(locale)}

        return self._add(gr.HTML, words, js_on_load=None, apply_default_css=False, **properties)

    def _draw_banner(self, locale: str) -> str:
        return render.banner(self._readiness.loaded, locale)

    def _draw_footer(self, locale: str) -> str:
        return render.footer(self._facts, self._readiness.loaded, locale)

    def _labelled(self, kind: Callable[..., Any], key: str, **properties: Any) -> Any:
        return self._add(kind, lambda locale: {"label": say(key, locale)}, **properties)

    def _explained(self, kind: Callable[..., Any], key: str, **properties: Any) -> Any:
        def words(locale: str) -> dict[str, Any]:
            return {"label": say(key, locale), "info": say(f"{key}_info", locale)}

        return self._add(kind, words, **properties)

    def _button(self, key: str, **properties: Any) -> Any:
        return self._add(gr.Button, lambda locale: {"value": say(key, locale)}, **properties)

    # The left side ---------------------------------------------------------------------------

    def _build_input(self) -> None:
        with gr.Column(elem_classes="card"):
            self._html(partial(render.heading, "recording"))
            with gr.Tabs(elem_id="sources"):
                with self._labelled(gr.Tab, "upload", id="upload"):
                    self._file = self._labelled(
                        gr.File, "file_label", elem_id="file", height=150, show_label=False
                    )
                    size = size_words(self._facts.max_bytes)
                    self._html(partial(render.file_hint, self._facts, size), elem_id="file-hint")
                with self._labelled(gr.Tab, "microphone", id="microphone"):
                    self._microphone = self._labelled(
                        gr.Audio,
                        "microphone_label",
                        sources=["microphone"],
                        type="filepath",
                        editable=False,
                        buttons=[],
                        elem_id="microphone",
                        show_label=False,
                        waveform_options=gr.WaveformOptions(
                            waveform_color="#8aa3a1", waveform_progress_color="#0b7a73"
                        ),
                    )
            self._language = self._add(
                gr.Dropdown,
                self._language_words,
                value=self._defaults.language or AUTO,
                elem_id="language",
            )
            self._build_settings()
            with gr.Row(elem_id="actions"):
                self._start = self._button("start", variant="primary", elem_id="start", scale=3)
                self._cancel = self._button(
                    "cancel", interactive=False, elem_id="cancel", scale=1, min_width=88
                )
        if self._examples:
            with gr.Column(elem_classes="card"):
                self._html(partial(render.heading, "examples"))
                with gr.Row(elem_id="examples"):
                    self._example_buttons = [self._example_button(e) for e in self._examples]

    @staticmethod
    def _language_words(locale: str) -> dict[str, Any]:
        choices = [(say("auto", locale), AUTO), *_language_choices(locale)]
        return {"label": say("language", locale), "choices": choices}

    def _example_button(self, example: Example) -> Any:
        return self._add(
            gr.Button,
            lambda locale: {"value": example.title(locale)},
            size="sm",
            min_width=120,
            elem_classes="example",
        )

    def _build_settings(self) -> None:
        defaults = self._defaults
        with self._labelled(gr.Accordion, "settings", open=False, elem_id="settings"):
            self._allowed = self._add(
                gr.CheckboxGroup,
                self._allowed_words,
                value=list(defaults.allowed_languages),
                elem_id="allowed",
            )
            self._style = self._add(
                gr.Radio, self._style_words, value=STYLE_NAMES[0], elem_id="style"
            )
            self._itn = self._labelled(
                gr.Checkbox, "itn", value=defaults.inverse_text_normalization, elem_id="itn"
            )
            self._ban = self._explained(
                gr.Checkbox, "ban_unknown", value=defaults.ban_unknown_emotion, elem_id="ban"
            )
            self._merge = self._explained(
                gr.Checkbox, "merge", value=defaults.merge, elem_id="merge"
            )
            self._merge_length = self._labelled(
                gr.Slider,
                "merge_length",
                minimum=1,
                maximum=30,
                step=1,
                value=defaults.merge_length_s,
                visible=defaults.merge,
                buttons=[],
                elem_id="merge-length",
            )

    @staticmethod
    def _allowed_words(locale: str) -> dict[str, Any]:
        return {
            "label": say("allowed", locale),
            "info": say("allowed_info", locale),
            "choices": _language_choices(locale),
        }

    @staticmethod
    def _style_words(locale: str) -> dict[str, Any]:
        return {
            "label": say("style", locale),
            "info": say("style_info", locale),
            "choices": [(say(f"style_{name}", locale), name) for name in STYLE_NAMES],
        }

    # The right side --------------------------------------------------------------------------

    def _build_result(self) -> None:
        html = partial(gr.HTML, js_on_load=None, apply_default_css=False)
        with gr.Column(elem_classes="card"):
            self._html(partial(render.heading, "result"))
            self._status = html(render.status(None, "zh"), elem_id="status")
            self._player = html("", elem_id="player")
            self._viewer = gr.HTML(
                html_template='<div class="viewer" hidden></div>',
                js_on_load=VIEWER,
                apply_default_css=False,
                elem_id="viewer",
            )
            with gr.Row(elem_id="downloads", visible=False) as self._downloads_row:
                self._downloads = [
                    self._labelled(
                        gr.DownloadButton,
                        f"download_{form}",
                        size="sm",
                        interactive=False,
                        min_width=100,
                        elem_id=f"download-{form}",
                    )
                    for form in FORMATS
                ]
            self._train = self._button(
                "download_training", size="sm", visible=False, elem_id="train"
            )
            self._training = gr.DownloadButton(visible="hidden", elem_id="training-file")
            self._table = html("", elem_id="table")

    # Events ----------------------------------------------------------------------------------

    @property
    def _painted(self) -> list[Any]:
        return [
            self._status,
            self._viewer,
            self._table,
            self._downloads_row,
            *self._downloads,
            self._train,
            self._start,
            self._cancel,
        ]

    @property
    def _form(self) -> list[Any]:
        return [
            self._language,
            self._allowed,
            self._itn,
            self._merge,
            self._merge_length,
            self._ban,
        ]

    def _wire(self, blocks: gr.Blocks) -> None:
        quick: dict[str, Any] = {
            "show_progress": "hidden",
            "concurrency_limit": None,
            "api_visibility": "private",
        }
        running = {**quick, "concurrency_limit": JOBS_AT_ONCE, "concurrency_id": "transcription"}
        worded = [widget for widget, _ in self._words]
        locale_outputs = [self._switch, *worded, self._player, *self._painted]
        blocks.load(
            self._change_locale,
            self._switch,
            locale_outputs,
            js="() => window.richspeech.locale()",
            **quick,
        ).then(None, js="() => window.richspeech.settle()", **quick).then(
            self._await_model, None, [self._banner, self._footer], **quick
        )
        self._switch.input(
            self._change_locale,
            self._switch,
            locale_outputs,
            js="(locale) => window.richspeech.choose(locale)",
            **quick,
        ).then(None, js="() => window.richspeech.settle()", **quick)
        self._style.input(self._change_style, self._style, self._painted, **quick)
        self._merge.input(
            lambda merge: gr.update(visible=merge), self._merge, self._merge_length, **quick
        )
        self._file.upload(lambda: None, None, self._microphone, **quick)
        self._microphone.stop_recording(lambda: None, None, self._file, **quick)
        self._cancel.click(self._press_cancel, None, self._painted, **quick)
        self._viewer.correct(self._press_correct, None, self._painted, **quick)
        self._viewer.undo(self._press_undo, None, self._painted, **quick)
        self._train.click(self._press_train, None, self._training, **quick).then(
            None, js="() => window.richspeech.download('#training-file')", **quick
        )
        begun = [self._player, *self._painted]
        self._start.click(
            self._press_start, [self._file, self._microphone, *self._form], begun, **quick
        ).then(self._run, None, self._painted, **running)
        for button, example in zip(self._example_buttons, self._examples, strict=True):
            button.click(
                self._press_example(example),
                self._form,
                [self._file, self._microphone, *begun],
                **quick,
            ).then(self._run, None, self._painted, **running)
        blocks.unload(self._leave)

    def _change_locale(self, locale: str, request: gr.Request) -> list[Any]:
        session = self._handlers.set_locale(request.session_hash, locale)
        worded = [gr.update(**words(session.locale)) for _, words in self._words]
        player = render.player(session.job, session.locale)
        return [session.locale, *worded, player, *_updates(paint(session))]

    async def _await_model(self, request: gr.Request) -> list[str]:
        await self._readiness.settled()
        locale = self._handlers.sessions.get(request.session_hash).locale
        return [self._draw_banner(locale), self._draw_footer(locale)]

    def _change_style(self, style: str, request: gr.Request) -> list[Any]:
        return _updates(paint(self._handlers.set_style(request.session_hash, style)))

    def _press_start(
        self, request: gr.Request, file: str | None, microphone: str | None, *form: Any
    ) -> list[Any]:
        return self._begin(request, file or microphone, form)

    def _press_example(self, example: Example) -> Callable[..., list[Any]]:
        path = str(example.path)

        def press(request: gr.Request, *form: Any) -> list[Any]:
            return [path, None, *self._begin(request, path, form)]

        return press

    def _begin(self, request: gr.Request, path: str | None, form: tuple[Any, ...]) -> list[Any]:
        session = self._handlers.begin(request.session_hash, path, Choices(*form))
        return [render.player(session.job, session.locale), *_updates(paint(session))]

    def _run(self, request: gr.Request) -> Iterator[list[Any]]:
        for session in self._handlers.run(request.session_hash):
            yield _updates(paint(session))

    def _press_cancel(self, request: gr.Request) -> list[Any]:
        return _updates(paint(self._handlers.cancel(request.session_hash)))

    def _press_correct(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return _updates(paint(self._handlers.correct(request.session_hash, event.correction)))

    def _press_undo(self, request: gr.Request) -> list[Any]:
        return _updates(paint(self._handlers.undo(request.session_hash)))

    def _press_train(self, request: gr.Request) -> Path | None:
        try:
            return self._handlers.training(request.session_hash)
        except RichSpeechError as error:
            locale = self._handlers.sessions.get(request.session_hash).locale
            raise gr.Error(Notice.of(error).sentence(locale)) from error

    def _leave(self, request: gr.Request) -> None:
        self._handlers.sessions.leave(request.session_hash)


def _language_choices(locale: str) -> list[tuple[str, str]]:
    return [(language_name(language, locale), language) for language in LANGUAGES]


def _updates(painting: Painting) -> list[Any]:
    """Put a painting in the order of ``Page._painted``."""
    files = [
        gr.update(value=painting.files.get(form), interactive=form in painting.files)
        for form in FORMATS
    ]
    return [
        painting.status,
        painting.view,
        painting.table,
        gr.update(visible=bool(painting.files)),
        *files,
        gr.update(visible=painting.can_train),
        gr.update(interactive=painting.can_start),
        gr.update(interactive=painting.can_cancel),
    ]
