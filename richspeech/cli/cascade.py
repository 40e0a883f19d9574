"""``python -m richspeech cascade train DATA --output CASCADE``: learn to revise labels.

What it is worth is measured on clips that it has not learned from, beside what the model says and
what the rules of the settings make of that. One that is no better than rules is kept and not used.
``cascade list`` says which there are.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from richspeech.cli.options import READING, Config, Reading
from richspeech.cli.terminal import Faults, tell
from richspeech.cli.usage import typed
from richspeech.engines.cascades import KeptCascade, list_cascades
from richspeech.engines.hub import tell_of_embedded
from richspeech.places import CONFIG
from richspeech.review.examples import require_examples
from richspeech.settings import load_settings

if TYPE_CHECKING:
    from richspeech.cascade.judge import Worth
    from richspeech.cascade.train import Training

EXAMPLES = (
    "cascade train clips.zip --output data/cascades/calls",
    "cascade train a.zip --test b.zip --output data/cascades/a",
    "cascade list",
)


def train_cascade(
    data: Annotated[Path, Parameter(name="DATA", negative=())],
    /,
    *,
    output: Annotated[Path, Parameter(metavar="CASCADE")],
    test: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    reading: Reading = READING,
) -> int:
    """Learn from corrected clips which labels to revise: make a cascade.

    Args:
        data: clips in SenseVoice's .jsonl, or the .zip of corrections that the page exports
        output: folder to write; below cascade.folder its name can be chosen
        test: clips of other recordings, to measure what it is worth; by default each fifth of
            DATA is judged by what the other four fifths teach

    """
    for file in (data, *([test] if test else [])):
        require_examples(file)
    # These imports take seconds and torch; a help text or a missing file needs neither.
    from richspeech.cascade.hear import Ear  # noqa: PLC0415
    from richspeech.cascade.train import Task, Training  # noqa: PLC0415

    with typed():
        task = Task(data, output, test)
    with closing(Ear(reading.settings())) as ear:
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


def list_cascade(*, config: Config = CONFIG) -> int:
    """List the cascades in cascade.folder, with wrong labels in percent before and after."""
    folder = load_settings(config).cascade.folder
    found = list_cascades(folder)
    if not found:
        tell(f"There are no cascades in {folder}: python -m richspeech cascade train makes one.")
    for each in found:
        print(f"{each.name:<24}{_worth(each)}, for {each.base_name}")
    return 0


def _tell_of_clips(training: "Training") -> None:
    faults = Faults()
    for fault in training.faults:
        faults.tell(fault)
    faults.tell_how_many()
    for name, clips in (("Clips of yours", training.data), ("To test with", training.test)):
        if clips is not None:
            tell(f"{name}: {len(clips.clips)} in which somebody speaks.")
            if clips.clips and not clips.keeps_sessions:
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


def _worth(kept: KeptCascade) -> str:
    said = [
        f"{each['kind']} {each['rules']:.2f} to {each['cascade']:.2f} %"
        f"{'' if each['kind'] in kept.labels else ' (not used)'}"
        for each in kept.facts.get("results", [])
    ]
    return ", ".join(said) or "not measured"
