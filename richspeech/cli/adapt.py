"""``python -m richspeech adapt DATA --output ADAPTER``: learn from corrected clips.

An adapter is written that makes SenseVoice's weights fit them. What it is worth is measured on
clips that it has not learned from, and on a general set, of which it may not lose over a point.
"""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from richspeech.cli.options import WEIGHTS, Weights
from richspeech.cli.terminal import Faults, tell
from richspeech.cli.usage import INTERRUPTED, typed
from richspeech.engines.hub import tell_of_embedded
from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.errors import Cancelled
from richspeech.review.examples import require_examples

if TYPE_CHECKING:
    from richspeech.adaptation.adapt import Adaptation, Clips, Result
    from richspeech.engines.sensevoice.course import Trial

EXAMPLES = (
    "adapt corrections.zip --output data/adapters/calls",
    "adapt calls.jsonl --output calls --general everyday.zip",
)
TOLD_SECONDS = 5.0
"""Between two lines about progress."""
COUNT = Number(gte=1, lte=1_000)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Learning:
    """How it is learned."""

    passes: Annotated[int, Parameter(validator=COUNT)] = Recipe.passes
    """how often all is heard"""
    rate: Annotated[float, Parameter(validator=Number(gt=0, lte=0.1))] = Recipe.rate
    """of learning, at its highest"""
    rank: Annotated[int, Parameter(validator=Number(gte=1, lte=256))] = Recipe.rank
    """of the products beside the weights"""
    rehearsal: Annotated[float, Parameter(validator=Number(gte=0, lte=100))] = Recipe.rehearsal
    """general clips for each of yours, against forgetting"""
    batch_seconds: Annotated[
        float, Parameter(metavar="SECONDS", validator=Number(gte=1, lte=3_600))
    ] = Recipe.batch_seconds
    """sound a step; less takes less memory"""
    seed: int = Recipe.seed
    """another one splits and learns otherwise"""

    def recipe(self) -> Recipe:
        """Return it; a product counts twice its rank, as is usual."""
        return Recipe(
            rank=self.rank,
            alpha=2 * self.rank,
            rate=self.rate,
            passes=self.passes,
            rehearsal=self.rehearsal,
            batch_seconds=self.batch_seconds,
            seed=self.seed,
        )


LEARNING = Learning()


def adapt(
    data: Annotated[Path, Parameter(name="DATA", negative=())],
    *,
    output: Annotated[Path, Parameter(metavar="ADAPTER")],
    general: Annotated[Path | None, Parameter(metavar="FILE|FOLDER")] = None,
    accept_forgetting: bool = False,
    learning: Learning = LEARNING,
    weights: Weights = WEIGHTS,
) -> int:
    """Learn from corrected clips: an adapter that makes the weights fit them.

    Args:
        data: clips in SenseVoice's .jsonl, or the .zip of corrections that the page exports
        output: folder to write; below adapters.folder its name can be chosen
        general: clips (.jsonl, .zip) or recordings of everything else, which is not to be
            forgotten; by default the shipped examples
        accept_forgetting: write it even if the general set loses more than a point

    """
    require_examples(data)
    if general is not None and not general.is_dir():
        require_examples(general)
    from richspeech.adaptation.adapt import Adaptation, Task  # noqa: PLC0415 - imports torch

    with typed():
        task = Task(data, output, general, learning.recipe(), accept_forgetting)
    work = Adaptation(task, weights.settings("model"))
    tell_of_embedded(work.weights)
    return _told(work)


def _told(work: "Adaptation") -> int:
    """Do it, and say how it goes on stderr; the table is for stdout. Return the exit status."""
    work.read()
    faults = Faults()
    for fault in work.faults:
        faults.tell(fault)
    faults.tell_how_many()
    tell(clips_line("Clips of yours", work.domain))
    if not work.domain.split.keeps_sessions:
        tell("All are of one session: the test says nothing of another day.")
    tell(clips_line("General set", work.general))
    tell(cost_line(work.trial(), work.steps - work.step))
    if work.step:
        tell(f"Goes on after step {work.step} of {work.steps}.")
    try:
        with _interrupts() as stopped:
            work.train(_Progress(work).tell, stopped.is_set)
    except Cancelled:
        tell(
            f"Stopped after step {work.step} of {work.steps}: the same command goes on from there."
        )
        return INTERRUPTED
    result = work.judge()
    sys.stdout.write(table(result))
    sys.stdout.flush()
    work.finish(result)
    tell(f"{work.task.output} is written.")
    return 0


def clips_line(name: str, clips: "Clips") -> str:
    """Say how many clips there are for what."""
    training, test = clips.split.training, clips.split.test
    return (
        f"{name}: {len(training)} to learn from ({clips.seconds(training) / 60:.1f} min), "
        f"{len(test)} to test with ({clips.seconds(test) / 60:.1f} min)."
    )


def cost_line(trial: "Trial", steps: int) -> str:
    """Say what training takes, by the largest step."""
    minutes = trial.seconds * steps / 60
    return f"At most {trial.bytes / 1e9:.1f} GB and about {minutes:.1f} min for {steps} steps."


def table(result: "Result") -> str:
    """Return errors in percent before and after, as a table of Markdown."""
    head = "| set | errors of | count | before % | after % | difference | 95 % of resampled sets |"
    rows = [head, "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, judged in (("yours", result.domain), ("general", result.general)):
        rows += [
            f"| {name}, {judged.clips} clips | {rate.of} | {rate.count} | {rate.before:.2f} | "
            f"{rate.after:.2f} | {rate.difference:+.2f} | {rate.low:+.2f} to {rate.high:+.2f} |"
            for rate in judged.rates
        ]
    return "\n".join(rows) + "\n"


class _Progress:
    """Says how far training is, every few seconds."""

    def __init__(self, work: "Adaptation") -> None:
        self._work, self._told = work, time.monotonic()

    def tell(self, loss: float) -> None:
        now, work = time.monotonic(), self._work
        if now - self._told >= TOLD_SECONDS or work.step == work.steps:
            tell(f"step {work.step} of {work.steps}, loss {loss:.3f}")
            self._told = now


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C sets; a second one ends the process at once."""
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
