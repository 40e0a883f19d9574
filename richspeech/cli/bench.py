"""``python -m richspeech bench``: speed and memory, as tables or one JSON object."""

import json as json_format
import logging
from typing import Annotated

from cyclopts import Parameter

from richspeech.bench import SECTIONS
from richspeech.cli.options import Config
from richspeech.places import CONFIG

EXAMPLES = (
    "bench --only vad --seconds 60 --repeat 1",
    "bench --only speed vad --json > findings.json",
    "bench --weights random-full",
)

Sections = Annotated[
    tuple[str, ...],
    Parameter(metavar="SECTION…", choices=SECTIONS, consume_multiple=(1, len(SECTIONS))),
]


def bench(
    *,
    json: bool = False,
    weights: str = "embedded",
    seconds: float = 600.0,
    long_seconds: float = 36_000.0,
    repeat: int = 5,
    only: Sections = SECTIONS,
    device: str | None = None,
    config: Config = CONFIG,
) -> int:
    """Measure speed and memory, and print tables; progress goes to stderr.

    Args:
        json: print one object instead of tables
        weights: embedded, random-full, a ModelScope id or a folder
        seconds: length of the speech, at least 30
        long_seconds: length of the recording in the section long
        repeat: number of runs; the median is reported
        only: run only these sections
        device: cuda:0, cpu, …
        config: settings file

    """
    from richspeech.bench import report, sections, setup  # noqa: PLC0415 - torch takes a second

    logging.getLogger("richspeech.bench").setLevel(logging.INFO)
    asked = setup.make_setup(
        weights,
        device=device,
        config=config,
        seconds=seconds,
        long_seconds=long_seconds,
        repeat=repeat,
    )
    findings = sections.run(asked, only)
    print(json_format.dumps(findings, indent=1) if json else report.markdown(findings), end="")
    return 0
