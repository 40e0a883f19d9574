"""What went wrong, as OpenAI's clients expect to read it.

    {"error": {"message": "…", "type": "invalid_request_error", "param": "model", "code": "option"}}

``code`` is that of the ``RichSpeechError``, ``param`` the field of the form, where one is at fault.
Everything under /v1 and /api answers like this, the middleware included.
Source: https://platform.openai.com/docs/guides/error-codes
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection

from richspeech.errors import (
    AccessError,
    AudioError,
    BusyError,
    Cancelled,
    ChangedElsewhereError,
    InterruptedWorkError,
    JobError,
    MissingTranscriptError,
    ModelError,
    OptionError,
    QuotaError,
    RichSpeechError,
    StoppingError,
    StoreError,
    UnexpectedError,
)
from richspeech.language.catalog import FALLBACK_LOCALE, sentence
from richspeech.language.preference import preferred_locale
from richspeech.model.validation import bare_reason

log = logging.getLogger(__name__)

PREFIXES = ("/v1/", "/api/")
"""Paths whose errors look like this."""
GONE = 499
"""Who asks has left before the answer: nginx's number, so that it is no fault of the server's."""
SECONDS_TO_RETRY = 5
"""A few recordings are done by then, or a model is loaded."""

TYPES = MappingProxyType({401: "authentication_error", 403: "permission_error"})
INVALID, LIMITED, BROKEN = "invalid_request_error", "rate_limit_error", "server_error"


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    """One sentence: what is wrong, and what to do."""
    type: str
    """invalid_request_error, authentication_error, permission_error, rate_limit_error or
    server_error."""
    param: str | None
    """Field of the form that is at fault."""
    code: str | None
    """Name of the error, for programs."""


class ErrorBody(BaseModel):
    """The answer to what cannot be done."""

    error: ErrorDetail


class ParameterError(OptionError):
    """A field of a request is at fault."""

    def __init__(self, key: str, param: str, /, **fields: object) -> None:
        super().__init__(key, param=param, **fields)
        self.param = param


@contextmanager
def about(param: str) -> Iterator[None]:
    """Say of which field an ``OptionError`` is: raises ``ParameterError`` in its place."""
    try:
        yield
    except OptionError as error:
        raise ParameterError(error.key, param, **error.fields) from error


class UnknownModelError(ParameterError):
    """There is no such model."""

    code = "model_not_found"


class MissingModelError(UnknownModelError):
    """The path names a model that there is not."""


class LoadingError(ModelError):
    """The model is not there yet, but will be."""

    code = "loading"

    def __init__(self) -> None:
        super().__init__("api.loading")


STATUS_OF = MappingProxyType(
    {
        AccessError: 403,
        AudioError: 400,
        BusyError: 429,
        Cancelled: 503,  # whoever has gone reads no answer, so it was the process that stopped it
        ChangedElsewhereError: 409,
        InterruptedWorkError: 503,
        JobError: 404,
        MissingModelError: 404,
        MissingTranscriptError: 404,
        ModelError: 503,
        OptionError: 400,
        QuotaError: 413,
        StoppingError: 503,
        StoreError: 503,
    }
)
"""Kinds of errors; what is none of these is 500."""
STATUS_OF_KEY = MappingProxyType(
    {
        "upload.too_big": 413,
        "audio.too_big": 413,
        "upload.unwritable": 507,
        "quota.all": 507,
        "job.no_room": 507,
        "history.masked": 403,
        "job.unfinished": 409,
        "job.no_result": 409,
        "job.lost": 409,
        "reading.killed": 503,  # by the machine: it may go well next time
        "reading.failed": 500,
    }
)
"""Where the kind does not tell."""


ERRORS: dict[int | str, dict[str, Any]] = {"4XX": {"model": ErrorBody}, "5XX": {"model": ErrorBody}}
"""``responses`` of a route, so that the schema says what goes wrong."""


def speaks(path: str) -> bool:
    """Say whether the errors of a path look like this."""
    return path.startswith(PREFIXES)


def status_of(error: RichSpeechError) -> int:
    """Return the status of HTTP that tells of an error."""
    return STATUS_OF_KEY.get(error.key) or status_of_kind(type(error))


def status_of_kind(kind: type[RichSpeechError]) -> int:
    """Return the status that tells of a kind of error, where its key says nothing else."""
    return next((STATUS_OF[each] for each in kind.__mro__ if each in STATUS_OF), 500)


def body_of(error: RichSpeechError, locale: str = FALLBACK_LOCALE) -> dict[str, Any]:
    """Return what tells of an error, as JSON knows it."""
    param = getattr(error, "param", None)
    return _body(status_of(error), sentence(error, locale), param, error.code)


def plain_body(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """Return the same where no error of ours is the cause."""
    return _body(status, message, None, code)


def _body(status: int, message: str, param: str | None, code: str | None) -> dict[str, Any]:
    detail = ErrorDetail(message=message, type=_type_of(status), param=param, code=code)
    return ErrorBody(error=detail).model_dump()


def _type_of(status: int) -> str:
    if status >= 500:
        return BROKEN
    return LIMITED if status == 429 else TYPES.get(status, INVALID)


def headers_of(status: int) -> dict[str, str]:
    """Return what goes with a status: when to come back, if that helps."""
    return {"retry-after": str(SECONDS_TO_RETRY)} if status in (429, 503) else {}


def answer_to(error: RichSpeechError, locale: str = FALLBACK_LOCALE) -> JSONResponse:
    """Return the answer that tells of an error."""
    status = status_of(error)
    return JSONResponse(body_of(error, locale), status, headers_of(status))


def locale_of(connection: HTTPConnection) -> str:
    """Return the language of sentences: that which is preferred, English if it is none of ours.

    Programs prefer none.
    """
    return preferred_locale(connection.headers.get("accept-language", "")) or FALLBACK_LOCALE


class ApiRoute(APIRoute):
    """A route whose errors are answered like this: ``APIRouter(route_class=ApiRoute)``."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return the handler, and what answers when it raises."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RichSpeechError as error:
                return answer_to(error, locale_of(request))
            except RequestValidationError as error:
                refused = error.errors()[0]
                # The first part says where parameters stand, the last of a list is a number.
                where = [part for part in refused["loc"][1:] if isinstance(part, str)][-1:]
                fault = ParameterError(
                    "api.refused", "".join(where), why=bare_reason(refused["msg"])
                )
                return answer_to(fault, locale_of(request))
            except HTTPException as error:
                body = plain_body(error.status_code, str(error.detail))
                return JSONResponse(body, error.status_code, error.headers)
            except ClientDisconnect:
                return Response(status_code=GONE)  # nobody reads it, but it is counted
            except Exception:  # whoever asks gets a sentence, the log gets the rest
                log.exception("%s failed", request.url.path)
                return answer_to(UnexpectedError(), locale_of(request))

        return answer
