"""``python -m richspeech cascade train DATA --output CASCADE``: learn to revise labels.

What it is worth is measured on clips that it has not learned from, beside what the model says and
what the rules of the settings make of that. One that is no better than rules is kept and not used.
``cascade list`` says which there are.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from richspeech.cli.options import MODEL, Model
from richspeech.cli.terminal import Faults, tell
from richspeech.cli.usage import typed
from richspeech.engines.cascades import KeptCascade, list_cascades
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import UsageError
from richspeech.settings import Settings

if TYPE_CHECKING:
    from richspeech.cascade.judge import Worth
    from richspeech.cascade.train import Training

EXAMPLES = (
    "cascade train corrections.zip --output cascades/calls",
    "cascade train a.jsonl --test b.jsonl --output calls",
    "cascade list",
)


def cascade(
    action: Annotated[Literal["train", "list"], Parameter(metavar="train|list")],
    data: Annotated[Path | None, Parameter(name="DATA", negative=())] = None,
    /,
    *,
    output: Annotated[Path | None, Parameter(metavar="CASCADE")] = None,
    test: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    model: Model = MODEL,
) -> int:
    """Learn to revise labels, or list what has learned it.

    Args:
        action: what to do
        data: clips in SenseVoice's .jsonl, or the .zip of corrections that the page exports
        output: folder to write; below cascade.folder its name can be chosen
        test: other clips, to judge by; by default each fifth of the data by what the rest teaches

    """
    if action == "list":
        return _list(model.settings())
    if data is None or output is None:
        raise UsageError("cli.cascade")
    return _train(data, output, test, model)


def _train(data: Path, output: Path, test: Path | None, model: Model) -> int:
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.cascade.hear import Ear  # noqa: PLC0415
    from richspeech.cascade.train import Task, Training  # noqa: PLC0415

    with typed():
        task = Task(data, output, test)
    settings = model.settings()
    with closing(Ear(settings)) as ear:
        tell_of_embedded(ear.weights)
        training = Training(task, ear)
        training.read()
        _tell_of_clips(training)
        learned = training.learn()
    for refusal in training.refusals:
        tell(str(refusal))
    worths = [each.worth for each in learned]
    sys.stdout.write(table(worths))
    sys.stdout.flush()
    training.write(learned)
    tell(f"{output} is written.")
    for each in worths:
        tell(verdict(each))
    return 0


def _tell_of_clips(training: "Training") -> None:
    faults = Faults()
    for fault in training.faults:
        faults.tell(fault)
    faults.tell_how_many()
    for name, clips in (("Clips of yours", training.data), ("To test with", training.test)):
        if clips is not None:
            tell(f"{name}: {len(clips.clips)} in which somebody speaks.")
            if not clips.keeps_sessions:
                tell("All are of one session: the test says nothing of another day.")


def table(worths: "list[Worth]") -> str:
    """Return wrong labels in percent, as a table of Markdown."""
    head = (
        "| label | clips | model % | rules % | cascade % | difference to rules "
        "| 95 % of resampled sets | righted | spoilt | calibration error |"
    )
    rows = [
        f"| {each.kind} | {each.clips} | {each.model:.2f} | {each.rules:.2f} | "
        f"{each.cascade:.2f} | {each.difference:+.2f} | {each.low:+.2f} to {each.high:+.2f} | "
        f"{each.righted} | {each.spoilt} | {each.calibration_error:.3f} |"
        for each in worths
    ]
    return "\n".join([head, "| --- " * 10 + "|", *rows]) + "\n"


def verdict(worth: "Worth") -> str:
    """Say whether it will be used for one kind of labels."""
    if worth.is_better:
        return f"It is better than rules alone at the {worth.kind}, and used for it."
    return (
        f"It is not better than rules alone at the {worth.kind}, beyond chance: it is kept, and "
        "not used for it."
    )


def _list(settings: Settings) -> int:
    found = list_cascades(settings.cascade.folder)
    if not found:
        tell(f"There are none in {settings.cascade.folder}.")
        return 0
    for each in found:
        print(f"{each.name:<24}{_worth(each)}, for {each.base_name}")
    return 0


def _worth(kept: KeptCascade) -> str:
    said = [
        f"{each['kind']} {each['rules']:.2f} to {each['cascade']:.2f} %"
        f"{'' if each['kind'] in kept.labels else ' (not used)'}"
        for each in kept.facts.get("results", [])
    ]
    return ", ".join(said) or "not measured"
