#!/bin/sh
# Build .venv-validators: foreign validators of our reports (OSCAL, SARIF), whose packages would
# change ours. Prints the path of its python; does nothing more when it is up to date.
set -eu
cd "$(dirname "$0")/.."
list=scripts/validators.txt
wanted="$(sha256sum <"$list" | cut -d' ' -f1)"
room="$(pwd)/.venv-validators"
if [ "$(cat "$room/.made" 2>/dev/null)" != "$wanted" ]; then
  python="$(sh scripts/python.sh)"
  "$python" -m venv --clear "$room" >&2
  "$room/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list" >&2 ||
    { echo "the packages of $list could not be installed: the package registry must be reachable" >&2; exit 1; }
  echo "$wanted" >"$room/.made"
fi
echo "$room/bin/python"
