#!/usr/bin/env bash
# Build the package: build.sh [FOLDER], by default dist. It wants .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! .venv/bin/python -c 'import hatchling' 2>/dev/null; then
  grep '^hatchling==' requirements-dev.txt \
    | .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement /dev/stdin
fi
exec .venv/bin/python -m hatchling build --target wheel --directory "${1-dist}"
