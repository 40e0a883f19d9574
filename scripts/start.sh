#!/usr/bin/env bash
# Make the environment when it is not there yet, then start the console.
# Arguments go to app_sensevoice.py: --config --host --port --model embedded|ID|DIR --device
# Before them may stand what not everybody needs: --with-denoise, --with-whisper
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
environment requirements.txt
while [[ ${1-} == --with-* ]]; do
  environment "requirements-${1#--with-}.txt"
  shift
done
exec .venv/bin/python app_sensevoice.py "$@"
