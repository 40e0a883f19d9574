"""Which version of the program this is."""

import importlib.metadata
import tomllib

from richspeech.places import IS_INSTALLED, PACKAGE


def version() -> str:
    """Return the version of what is installed, or of this checkout."""
    if IS_INSTALLED:
        return importlib.metadata.version("richspeech")
    path = PACKAGE.parent / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return str(project["version"])
