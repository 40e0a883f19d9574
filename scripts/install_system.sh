#!/usr/bin/env bash
# Install what the program needs of Debian 12, and make the user and the folders that an image wants.
# For root, in an image or in CI; tini becomes the first process of a container.
set -euo pipefail
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  ca-certificates python3 python3-venv tini >/dev/null
rm -rf /var/lib/apt/lists/*
if ! id richspeech >/dev/null 2>&1; then
  useradd --uid 1000 --home-dir /var/lib/richspeech --shell /usr/sbin/nologin richspeech
fi
# A new volume takes its owner from the folder over which it is mounted.
install --directory --owner=richspeech --group=richspeech --mode=0750 \
  /var/lib/richspeech /var/cache/richspeech
