"""What the page offers of an engine; what it cannot do is grey, with a word why."""

from typing import Any

from richspeech.engines.registry import Engine
from richspeech.language.catalog import say
from richspeech.language.languages import language_name
from richspeech.model.capability import Capability
from richspeech.model.languages import AUTO


def language_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return the choice of the spoken language: those that the engine knows.

    Where it takes no hint the choice stays as it is, to be there again for the next engine.
    """
    offer = _offer(engine, Capability.LANGUAGE_HINT, "language", None, locale)
    choices = language_choices(engine, locale)
    return offer | {"choices": choices} if engine.can(Capability.LANGUAGE_HINT) else offer


def language_choices(engine: Engine, locale: str) -> list[tuple[str, str]]:
    """Return the text and the value of each language; auto where the engine knows several."""
    names = {AUTO: say("auto", locale)} if engine.can(Capability.LANGUAGE_HINT) else {}
    names |= {each: language_name(each, locale) for each in engine.languages}
    return [(f"{value} · {name}", value) for value, name in names.items()]


def allowed_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return the languages among which the engine may detect; where it does not, as above."""
    offer = _offer(engine, Capability.ALLOWED_LANGUAGES, "allowed", "allowed_info", locale)
    choices = [(language_name(each, locale), each) for each in engine.languages]
    return offer | {"choices": choices} if engine.can(Capability.ALLOWED_LANGUAGES) else offer


def itn_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return whether punctuation and digits may be left out."""
    return _offer(engine, Capability.ITN, "itn", None, locale)


def ban_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return whether an emotion is always named."""
    can = Capability.BAN_UNKNOWN_EMOTION
    return _offer(engine, can, "ban_unknown", "ban_unknown_info", locale)


def hotwords_offer(engine: Engine, locale: str) -> dict[str, Any]:
    """Return whether likely words are heeded."""
    return _offer(engine, Capability.HOTWORDS, "hotwords", "hotwords_info", locale)


def _offer(
    engine: Engine, wanted: Capability, label: str, info: str | None, locale: str
) -> dict[str, Any]:
    can = engine.can(wanted)
    why = say("engine_cannot", locale, engine=engine.label)
    usual = say(info, locale) if info else ""  # which clears what stood there; None does not
    return {"label": say(label, locale), "interactive": can, "info": usual if can else why}
