# Everything here starts from a fresh clone with Python 3.11 and make; set-up is done once and again when a lock file changes.

PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(shell $(name) -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $(name))))
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest

.PHONY: help run test check proof bench
.DEFAULT_GOAL := help

help:  ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name words; do \
		printf '  make %-7s %s\n' "$$name" "$$words"; done

run: $(VENV)/.package  ## Start everything on this machine (options: make run ARGS="--port 8000")
	$(BIN)/tongxing up $(ARGS)

test: $(VENV)/.dev  ## Run the tests; every branch of pathways/ must be covered
	$(PYTEST) tests/pathways -n 2 --dist loadfile --cov=pathways --cov-branch --cov-fail-under=100
	$(PYTEST) tests --ignore=tests/pathways --ignore=tests/docs -n 2 --dist loadfile

check: $(VENV)/.dev  ## Run what reads the code: style, types, layers, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-logo
	$(PYTEST) tests/docs

proof: $(VENV)/.dev  ## Run the long proofs at full size
	PROOF_SIZE=full $(PYTEST) tests/pathways/engine/test_properties.py tests/api/test_intake_versions.py -s -o faulthandler_timeout=3600
	PROOF_SIZE=full $(PYTEST) tests/proof -s -o faulthandler_timeout=3600

bench: $(VENV)/.dev  ## Measure
	$(BIN)/python -m bench

$(VENV)/.made:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(IS_NEW_ENOUGH)' || { \
		echo 'Tongxing needs Python 3.11 or newer. Install it (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@echo 'Setting up $(VENV). The first time this takes a few minutes, most of them without a word.'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/.made
	$(PIP) install --quiet --no-deps --require-hashes -r requirements.txt
	touch $@

# The package itself: built by the pinned setuptools, nothing is fetched.
$(VENV)/.package: pyproject.toml requirements.in $(VENV)/.runtime
	$(PIP) install --quiet --no-index --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.package
	$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.txt
	touch $@
