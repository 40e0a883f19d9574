#!/usr/bin/env bash
# Bring a server's console to http://127.0.0.1:6006, and bring it back whenever the connection breaks:
# tunnel.sh [USER@]SERVER [PORT [PORT OF THE SERVER]]. Ctrl-C ends it; other options of ssh belong in
# ~/.ssh/config.
set -euo pipefail
usage="Usage: tunnel.sh [USER@]SERVER [PORT [PORT OF THE SERVER]]"
server=${1:?$usage}
here=${2-6006}
there=${3-6006}
for port in "$here" "$there"; do
  if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
    echo "$port is no port: give a number from 1 to 65535. $usage" >&2
    exit 2
  fi
done

# In the background and waited for, or a signal would end this script and leave the tunnel. Whatever
# runs by then is ended: a signal may come before this script has even looked at what it has started.
run() {
  "$@" &
  wait "$!"
}
trap 'jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

longest=30  # seconds between two tries
pause=1
echo "http://127.0.0.1:$here leads to $server while the tunnel stands." >&2
while true; do
  began=$SECONDS
  status=0
  # 45 s without an answer are a broken connection. A port that is taken here is an error at once.
  run ssh -N -T -o ExitOnForwardFailure=yes -o ServerAliveInterval=15 -o ServerAliveCountMax=3 \
    -L "127.0.0.1:$here:127.0.0.1:$there" -- "$server" || status=$?
  # ssh ends with 255 when something is wrong; with anything else because it was told to.
  if [ "$status" != 255 ]; then exit "$status"; fi
  if ((SECONDS - began > longest)); then pause=1; fi
  echo "The tunnel to $server is down; next try in $pause s." >&2
  run sleep "$pause"
  pause=$((pause * 2 < longest ? pause * 2 : longest))
done
