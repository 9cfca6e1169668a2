# Two commands do everything: `make run` and `make test`.
.PHONY: help setup run test audit-targets check format bench bench-recognition train docs lock clean
PY := .venv/bin/python
export PYTHONDONTWRITEBYTECODE := 1

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: ## build .venv with the qinglang command in it
	@sh scripts/setup.sh

run: setup ## the gateway on this machine, embedded defaults (ARGS="--proxy …" passes options)
	@exec .venv/bin/qinglang up $(ARGS)

check: setup ## format, lint, strict types, fast tests: about a minute on two cores
	@.venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@$(PY) -m pytest -q -m "not wire and not browser and not targets" -n 2 tests

audit-targets: setup ## real targets of the audit: build the trees (root, about 4 minutes), look at all of them
	@sh scripts/audit_targets.sh
	@$(PY) scripts/audit_real.py --write
	@$(PY) -m pytest -q tests/audit/real

test: setup ## everything, with real sockets and a real browser (installs Chromium and test servers)
	@sh scripts/test-packages.sh
	@$(PY) -m pytest -q -m "not wire and not browser and not targets" -n 2 tests
	@$(PY) -m pytest -q -m "(wire or browser) and not targets" -n 2 --dist loadfile tests

format: setup ## rewrite the code in the project's format
	@.venv/bin/ruff format --quiet . && .venv/bin/ruff check --quiet --fix .

bench: setup ## the measured figures, as ratios against peers in the same run
	@sh scripts/test-packages.sh bench
	@$(PY) -O bench/run.py

bench-recognition: setup ## how well pages are judged → docs/accuracy.md (QINGLANG_CORPORA=DIR)
	@$(PY) -O bench/recognition.py --write --peer

train: setup ## the text model anew from our own texts (ARGS="--corpora DIR [--whole]")
	@$(PY) -m rules.training $(ARGS)

docs: setup ## write docs/reference.md from the code, docs/evasions.md from the data
	@$(PY) scripts/reference.py
	@$(PY) scripts/evasions.py
	@$(PY) scripts/apps_page.py
	@$(PY) scripts/schemas.py

lock: ## write requirements.lock anew (needs uv)
	uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	  --all-extras pyproject.toml --output-file requirements.lock

clean: ## remove what make made (not var/)
	rm -rf .venv .venv-uv .venv-validators .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
