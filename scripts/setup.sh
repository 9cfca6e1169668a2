#!/bin/sh
# Build .venv from requirements.lock (hashed) with the `qinglang` command in it. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
wanted="$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)"
if [ -x .venv/bin/qinglang ] && [ "$(cat .venv/.lock 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then exit 0; fi
python="$(sh scripts/python.sh)"
echo "setting up .venv with $("$python" --version) …"
"$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock ||
  { echo "the packages in requirements.lock could not be installed: check that the package registry can be reached (pip's message is above) and run make again" >&2; exit 1; }
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
echo "$wanted" >.venv/.lock
