"""Files being made → HTML. Pure functions; whatever came from outside is escaped here."""

from collections.abc import Iterable
from html import escape

from richspeech.console.panels.export.exports import SLOW, Export
from richspeech.console.sessions import Status
from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text, size_text


def exports(shown: Iterable[Export], locale: str) -> str:
    """Draw what is being made, what is ready, and why something could not be made."""
    return "".join(_export(each, locale) for each in shown)


def _export(each: Export, locale: str) -> str:
    if each.notice is not None:
        return f'<p class="message error" role="alert">{escape(each.notice.sentence(locale))}</p>'
    if each.form not in SLOW:
        return ""
    return _ready(each, locale) if each.status.is_over else _progress(each, locale)


def _progress(each: Export, locale: str) -> str:
    waits = each.status is Status.WAITING
    name = _say("export_waiting" if waits else f"export_{each.form}", locale)
    percent = f"{each.fraction:.0%}"
    done = say("done_of", locale, done=clock(each.seconds_done), total=clock(each.seconds_total))
    left = each.seconds_left
    parts = [done] if left is None else [done, say("left", locale, time=_time(left, locale))]
    details = "".join(f"<span>{escape(part)}</span>" for part in parts)
    return (
        f'<div class="making" data-key="making-{each.key}"><div class="how-far">'
        f'<div class="progress-head"><span>{name}</span><b>{percent}</b></div>'
        f'<div class="bar" role="progressbar" aria-label="{name}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{each.fraction * 100:.0f}">'
        f'<i style="width:{percent}"></i></div><div class="progress-details">{details}</div></div>'
        f'<button type="button" class="quiet" data-stop="{each.form}">'
        f"{_say('export_cancel', locale)}</button></div>"
    )


def _time(seconds: float, locale: str) -> str:
    return duration_text(round(seconds), locale)


def _ready(each: Export, locale: str) -> str:
    if each.path is None or not each.path.exists():
        return ""
    size = size_text(max(each.path.stat().st_size, 1), locale)
    note = f"<span>{escape(each.note.sentence(locale))}</span>" if each.note else ""
    ready = say("export_ready", locale, name=each.path.name, size=size)
    return (
        f'<div class="made" data-key="made-{each.key}">'
        f'<span role="status">{escape(ready)}</span>{note}'
        f'<button type="button" class="quiet" data-save="{each.form}">'
        f"{_say('export_save', locale)}</button></div>"
    )


def _say(key: str, locale: str) -> str:
    return escape(say(key, locale), quote=True)
