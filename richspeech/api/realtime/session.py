"""A session of the realtime protocol: what a client has asked for, and what that means here."""

import re
import time
from dataclasses import dataclass, replace
from typing import Any

from richspeech.api.openai.errors import about
from richspeech.api.openai.form import hotwords_of, known_language
from richspeech.api.openai.models import engine_of
from richspeech.api.realtime.messages import Configuration, Transcription
from richspeech.audio.pcm import PcmStream
from richspeech.engines.transcribers import Transcribers
from richspeech.jobs.talk import require_live
from richspeech.model.hotword_list import hotwords_in
from richspeech.model.languages import AUTO
from richspeech.model.options import Options, require_hotwords, require_protected
from richspeech.model.request import TranscriptionRequest

REALTIME = re.compile(r"gpt-(live|realtime)\b.*|gpt-4o(-mini)?-realtime\b.*")
"""OpenAI's models of this protocol alone: each is the main engine, as all of theirs are."""
FIELD = "session.audio.input.transcription"


@dataclass(frozen=True)
class Session:
    """What is asked for, checked."""

    id: str
    expires: int
    """Unix time in seconds at which the longest recording would be over."""
    configuration: Configuration
    request: TranscriptionRequest

    @property
    def is_manual(self) -> bool:
        """Whether the client says what belongs together."""
        return self.configuration.audio.input.turn_detection is None

    @property
    def logprobs(self) -> bool:
        """Whether tokens are told of."""
        return bool(self.configuration.include)

    def sound(self) -> PcmStream:
        """Begin a recording in the format of the session."""
        form = self.configuration.audio.input.format
        return PcmStream(form.rate, form.encoding)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the protocol has it."""
        return {
            "id": self.id,
            "object": "realtime.transcription_session",
            "expires_at": self.expires,
            **self.configuration.model_dump(),
        }


class Sessions:
    """Makes sessions out of what clients ask for."""

    def __init__(self, transcribers: Transcribers, defaults: Options, max_seconds: float) -> None:
        """``defaults`` are asked for when a client says nothing else."""
        self._transcribers, self._defaults = transcribers, defaults
        self._max_seconds = max_seconds

    def begin(self, id_: str, model: str | None) -> Session:
        """Begin one; raises ``ParameterError`` for a model that there is not."""
        expires = int(time.time() + self._max_seconds)
        update = {"audio": {"input": {"transcription": {"model": model}}}}
        first = Session(id_, expires, Configuration(), TranscriptionRequest())
        return self.updated(first, update if model else {})

    def updated(self, session: Session, update: dict[str, Any]) -> Session:
        """Return a session with what is in ``update``.

        Raises ``ParameterError``, and ``OptionError`` for an engine that takes recordings whole.
        """
        configuration = session.configuration.updated(update)
        wanted = configuration.audio.input.transcription or Transcription()
        is_main = wanted.model is not None and REALTIME.fullmatch(wanted.model)
        engine = engine_of(None if is_main else wanted.model, self._transcribers)
        turns = configuration.audio.input.turn_detection
        with about(f"{FIELD}.hotwords"):
            listed = hotwords_in(wanted.hotwords or "")
            require_hotwords((*listed,))
        keywords, prompt = wanted.keywords or (), wanted.prompt or ""
        hotwords = hotwords_of(keywords, prompt, f"{FIELD}.keywords", listed)
        with about(f"{FIELD}.protected_words"):
            require_protected(wanted.protected_words or ())
        options = replace(
            self._defaults,
            **_languages(wanted, engine),
            hotwords=(*hotwords,),
            hotword_weights=(*hotwords.values(),),
            protected_words=(
                self._defaults.protected_words
                if wanted.protected_words is None
                else (*wanted.protected_words,)
            ),
            turn_detection=turns.turns if turns else None,
        )
        request = TranscriptionRequest(options, engine)
        require_live(request)
        return replace(session, configuration=configuration, request=request)


def _languages(wanted: Transcription, engine: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if wanted.language == AUTO:
        found["language"] = None
    elif wanted.language:
        found["language"] = known_language(wanted.language, f"{FIELD}.language", engine)
    if wanted.languages:
        allowed = (known_language(each, f"{FIELD}.languages", engine) for each in wanted.languages)
        found["allowed_languages"] = tuple(dict.fromkeys(allowed))
    return found
