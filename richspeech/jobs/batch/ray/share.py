"""How a cluster is shared by engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from richspeech.errors import OptionError
from richspeech.settings import Settings

CORES = 2
"""Of an engine without a GPU, unless ``model.threads`` says otherwise: what was measured."""


@dataclass(frozen=True)
class Share:
    """How many engines there are, and what of the cluster each has."""

    engines: int
    cpus: int
    gpus: float = 0.0

    def settings(self, settings: Settings) -> Settings:
        """Return the settings of each: its own GPU is always the first, its cores are its own."""
        mine = {"device": "cuda:0"} if self.gpus else {"device": "cpu", "threads": self.cpus}
        return settings.model_copy(update={"model": settings.model.model_copy(update=mine)})


def share_of(resources: Mapping[str, float], settings: Settings, engines: int | None) -> Share:
    """Share a cluster: an engine a GPU, or one for some cores, unless their number is given.

    Engines that are more than the GPUs share these. Raises ``OptionError`` where there is nothing
    to run one on.
    """
    gpus = resources.get("GPU", 0.0) if settings.model.device.startswith("cuda") else 0.0
    cores = settings.model.threads or CORES
    count = engines or int(gpus) or int(resources.get("CPU", 0.0) // cores)
    if not count:
        raise OptionError("ray.no_room", cores=cores)
    return Share(count, 1, 1 / ceil(count / gpus)) if gpus else Share(count, cores)
