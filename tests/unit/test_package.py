"""What the package says of itself is what the checkout says."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVING = ("postgres", "mcp", "wyoming", "telemetry")
"""Extras that a checkout has at once."""


def project() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["project"]
    return found


def pinned(file: str) -> list[str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return sorted(line for line in lines if line and not line.startswith(("#", "-r")))


def test_the_package_asks_for_what_is_pinned() -> None:
    extras = project()["optional-dependencies"]
    serving = [each for name in SERVING for each in extras[name]]
    assert sorted([*project()["dependencies"], *serving]) == pinned("requirements.txt")
    assert sorted(extras["ray"]) == pinned("requirements-ray.txt")
    assert sorted(extras["workers"]) == pinned("requirements-workers.txt")
    assert sorted(extras["adapt"]) == pinned("requirements-adapt.txt")
    hearing = [*extras["whisper"], *extras["whisper-base"]]
    assert sorted(hearing) == pinned("requirements-whisper.txt")
    developing = [*extras["bench"], *extras["train"], *extras["dev"]]
    assert sorted(developing) == pinned("requirements-dev.txt")
