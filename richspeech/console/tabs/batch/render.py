"""A batch → HTML. Pure functions; whatever came from outside is escaped here."""

from collections.abc import Sequence
from html import escape

from richspeech.console.listing import button, page_within, pager
from richspeech.console.render import message, meter, reason_of_failure
from richspeech.console.sentences import Notice
from richspeech.console.sessions import BatchView, Status
from richspeech.console.tabs.batch.run import BatchRun, Packing
from richspeech.jobs.batch.rows import BatchRow, Tally, by_risk, tally
from richspeech.jobs.job import State
from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text
from richspeech.review.risk import Level, level_of
from richspeech.settings import RiskSettings

PAGE_ROWS = 50

FIRST = (State.RUNNING, State.FINISHED, State.FAILED, State.WAITING, State.CANCELLED)
"""What comes before what, where the order is that of risk."""


def status(run: BatchRun | None, locale: str) -> str:
    """Draw how far all recordings are together."""
    if run is None:
        return (
            f'<div class="empty"><p class="empty-head">{_say("batch_empty", locale)}</p>'
            f"<p>{_say('batch_empty_hint', locale)}</p></div>"
        )
    if run.status is Status.FAILED:
        sentence = run.notice.sentence(locale) if run.notice else ""
        return message("error", sentence, role="alert")
    if run.status.is_over:
        ended = message("done" if run.status is Status.FINISHED else "info", _end(run, locale))
        return ended + _unkept(run, locale)
    sums = tally(run.rows)
    fraction = sums.seconds_done / sums.seconds_total if sums.seconds_total else None
    if run.batch is None:
        head = "batch_finding"
    else:
        head = "stopping" if run.stop.is_set() else "batch_running"
    fraction = None if fraction is None else min(fraction, 1.0)
    return meter(
        say(head, locale), fraction, _parts(run, sums, locale), say("batch_progress", locale)
    )


def _parts(run: BatchRun, sums: Tally, locale: str) -> list[str]:
    if run.batch is None:
        return []
    parts = [say("batch_over", locale, over=sums.over, files=sums.files)]
    if sums.failed:
        parts.append(say("batch_failed", locale, count=sums.failed))
    if sums.seconds_total:
        done, total = clock(sums.seconds_done), clock(sums.seconds_total)
        parts.append(say("batch_heard", locale, done=done, total=total))
    left = run.batch.seconds_left(sums)
    if left is not None:
        parts.append(say("left", locale, time=duration_text(round(left), locale)))
    return parts


def _end(run: BatchRun, locale: str) -> str:
    rows = run.rows
    done = [row for row in rows if row.state is State.FINISHED]
    failed = sum(row.state is State.FAILED for row in rows)
    audio = duration_text(sum(row.seconds_done for row in done), locale)
    key = "batch_done" if run.status is Status.FINISHED else "batch_cancelled"
    return say(key, locale, done=len(done), failed=failed, audio=audio)


def _unkept(run: BatchRun, locale: str) -> str:
    """Warn that the history does not have some of what is done, and why not the first of them."""
    reasons = [row.unkept for row in run.rows if row.unkept is not None]
    if not reasons:
        return ""
    reason = Notice("store", reasons[0]).sentence(locale)
    said = say("batch_unkept", locale, count=len(reasons), reason=reason)
    return message("warning", said, role="alert")


def rows(run: BatchRun | None, view: BatchView, risk: RiskSettings, locale: str) -> str:
    """Draw one page of the recordings."""
    if run is None or not run.rows:
        return ""
    ordered = run.rows if view.by_name else in_order(run.rows)
    page = page_within(view.page, PAGE_ROWS, len(ordered))
    shown = ordered[page * PAGE_ROWS :][:PAGE_ROWS]
    drawn = "".join(_row(row, run, risk, locale) for row in shown)
    return f'<ol class="rows">{drawn}</ol>{pager(page, PAGE_ROWS, len(ordered), locale)}'


def in_order(rows: Sequence[BatchRow]) -> list[BatchRow]:
    """Sort: what is in work, what is done with the highest risk first, then all else."""
    return sorted(by_risk(rows), key=lambda row: FIRST.index(row.state))


def _row(row: BatchRow, run: BatchRun, risk: RiskSettings, locale: str) -> str:
    name = f'<span class="row-name">{escape(row.name)}</span>'
    if row.state is State.FINISHED:
        label = say("open_named", locale, name=row.name)
        name = button("open_row", row.name, row.name, label=label, kind="row-name")
    return (
        f'<li class="{row.state.value}" data-key="{escape(row.name, quote=True)}">'
        f'<div class="row-main">{name}{_middle(row, locale)}</div>'
        f'<div class="row-side">{_side(row, run, risk, locale)}</div></li>'
    )


def _middle(row: BatchRow, locale: str) -> str:
    """Draw the bar of what is in work, or the sentence of what failed."""
    if row.state is State.FAILED:
        said = reason_of_failure(Notice("audio", row.error or ""), locale)
        return f'<p class="row-error">{said}</p>'
    if row.state is not State.RUNNING:
        return ""
    if not row.seconds_total:
        return '<div class="bar moving"><i></i></div>'
    share = min(row.seconds_done / row.seconds_total, 1.0)
    return f'<div class="bar"><i style="width:{share:.0%}"></i></div>'


def _side(row: BatchRow, run: BatchRun, risk: RiskSettings, locale: str) -> str:
    parts = "".join(f"<span>{escape(part)}</span>" for part in _facts(row, run, locale))
    side = f'<p class="row-facts">{parts}</p>'
    if row.risk is not None:
        side = _risk_chip(row.risk, level_of(row.risk, risk), locale) + side
    if not row.state.is_over:
        label = say("cancel_named", locale, name=row.name)
        side += button("cancel_row", row.name, say("cancel", locale), label=label)
    return side


def _facts(row: BatchRow, run: BatchRun, locale: str) -> list[str]:
    state = say(f"state_{row.state.value}", locale)
    if row.state is State.RUNNING and row.seconds_total:
        facts = [state, f"{clock(row.seconds_done)} / {clock(row.seconds_total)}"]
        if row.seconds_left is not None:
            left = duration_text(round(row.seconds_left), locale)
            facts.append(say("left", locale, time=left))
        return facts
    if row.state is State.FINISHED:
        heard = run.heard.get(row.name)
        recalled = [say("recalled_row", locale)] if heard and heard.is_recalled else []
        unkept = [say("unkept_row", locale)] if row.unkept is not None else []
        return [*recalled, *unkept, clock(row.seconds_done)]
    return [] if row.state is State.FAILED else [state]


def _risk_chip(score: int, level: Level, locale: str) -> str:
    hint = escape(say("batch_risk_hint", locale), quote=True)
    word = _say(f"batch_risk_{level}", locale, score=score)
    return f'<span class="row-risk {level}" title="{hint}">{word}</span>'


def packing(packing: Packing | None, locale: str) -> str:
    """Draw how far the zip is; empty once it can be downloaded."""
    if packing is None or packing.status is Status.FINISHED:
        return ""
    if packing.status is Status.FAILED:
        return message("error", packing.notice.sentence(locale) if packing.notice else "", "alert")
    if packing.status is Status.CANCELLED:
        return message("info", say("batch_pack_cancelled", locale))
    fraction = packing.done / packing.files if packing.files else None
    parts = [say("batch_packed", locale, done=packing.done, files=packing.files)]
    return meter(say("batch_packing", locale), fraction, parts, say("batch_packing", locale))


def _say(key: str, locale: str, **values: object) -> str:
    return escape(say(key, locale, **values))
