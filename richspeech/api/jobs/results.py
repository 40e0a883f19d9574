"""What a job has heard, in the formats of transcriptions and in those of exports."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import Query, Response

from richspeech.api.exported import JSON, exported
from richspeech.api.openai.answers import (
    Heard,
    Kept,
    diarized,
    transcription,
    verbose,
    warnings_of,
)
from richspeech.model.transcript import Transcript
from richspeech.storage.jobs import QueuedJob
from richspeech.writers import WRITERS, WriterOptions

TEXT = "text"
WHOLE = "transcript_json"
"""The transcript of docs/transcript.md, which is ``json`` among the exports."""
JSONS = (JSON, "verbose_json", "diarized_json")
"""As OpenAI's clients expect them."""
FORMATS = (*JSONS, TEXT, WHOLE, *(name for name in WRITERS if name != JSON))

ResultForm = Annotated[str, Query(description="Format.", json_schema_extra={"enum": [*FORMATS]})]
Granularities = Annotated[
    list[Literal["word", "segment"]],
    Query(alias="timestamp_granularities[]", description="With verbose_json."),
]


def result_of(
    job: QueuedJob,
    transcript: Transcript,
    form: str,
    granularities: Sequence[str],
    options: WriterOptions,
) -> Response:
    """Write what a job has heard."""
    if form in JSONS:
        kept = None if job.transcript is None else Kept(id=job.transcript, problem=None)
        heard = _heard(transcript, form, granularities).model_copy(
            update={"history": kept, "warnings": warnings_of(transcript, options.locale)}
        )
        return Response(heard.model_dump_json(), media_type="application/json")
    if form == TEXT:
        text = f"{transcript.text}\n".encode(errors="replace")
        return Response(text, media_type="text/plain; charset=utf-8")
    return exported(transcript, JSON if form == WHOLE else form, options)


def _heard(transcript: Transcript, form: str, granularities: Sequence[str]) -> Heard:
    writers: dict[str, Callable[[], Heard]] = {
        JSON: partial(transcription, transcript, logprobs=False),
        "verbose_json": partial(verbose, transcript, granularities, logprobs=False),
        "diarized_json": partial(diarized, transcript, logprobs=False),
    }
    return writers[form]()
