"""POST /api/v1/asr: SenseVoice's own protocol, for the clients that it has.

A form of ``files``, and perhaps ``keys`` (their names, parted by commas), ``lang`` and ``use_itn``.
The keys of the answer are SenseVoice's; ``language``, ``duration`` and ``segments``, as in
docs/transcript.md, come on top. Where SenseVoice's server would run two utterances into one
(its ``clean_text`` loses all before the last tag), here nothing is lost.

Source: https://github.com/FunAudioLLM/SenseVoice, api.py
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from postprocess import NO_SPEECH, render
from richspeech.api.following import finished
from richspeech.api.multipart import Form, FormFile, FormLimits, read_form, request_folder
from richspeech.api.openai.errors import ERRORS, ApiRoute, ParameterError
from richspeech.api.surface import Surface
from richspeech.jobs.transcribe import Transcription
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.model.validation import bare_reason
from richspeech.service import Service
from richspeech.storage.quota import Quota
from richspeech.writers.labels import plain_piece

PATH = "/api/v1/asr"
MOST_FILES = 100
"""Of one request."""
FILES_AT_ONCE = 4
"""Of one request, so that it leaves places to others."""
ENGINE = "sensevoice"
"""What existing clients expect; the registry's name."""


class Asked(BaseModel):
    """The fields of the form beside the files; others are left alone, as SenseVoice leaves them."""

    model_config = ConfigDict(extra="ignore")

    keys: str = ""
    """Names of the files in the answer, parted by commas; without them, those of the files."""
    lang: Annotated[
        Literal["", "auto", "zh", "en", "yue", "ja", "ko", "nospeech"],
        StringConstraints(strip_whitespace=True),
    ] = "auto"
    use_itn: bool = False
    """Punctuation and digits."""

    @property
    def options(self) -> dict[str, Any]:
        """What is asked for; that nobody speaks is for the model to find out."""
        is_detected = self.lang in ("", "auto", NO_SPEECH)
        return {
            "language": None if is_detected else self.lang,
            "inverse_text_normalization": self.use_itn,
        }


class Heard(BaseModel):
    """One recording."""

    key: str
    text: str
    """The words, with signs for emotions and sounds."""
    raw_text: str
    """The model's own text, with its tags."""
    clean_text: str
    """The words alone."""
    language: str | None
    duration: float
    """Seconds."""
    segments: list[dict[str, Any]]
    """Utterances: docs/transcript.md."""
    warnings: list[dict[str, Any]]
    """What is amiss with the recording: docs/transcript.md."""


class Answer(BaseModel):
    """What was heard, in the order of the files."""

    result: list[Heard]


FORM = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}},
        "keys": {"type": "string"},
        "lang": {"type": "string", "enum": ["auto", "zh", "en", "yue", "ja", "ko", "nospeech"]},
        "use_itn": {
            "anyOf": [
                {"type": "boolean"},
                {"type": "integer", "enum": [0, 1]},
                {
                    "type": "string",
                    "enum": ["0", "1", "yes", "no", "on", "off", "y", "n", "t", "f"],
                },
            ],
            "default": False,
        },
    },
}
BODY = {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}


def sensevoice(service: Service, quota: Quota) -> Surface:
    """Make the route."""
    router = APIRouter(tags=["sensevoice"], route_class=ApiRoute)
    limits = FormLimits(service.limits.max_bytes, MOST_FILES)

    @router.post(
        PATH,
        summary="Transcribe recordings as SenseVoice's own server does",
        responses=ERRORS,
        openapi_extra={"requestBody": BODY},
    )
    async def transcribe(request: Request) -> Answer:
        async with request_folder(quota) as folder:
            room = partial(quota.require_room, folder)
            form = await read_form(request, folder, limits, room)
            asked, files = _asked(form), _files(form)
            keys = _keys(asked.keys, files)
            options = Options(**{**vars(service.defaults), **asked.options})
            wanted = TranscriptionRequest(options, ENGINE)
            heard = await _heard(service, files, wanted, request)
        return Answer(result=[_result(*each) for each in zip(keys, heard, strict=True)])

    return Surface(router, frozenset({PATH}))


async def _heard(
    service: Service, files: Sequence[FormFile], wanted: TranscriptionRequest, request: Request
) -> list[Transcript]:
    """Transcribe all; when one fails, or whoever asks has gone, the others are cancelled."""
    turns = asyncio.Semaphore(FILES_AT_ONCE)

    async def hear(file: FormFile) -> Transcript:
        async with turns:
            job = Transcription(file.path, wanted)
            service.transcriptions.submit(job)
            await finished(job, request)
        assert job.transcript is not None  # noqa: S101 - it is finished
        return job.transcript

    tasks = [asyncio.ensure_future(hear(file)) for file in files]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _files(form: Form) -> list[FormFile]:
    files = [file for file in form.files if file.field == "files"]
    if not files:
        raise ParameterError("api.no_files", "files")
    return files


def _asked(form: Form) -> Asked:
    try:
        return Asked.model_validate(dict(form.fields))
    except ValidationError as error:
        fault = error.errors()[0]
        field = str(fault["loc"][0])
        raise ParameterError("api.refused", field, why=bare_reason(fault["msg"])) from error


def _keys(names: str, files: Sequence[FormFile]) -> list[str]:
    """Return the name of each file; raises ``ParameterError`` where they do not match."""
    keys = names.split(",") if names else [file.path.name for file in files]
    if len(keys) != len(files):
        raise ParameterError("api.keys", "keys", count=len(keys), files=len(files))
    return keys


def _result(key: str, transcript: Transcript) -> Heard:
    document = transcript.to_dict()
    return Heard(
        key=key,
        text=render(map(plain_piece, transcript.segments), "emoji"),
        raw_text=" ".join(segment.raw_text for segment in transcript.segments),
        clean_text=transcript.text,
        **{name: document[name] for name in ("language", "duration", "segments", "warnings")},
    )
