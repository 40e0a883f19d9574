"""A transcript as a file of any format, in the answer to a request."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response

from postprocess import STYLES
from richspeech.api.openai.errors import ERRORS, ParameterError, locale_of
from richspeech.jobs.export import file_stem, written
from richspeech.language.catalog import Notice
from richspeech.model.transcript import Transcript
from richspeech.writers import WRITERS, WriterOptions
from richspeech.writers.line_room import (
    LATIN_PER_LINE,
    LATIN_RANGE,
    WIDE_PER_LINE,
    WIDE_RANGE,
    LineRoom,
)

JSON = "json"

Form = Annotated[str, Query(description="Format.", json_schema_extra={"enum": [*WRITERS]})]
Style = Annotated[str, Query(description="Of labels.", json_schema_extra={"enum": [*STYLES]})]
Subtitled = Annotated[bool, Query(description="Whether subtitles have them.")]
Latin = Annotated[
    int,
    Query(
        ge=LATIN_RANGE[0],
        le=LATIN_RANGE[1],
        description="Latin characters that fill a line of subtitles.",
    ),
]
Wide = Annotated[
    int,
    Query(
        ge=WIDE_RANGE[0],
        le=WIDE_RANGE[1],
        description="Chinese, Japanese or Korean characters that fill one.",
    ),
]
Masked = Annotated[
    bool | None,
    Query(description="Mask personal data, or show it to those who may see it."),
]
"""Read where it is found out who asks, before any route."""
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The transcript, in the format that was asked for.",
        "content": {
            each.media_type: {"schema": {"type": "object" if each.name == JSON else "string"}}
            for each in WRITERS.values()
        },
    },
    **ERRORS,
}


def _options(
    request: Request,
    style: Style = "label",
    *,
    emotions: Subtitled = True,
    sounds: Subtitled = True,
    latin_per_line: Latin = LATIN_PER_LINE,
    wide_per_line: Wide = WIDE_PER_LINE,
) -> WriterOptions:
    """Read how a file is to look; raises ``ParameterError``."""
    require_known("style", style, STYLES)
    room = LineRoom(latin_per_line, wide_per_line)
    return WriterOptions(style, locale_of(request), emotions, sounds, room)


Asked = Annotated[WriterOptions, Depends(_options)]
"""How a file is to look, as the query has it; without a title."""


def exported(transcript: Transcript, form: str, options: WriterOptions) -> Response:
    """Write a transcript, to be saved under a name like that of its recording."""
    title = options.title or ""
    content = written(transcript, title, form, options)
    name = quote(f"{file_stem(title)}.{form}")
    headers = {"content-disposition": f"attachment; filename*=utf-8''{name}"}
    kind = WRITERS[form]
    media_type = kind.media_type if kind.is_binary else f"{kind.media_type}; charset=utf-8"
    return Response(content, headers=headers, media_type=media_type)


def require_known(param: str, value: str, known: tuple[str, ...]) -> None:
    """Raise ``ParameterError`` unless a parameter of the query has one of the known values."""
    if value not in known:
        what = Notice(f"what.{param}")
        raise ParameterError("option.unknown", param, what=what, value=value, known=known)
