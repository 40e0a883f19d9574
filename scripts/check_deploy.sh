#!/usr/bin/env bash
# Check what deploys the program, without starting anything: recipe of the image, compose file, manifests,
# unit, workflow and shell scripts. kubectl and systemd-analyze are used where they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
environment requirements-deploy.txt
PATH=$PWD/.venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

shellcheck --external-sources scripts/*.sh deploy/*.sh
hadolint Dockerfile
actionlint .github/workflows/*.yml

# The passwords are needed for the file to be read at all; that it refuses without is a unit test's.
RICHSPEECH_SERVER__USER=user RICHSPEECH_SERVER__PASSWORD=password POSTGRES_PASSWORD=password \
  docker-compose --profile cpu --profile gpu --profile workers --profile gpu-workers config --quiet

manifests=(deploy/kubernetes/base/[!k]*.yaml deploy/kubernetes/workers/{worker,network-policy}.yaml)
if command -v kubectl >/dev/null; then
  for overlay in base gpu workers gpu-workers; do
    kubectl kustomize "deploy/kubernetes/$overlay" >"$work/$overlay.yaml"
    manifests+=("$work/$overlay.yaml")
  done
else
  echo "Without kubectl, the overlays for GPUs and workers are not put together." >&2
fi
kubernetes-validate --quiet --strict "${manifests[@]}"

if command -v systemd-analyze >/dev/null; then
  # The program need not be installed here: any other stands for it.
  for unit in richspeech richspeech-worker@; do
    sed 's#^ExecStart=.*#ExecStart=/bin/true#' "deploy/systemd/$unit.service" >"$work/$unit.service"
    systemd-analyze verify --man=no "$work/$unit.service"
    systemd-analyze security --offline=true --threshold=20 --no-pager "$work/$unit.service" >/dev/null
  done
else
  echo "Without systemd-analyze, the units are not checked." >&2
fi
echo "What deploys the program is sound."
