"""What gradio's own clients call: /transcribe, /emotion and /batch, typed, without a page.

    Client("http://127.0.0.1:6006").predict(handle_file("call.wav"), api_name="/transcribe")

A client is a visitor of its own, with its files in one window as a browser's; each file goes once
it was heard. The middleware lets clients call these functions alone, and pages all others.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import gradio as gr
from gradio.events import api
from gradio.utils import get_function_params

from richspeech.console.sessions import Session, Sessions
from richspeech.console.visitor import visitor_key
from richspeech.emotion.document import GRANULARITIES
from richspeech.emotion.runs import RESULT
from richspeech.errors import OptionError
from richspeech.jobs.emotion import EmotionJob, EmotionRequest
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import FALLBACK_LOCALE
from richspeech.language.preference import preferred_locale
from richspeech.model.hotword_list import hotwords_in, protected_in
from richspeech.model.job_state import State
from richspeech.model.languages import AUTO
from richspeech.model.options import language_hint
from richspeech.model.request import TranscriptionRequest
from richspeech.operations.caller import caller
from richspeech.polling import PAGE_POLL_SECONDS
from richspeech.queue.queue import JobQueue
from richspeech.service import Service
from richspeech.storage.jobs import new_id

PUBLIC = "public"
OPEN_KEYS = ("version", "api_prefix", "protocol", "mode", "title", "space_id", "enable_queue")
"""What clients need to know of gradio's configuration, beside the functions."""
ANSWERS = {"transcribe": "transcript", "emotion": "result", "batch": "transcripts"}
"""What each function gives."""
_FILE = {"path": "call.wav", "url": "call.wav", "meta": {"_type": "gradio.FileData"}}
AT_WORK = tuple(state for state in State if not state.is_over)
SHOWN = {"recording": _FILE, "recordings": [_FILE]}
"""What the page of the API shows for a parameter."""


@dataclass(frozen=True)
class _Sent:
    """Recordings on their way through a call."""

    session: Session
    home: Path
    """Folder for the files of the call, in that of the window."""
    paths: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The only one."""
        return self.paths[0]


class Programs:
    """The functions, and what clients are told about them."""

    def __init__(self, service: Service, sessions: Sessions) -> None:
        self._service, self._sessions = service, sessions
        self._blocks: Any = None

    def build(self, blocks: Any) -> None:
        """Add the functions to ``blocks``, within them."""
        self._blocks = blocks
        for function in (self.transcribe, self.emotion, self.batch):
            api(function, api_name=function.__name__, concurrency_limit=None)
        for function in self._functions.values():
            _label(function)
        self._sessions.functions = frozenset(self._functions)

    # What they do ---------------------------------------------------------------------------------

    async def transcribe(
        self,
        recording: gr.FileData,
        request: gr.Request,
        language: str = AUTO,
        engine: str | None = None,
        hotwords: str = "",
        protected_words: str = "",
    ) -> dict[str, Any]:
        """Transcribe a recording: text, times, language, emotion and sounds, with probabilities.

        The answer is the transcript of docs/transcript.md. Engines: sensevoice, paraformer,
        reference, whisper; by default the one of the settings. Hotwords are parted by spaces,
        commas or lines, each with a weight or without; protected words stay as they are.
        """
        with self._sent(request, recording) as sent:
            job = Transcription(
                sent.path, self._request(language, engine, hotwords, protected_words)
            )
            self._service.transcriptions.submit(job)
            await job.attend()
            assert job.transcript is not None  # noqa: S101 - it is finished
            return job.transcript.to_dict()

    async def emotion(
        self,
        recording: gr.FileData,
        request: gr.Request,
        granularity: Literal["utterance", "frame"] = "utterance",
    ) -> dict[str, Any]:
        """Recognise nine emotions in a voice; ``frame`` adds them over time."""
        if granularity not in GRANULARITIES:
            raise OptionError("page.choice", value=repr(granularity), known=GRANULARITIES)
        with self._sent(request, recording) as sent:
            job = EmotionJob(path=sent.path, request=EmotionRequest(frames=granularity == "frame"))
            self._service.emotions.submit(job, sent.home)
            await job.attend()
            assert job.result is not None  # noqa: S101
            document: dict[str, Any] = json.loads(job.result.files[RESULT].read_bytes())
            return document

    async def batch(
        self,
        recordings: list[gr.FileData],
        request: gr.Request,
        language: str = AUTO,
        engine: str | None = None,
        hotwords: str = "",
        protected_words: str = "",
    ) -> list[dict[str, Any]]:
        """Transcribe many recordings, or zips of them; one that cannot be read fails alone.

        The answer has name, transcript and error of each; one of the latter two is null.
        """
        with self._sent(request, *_listed(recordings)) as sent:
            wanted = self._request(language, engine, hotwords, protected_words)
            queue, batch = self._service.durable.seen_by(caller().principal), new_id()
            try:
                coming = self._service.batches.begin(batch, sent.home, sent.paths, None, wanted)
                await coming.attend()
                await _end_of(queue, batch)
                return [*_rows(queue, batch, sent.session.locale)]
            finally:
                _forget(queue, batch)

    def _request(
        self, language: str, engine: str | None, hotwords: str, protected_words: str
    ) -> TranscriptionRequest:
        _require_texts(language, engine or "", hotwords, protected_words)
        listed, defaults = hotwords_in(hotwords), self._service.defaults
        options = replace(
            defaults,
            language=language_hint(language),
            hotwords=(*listed,),
            hotword_weights=(*listed.values(),),
            protected_words=protected_in(protected_words) or defaults.protected_words,
        )
        return TranscriptionRequest(options, engine)

    @contextmanager
    def _sent(self, request: gr.Request, *files: object) -> Iterator[_Sent]:
        """Give what was sent for a call, and delete it in the end with all that came of it."""
        visitor, session = visitor_key(request), self._sessions.get(request.session_hash)
        session.locale = program_locale(request)
        paths = tuple(map(_path, files))
        if not paths:
            raise OptionError("page.unreadable")
        with self._sessions.uploading(visitor, visitor) as uploads:
            home = Path(mkdtemp(dir=uploads))
            try:
                yield _Sent(session, home, paths)
            finally:
                shutil.rmtree(home, ignore_errors=True)
                for path in paths:
                    if self._sessions.sends(visitor, str(path)):
                        _delete(path)

    # What is told about them ----------------------------------------------------------------------

    @property
    def _functions(self) -> dict[int, Any]:
        functions = self._blocks.fns
        return {number: each for number, each in functions.items() if each.api_visibility == PUBLIC}

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """What clients have to know beforehand: gradio's answer to /config, without the page."""
        config: dict[str, Any] = self._blocks.config
        functions = [each for each in config["dependencies"] if each["id"] in self._functions]
        used = {number for each in functions for number in (*each["inputs"], *each["outputs"])}
        return {
            **{key: config[key] for key in OPEN_KEYS},
            "max_file_size": self._service.limits.max_bytes,
            "connect_heartbeat": False,  # nothing here depends on whether a page is open
            "dependencies": functions,
            "components": [each for each in config["components"] if each["id"] in used],
        }


def program_locale(request: gr.Request) -> str:
    """Return the language that a client prefers; English where it does not say."""
    return preferred_locale(request.headers.get("accept-language", "")) or FALLBACK_LOCALE


def _label(function: Any) -> None:
    """Call parameters and answers by their names where people read them, instead of 1st and 2nd."""
    names = [name for name, *_ in get_function_params(function.fn)]
    for widget, name in zip(function.inputs, names, strict=True):
        widget.label = name
        if name in SHOWN:
            widget.example_payload = partial(SHOWN.__getitem__, name)
    for widget in function.outputs:
        widget.label = ANSWERS[function.api_name]


def _require_texts(*values: object) -> None:
    """Raise ``OptionError`` for what is no text: gradio lets any JSON through to a function."""
    if not all(isinstance(value, str) for value in values):
        raise OptionError("page.unreadable")


def _listed(files: object) -> Sequence[object]:
    return files if isinstance(files, list) else ()


def _path(file: object) -> Path:
    """Return where a file lies, which the middleware has seen to be the client's own."""
    path = file.get("path") if isinstance(file, dict) else None
    if not isinstance(path, str):
        raise OptionError("page.unreadable")
    return Path(path)


def _delete(upload: Path) -> None:
    """Delete a file and the folders that were made for it alone."""
    upload.unlink(missing_ok=True)
    with suppress(OSError):  # another file of the same upload is still there
        upload.parent.rmdir()
        upload.parent.parent.rmdir()


async def _end_of(queue: JobQueue, batch: str) -> None:
    """Return when all jobs of a batch are over."""
    while await asyncio.to_thread(queue.list, batch=batch, states=AT_WORK, limit=1):
        await asyncio.sleep(PAGE_POLL_SECONDS)


def _rows(queue: JobQueue, batch: str, locale: str) -> Iterator[dict[str, Any]]:
    for row in queue.store.summaries(batch):
        transcript = queue.result(row.id).transcript if row.state is State.FINISHED else None
        yield {
            "name": row.name,
            "transcript": transcript.to_dict() if transcript else None,
            "error": row.error.sentence(locale) if row.error else None,
        }


def _forget(queue: JobQueue, batch: str) -> None:
    for row in queue.store.summaries(batch):
        queue.delete(row.id)
