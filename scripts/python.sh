#!/bin/sh
# Print the path of a Python >= 3.12 that really starts; one sentence on stderr where there is none.
# A pyenv shim can be on PATH and still not start, so every candidate is run.
try() {
  [ -n "$1" ] && "$1" -c 'import sys, ssl, sqlite3, venv; raise SystemExit(sys.version_info < (3, 12))' >/dev/null 2>&1 &&
    { echo "$1"; exit 0; }
}
try "${PYTHON:-}"
for name in python3.14 python3.13 python3.12 python3; do try "$(command -v $name 2>/dev/null)"; done
for minor in 14 13 12; do
  for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.$minor*/bin/python3; do [ -x "$path" ] && try "$path"; done
done
uv="$(command -v uv 2>/dev/null)"
if [ -z "$uv" ] && [ -x .venv-uv/bin/uv ]; then uv=.venv-uv/bin/uv; fi
if [ -z "$uv" ]; then # the registry's uv can bring a Python of its own
  python3 -m venv .venv-uv >/dev/null 2>&1 && .venv-uv/bin/pip install --quiet uv >/dev/null 2>&1 && uv=.venv-uv/bin/uv
fi
if [ -n "$uv" ]; then
  for version in 3.13 3.12; do
    try "$("$uv" python find $version 2>/dev/null)"
    "$uv" python install --quiet $version >/dev/null 2>&1 && try "$("$uv" python find $version 2>/dev/null)"
  done
fi
echo "qinglang needs Python 3.12 or newer: install one (for example \`pyenv install 3.13\` or \`uv python install 3.13\`) and run make again, or name it: make PYTHON=/path/to/python3.13 …" >&2
exit 1
