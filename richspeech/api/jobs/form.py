"""The form of POST /v1/jobs: how recordings are to be heard, as for a transcription, and when."""

from types import MappingProxyType

from pydantic import Field

from richspeech.api.openai.errors import about
from richspeech.api.openai.form import ONE_FILE, RecognitionForm, schema
from richspeech.queue.receivers import Receivers

MOST_FILES = 1_000
"""In one request; archives that have more come in several."""
MOST_PRIORITY = 10
LONGEST_ADDRESS = 2_083
"""Letters of a webhook, as many as browsers agree on."""


class JobForm(RecognitionForm):
    """What a request says beside its files."""

    priority: int = Field(
        0,
        ge=-MOST_PRIORITY,
        le=MOST_PRIORITY,
        description="Jobs with a higher one are begun first.",
    )
    webhook: str | None = Field(
        None,
        max_length=LONGEST_ADDRESS,
        description="Address that is told when a job is over, one of webhooks.origins.",
    )

    def require_receiver(self, receivers: Receivers) -> None:
        """Raise ``ParameterError`` unless the address may be called."""
        if self.webhook is None:
            return
        with about("webhook"):
            receivers.require(self.webhook)


SCHEMA = MappingProxyType(
    schema(
        JobForm,
        {
            "type": "array",
            "items": {key: value for key, value in ONE_FILE.items() if key != "description"},
            "minItems": 1,
            "maxItems": MOST_FILES,
            "description": "The recordings; each becomes a job.",
        },
    )
)
"""As OpenAPI describes it."""
