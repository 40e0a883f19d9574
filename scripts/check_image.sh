#!/usr/bin/env bash
# Build the image and see it serve, where neither Docker nor a registry of images is at hand:
# check_image.sh [TORCH_INDEX]. debootstrap makes the Debian beneath, podman follows the Dockerfile, and the
# console runs as compose would run it, without any network. For root, with the Debian packages debootstrap,
# podman and crun; takes ten minutes and 6 GB of /var/tmp, and leaves nothing. TORCH_INDEX may be a file:// folder.
set -euo pipefail
if [ -z "${APART-}" ]; then exec env APART=1 unshare --mount bash "$0" "$@"; fi
cd "$(dirname "$0")/.."
# crun wants one version of cgroups; a machine within a machine often has two.
if mountpoint --quiet /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
work=$(mktemp -d -p /var/tmp)
mkdir "$work/tmp"
export TMPDIR=$work/tmp  # of podman, which keeps the caches of a build there
podman=(podman --root "$work/storage" --runroot "$work/run" --cgroup-manager cgroupfs --runtime crun)
leave() {
  "${podman[@]}" rm --all --force >/dev/null 2>&1 || true
  "${podman[@]}" rmi --all --force >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap leave EXIT

# shellcheck disable=SC2016  # apt fills these in
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
debootstrap --variant=minbase bookworm "$work/debian" "$mirror" >"$work/debootstrap.log"
options=(--isolation chroot --network host --format docker --build-arg BASE=localhost/debian)
if [ -n "${PIP_CERT-}" ]; then  # behind a proxy with a certificate of its own
  printf '[global]\ncert = /etc/pip.crt\n' >"$work/debian/etc/pip.conf"
  cp "$PIP_CERT" "$work/debian/etc/pip.crt"
fi
if [ $# -gt 0 ]; then
  options+=(--build-arg "TORCH_INDEX=$1")
  if [[ $1 == file://* ]]; then options+=(--volume "${1#file://}:${1#file://}:ro"); fi
fi
tar --directory "$work/debian" --create . | "${podman[@]}" import --quiet - localhost/debian >/dev/null
rm -rf "$work/debian"

began=$SECONDS
"${podman[@]}" build "${options[@]}" --tag richspeech .
echo "Built in $((SECONDS - began)) s:"
"${podman[@]}" image ls --format '{{.Repository}} {{.Size}}' richspeech

began=$SECONDS
"${podman[@]}" run --detach --name console --network none --cgroups disabled --read-only --tmpfs /tmp \
  --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
  --volume uploads:/var/tmp --cap-drop ALL --security-opt no-new-privileges --health-interval disable \
  --env RICHSPEECH_MODEL__ID=embedded --env RICHSPEECH_MODEL__DEVICE=cpu \
  --env RICHSPEECH_SERVER__USER=user --env RICHSPEECH_SERVER__PASSWORD=password richspeech >/dev/null
ask="import sys, urllib.request as r; print(r.urlopen('http://127.0.0.1:6006' + sys.argv[1]).read().decode())"
until "${podman[@]}" exec console python -c "$ask" /readyz 2>/dev/null; do
  if ((SECONDS - began > 180)); then
    "${podman[@]}" logs console
    exit 1
  fi
  sleep 1
done
echo "Ready after $((SECONDS - began)) s."
"${podman[@]}" exec console python -c "$ask" /health
"${podman[@]}" healthcheck run console
test "$("${podman[@]}" exec console id -u)" = 1000
"${podman[@]}" exec console richspeech transcribe \
  /opt/richspeech/.venv/lib/python3.11/site-packages/richspeech/shipped/examples/zh-laughter.wav
"${podman[@]}" logs console
"${podman[@]}" stop --time 15 console >/dev/null
test "$("${podman[@]}" inspect --format '{{.State.ExitCode}}' console)" = 0
echo "It ended when it was told to."
