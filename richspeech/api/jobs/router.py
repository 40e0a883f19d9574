"""Durable jobs: recordings handed in by programs that come back for what was heard in them.

POST   /v1/jobs                     one file or many, each becomes a job
GET    /v1/jobs                     the newest first
GET    /v1/jobs/{job}               one
GET    /v1/jobs/{job}/events        the same, again and again until its end
GET    /v1/jobs/{job}/result        what was heard, in any format
POST   /v1/jobs/{job}/cancel        not wanted any more
POST   /v1/jobs/{job}/retry         wanted again, after it failed or was cancelled
DELETE /v1/jobs/{job}               gone, with its recording
POST   /v1/batches/{batch}/cancel   all that was handed in together
POST   /v1/batches/{batch}/retry    what has failed of it

To everybody their own are shown, to an admin all.
"""

import secrets
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from richspeech.api.exported import FILES, Asked, Masked, require_known
from richspeech.api.jobs.answers import (
    PATH,
    Job,
    JobDeletion,
    JobPage,
    Jobs,
    StateName,
    described,
)
from richspeech.api.jobs.events import EVENTS, Streams, events
from richspeech.api.jobs.form import MOST_FILES, SCHEMA, JobForm
from richspeech.api.jobs.results import FORMATS, Granularities, ResultForm, result_of
from richspeech.api.multipart import Form, FormLimits, read_form, request_folder
from richspeech.api.openai.errors import ERRORS, ApiRoute, locale_of
from richspeech.api.openai.form import files_of, read_fields
from richspeech.api.surface import Surface
from richspeech.errors import JobError
from richspeech.operations.caller import caller
from richspeech.queue.queue import HandedIn, JobQueue
from richspeech.service import Service
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.jobs import QueuedJob
from richspeech.storage.quota import Quota

BATCHES = "/v1/batches"
ID = "^[0-9a-f]{16}$"
BATCH = "^[0-9A-Za-z_-]{1,64}$"
"""What names a batch, whoever has handed it in: page and watched folders do it otherwise."""
MOST_LISTED = 100
"""In one answer; whoever wants more asks with ``after``."""

Id = Annotated[str, Path(alias="job", pattern=ID, description="Id of a job.")]
BatchId = Annotated[str, Path(alias="batch", pattern=BATCH, description="Id of a batch.")]
Batch = Annotated[str, Query(pattern=BATCH, description="What was handed in together.")]
States = Annotated[list[StateName], Query(description="Those in one of these states.")]
AFTER = "^[0-9a-f]{16}(-[0-9]{1,10})?$"
After = Annotated[
    str,
    Query(pattern=AFTER, description="Those older than this: next of a page, or an id."),
]
FORM: dict[str, Any] = {
    "required": True,
    "content": {"multipart/form-data": {"schema": dict(SCHEMA)}},
}
FOLLOWED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: the data of each are a job, and seconds_left.",
        "content": {EVENTS: {}},  # OpenAPI 3.1 has no word for what comes one after the other
    },
    **ERRORS,
}


def jobs(service: Service, quota: Quota) -> Surface:
    """Return the routes; ``quota`` bounds what is uploaded."""
    router = APIRouter(tags=["jobs"], route_class=ApiRoute, responses=ERRORS)
    add_changes(router, service, quota)
    add_looks(router, service, Streams(service.settings.jobs.followers))
    return Surface(router, frozenset({PATH}))


def queue_of(service: Service) -> JobQueue:
    """Return the jobs of whoever asks; raises ``JobError`` where there are none."""
    return service.durable.seen_by(caller().principal)


def add_changes(router: APIRouter, service: Service, quota: Quota) -> None:
    """Add the routes that hand in, and change."""
    accept = _Accept(service, quota)

    @router.post(
        PATH, status_code=202, summary="Hand recordings in", openapi_extra={"requestBody": FORM}
    )
    async def create_jobs(request: Request) -> Jobs:
        return await accept.answer(request)

    @router.post(f"{BATCHES}/{{batch}}/cancel", summary="Cancel a batch")
    def cancel_batch(batch: BatchId, request: Request) -> Jobs:
        queue = queue_of(service)
        queue.cancel_batch(batch)
        return _jobs(queue, batch, locale_of(request))

    @router.post(f"{BATCHES}/{{batch}}/retry", summary="Try again what has failed of a batch")
    def retry_batch(batch: BatchId, request: Request) -> Jobs:
        queue = queue_of(service)
        queue.retry_batch(batch)
        return _jobs(queue, batch, locale_of(request))

    @router.post(f"{PATH}/{{job}}/cancel", summary="Cancel one")
    def cancel_job(identifier: Id, request: Request) -> Job:
        return described(queue_of(service).cancel(identifier), locale_of(request))

    @router.post(f"{PATH}/{{job}}/retry", summary="Try one again")
    def retry_job(identifier: Id, request: Request) -> Job:
        return described(queue_of(service).retry(identifier), locale_of(request))

    @router.delete(f"{PATH}/{{job}}", summary="Delete one")
    def delete_job(identifier: Id) -> JobDeletion:
        queue_of(service).delete(identifier)
        return JobDeletion(id=identifier)


def add_looks(router: APIRouter, service: Service, streams: Streams) -> None:
    """Add the routes that change nothing; ``streams`` bounds how many follow."""

    @router.get(PATH, summary="List jobs")
    def list_jobs(
        request: Request,
        batch: Batch | None = None,
        state: States = [],  # noqa: B006 - FastAPI copies it
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
        after: After | None = None,
    ) -> JobPage:
        queue = queue_of(service)
        before = _number(queue, after) if after else None
        found = queue.list(batch=batch, states=state, before=before, limit=limit + 1)
        return _page(found, limit, locale_of(request))

    @router.get(f"{PATH}/{{job}}", summary="Read one")
    def read_job(identifier: Id, request: Request) -> Job:
        return described(queue_of(service).find(identifier), locale_of(request))

    @router.get(
        f"{PATH}/{{job}}/events", summary="Follow one", response_class=Response, responses=FOLLOWED
    )
    async def follow_job(identifier: Id, request: Request) -> Response:
        queue = queue_of(service)
        await run_in_threadpool(queue.find, identifier)  # what there is not has a status
        service.runner.require_open()
        told = events(
            queue.watch(identifier), lambda: service.runner.is_closing, locale_of(request)
        )
        return streams.of(told)

    @router.get(
        f"{PATH}/{{job}}/result",
        summary="Read what was heard",
        response_class=Response,
        responses=FILES,
    )
    def read_result(
        identifier: Id,
        asked: Asked,
        format: ResultForm = FORMATS[0],  # noqa: A002 - as other protocols call it
        granularities: Granularities = [],  # noqa: B006 - FastAPI copies it
        mask: Masked = None,  # noqa: ARG001
    ) -> Response:
        require_known("format", format, FORMATS)
        queue = queue_of(service)
        job, document = queue.find(identifier), queue.result(identifier)
        options = replace(asked, title=job.name)
        return result_of(job, document.transcript, format, granularities, options)


class _Accept:
    """Takes recordings in."""

    def __init__(self, service: Service, quota: Quota) -> None:
        self._service, self._quota = service, quota
        self._limits = FormLimits(service.limits.max_bytes, MOST_FILES)

    async def answer(self, request: Request) -> Jobs:
        """Take them, and have them wait: all of them, or none."""
        self._service.runner.require_open()
        queue = queue_of(self._service)
        async with request_folder(self._quota) as folder:
            room = partial(self._quota.require_room, folder)
            sent = await read_form(request, folder, self._limits, room)
            batch = secrets.token_hex(8)
            found = await run_in_threadpool(self._submitted, queue, sent, batch)
        return _batch(batch, found, locale_of(request))

    def _submitted(self, queue: JobQueue, sent: Form, batch: str) -> tuple[QueuedJob, ...]:
        form = read_fields(sent.fields, JobForm)
        form.require_receiver(queue.receivers)
        files = [HandedIn(each.path, each.path.name) for each in files_of(sent.files, JobForm)]
        return queue.submit(
            files,
            form.request(self._service),
            priority=form.priority,
            batch=batch,
            webhook=form.webhook,
        )


def _number(queue: JobQueue, after: str) -> int:
    """Return the number of a job before which a page begins; of a cursor that needs no job.

    Raises ``JobError`` for the id of a job that is not there.
    """
    _, _, number = after.partition("-")
    return min(int(number), HIGHEST_NUMBER) if number else queue.find(after).number


def _batch(batch: str, found: tuple[QueuedJob, ...], locale: str) -> Jobs:
    return Jobs(batch=batch, data=[described(job, locale) for job in found])


def _jobs(queue: JobQueue, batch: str, locale: str) -> Jobs:
    """Describe all of a batch, in the order in which they were handed in."""
    if not (found := queue.list(batch=batch)):
        raise JobError("job.no_batch", batch=batch)
    return _batch(batch, found[::-1], locale)


def _page(found: tuple[QueuedJob, ...], limit: int, locale: str) -> JobPage:
    """Describe a page of which one more than fits was looked for."""
    shown, has_more = found[:limit], len(found) > limit
    return JobPage(
        data=[described(job, locale) for job in shown],
        first_id=shown[0].id if shown else None,
        last_id=shown[-1].id if shown else None,
        has_more=has_more,
        next=f"{shown[-1].id}-{shown[-1].number}" if has_more else None,
    )
