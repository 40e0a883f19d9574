"""Where utterances begin and end, as OpenAI's protocols ask for it: ``server_vad``.

Source: openai-python 3.57, types/audio/transcription_create_params.py and types/realtime
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from richspeech.model.turn_detection import MOST_PADDING_MS, SILENCE_MS, TurnDetection


class Turns(BaseModel):
    """The server finds them; what is left out, or null, is as the settings have it."""

    model_config = ConfigDict(frozen=True)

    type: Literal["server_vad"]
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    prefix_padding_ms: Annotated[int, Field(ge=0, le=MOST_PADDING_MS)] | None = None
    silence_duration_ms: Annotated[int, Field(ge=SILENCE_MS[0], le=SILENCE_MS[-1])] | None = None

    @property
    def turns(self) -> TurnDetection:
        """What the detector is asked for."""
        return TurnDetection(self.threshold, self.prefix_padding_ms, self.silence_duration_ms)
