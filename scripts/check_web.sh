#!/usr/bin/env bash
# Lint what runs in the browser and run its unit tests; Biome comes from web/package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cmp --silent web/package-lock.json web/node_modules/.checked-lock.json; then
  npm ci --prefix web --no-audit --no-fund --silent
  cp web/package-lock.json web/node_modules/.checked-lock.json
fi
web/node_modules/.bin/biome ci --error-on-warnings richspeech/web web/tests
node --test web/tests/*.test.js
