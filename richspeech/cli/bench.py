"""``python -m richspeech bench``: speed and memory, as tables or one JSON object."""

import argparse
import json
import logging
import sys

from richspeech.bench import SECTIONS
from richspeech.cli.options import add_config_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    parser.add_argument("--weights", default="embedded", help="embedded, random-full, or a folder")
    parser.add_argument("--seconds", type=float, default=600.0, help="of speech, 30 or more")
    parser.add_argument(
        "--long-seconds", type=float, default=36_000.0, help="of the recording of section long"
    )
    parser.add_argument("--repeat", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="SECTION")
    parser.add_argument("--device", help="cuda:0, cpu, …")
    add_config_argument(parser)


def bench(arguments: argparse.Namespace) -> int:
    """Measure, and print tables or one JSON object; progress goes to stderr."""
    try:
        from richspeech.bench import report, sections, setup  # noqa: PLC0415 - torch takes a second
    except ModuleNotFoundError as error:
        print(f"The bench needs {error.name}; install requirements-dev.txt.", file=sys.stderr)
        return 1
    logging.getLogger("richspeech.bench").setLevel(logging.INFO)
    asked = setup.make_setup(
        arguments.weights,
        device=arguments.device,
        config=arguments.config,
        seconds=arguments.seconds,
        long_seconds=arguments.long_seconds,
        repeat=arguments.repeat,
    )
    findings = sections.run(asked, arguments.only)
    print(json.dumps(findings, indent=1) if arguments.json else report.markdown(findings), end="")
    return 0
