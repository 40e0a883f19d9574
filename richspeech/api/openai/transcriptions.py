"""POST /v1/audio/transcriptions: a recording → its transcript, whole or as a stream of events.

    form → folder of the request → job → the transcript in the format that was asked for
                                       → events, from the first utterance on (stream=true)

The folder and the job end with the request, also when the client goes away.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from richspeech.api.following import finished, follow
from richspeech.api.multipart import FormLimits, read_form, request_folder
from richspeech.api.openai.answers import (
    DiarizedTranscription,
    Heard,
    Kept,
    Transcription,
    VerboseTranscription,
    diarized,
    text_of,
    transcription,
    verbose,
    warnings_of,
)
from richspeech.api.openai.errors import ERRORS, ApiRoute, LoadingError, body_of, locale_of
from richspeech.api.openai.events import Deltas
from richspeech.api.openai.form import TranscriptionForm, files_of, read_fields, schema
from richspeech.api.transcripts import PATH as TRANSCRIPTS
from richspeech.engines.readiness import State
from richspeech.errors import RichSpeechError, UnexpectedError
from richspeech.jobs.transcribe import Transcription as Job
from richspeech.language.catalog import Notice
from richspeech.model.transcript import Transcript
from richspeech.service import Service
from richspeech.storage.quota import Quota
from richspeech.writers import WRITERS, WriterOptions, write

PATH = "/v1/audio/transcriptions"
EVENTS = "text/event-stream"
UNKEPT, WARNINGS = "x-unkept", "x-warnings"
"""Headers with the code of why the history does not have a transcript that it should, and with
those of what is amiss with the recording."""
MEDIA_TYPES = {
    "text": "text/plain",
    **{name: WRITERS[name].media_type for name in ("srt", "vtt")},
}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Transcription | VerboseTranscription | DiarizedTranscription,
        "description": "The transcript, in the format that was asked for.",
        "content": {
            each: {"schema": {"type": "string"}} for each in (*MEDIA_TYPES.values(), EVENTS)
        },
    },
    **ERRORS,
}
FORM: dict[str, Any] = {
    "required": True,
    "content": {"multipart/form-data": {"schema": schema(TranscriptionForm)}},
}


def transcriptions_router(service: Service, quota: Quota) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["audio"], route_class=ApiRoute)
    create = _Create(service, quota)

    @router.post(
        PATH,
        summary="Transcribe a recording",
        response_model=None,
        responses=ANSWERS,
        openapi_extra={"requestBody": FORM},
    )
    async def create_transcription(request: Request) -> Response:
        return await create.answer(request)

    return router


class _Create:
    """What all requests share."""

    def __init__(self, service: Service, quota: Quota) -> None:
        self._service, self._quota = service, quota
        self._limits = FormLimits(service.limits.max_bytes)

    async def answer(self, request: Request) -> Response:
        """Take a recording and return its transcript, or the stream of it that has begun."""
        self._require_ready()
        async with AsyncExitStack() as stack:
            form, job = await self._job(request, stack)
            self._service.transcriptions.submit(job)
            if form.stream:
                return await _stream(form, job, request, stack)
            await finished(job, request)
            return await run_in_threadpool(_written, form, job, locale_of(request))

    def _require_ready(self) -> None:
        """Refuse before anything is sent in vain."""
        self._service.runner.require_open()
        readiness = self._service.readiness
        if readiness.state is State.LOADING:
            raise LoadingError
        if (error := readiness.error) is not None:
            raise error if isinstance(error, RichSpeechError) else UnexpectedError

    async def _job(self, request: Request, stack: AsyncExitStack) -> tuple[TranscriptionForm, Job]:
        folder = await stack.enter_async_context(request_folder(self._quota))
        room = partial(self._quota.require_room, folder)
        sent = await read_form(request, folder, self._limits, room)
        form = read_fields(sent.fields, TranscriptionForm)
        [file] = files_of(sent.files, TranscriptionForm)
        if form.mask is not None:
            form.see(self._service)
        return form, Job(file.path, form.request(self._service))


def _written(form: TranscriptionForm, job: Job, locale: str) -> Response:
    """Write the answer in the format that was asked for."""
    kind, logprobs = form.response_format, "logprobs" in form.include
    if kind in MEDIA_TYPES:
        return _text(form, job, locale)
    transcript = _heard(job)
    writers: dict[str, Callable[[], Heard]] = {
        "json": partial(transcription, transcript, logprobs=logprobs),
        "verbose_json": partial(
            verbose, transcript, form.timestamp_granularities, logprobs=logprobs
        ),
        "diarized_json": partial(diarized, transcript, logprobs=logprobs),
    }
    answer = writers[kind]().model_copy(
        update={"history": _kept(job, locale), "warnings": warnings_of(transcript, locale)}
    )
    return Response(answer.model_dump_json(), 200, _kept_headers(job), JSONResponse.media_type)


def _text(form: TranscriptionForm, job: Job, locale: str) -> Response:
    kind, rich = form.response_format, form.rich
    style = "label" if rich else "plain"
    options = WriterOptions(style, locale, emotions=rich, sounds=rich, room=form.room)
    transcript, media_type = _heard(job), f"{MEDIA_TYPES[kind]}; charset=utf-8"
    if kind == "text" and not rich:
        content = f"{text_of(transcript)}\n".encode(errors="replace")
    else:
        content = write(transcript, "txt" if kind == "text" else kind, options)
    codes = ", ".join(each.code for each in transcript.warnings)
    headers = {**_kept_headers(job), **({WARNINGS: codes} if codes else {})}
    return Response(content, 200, headers, media_type)


def _kept(job: Job, locale: str) -> Kept | None:
    """Say what the history has of it; None without a history."""
    if job.entry is None and job.unkept is None:
        return None
    problem = Notice.of(job.unkept).sentence(locale) if job.unkept else None
    return Kept(id=job.entry.id if job.entry else None, problem=problem)


def _kept_headers(job: Job) -> dict[str, str]:
    """Say the same where the answer is no JSON."""
    if job.entry is not None:
        return {"content-location": f"{TRANSCRIPTS}/{job.entry.id}"}
    return {UNKEPT: job.unkept.code} if job.unkept else {}


class _Stream(StreamingResponse):
    """A stream that leaves nothing behind, however it ends."""

    def __init__(self, content: AsyncIterator[str], stack: AsyncExitStack) -> None:
        super().__init__(content, media_type=EVENTS)
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all, or as much as the client takes."""
        async with self._stack:
            await super().__call__(scope, receive, send)


async def _stream(
    form: TranscriptionForm, job: Job, request: Request, stack: AsyncExitStack
) -> Response:
    """Return a stream once there is something to send; what fails before that is raised."""
    deltas = Deltas(
        logprobs="logprobs" in form.include, diarizes=form.response_format == "diarized_json"
    )
    changes = await stack.enter_async_context(aclosing(follow(job, request)))
    async for _ in changes:
        if job.is_over or (job.transcript and job.transcript.segments):
            break
    if job.is_over:
        job.require_finished()
    return _Stream(_events(job, deltas, changes, locale_of(request)), stack.pop_all())


async def _events(
    job: Job, deltas: Deltas, changes: AsyncIterator[None], locale: str
) -> AsyncIterator[str]:
    """Yield what has come, and more whenever it comes; the end is told in any case."""
    for event in _new(job, deltas):
        yield _event(event.model_dump_json())
    async for _ in changes:
        for event in _new(job, deltas):
            yield _event(event.model_dump_json())
    try:
        job.require_finished()
        for event in _new(job, deltas):
            yield _event(event.model_dump_json())
        done = deltas.done(_heard(job), _kept(job, locale))
        warnings = warnings_of(_heard(job), locale)
        yield _event(done.model_copy(update={"warnings": warnings}).model_dump_json())
    except RichSpeechError as error:
        yield _event(json.dumps(body_of(error, locale), ensure_ascii=False))


def _heard(job: Job) -> Transcript:
    """Return what a job has heard that has finished; raises ``UnexpectedError`` without any."""
    if job.transcript is None:
        raise UnexpectedError
    return job.transcript


def _new(job: Job, deltas: Deltas) -> list[BaseModel]:
    """Return what can be told by now; with voices, who said it is known in the end alone."""
    waits = job.request.options.voices != "off" and not job.is_over
    return [] if waits or job.transcript is None else [*deltas.new(job.transcript)]


def _event(data: str) -> str:
    return f"data: {data}\n\n"
