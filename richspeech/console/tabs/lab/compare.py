"""The lab's first part: a recording through two settings, side by side."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import gradio as gr

from postprocess import Rule
from richspeech.console import render
from richspeech.console.examples import Example
from richspeech.console.offers import (
    Offers,
    adapter_offer,
    cascade_offer,
    denoise_offer,
    itn_offer,
    language_offer,
    offer_of,
    read_form,
)
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.sources import Sources, example_buttons
from richspeech.console.tab import Context
from richspeech.console.tabs.lab import render as lab_render
from richspeech.console.tabs.lab.table import write_csv, write_json
from richspeech.console.widgets import BEGINS, CHOSEN, DRAWN, QUICK
from richspeech.engines.hub import EMBEDDED
from richspeech.engines.registry import Engine, engine_named, engines
from richspeech.errors import NothingToCompareError, RichSpeechError
from richspeech.jobs.compare import SIDES, Experiment, RuleSet, Side, Trial, score_anew
from richspeech.jobs.export import file_stem
from richspeech.language.catalog import say
from richspeech.model.capability import Capability
from richspeech.model.hotword_list import hotwords_in
from richspeech.model.languages import AUTO
from richspeech.model.options import Denoise, Options, language_hint
from richspeech.model.request import TranscriptionRequest
from richspeech.storage.rule_file import read_rules

AS_SET = ""
"""Stands for the weights that the settings name."""
RULE_SETS: tuple[RuleSet, ...] = ("current", "none", "trial")
TABLES = ("csv", "json")


@dataclass(frozen=True)
class Choices:
    """What one side's form says, by the names of its widgets."""

    engine: str
    weights: str
    language: str
    inverse_text_normalization: bool
    merge: bool
    ban_unknown_emotion: bool
    hotwords: str
    denoise: Denoise
    rule_set: RuleSet
    adapter: str | None = None
    """None is that of the settings."""
    cascade: str | None = None
    """None is that of the settings."""

    def side(self, defaults: Options, rules: Mapping[RuleSet, tuple[Rule, ...]]) -> Side:
        """Return how this side hears, without what its engine cannot do; raises ``OptionError``."""
        hotwords = hotwords_in(self.hotwords)
        asked = Options(
            language=language_hint(self.language),
            allowed_languages=defaults.allowed_languages,
            inverse_text_normalization=self.inverse_text_normalization,
            merge=self.merge,
            merge_length_s=defaults.merge_length_s,
            ban_unknown_emotion=self.ban_unknown_emotion,
            hotwords=(*hotwords,),
            hotword_weights=(*hotwords.values(),),
            protected_words=defaults.protected_words,
            tracks=defaults.tracks,
            channels=defaults.channels,
            denoise=self.denoise,
        )
        weights = None if self.weights == AS_SET else self.weights
        request = TranscriptionRequest(
            asked,
            self.engine,
            sentiment=False,
            rules=rules[self.rule_set],
            recalls=False,
            adapter=self.adapter if weights is None else None,
            cascade=self.cascade if weights is None else None,
        )
        return Side(engine_named(self.engine).heeded(request), weights, self.rule_set)


@dataclass(frozen=True)
class ChosenEngines:
    """The engines that are chosen in the forms."""

    by_side: Mapping[str, str] = field(default_factory=dict)
    """Their names; the main one where there is none."""


class ComparePanel:
    """The form of both sides, and what came out."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets
        self._work, self._engines = context.service.comparisons, context.service.comparisons.engines
        self._sources = Sources(context, "lab-")
        self._forms: list[dict[str, Any]] = []
        """The widgets of each side, by the fields of ``Choices``."""
        self._offers = {
            name: Offers(context.widgets, partial(self._engine_of, name)) for name in SIDES
        }
        """Those of each side that its engine decides on."""

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
            self._widgets.html(partial(render.note, "lab_recording_hint", "lab-hint"))
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
            self._widgets.html(partial(render.note, "lab_settings_hint", "lab-hint"))
            with gr.Row(elem_classes="lab-forms"):
                for name in SIDES:
                    with gr.Column(min_width=240, elem_classes="lab-form", elem_id=f"lab-{name}"):
                        self._forms.append(self._build_form(name))
            self._start, self._cancel = self._widgets.start_and_cancel("lab_start", "lab-")

    def _build_form(self, name: str) -> dict[str, Any]:
        """Make one side's widgets, by the fields of ``Choices``; b differs in one of them."""
        defaults, add = self._context.service.defaults, self._widgets.add
        itn, offers = defaults.inverse_text_normalization, self._offers[name]
        transcribers = self._context.service.transcribers
        self._widgets.html(partial(render.subheading, f"lab_side_{name}"))
        return {
            "engine": add(gr.Dropdown, self._engine_words, value=self._engines.engines[0]),
            "weights": offers.add(gr.Dropdown, self._weight_offer, AS_SET),
            "adapter": offers.add(
                gr.Dropdown, adapter_offer(transcribers), transcribers.main_adapter
            ),
            "cascade": offers.add(
                gr.Dropdown, cascade_offer(transcribers), transcribers.main_cascade
            ),
            "language": offers.add(gr.Dropdown, language_offer, defaults.language or AUTO),
            "inverse_text_normalization": offers.add(
                gr.Checkbox, itn_offer, itn if name == "a" else not itn
            ),
            "merge": self._widgets.labelled(gr.Checkbox, "merge", value=defaults.merge),
            "ban_unknown_emotion": offers.add(
                gr.Checkbox,
                offer_of(Capability.BAN_UNKNOWN_EMOTION, "ban_unknown"),
                defaults.ban_unknown_emotion,
            ),
            "hotwords": offers.add(
                gr.Textbox,
                offer_of(Capability.HOTWORDS, "lab_hotwords", "lab_hotwords_info"),
                "",
                lines=1,
                max_lines=3,
            ),
            "denoise": offers.add(gr.Dropdown, denoise_offer("lab_denoise_info"), defaults.denoise),
            "rule_set": add(gr.Dropdown, _rule_set_words, value="current"),
        }

    def _engine_of(self, side: str, session: Session) -> Engine:
        chosen = session.view(ChosenEngines).by_side
        return engine_named(chosen.get(side, self._engines.engines[0]))

    def _engine_words(self, locale: str) -> dict[str, Any]:
        known = self._engines.engines
        choices = [(engines()[name].title.in_locale(locale), name) for name in known]
        return {"label": say("lab_engine", locale), "choices": choices}

    def _weight_offer(self, engine: Engine, locale: str) -> dict[str, Any]:
        named = {EMBEDDED: say("lab_weights_embedded", locale)}
        without = () if engine.embedded else (EMBEDDED,)
        others = [(named.get(each, each), each) for each in self._engines.weights]
        others = [(label, each) for label, each in others if each not in without]
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
            self._sounds = gr.HTML("", elem_id="lab-sounds", **DRAWN)
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
            self._sounds,
            self._result,
            self._downloads_row,
            *self._downloads,
            self._score,
            self._start,
            self._cancel,
        ]

    def wire(self, editor: Any) -> None:
        """Connect the buttons; ``editor`` holds the rules on trial."""
        self._sources.wire()
        self._editor = editor
        form = {editor, *self._forms[0].values(), *self._forms[1].values()}
        for name, widgets in zip(SIDES, self._forms, strict=True):
            offers, engine = self._offers[name].widgets, widgets["engine"]
            engine.input(self._choose_engine(name, engine), {engine, *offers}, offers, **CHOSEN)
        self._cancel.click(self._press_cancel, None, self.painted, **QUICK)
        self._score.click(self._press_score, self._reference, self.painted, **QUICK)
        self._start.click(
            self._press_start,
            {*self._sources.widgets, self._reference, *form},
            self.painted,
            **BEGINS,
        ).then(self._watch, None, self.painted, **QUICK)
        for button, example in zip(self._example_buttons, self._context.examples, strict=True):
            button.click(
                self._press_example(example),
                form,
                [*self._sources.widgets, self._reference, *self.painted],
                **BEGINS,
            ).then(self._watch, None, self.painted, **QUICK)

    def _choose_engine(self, side: str, widget: Any) -> Callable[..., dict[Any, Any]]:
        def choose(values: dict[Any, Any], request: gr.Request) -> dict[Any, Any]:
            """Offer what the engine can do."""
            session = self._context.session(request)
            chosen = {**session.view(ChosenEngines).by_side, side: values[widget]}
            session.keep(ChosenEngines(chosen))
            return self._offers[side].updates(session, values)

        return choose

    def _restore_engines(self, request: gr.Request) -> dict[Any, Any]:
        """Choose the engines of before in a page that was opened."""
        session, updates = self._context.session(request), {}
        for name, widgets in zip(SIDES, self._forms, strict=True):
            updates[widgets["engine"]] = self._engine_of(name, session).name
            updates |= self._offers[name].updates(session)
        return updates

    def resume(self, page_load: PageLoad) -> None:
        """Give back the form, show the experiment, and go on painting it while it runs."""
        chosen = [widgets["engine"] for widgets in self._forms]
        offered = chain(*(offers.widgets for offers in self._offers.values()))
        page_load.add(_has_engines, self._restore_engines, [*chosen, *offered])
        page_load.add(_has_experiment, self._restore, self._reference)
        page_load.add(_has_experiment, self._watch, self.painted)

    def _restore(self, request: gr.Request) -> str:
        experiment = self._context.session(request).job_of(Experiment)
        return experiment.reference if experiment else ""

    def paint(self, session: Session) -> list[Any]:
        """Draw the session's experiment; writes its tables once it is over."""
        experiment, locale = session.job_of(Experiment), session.locale
        over = experiment is None or experiment.is_over
        files = write_tables(experiment, session.folder) if experiment else {}
        return [
            lab_render.status(experiment, locale),
            lab_render.sounds(experiment, write_sounds(experiment, session.folder), locale),
            lab_render.result(experiment, locale),
            gr.update(visible=bool(files)),
            *(gr.update(value=files.get(form), visible=form in files) for form in TABLES),
            gr.update(visible=experiment is not None and experiment.result is not None),
            gr.update(interactive=over),
            gr.update(interactive=not over),
        ]

    def _press_start(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        job = shown(session)
        path = self._sources.chosen(values) or (str(job.path) if job and job.path else None)
        return self._begin(session, path, values[self._reference], values)

    def _press_example(self, example: Example) -> Callable[..., dict[Any, Any]]:
        path = str(example.path)

        def press(values: dict[Any, Any], request: gr.Request) -> dict[Any, Any]:
            painting = self._begin(self._context.session(request), path, example.words, values)
            return {
                **self._sources.showing(path),
                self._reference: example.words,
                **dict(zip(self.painted, painting, strict=True)),
            }

        return press

    def _begin(
        self, session: Session, path: str | None, reference: str, values: Mapping[Any, Any]
    ) -> list[Any]:
        self._context.require_open()
        if (before := session.job_of(Experiment)) is not None:
            before.cancel()
        experiment = self._experiment(path, reference.strip(), values)
        session.put(experiment)
        self._work.submit(experiment)
        return self.paint(session)

    def _experiment(
        self, path: str | None, reference: str, values: Mapping[Any, Any]
    ) -> Experiment:
        """Make what a press asks for; what cannot run has failed already."""
        source = Path(path) if path else None
        try:
            left, right = self._sides(values)
            if source is None:
                raise NothingToCompareError
        except RichSpeechError as error:
            asked = TranscriptionRequest(self._context.service.defaults, self._engines.engines[0])
            plain = Side(asked, None, "current")
            experiment = Experiment(source, (Trial(plain), Trial(plain)), reference)
            experiment.fail(error)
            return experiment
        return Experiment(source, (Trial(left), Trial(right)), reference)

    def _sides(self, values: Mapping[Any, Any]) -> list[Side]:
        """Return what both forms ask for; raises ``OptionError``."""
        sides = [
            Choices(**read_form(self._context.service.transcribers, form, values))
            for form in self._forms
        ]
        defaults, rules = self._context.service.defaults, self._context.service.transcribers.rules
        sets: dict[RuleSet, tuple[Rule, ...]] = {"current": rules, "none": ()}
        if any(each.rule_set == "trial" for each in sides):
            sets["trial"] = read_rules(values[self._editor])
        return [each.side(defaults, sets) for each in sides]

    def _press_cancel(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if (experiment := session.job_of(Experiment)) is not None:
            experiment.cancel()
        return self.paint(session)

    def _press_score(self, reference: str, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if (experiment := session.job_of(Experiment)) is not None:
            score_anew(experiment, reference.strip())
        return self.paint(session)

    async def _watch(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for painting in self._context.paintings(request, Experiment, self.paint):
            yield painting


def write_tables(experiment: Experiment, folder: Path) -> dict[str, Path]:
    """Write the tables of an experiment that is over, once for each reference; else nothing."""
    result = experiment.result
    if result is None or result.comparison is None:
        return {}
    place = folder / "lab" / experiment.id
    stem = file_stem(experiment.name)
    files = {form: place / f"{stem}-comparison.{form}" for form in TABLES}
    if experiment.written is not result:
        place.mkdir(parents=True, exist_ok=True)
        files["csv"].write_text(write_csv(result.comparison), encoding="utf-8", newline="")
        files["json"].write_text(write_json(experiment), encoding="utf-8")
        experiment.written = result
    return files


def write_sounds(experiment: Experiment | None, folder: Path) -> tuple[Path, ...]:
    """Write, once, what the sides of an experiment sound like; nothing unless it is over."""
    if experiment is None or experiment.result is None:
        return ()
    place = folder / "lab" / experiment.id
    found = []
    for name, trial in zip(SIDES, experiment.trials, strict=True):
        if trial.sound is None:
            return ()
        path = place / f"{name}.mp3"
        if not path.is_file():
            place.mkdir(parents=True, exist_ok=True)
            path.write_bytes(trial.sound)
        found.append(path)
    return tuple(found)


def _has_engines(session: Session) -> bool:
    return bool(session.view(ChosenEngines).by_side)


def _has_experiment(session: Session) -> bool:
    return session.job_of(Experiment) is not None


def _rule_set_words(locale: str) -> dict[str, Any]:
    choices = [(say(f"lab_rule_set_{name}", locale), name) for name in RULE_SETS]
    return {"label": say("lab_rule_set", locale), "choices": choices}
