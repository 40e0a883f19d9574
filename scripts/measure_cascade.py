"""Measure what a cascade is worth on the embedded model: ``python -m scripts.measure_cascade``.

Needs espeak-ng and requirements-dev.txt. Speaks the two sets that calibrate the embedded model
(voices and sentences of their own), leaves out what has no emotion, trains a cascade on one, and
judges it by parts of that and by the other. Prints the tables of docs/adaptation.md.
"""

import argparse
import json
import tempfile
from pathlib import Path

from richspeech.cli.app import main as command
from scripts.embedded import calibration

KINDS = ("known", "pace", "form", "unclear", "tempo", "other")
"""Whole sentences, each with an emotion."""


def main() -> None:
    """Speak, train, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".cache/calibration"), help="folder")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    arguments = parser.parse_args()
    files = [clips_of(arguments.data, half, arguments.kinds) for half in ("fit", "test")]
    with tempfile.TemporaryDirectory() as folder:
        for name, judged in (("parts", []), ("others", ["--test", str(files[1])])):
            output = ["--output", str(Path(folder) / name), *judged]
            command(["cascade", "train", str(files[0]), *output, "--model", "embedded"])


def clips_of(folder: Path, name: str, kinds: tuple[str, ...]) -> Path:
    """Write which clips of a set are used, each a session of its own; return that file."""
    half = calibration.FIT if name == "fit" else calibration.TEST
    listed = folder / name / "calibration.jsonl"
    if not listed.is_file():
        calibration.write(half, folder)
    lines = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    chosen = [line | {"session": line["key"]} for line in lines if line["kind"] in kinds]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in chosen)
    file = folder / name / "cascade.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
