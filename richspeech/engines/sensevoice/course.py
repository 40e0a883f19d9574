"""One training of an adapter, from its first step to its last; it may stop between any two.

Which clips are heard in which step follows from the recipe and the number of clips alone, so what
goes on from a checkpoint ends as if nobody had stopped it.
"""

import json
import random
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.engines.sensevoice.training import Lesson, Trainee, by_length, writing_numbers

WARM_UP_SHARE = 0.05
STEEPEST = 1.0
"""Gradients are no longer than this."""
MOMENTS = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of each number beside it, by torch's names."""


@dataclass(frozen=True)
class Trial:
    """What the largest step takes."""

    seconds: float
    bytes: int
    """At most, of the GPU if there is one, else of this process with all that it has loaded."""


class Course:
    """Steps over the clips of a domain and, in between, clips of the general set."""

    def __init__(
        self, trainee: Trainee, lessons: Sequence[Lesson], general: Sequence[Lesson], recipe: Recipe
    ) -> None:
        self._trainee, self._recipe = trainee, recipe
        self._items = (*lessons, *general)
        self._plan = [*_plan(len(lessons), [each.frames for each in self._items], recipe)]
        self._optimizer = torch.optim.AdamW(trainee.learned, lr=recipe.rate, weight_decay=0.0)
        self.step = 0
        """Steps done."""

    @property
    def steps(self) -> int:
        """In all."""
        return len(self._plan)

    @property
    def seconds_of_sound(self) -> float:
        """What is heard in all steps together."""
        return sum(self._items[i].seconds for batch in self._plan for i in batch)

    def trial(self) -> Trial:
        """Do the largest step twice without learning from it; the second time tells how long."""
        largest = max(self._plan, key=lambda b: len(b) * max(self._items[i].frames for i in b))
        for _ in range(2):
            began = time.perf_counter()
            self._backward(largest)
            seconds = time.perf_counter() - began
        self._optimizer.zero_grad()
        return Trial(seconds, _most_bytes())

    def advance(self) -> float:
        """Do the next step; return its loss."""
        batch = self._plan[self.step]
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.rate * self._share(self.step)
        self._optimizer.zero_grad()
        loss = self._backward(batch)
        nn.utils.clip_grad_norm_(self._trainee.learned, STEEPEST)
        self._optimizer.step()
        self.step += 1
        return loss

    def _backward(self, batch: Sequence[int]) -> float:
        seed = self._recipe.seed * len(self._plan) + self.step
        torch.manual_seed(seed)
        self._trainee.train()
        loss = self._trainee.loss([self._items[i] for i in batch], random.Random(seed))  # noqa: S311
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _share(self, step: int) -> float:
        """Return the rate of a step as a share of the highest: up quickly, then down to nothing."""
        warm_up = max(1.0, WARM_UP_SHARE * self.steps)
        return min((step + 1) / warm_up, (self.steps - step) / self.steps)

    # Checkpoints ------------------------------------------------------------------------------

    @property
    def identity(self) -> str:
        """Digest all that decides what is learned, apart from the weights."""
        digest = blake2b(json.dumps(asdict(self._recipe)).encode(), digest_size=16)
        for each in self._items:
            digest.update(each.log_mel.tobytes())
            digest.update(json.dumps([each.tokens, each.labels, each.itn]).encode())
        return digest.hexdigest()

    def save(self, file: Path) -> None:
        """Write all that is needed to go on from here, as safetensors; raises ``OSError``."""
        tensors: dict[str, Tensor] = {}
        for place, parameter in enumerate(self._trainee.learned):
            tensors[f"{place}"] = parameter.detach()
            state = self._optimizer.state.get(parameter, {})
            tensors |= {f"{place}.{name}": state[name] for name in MOMENTS if name in state}
        facts = {"step": str(self.step), "identity": self.identity}
        with writing_numbers():
            save_file({name: each.contiguous() for name, each in tensors.items()}, file, facts)

    def restore(self, file: Path) -> bool:
        """Go on where ``save`` was called; say whether it was for the same training, and whole."""
        try:
            with safe_open(file, "pt") as stored:
                facts = stored.metadata() or {}
                if facts.get("identity") != self.identity:
                    return False
                step = int(facts["step"])
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, ValueError):
            return False
        with torch.no_grad():
            for place, parameter in enumerate(self._trainee.learned):
                parameter.copy_(tensors[f"{place}"])
                if step:
                    moments = {name: tensors[f"{place}.{name}"].to(parameter) for name in MOMENTS}
                    self._optimizer.state[parameter] = {
                        "step": torch.tensor(float(step)),
                        **moments,
                    }
        self.step = step
        return True


def _plan(lessons: int, frames: Sequence[int], recipe: Recipe) -> Iterator[list[int]]:
    """Yield the batches of all passes: places of clips, those of the domain first."""
    general = range(lessons, len(frames))
    for number in range(recipe.passes):
        rng = random.Random(f"{recipe.seed} {number}")  # noqa: S311 - nobody has to guess it
        wanted = round(recipe.rehearsal * lessons)
        rehearsed = _some(general, wanted, rng)
        items = [*range(lessons)] * recipe.repeats + rehearsed
        rng.shuffle(items)
        sizes = [frames[item] for item in items]
        batches = [[items[i] for i in batch] for batch in by_length(sizes, recipe.batch_seconds)]
        rng.shuffle(batches)
        yield from batches


def _some(places: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Choose as many, each as often as the others, or once more."""
    if not places:
        return []
    whole, rest = divmod(count, len(places))
    return [*places] * whole + rng.sample(places, rest)


def _most_bytes() -> int:
    if torch.cuda.is_available() and torch.cuda.max_memory_reserved():
        return int(torch.cuda.max_memory_reserved())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
