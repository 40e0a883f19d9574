"""A batch → HTML: what the templates need is made here."""

from collections.abc import Sequence

from markupsafe import Markup

from richspeech.console.render import empty, message, meter, time_left
from richspeech.console.row_list import page_within
from richspeech.console.tabs.batch.followed import Followed
from richspeech.console.tabs.batch.inbox import SIGNS, BatchView, Group, counts, listed
from richspeech.console.tabs.batch.line import line_of
from richspeech.console.templates import draw
from richspeech.jobs.batch.rows import Tally, tally
from richspeech.language.catalog import Notice, say
from richspeech.language.figures import clock, duration_text, moment
from richspeech.model.job_state import State
from richspeech.queue.batches import HandingIn, Packing
from richspeech.storage.jobs import BatchSummary, JobSummary

PAGE_ROWS = 50


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


def rows(followed: Followed, view: BatchView, locale: str) -> Markup:
    """Draw one page of the recordings, and how many of each group there are."""
    if not followed.rows:
        return Markup()
    found = listed(followed, view)
    page = page_within(view.page, PAGE_ROWS, len(found))
    shown = found[page * PAGE_ROWS :][:PAGE_ROWS]
    count = counts(followed)
    return draw(
        "tabs/batch/rows.html",
        locale,
        groups=[each for each in Group if count[each] or each is view.group],
        counts=count,
        signs=SIGNS,
        view=view,
        total=len(followed.rows),
        shown=[line_of(row, followed, locale) for row in shown],
        page=page,
        page_rows=PAGE_ROWS,
        count=len(found),
    )


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
