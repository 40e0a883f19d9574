"""Where the files that come with the program lie, and where it keeps what it makes.

In a checkout both are the checkout. Installed, what comes with it lies in the package, and what it
makes (history, caches, results, an own config.yaml) in the data folder of whoever runs it.
"""

import shutil
from pathlib import Path

from platformdirs import user_data_path

from richspeech.errors import SettingsError

PACKAGE = Path(__file__).resolve().parent
_PACKED = PACKAGE / "shipped"
"""Put there by the build, see pyproject.toml; a checkout has no such folder."""
IS_INSTALLED = _PACKED.is_dir()
SHIPPED = _PACKED if IS_INSTALLED else PACKAGE.parent
"""config.yaml, models/ and examples/."""
HOME = user_data_path("richspeech", appauthor=False) if IS_INSTALLED else PACKAGE.parent
"""What relative paths in the settings start from."""
OWN_CONFIG = HOME / "config.yaml"
CONFIG = OWN_CONFIG if OWN_CONFIG.is_file() else SHIPPED / "config.yaml"
"""The settings unless ``--config`` names others."""


def own_config(path: Path) -> Path:
    """Return a settings file that may be changed: a copy in HOME instead of the packed one.

    Raises ``SettingsError`` when HOME takes no copy.
    """
    if path != SHIPPED / "config.yaml" or path == OWN_CONFIG:
        return path
    if not OWN_CONFIG.is_file():
        try:
            HOME.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, OWN_CONFIG)
        except OSError as error:
            folder, why = str(HOME), str(error.strerror)
            raise SettingsError("settings.no_home", folder=folder, why=why) from error
    return OWN_CONFIG
