"""Speak what calibrates the embedded recogniser: ``python -m scripts.make_calibration_data``.

Needs espeak-ng and requirements-dev.txt. Leaves fit/calibration.jsonl and test/calibration.jsonl in
a folder, each with its wav files, as ``python -m richspeech calibrate`` takes them.
"""

import argparse
import logging
from pathlib import Path

from scripts.embedded import calibration

log = logging.getLogger(__name__)


def main() -> None:
    """Make both sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(".cache/calibration"), help="folder")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for half in (calibration.FIT, calibration.TEST):
        log.info("%s", calibration.write(half, arguments.output))


if __name__ == "__main__":
    main()
