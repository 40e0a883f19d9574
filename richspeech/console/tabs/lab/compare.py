"""The lab's first part: a recording through two settings, side by side."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from postprocess import Rule
from richspeech.console.arrivals import Arrivals
from richspeech.console.examples import Example
from richspeech.console.languages import language_words
from richspeech.console.panels.export.exports import file_stem
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Session
from richspeech.console.sources import Sources, example_buttons
from richspeech.console.tab import Context
from richspeech.console.tabs.lab import render as lab_render
from richspeech.console.tabs.lab.models import LabModels
from richspeech.console.tabs.lab.table import write_csv, write_json
from richspeech.console.tabs.lab.work import Experiment, LabWork, RuleSet, Side, Trial, score_anew
from richspeech.console.widgets import BEGINS, DRAWN, QUICK
from richspeech.engines.hub import EMBEDDED
from richspeech.engines.registry import engines
from richspeech.errors import RichSpeechError
from richspeech.language.catalog import say
from richspeech.model.options import AUTO, Options, hotwords_in, language_hint
from richspeech.storage.rule_file import read_rules

AS_SET = ""
"""Stands for the weights that the settings name."""
RULE_SETS: tuple[RuleSet, ...] = ("current", "none", "workshop")
TABLES = ("csv", "json")


class Choices(NamedTuple):
    """The values of one side's form, in the order of its widgets."""

    engine: str
    weights: str
    language: str
    inverse_text_normalization: bool
    merge: bool
    ban_unknown_emotion: bool
    hotwords: str
    rule_set: RuleSet

    def side(self, defaults: Options, rules: Mapping[RuleSet, tuple[Rule, ...]]) -> Side:
        """Return how this side hears; raises ``OptionError``."""
        options = Options(
            language=language_hint(self.language),
            allowed_languages=defaults.allowed_languages,
            inverse_text_normalization=self.inverse_text_normalization,
            merge=self.merge,
            merge_length_s=defaults.merge_length_s,
            ban_unknown_emotion=self.ban_unknown_emotion,
            hotwords=hotwords_in(self.hotwords),
        )
        weights = None if self.weights == AS_SET else self.weights
        return Side(self.engine, weights, options, self.rule_set, rules[self.rule_set])


class ComparePanel:
    """The form of both sides, and what came out."""

    def __init__(self, context: Context, models: LabModels, work: LabWork) -> None:
        self._context, self._widgets = context, context.widgets
        self._models, self._work = models, work
        self._sources = Sources(context, "lab-")
        self._forms: list[list[Any]] = []

    def build(self) -> None:
        """Make the recording on one side, settings and result on the other."""
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="side"):
                self._build_recording()
                self._example_buttons = example_buttons(self._context, "lab-")
            with gr.Column(scale=8, min_width=320, elem_classes="side"):
                self._build_settings()
                self._build_result()

    def _build_recording(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("recording")
            self._sources.build()
            self._widgets.html(partial(_hint, "lab_recording_hint"))
            self._reference = self._widgets.explained(
                gr.Textbox,
                "lab_reference",
                value="",
                lines=4,
                max_lines=12,
                elem_id="lab-reference",
            )
            self._score = self._widgets.button(
                "lab_score", size="sm", visible=False, elem_id="lab-score"
            )

    def _build_settings(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("lab_settings")
            self._widgets.html(partial(_hint, "lab_settings_hint"))
            with gr.Row(elem_classes="lab-forms"):
                for name in ("a", "b"):
                    with gr.Column(min_width=240, elem_classes="lab-form", elem_id=f"lab-{name}"):
                        self._forms.append(self._build_form(name))
            self._start, self._cancel = self._widgets.start_and_cancel("lab_start", "lab-")

    def _build_form(self, name: str) -> list[Any]:
        """Make one side's widgets, in the order of ``Choices``; b differs in one of them."""
        defaults, add = self._context.defaults, self._widgets.add
        itn = defaults.inverse_text_normalization
        self._widgets.html(lambda locale: f"<h3>{say(f'lab_side_{name}', locale)}</h3>")
        return [
            add(gr.Dropdown, self._engine_words, value=self._models.engines[0]),
            add(gr.Dropdown, self._weight_words, value=AS_SET),
            add(gr.Dropdown, language_words, value=defaults.language or AUTO),
            self._check("itn", itn if name == "a" else not itn),
            self._check("merge", defaults.merge),
            self._check("ban_unknown", defaults.ban_unknown_emotion),
            self._widgets.explained(gr.Textbox, "lab_hotwords", value="", lines=1, max_lines=3),
            add(gr.Dropdown, _rule_set_words, value="current"),
        ]

    def _check(self, key: str, value: bool) -> Any:  # noqa: FBT001
        return self._widgets.labelled(gr.Checkbox, key, value=value)

    def _engine_words(self, locale: str) -> dict[str, Any]:
        known = self._models.engines
        choices = [(engines()[name].title.in_locale(locale), name) for name in known]
        return {"label": say("lab_engine", locale), "choices": choices}

    def _weight_words(self, locale: str) -> dict[str, Any]:
        named = {EMBEDDED: say("lab_weights_embedded", locale)}
        others = [(named.get(name, name), name) for name in self._models.weights]
        choices = [(say("lab_weights_settings", locale), AS_SET), *others]
        return {"label": say("lab_weights", locale), "choices": choices}

    def _build_result(self) -> None:
        with gr.Column(elem_classes="card", elem_id="lab-result"):
            self._widgets.heading("lab_result")
            self._status = gr.HTML(
                lab_render.status(None, "zh"),
                elem_id="lab-status",
                elem_classes="status",
                **DRAWN,
            )
            self._result = gr.HTML("", elem_id="lab-rows", **DRAWN)
            with gr.Row(elem_classes="downloads", visible=False) as self._downloads_row:
                self._downloads = [
                    self._widgets.labelled(
                        gr.DownloadButton,
                        f"lab_download_{form}",
                        size="sm",
                        min_width=100,
                        elem_id=f"lab-{form}",
                    )
                    for form in TABLES
                ]

    # Events ---------------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """Whatever shows the experiment."""
        return [
            self._status,
            self._result,
            self._downloads_row,
            *self._downloads,
            self._score,
            self._start,
            self._cancel,
        ]

    def wire(self, editor: Any) -> None:
        """Connect the buttons; ``editor`` holds the rules of the workshop."""
        self._sources.wire()
        form = [self._reference, editor, *self._forms[0], *self._forms[1]]
        self._cancel.click(self._press_cancel, None, self.painted, **QUICK)
        self._score.click(self._press_score, self._reference, self.painted, **QUICK)
        self._start.click(
            self._press_start, [*self._sources.widgets, *form], self.painted, **BEGINS
        ).then(self._watch, None, self.painted, **QUICK)
        for button, example in zip(self._example_buttons, self._context.examples, strict=True):
            button.click(
                self._press_example(example),
                form[1:],
                [*self._sources.widgets, self._reference, *self.painted],
                **BEGINS,
            ).then(self._watch, None, self.painted, **QUICK)

    def resume(self, arrivals: Arrivals) -> None:
        """Give back the reference, show the experiment, and go on painting it while it runs."""
        arrivals.add(_has_experiment, self._restore, self._reference)
        arrivals.add(_has_experiment, self._watch, self.painted)

    def _restore(self, request: gr.Request) -> str:
        experiment = self._context.session(request).experiment
        return experiment.reference if experiment else ""

    def paint(self, session: Session) -> list[Any]:
        """Draw the session's experiment; writes its tables once it is over."""
        experiment, locale = session.experiment, session.locale
        over = experiment is None or experiment.status.is_over
        files = write_tables(experiment, session.folder) if experiment else {}
        return [
            lab_render.status(experiment, locale),
            lab_render.result(experiment, locale),
            gr.update(visible=bool(files)),
            *(gr.update(value=files.get(form), visible=form in files) for form in TABLES),
            gr.update(visible=experiment is not None and experiment.result is not None),
            gr.update(interactive=over),
            gr.update(interactive=not over),
        ]

    def _press_start(
        self,
        request: gr.Request,
        file: str | None,
        microphone: str | None,
        reference: str,
        *form: Any,
    ) -> list[Any]:
        session = self._context.session(request)
        sound = session.job.sound if session.job else None
        path = file or microphone or (str(sound.path) if sound else None)
        return self._begin(session, path, reference, form)

    def _press_example(self, example: Example) -> Callable[..., list[Any]]:
        path = str(example.path)

        def press(request: gr.Request, *form: Any) -> list[Any]:
            session = self._context.session(request)
            painting = self._begin(session, path, example.words, form)
            return [path, None, example.words, *painting]

        return press

    def _begin(
        self, session: Session, path: str | None, reference: str, form: tuple[Any, ...]
    ) -> list[Any]:
        self._context.require_open(session)
        if session.experiment is not None:
            session.experiment.cancel()
        session.experiment = self._experiment(path, reference.strip(), form)
        self._work.submit(session.experiment)
        return self.paint(session)

    def _experiment(self, path: str | None, reference: str, form: tuple[Any, ...]) -> Experiment:
        """Make what a press asks for; what cannot run has failed already."""
        rules_text, *values = form
        half = len(Choices._fields)
        chosen = Choices(*values[:half]), Choices(*values[half:])
        source = Path(path) if path else None
        defaults, rules = self._context.defaults, self._context.transcribers.rules
        plain = Trial(Side(self._models.engines[0], None, defaults, "current", rules))
        try:
            sets: dict[RuleSet, tuple[Rule, ...]] = {"current": rules, "none": ()}
            if any(each.rule_set == "workshop" for each in chosen):
                sets["workshop"] = read_rules(rules_text)
            left, right = (Trial(each.side(defaults, sets)) for each in chosen)
        except RichSpeechError as error:
            experiment = Experiment(source, (plain, plain), reference)
            experiment.fail(Notice.of(error))
            return experiment
        experiment = Experiment(source, (left, right), reference)
        if source is None:
            experiment.fail(Notice("lab_no_audio"))
        return experiment

    def _press_cancel(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if session.experiment is not None:
            session.experiment.cancel()
        return self.paint(session)

    def _press_score(self, reference: str, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if session.experiment is not None:
            score_anew(session.experiment, reference.strip())
        return self.paint(session)

    async def _watch(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        session = self._context.session(request)
        experiment = session.experiment
        # An event that yields nothing would empty what it writes to.
        yield await asyncio.to_thread(self.paint, session)
        if experiment is None:
            return
        async for _ in experiment.watch():
            if session.experiment is not experiment:
                return
            yield await asyncio.to_thread(self.paint, self._context.session(request))


def write_tables(experiment: Experiment, folder: Path) -> dict[str, Path]:
    """Write the tables of an experiment that is over, once for each reference; else nothing."""
    result = experiment.result
    if result is None or result.comparison is None:
        return {}
    place = folder / "lab" / experiment.key
    stem = file_stem(experiment.name)
    files = {form: place / f"{stem}-comparison.{form}" for form in TABLES}
    if experiment.written is not result:
        place.mkdir(parents=True, exist_ok=True)
        files["csv"].write_text(write_csv(result.comparison), encoding="utf-8", newline="")
        files["json"].write_text(write_json(experiment), encoding="utf-8")
        experiment.written = result
    return files


def _has_experiment(session: Session) -> bool:
    return session.experiment is not None


def _rule_set_words(locale: str) -> dict[str, Any]:
    choices = [(say(f"lab_rule_set_{name}", locale), name) for name in RULE_SETS]
    return {"label": say("lab_rule_set", locale), "choices": choices}


def _hint(key: str, locale: str) -> str:
    return f'<p class="lab-hint">{say(key, locale)}</p>'
