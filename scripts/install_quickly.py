"""Install requirements with uv, as pip would: ``python scripts/install_quickly.py FILE [OPTION]…``.

uv needs a quarter of the processor time, but reads nothing of what pip is told in pip.conf and in
PIP_…: here it is told the same. Ends with 1 where that cannot be, and pip has to do it.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

UV = "uv==0.13.9"
OF_UV = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "constraint": "--constraint",
}
"""What pip may be told, and how uv is."""
CERTIFICATES = "cert"
OF_PIP_ALONE = {"default-timeout", "timeout", "retries", "disable-pip-version-check", "compile"}
"""What uv need not be told."""


def settings_in(listed: str) -> dict[str, str]:
    """Read what ``pip config list`` prints; what comes from the environment goes before files."""
    found: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = ast.literal_eval(value)
    return found


def arguments_of(settings: Mapping[str, str]) -> Iterator[str]:
    """Tell uv what pip is told. Raises ``LookupError`` for what uv cannot be told."""
    for name, value in settings.items():
        if name in OF_PIP_ALONE or name == CERTIFICATES:
            continue
        for each in value.split():
            yield from (OF_UV[name], each)


def main() -> int:
    """Install; return 0 if that was possible."""
    pip = [sys.executable, "-m", "pip"]
    listed = subprocess.run([*pip, "config", "list"], check=True, capture_output=True, text=True)
    settings = settings_in(listed.stdout)
    try:
        told = [*arguments_of(settings)]
    except LookupError:
        return 1
    quietly = [*pip, "--quiet", "install", "--disable-pip-version-check", UV]
    if subprocess.run(quietly, check=False, capture_output=True).returncode:
        return 1
    environment = {**os.environ}
    if CERTIFICATES in settings:
        environment["SSL_CERT_FILE"] = settings[CERTIFICATES]
    cache = Path(sys.prefix) / "uv-cache"  # on the same disk, so that files are linked, not copied
    how = ["--quiet", "--index-strategy", "unsafe-best-match", "--cache-dir", str(cache)]
    where = ["--python", sys.executable, "--requirement", *sys.argv[1:]]
    uv = [sys.executable, "-m", "uv", "pip", "install", *how, *where, *told]
    try:
        return subprocess.run(uv, check=False, env=environment).returncode and 1
    finally:
        shutil.rmtree(cache, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
