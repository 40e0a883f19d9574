#!/bin/sh
# Give settings that are mounted as files, /run/secrets/RICHSPEECH_GROUP__KEY, to the program as
# variables of the same name; then become the program.
set -eu
for file in "${SECRETS:-/run/secrets}"/RICHSPEECH_*; do
  if [ -f "$file" ]; then
    export "$(basename "$file")=$(cat "$file")"
  fi
done
exec "$@"
