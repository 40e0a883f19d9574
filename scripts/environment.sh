# shellcheck shell=bash
# Make .venv and install what is named: environment.sh REQUIREMENTS-FILE. Sourced, not run.
# A file that was installed before and has not changed since is skipped. TORCH_INDEX names an index with
# another build of torch than PyPI's, which brings CUDA along. A file whose first line says --no-deps is
# installed without what its packages ask for.

environment() {
  local requirements=$1
  if [ ! -f "$requirements" ]; then
    echo "There is no $requirements: choose one of $(echo requirements*.txt)." >&2
    return 1
  fi
  local stamp
  stamp=.venv/$(basename "$requirements").$(cat requirements*.txt | sha256sum | cut -c1-16)
  if [ -e "$stamp" ]; then return; fi
  if [ ! -x .venv/bin/python ]; then
    local python
    python=$(command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
    if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
      echo "Python 3.11 to 3.13 is needed; $python is another version. Install python3.11 and start again." >&2
      return 1
    fi
    "$python" -m venv .venv
  fi
  echo "Installing $requirements; the first time takes a few minutes."
  local pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
  if [ -n "${TORCH_INDEX-}" ]; then
    grep -E '^torch(audio)?==' requirements.txt \
      | "${pip[@]}" --index-url "$TORCH_INDEX" --no-deps --requirement /dev/stdin
  fi
  local more=()
  if head -n 1 "$requirements" | grep -q -e --no-deps; then more=(--no-deps); fi
  # For tests uv will do, and where it will not, pip.
  if [ -z "${QUICK_INSTALL-}" ] || ! .venv/bin/python scripts/install_quickly.py "$requirements" "${more[@]}"; then
    "${pip[@]}" "${more[@]}" --requirement "$requirements"
  fi
  touch "$stamp"
}
