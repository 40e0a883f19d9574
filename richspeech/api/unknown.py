"""Answers to requests for events that do not exist or bodies that are no JSON, without a traceback.

Gradio looks up events and widgets by numbers that the client sends, and FastAPI puts what it
refuses into its answer; either ends in a traceback when a client invents something.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from fastapi import HTTPException, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

log = logging.getLogger(__name__)

Answer = Callable[[Request, Exception], Awaitable[Response]]


async def not_there(request: Request, error: Exception) -> Response:
    """Answer a request that names something by a number or a name that nothing has."""
    log.warning("%s asks for something that is not there (%r)", request.url.path, error)
    return _refusal(status.HTTP_404_NOT_FOUND, "There is no such thing here: reload the page.")


async def unfit(request: Request, error: Exception) -> Response:
    """Answer a request whose body or query is not what its path takes."""
    places = []
    if isinstance(error, RequestValidationError):
        places = [".".join(map(str, each["loc"])) for each in error.errors()]
    log.warning("%s gets something that does not fit: %a", request.url.path, places[:3])
    return _refusal(status.HTTP_422_UNPROCESSABLE_CONTENT, "The request does not fit.")


def is_answered(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's log is about a stream that ended with a refusal.

    Gradio refuses who listens for events of a page that it does not know, but only after it has
    begun to answer, which starlette reports as a fault of the program.
    """
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, RuntimeError) and isinstance(error.__cause__, HTTPException)


def _refusal(code: int, sentence: str) -> JSONResponse:
    return JSONResponse({"detail": sentence}, code)


ANSWERS: Mapping[type[Exception], Answer] = {LookupError: not_there, RequestValidationError: unfit}
"""Exception of a route of the mounted console → what answers it."""
