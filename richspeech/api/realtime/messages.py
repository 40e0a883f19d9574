"""What a client may send over /v1/realtime.

What is not known here is left alone, as clients send fields for models that talk back. Source:
openai-python 3.57, types/realtime/realtime_client_event.py
"""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from richspeech.api.openai.errors import ParameterError
from richspeech.api.turns import Turns
from richspeech.audio.pcm import Encoding
from richspeech.model.validation import bare_reason

LONGEST_ID = 512
"""Characters of an id that a client has made up."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Pcm(_Message):
    """16-bit little-endian mono."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: Literal[16_000, 24_000] = 24_000
    """Hz."""

    @property
    def encoding(self) -> Encoding:
        """How samples are written."""
        return Encoding.LINEAR


class MuLaw(_Message):
    """G.711 µ-law, 8 kHz mono."""

    type: Literal["audio/pcmu"]
    rate: Literal[8_000] = 8_000

    @property
    def encoding(self) -> Encoding:
        """How samples are written."""
        return Encoding.MU_LAW


class ALaw(_Message):
    """G.711 A-law, 8 kHz mono."""

    type: Literal["audio/pcma"]
    rate: Literal[8_000] = 8_000

    @property
    def encoding(self) -> Encoding:
        """How samples are written."""
        return Encoding.A_LAW


class ServerVad(Turns):
    """Turns as a session asks for them; what else it says is ignored."""

    type: Literal["server_vad"] = "server_vad"


class Transcription(_Message):
    """What is to be recognised."""

    model: str | None = None
    """An id of /v1/models, or one of OpenAI's for this protocol; null is the main engine."""
    language: str | None = None
    """BCP-47 tag; null detects it."""
    languages: list[str] | None = None
    """Those among which detection chooses."""
    keywords: list[str] | None = None
    """Hotwords."""
    hotwords: str | None = None
    """A list of the same with weights, as in a file; a key of ours."""
    protected_words: list[str] | None = None
    """Words that no hotword replaces; null: as the settings have it. A key of ours."""
    prompt: str | None = None
    """Free text; what may be hotwords in it is heeded."""


class Input(_Message):
    """What comes in."""

    format: Annotated[Pcm | MuLaw | ALaw, Field(discriminator="type")] = Pcm()
    transcription: Transcription | None = Transcription()
    noise_reduction: Annotated[None, BeforeValidator(lambda _: None)] = None
    """There is none, whatever is asked for."""
    turn_detection: ServerVad | None = ServerVad()
    """Null: the client commits."""


class Audio(_Message):
    """What comes in; nothing is spoken here."""

    input: Input = Input()


class Configuration(_Message):
    """A session as a client may have it."""

    type: Literal["transcription"] = "transcription"
    audio: Audio = Audio()
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None

    def updated(self, update: dict[str, Any]) -> "Configuration":
        """Return it with what is in ``update``, and all else as it was.

        Raises ``ParameterError`` naming what does not fit.
        """
        try:
            return Configuration.model_validate(_merged(self.model_dump(), update))
        except ValidationError as error:
            raise _refusal(error, "session") from error


class Update(_Message):
    """Wants the session otherwise."""

    type: Literal["session.update"]
    session: dict[str, Any]
    event_id: str | None = None


class Append(_Message):
    """Sound."""

    type: Literal["input_audio_buffer.append"]
    audio: str
    """Base64."""
    event_id: str | None = None


class Commit(_Message):
    """What came is to be an item."""

    type: Literal["input_audio_buffer.commit"]
    event_id: str | None = None


class Clear(_Message):
    """What came and is no item yet is to be forgotten."""

    type: Literal["input_audio_buffer.clear"]
    event_id: str | None = None


ClientMessage = Update | Append | Commit | Clear
KINDS = (
    "session.update",
    *(f"input_audio_buffer.{each}" for each in ("append", "commit", "clear")),
)
FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")
TAGS = frozenset((*KINDS, *FORMATS))
"""What pydantic puts into the path of a fault, though no key of a message is called so."""


@cache
def _adapter() -> TypeAdapter[ClientMessage]:
    return TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])


def read(message: dict[str, Any]) -> ClientMessage:
    """Read what came as JSON; raises ``ParameterError``."""
    if message.get("type") not in KINDS:
        raise ParameterError(
            "realtime.kind", "type", kind=str(message.get("type"))[:LONGEST_ID], known=KINDS
        )
    try:
        return _adapter().validate_python(message)
    except ValidationError as error:
        raise _refusal(error) from error


def _merged(before: Any, update: Any) -> Any:
    """Put what is in ``update`` into ``before``; another type of thing takes its whole place."""
    if not isinstance(before, dict) or not isinstance(update, dict):
        return update
    if update.get("type", before.get("type")) != before.get("type"):
        return update
    return {**before, **{key: _merged(before.get(key), value) for key, value in update.items()}}


def _refusal(error: ValidationError, *above: str) -> ParameterError:
    first = error.errors()[0]
    where = (*above, *(str(part) for part in first["loc"] if part not in TAGS))
    return ParameterError("api.refused", ".".join(where), why=bare_reason(first["msg"]))
