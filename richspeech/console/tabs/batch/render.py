"""A batch → HTML: what the templates need is made here."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from richspeech.console.render import empty, message, meter, time_left
from richspeech.console.row_list import page_within
from richspeech.console.tabs.batch.seen import BatchView
from richspeech.console.templates import draw
from richspeech.jobs.batch.job import BatchJob, Packing
from richspeech.jobs.batch.rows import BatchRow, Tally, by_risk, tally
from richspeech.language.catalog import Notice, say
from richspeech.language.figures import clock, duration_text
from richspeech.model.job_state import State
from richspeech.review.risk import Level, level_of
from richspeech.settings import RiskSettings

PAGE_ROWS = 50

FIRST = (State.RUNNING, State.FINISHED, State.FAILED, State.WAITING, State.CANCELLED)
"""What comes before what, where the order is that of risk."""


def status(run: BatchJob | None, locale: str) -> str:
    """Draw how far all recordings are together."""
    if run is None:
        return empty("batch_empty", locale)
    if run.state is State.FAILED:
        sentence = Notice.of(run.error).sentence(locale) if run.error else ""
        return message("error", sentence, role="alert")
    if run.is_over:
        ended = message("done" if run.state is State.FINISHED else "info", _end(run, locale))
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


def _parts(run: BatchJob, sums: Tally, locale: str) -> list[str]:
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
        parts.append(time_left(left, locale))
    return parts


def _end(run: BatchJob, locale: str) -> str:
    rows = run.rows
    done = [row for row in rows if row.state is State.FINISHED]
    failed = sum(row.state is State.FAILED for row in rows)
    audio = duration_text(sum(row.seconds_done for row in done), locale)
    key = "batch_done" if run.state is State.FINISHED else "batch_cancelled"
    return say(key, locale, done=len(done), failed=failed, audio=audio)


def _unkept(run: BatchJob, locale: str) -> str:
    """Warn that the history does not have some of what is done, and why not the first of them."""
    reasons = [row.unkept for row in run.rows if row.unkept is not None]
    if not reasons:
        return ""
    reason = reasons[0].sentence(locale)
    said = say("batch_unkept", locale, count=len(reasons), reason=reason)
    return message("warning", said, role="alert")


def rows(run: BatchJob | None, view: BatchView, risk: RiskSettings, locale: str) -> Markup:
    """Draw one page of the recordings."""
    if run is None or not run.rows:
        return Markup()
    ordered = run.rows if view.by_name else in_order(run.rows)
    page = page_within(view.page, PAGE_ROWS, len(ordered))
    shown = [_line(row, run, risk, locale) for row in ordered[page * PAGE_ROWS :][:PAGE_ROWS]]
    return draw(
        "tabs/batch/rows.html",
        locale,
        shown=shown,
        page=page,
        page_rows=PAGE_ROWS,
        count=len(ordered),
    )


def in_order(rows: Sequence[BatchRow]) -> list[BatchRow]:
    """Sort: what is in work, what is done with the highest risk first, then all else."""
    return sorted(by_risk(rows), key=lambda row: FIRST.index(row.state))


@dataclass(frozen=True)
class Line:
    """What is drawn of a row."""

    row: BatchRow
    facts: Sequence[str]
    failure: str = ""
    """Why it failed."""
    share: float | None = None
    """Of what is being heard, 0 to 1; None while unknown."""
    level: Level | None = None
    """Of its risk; None while that is unknown."""

    @property
    def is_done(self) -> bool:
        """Whether it can be opened."""
        return self.row.state is State.FINISHED

    @property
    def is_running(self) -> bool:
        """Whether it is being heard."""
        return self.row.state is State.RUNNING


def _line(row: BatchRow, run: BatchJob, risk: RiskSettings, locale: str) -> Line:
    return Line(
        row,
        _facts(row, run, locale),
        row.error.sentence(locale) if row.error else "",
        min(row.seconds_done / row.seconds_total, 1.0) if row.seconds_total else None,
        None if row.risk is None else level_of(row.risk, risk),
    )


def _facts(row: BatchRow, run: BatchJob, locale: str) -> list[str]:
    state = say(f"state_{row.state.value}", locale)
    if row.state is State.RUNNING and row.seconds_total:
        facts = [state, f"{clock(row.seconds_done)} / {clock(row.seconds_total)}"]
        if row.seconds_left is not None:
            facts.append(time_left(row.seconds_left, locale))
        return facts
    if row.state is State.FINISHED:
        heard = run.transcribed.get(row.name)
        cached = [say("cached_row", locale)] if heard and heard.is_cached else []
        unkept = [say("unkept_row", locale)] if row.unkept is not None else []
        return [*cached, *unkept, clock(row.seconds_done)]
    return [] if row.state is State.FAILED else [state]


def packing(packing: Packing | None, locale: str) -> str:
    """Draw how far the zip is; empty once it can be downloaded."""
    if packing is None or packing.state is State.FINISHED:
        return ""
    if packing.state is State.FAILED:
        sentence = Notice.of(packing.error).sentence(locale) if packing.error else ""
        return message("error", sentence, "alert")
    if packing.state is State.CANCELLED:
        return message("info", say("batch_pack_cancelled", locale))
    fraction = packing.done / packing.files if packing.files else None
    parts = [say("batch_packed", locale, done=packing.done, files=packing.files)]
    return meter(say("batch_packing", locale), fraction, parts, say("batch_packing", locale))
