"""What the page offers of an engine; what it cannot do is grey, with a word why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import gradio as gr

from richspeech.console.sessions import Session
from richspeech.console.widgets import Widgets
from richspeech.engines.adapters import NO_ADAPTER
from richspeech.engines.cascades import NO_CASCADE
from richspeech.engines.registry import Engine, known_languages, usual_languages
from richspeech.engines.transcribers import Transcribers
from richspeech.language.catalog import say
from richspeech.language.languages import language_name
from richspeech.model.capability import Capability
from richspeech.model.languages import AUTO
from richspeech.model.options import DENOISE, VOICES

MOST_TICKED = 12
"""Languages that somebody may be asked to tick; more are a list that nobody reads."""

OFFERED_VOICES = range(2, 9)
"""Speakers; more are counted by requests and settings alone."""

Offer: TypeAlias = Callable[[Engine, str], dict[str, Any]]
"""Engine and locale → how a widget looks."""


class Offers:
    """The widgets of a form that look as its engine allows."""

    def __init__(self, widgets: Widgets, engine_of: Callable[[Session], Engine]) -> None:
        """``engine_of`` tells which engine is chosen in a session."""
        self._widgets, self._engine_of = widgets, engine_of
        self._offers: dict[Any, Offer] = {}

    def add(self, kind: Callable[..., Any], offer: Offer, value: Any, **properties: Any) -> Any:
        """Make a widget that shows ``value``, as far as that is offered."""

        def looks(session: Session) -> dict[str, Any]:
            return offer(self._engine_of(session), session.locale)

        choices = looks(Session()).get("choices")
        offered = value if choices is None else fitting(value, choices)
        widget = self._widgets.add_for_session(
            kind, looks, value=offered, elem_classes="offered", **properties
        )
        self._offers[widget] = offer
        return widget

    @property
    def widgets(self) -> list[Any]:
        """All of them."""
        return [*self._offers]

    def updates(self, session: Session, values: Mapping[Any, Any] | None = None) -> dict[Any, Any]:
        """Return how they look for a session.

        ``values`` are what they show now, among others; None: what they were made with.
        """
        engine, locale = self._engine_of(session), session.locale
        updates = {}
        for widget, offer in self._offers.items():
            looks = offer(engine, locale)
            if "choices" in looks:
                value = widget.value if values is None else values[widget]
                looks["value"] = fitting(value, looks["choices"])
            updates[widget] = gr.update(**looks)
        return updates


def fitting(value: Any, choices: Sequence[tuple[str, str]]) -> Any:
    """Return what was chosen as far as it is offered; else the first choice, or of several all."""
    known = [each for _, each in choices]
    if isinstance(value, str):
        return value if value in known else known[0]
    return [each for each in known if each in value] or known


def offer_of(wanted: Capability, label: str, info: str | None = None) -> Offer:
    """Return how a widget looks that engines need a capability for: its texts, and if it is open.

    ``label`` and ``info`` are the keys of its texts; where it is shut, it says so instead of the
    latter.
    """

    def offer(engine: Engine, locale: str) -> dict[str, Any]:
        can = engine.can(wanted)
        why = say("engine_cannot", locale, engine=engine.label)
        usual = say(info, locale) if info else ""  # which clears what stood there; None does not
        return {"label": say(label, locale), "interactive": can, "info": usual if can else why}

    return offer


def language_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return the choice of the spoken language: those that the engine knows.

    Where it takes no hint all are there, so that what was chosen is kept for the next engine.
    """
    offer = offer_of(Capability.LANGUAGE_HINT, "language")(engine, locale)
    if engine.can(Capability.LANGUAGE_HINT):
        return offer | {"choices": language_choices(engine, locale)}
    return offer | {"choices": _tagged((AUTO, *known_languages()), locale)}


def language_choices(engine: Engine, locale: str) -> list[tuple[str, str]]:
    """Return the text and the value of each language; auto where the engine knows several."""
    detects = engine.can(Capability.LANGUAGE_HINT)
    return _tagged((*((AUTO,) if detects else ()), *engine.languages), locale)


def _tagged(tags: Sequence[str], locale: str) -> list[tuple[str, str]]:
    names = {
        tag: say("auto", locale) if tag == AUTO else language_name(tag, locale) for tag in tags
    }
    return [(f"{tag} · {name}", tag) for tag, name in names.items()]


def itn_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return whether there are to be punctuation and digits; engines without the choice do both."""
    offer = offer_of(Capability.ITN, "itn")(engine, locale)
    decides = say("itn_decided", locale, engine=engine.label)
    return offer if offer["interactive"] else offer | {"info": decides}


def denoise_offer(info: str) -> Offer:
    """Return what may take noise out; engines that take recordings whole get them as they are."""

    def offer(engine: Engine, locale: str) -> dict[str, Any]:
        usual = offer_of(Capability.LIVE, "denoise", info)(engine, locale)
        return usual | {"choices": [(say(f"denoise_{each}", locale), each) for each in DENOISE]}

    return offer


def voices_offer(usual: str) -> Offer:
    """Return how many speakers may be told apart by voice; ``usual`` is what the settings say."""
    numbers = sorted({*OFFERED_VOICES, *([int(usual)] if usual.isdecimal() else ())})

    def offer(engine: Engine, locale: str) -> dict[str, Any]:
        looks = offer_of(Capability.LIVE, "voices", "voices_info")(engine, locale)
        named = [(say(f"voices_{each}", locale), each) for each in VOICES]
        counted = [(say("voices_count", locale, count=each), str(each)) for each in numbers]
        return looks | {"choices": named + counted}

    return offer


def adapter_offer(transcribers: Transcribers) -> Offer:
    """Return the choice of adapters, as they lie there now; without any it is not shown."""

    def offer(engine: Engine, locale: str) -> dict[str, Any]:
        names = [adapter.name for adapter in transcribers.adapters]
        usual = offer_of(Capability.ADAPTERS, "adapter", "adapter_info")(engine, locale)
        choices = [(say("adapter_none", locale), NO_ADAPTER), *((name, name) for name in names)]
        return usual | {"choices": choices, "visible": bool(names)}

    return offer


def cascade_offer(transcribers: Transcribers) -> Offer:
    """Return the choice of cascades that are better than rules; without any it is not shown."""

    def offer(engine: Engine, locale: str) -> dict[str, Any]:
        names = [cascade.name for cascade in transcribers.cascades]
        usual = offer_of(Capability.CASCADE, "cascade", "cascade_info")(engine, locale)
        choices = [(say("cascade_none", locale), NO_CASCADE), *((name, name) for name in names)]
        return usual | {"choices": choices, "visible": bool(names)}

    return offer


def read_form(
    transcribers: Transcribers, form: Mapping[str, Any], values: Mapping[Any, Any]
) -> dict[str, Any]:
    """Return what the widgets of a form say, by its names.

    None is the adapter, or the cascade, that an engine has anyway: by its name the cascade of the
    settings would have to fit whatever other adapter is chosen, which it was not trained for.
    """
    usual = {"adapter": transcribers.main_adapter, "cascade": transcribers.main_cascade}
    said = {name: values[widget] for name, widget in form.items()}
    return {name: None if value == usual.get(name) else value for name, value in said.items()}


def can_tick(engine: Engine) -> bool:
    """Say whether the languages among which the engine may detect are few enough to be ticked."""
    return engine.can(Capability.ALLOWED_LANGUAGES) and len(engine.languages) <= MOST_TICKED


def allowed_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return the languages among which the engine may detect; where they are not ticked, as above.

    Those are the usual ones then.
    """
    languages = engine.languages if can_tick(engine) else usual_languages()
    offer = offer_of(Capability.ALLOWED_LANGUAGES, "allowed", "allowed_info")(engine, locale)
    if offer["interactive"] and not can_tick(engine):
        offer |= {"interactive": False, "info": say("allowed_many", locale, engine=engine.label)}
    return offer | {"choices": [(language_name(each, locale), each) for each in languages]}
