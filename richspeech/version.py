"""The version of the program."""

import tomllib

from richspeech.settings import ROOT


def version() -> str:
    """Read the version of this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
