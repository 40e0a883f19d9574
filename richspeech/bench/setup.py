"""The setup: weights, device, how much speech, how many repetitions."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from richspeech.bench.cache import CACHE
from richspeech.bench.weights import RANDOM_FULL, random_full
from richspeech.engines.hub import EMBEDDED
from richspeech.errors import OptionError
from richspeech.places import CONFIG
from richspeech.settings import Settings, load_settings

LEAST_SECONDS = 30.0


@dataclass(frozen=True)
class Setup:
    """One run of the bench; other processes are told it as JSON."""

    model: str
    """embedded, a ModelScope id or a folder."""
    vad: str | None
    """As ``model``; None leaves it to the settings."""
    device: str | None
    """None leaves it to the settings."""
    config: str
    """Path of the settings file."""
    seconds: float
    """Of speech."""
    long_seconds: float
    """Of the recording that is to need no more memory than a short one."""
    repeat: int

    def settings(self) -> Settings:
        """Read the settings, with the weights and the device of this run."""
        names = {"id": self.model, "vad_id": self.vad, "device": self.device}
        overrides = {key: value for key, value in names.items() if value}
        return load_settings(Path(self.config), model=overrides)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``Setup(**…)`` takes."""
        return asdict(self)


def make_setup(
    weights: str,
    *,
    device: str | None = None,
    config: Path = CONFIG,
    seconds: float = 600.0,
    long_seconds: float = 36_000.0,
    repeat: int = 5,
) -> Setup:
    """Make the weights if they have to be made; raises ``OptionError`` for what is too little."""
    if seconds < LEAST_SECONDS or long_seconds < seconds or repeat < 1:
        raise OptionError("bench.lengths", seconds=LEAST_SECONDS)
    model = str(random_full(CACHE)) if weights == RANDOM_FULL else weights
    vad = EMBEDDED if weights in (RANDOM_FULL, EMBEDDED) else None
    return Setup(model, vad, device, str(config), seconds, long_seconds, repeat)
