#!/usr/bin/env bash
# Make the environment, then run every check and every test; with --fast the checks, and the tests
# that need no model, no process and no browser, with fewer examples. Other arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE  # else every process compiles the package and every test anew
export QUICK_INSTALL=yes
export PIP_COMPILE=no  # of 25,000 modules the tests import a fifth, which Python compiles then
. scripts/environment.sh
environment requirements-dev.txt
environment requirements-denoise.txt
environment requirements-voices.txt

# The tests run beside the types, which take one core. Three at a time, since some of them wait.
if [ "${1-}" = --fast ]; then
  .venv/bin/ruff format --check .
  .venv/bin/ruff check .
  .venv/bin/mypy . &
  types=$!
  tests=0
  .venv/bin/python -m pytest --numprocesses 3 --dist worksteal --hypothesis-profile fast -p no:schemathesis \
    -m "not alone and not process" tests/unit || tests=$?
  wait "$types"
  exit "$tests"
fi

# PostgreSQL: the history can be kept in it. Redis, RabbitMQ: jobs go through them to other machines. Noto:
# Chromium draws Chinese, Japanese and Korean with it.
packages=(chromium espeak-ng firefox-esr fonts-noto-cjk postgresql rabbitmq-server redis-server)
command -v npm >/dev/null || packages+=(nodejs npm)  # some builds of nodejs bring npm along
missing=()
for package in "${packages[@]}"; do
  dpkg --status "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "The tests need ${missing[*]}: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  # The tests start servers of their own, so the packages shall not start theirs.
  policy=/usr/sbin/policy-rc.d
  made=
  [ -e $policy ] || { made=$policy && printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  [ -z "$made" ] || rm "$made"
fi

.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/mypy . &  # which takes one core
types=$!
bash scripts/check_web.sh
bash scripts/check_deploy.sh
if [ $# -gt 0 ]; then
  wait "$types"
  exec .venv/bin/python -m pytest "$@"
fi
# Two files at a time, long ones first, since xdist would put those of few tests last. The page apart
# from the rest, since a browser needs more than one core for moments; what measures time or memory
# alone, last.
two_at_a_time=(.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not alone")
"${two_at_a_time[@]}" tests/e2e
wait "$types"  # which outlast what is checked beside them, and the page needs two cores only for moments
"${two_at_a_time[@]}" tests/integration tests/unit
# Only the files that have such tests, since importing all takes longer than these.
mapfile -t alone < <(grep --recursive --files-with-matches --include='*.py' 'pytest\.mark\.alone' tests)
.venv/bin/python -m pytest -m alone "${alone[@]}"
