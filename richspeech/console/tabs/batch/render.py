"""A batch → HTML: what the templates need is made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from richspeech.console.render import empty, message, meter, time_left
from richspeech.console.row_list import page_within
from richspeech.console.tabs.batch.followed import Followed
from richspeech.console.tabs.batch.seen import BatchView
from richspeech.console.templates import draw
from richspeech.jobs.batch.rows import Tally, tally
from richspeech.language.catalog import Notice, say
from richspeech.language.figures import clock, duration_text, moment
from richspeech.model.job_state import State
from richspeech.queue.batches import HandingIn, Packing
from richspeech.review.risk import Level, level_of
from richspeech.settings import RiskSettings
from richspeech.storage.jobs import BatchSummary, JobSummary

PAGE_ROWS = 50

FIRST = (
    *(State.RUNNING, State.STOPPING, State.FINISHED, State.FAILED),
    *(State.WAITING, State.CANCELLED),
)
"""What comes before what, where the order is that of risk."""


def choice(batch: BatchSummary, locale: str, timezone: str) -> str:
    """Name a batch among others."""
    when = moment(batch.created, timezone)
    return say("batch_choice", locale, when=when, over=batch.over, files=batch.jobs)


def status(coming: HandingIn | None, followed: Followed, locale: str) -> Markup:
    """Draw how far all recordings are together; some may be ``coming`` first."""
    passed = coming.passed_over if coming is not None else None
    said = message("info", passed.sentence(locale)) if passed is not None else Markup()
    return _status(coming, followed, locale) + said


def _status(coming: HandingIn | None, followed: Followed, locale: str) -> Markup:
    if coming is not None and coming.state is not State.FINISHED:
        return _coming(coming, locale)
    rows = followed.rows.values()
    if not rows:
        return empty("batch_empty", locale)
    if all(row.state.is_over for row in rows):
        return _end([*rows], locale)
    sums = tally(rows)
    fraction = min(sums.seconds_done / sums.seconds_total, 1.0) if sums.seconds_total else None
    goes_on = any(row.state in (State.WAITING, State.RUNNING) for row in rows)
    head = "batch_running" if goes_on else "stopping"
    parts = _parts(followed, sums, locale)
    return meter(say(head, locale), fraction, parts, say("batch_progress", locale))


def _coming(job: HandingIn, locale: str) -> Markup:
    if job.state is State.FAILED:
        sentence = Notice.of(job.error).sentence(locale) if job.error else ""
        return message("error", sentence, role="alert")
    if job.state is State.CANCELLED:
        return message("info", say("batch_not_taken", locale))
    fraction = job.done / job.files if job.files else None
    found = job.files is not None
    parts = [say("batch_over", locale, over=job.done, files=job.files)] if found else []
    return meter(say("batch_finding", locale), fraction, parts, say("batch_finding", locale))


def _parts(followed: Followed, sums: Tally, locale: str) -> list[str]:
    parts = [say("batch_over", locale, over=sums.over, files=sums.files)]
    if sums.failed:
        parts.append(say("batch_failed", locale, count=sums.failed))
    if sums.seconds_total:
        done, total = clock(sums.seconds_done), clock(sums.seconds_total)
        parts.append(say("batch_heard", locale, done=done, total=total))
    left = followed.seconds_left(sums)
    if left is not None:
        parts.append(time_left(left, locale))
    return parts


def _end(rows: Sequence[JobSummary], locale: str) -> Markup:
    done = [row for row in rows if row.state is State.FINISHED]
    failed = sum(row.state is State.FAILED for row in rows)
    audio = duration_text(sum(row.seconds_done for row in done), locale)
    is_whole = all(row.state is not State.CANCELLED for row in rows)
    key = "batch_done" if is_whole else "batch_cancelled"
    said = say(key, locale, done=len(done), failed=failed, audio=audio)
    return message("done" if is_whole else "info", said)


def rows(followed: Followed, view: BatchView, risk: RiskSettings, locale: str) -> Markup:
    """Draw one page of the recordings."""
    found = followed.rows.values()
    if not found:
        return Markup()
    ordered = (
        sorted(found, key=lambda row: row.name)
        if view.by_name
        else in_order([*found], _ranks(followed, risk))
    )
    page = page_within(view.page, PAGE_ROWS, len(ordered))
    shown = ordered[page * PAGE_ROWS :][:PAGE_ROWS]
    return draw(
        "tabs/batch/rows.html",
        locale,
        shown=[_line(row, followed, risk, locale) for row in shown],
        page=page,
        page_rows=PAGE_ROWS,
        count=len(ordered),
    )


def _ranks(followed: Followed, risk: RiskSettings) -> dict[str, float | None]:
    """Return where finished rows belong by their risk: one that is unknown just above the low."""
    levels = {name: _level(name, followed, risk) for name in followed.risks}
    least = risk.medium_from - 0.5
    return {
        name: least if levels[name] == "unknown" else score
        for name, score in followed.risks.items()
    }


def _level(name: str, followed: Followed, risk: RiskSettings) -> Level | None:
    score = followed.risks.get(name)
    return None if score is None else level_of(score, risk, followed.warnings.get(name, ()))


def in_order(rows: Sequence[JobSummary], risks: Mapping[str, float | None]) -> list[JobSummary]:
    """Sort: what is in work, what is done with the highest risk first, then all else."""

    def place(row: JobSummary) -> tuple[int, float]:
        risk = risks.get(row.id)
        return FIRST.index(row.state), 1 if risk is None else -risk

    return sorted(rows, key=place)


@dataclass(frozen=True)
class Line:
    """What is drawn of a row."""

    row: JobSummary
    facts: Sequence[str]
    reason: str = ""
    """Why it failed, or why it is begun once more."""
    share: float | None = None
    """Of what is being heard, 0 to 1; None while unknown."""
    risk: int | None = None
    level: Level | None = None
    """Of its risk; None while nobody has looked at its transcript."""
    warnings: Sequence[str] = ()
    """What is amiss with it, though it was heard."""

    @property
    def has_failed(self) -> bool:
        """Whether it will not be begun again by itself."""
        return self.row.state is State.FAILED

    @property
    def is_done(self) -> bool:
        """Whether it can be opened."""
        return self.row.state is State.FINISHED

    @property
    def is_running(self) -> bool:
        """Whether it is being heard."""
        return self.row.state is State.RUNNING

    @property
    def may_cancel(self) -> bool:
        """Whether it could still be stopped."""
        return self.row.state in (State.WAITING, State.RUNNING)


def _line(row: JobSummary, followed: Followed, risk: RiskSettings, locale: str) -> Line:
    return Line(
        row,
        _facts(row, locale),
        row.error.sentence(locale) if row.error else "",
        min(row.seconds_done / row.seconds_total, 1.0) if row.seconds_total else None,
        followed.risks.get(row.id),
        _level(row.id, followed, risk),
        [each.sentence(locale) for each in followed.warnings.get(row.id, ())],
    )


def _facts(row: JobSummary, locale: str) -> list[str]:
    if row.state is State.RUNNING and row.seconds_total:
        state = say("state_running", locale)
        return [state, f"{clock(row.seconds_done)} / {clock(row.seconds_total)}"]
    if row.state is State.FINISHED:
        cached = [say("cached_row", locale)] if row.is_cached else []
        return [*cached, clock(row.seconds_done)]
    if row.state is State.STOPPING:
        return [say("stopping", locale)]
    return [] if row.state is State.FAILED else [say(f"state_{row.state.value}", locale)]


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
