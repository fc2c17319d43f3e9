# `make` says what there is. Nothing is installed outside this folder and nothing needs root.

PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
SHELL := /bin/bash
# Tests wait for processes, and those with real calls for people to have spoken: more workers than cores keep the cores busy.
CORES := $(shell nproc)
OTHERS := $(shell expr 3 \* $(CORES) / 2)
CALLS := $(shell expr 2 \* $(CORES))
.SHELLFLAGS := -eu -o pipefail -c

# The machine's pip settings (a mirror, a proxy, certificates) hold, but none that changes what goes where.
unexport PYTHONHOME PYTHONPATH PIP_CONSTRAINT PIP_NO_BINARY PIP_PREFIX PIP_REQUIREMENT PIP_TARGET PIP_USER
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_CACHE_DIR := $(CURDIR)/.tools/pip
PIP := $(BIN)/python -m pip install --progress-bar off --no-build-isolation --use-pep517
# pip says too much when all is well; its errors come through, being on stderr.
BRIEFLY := sed -u -nE 's/^Collecting ([^ ]+).*/Python:   \1/p; s/^Installing collected.*/Python:   unpacking them/p'

.DELETE_ON_ERROR:
.PHONY: help setup dev demo test lint bench torture fuzz lock clean

help:
	@echo "make setup   Python packages into .venv; Asterisk and SIP clients into .tools (done once, may be interrupted)"
	@echo "make demo    set-up, then real calls on a practice made up for it"
	@echo "make test    set-up, lint, then all tests"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make bench   figures"
	@echo "make fuzz    feed what takes bytes from outside, by coverage, a bounded time for each (FUZZ='--seconds 300')"
	@echo "make torture real calls while things are killed, then the account of every call (45 minutes; ARGS=--help)"
	@echo "make lock    resolve the dependencies of pyproject.toml anew, with hashes"
	@echo "make clean   delete .venv, .tools and caches (var/, the practice's data, is kept)"

setup: $(BIN)/.installed
	@$(BIN)/python -m pbx.asterisk.setup --clients

dev: setup $(BIN)/.installed-dev
	@$(BIN)/python -m pbx.asterisk.setup --clock

demo: setup
	@$(BIN)/secondline demo

test: dev lint
	$(BIN)/pytest -n $(OTHERS) --dist loadfile tests/unit tests/integration
	$(BIN)/pytest -n $(CALLS) --dist loadfile --no-loadscope-reorder tests/e2e

lint: $(BIN)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev
	$(BIN)/python -m bench

FUZZ :=
fuzz: dev
	$(BIN)/python -m tests.fuzz $(FUZZ)

torture: dev
	$(BIN)/pytest -q tests/torture
	$(BIN)/python -m tests.torture $(ARGS)

$(BIN)/.pip:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11, 3.12 or 3.13 is needed: install python3" >&2; exit 1; }
	@echo "Python: a private environment for $$($(PYTHON) --version) in .venv"
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { \
		echo "Python: this one comes without pip, fetching Debian's"; \
		$(PYTHON) -m venv --clear --without-pip .venv && \
		wheel=$$($(BIN)/python -m pbx.asterisk.setup --pip) && \
		$(BIN)/python "$$wheel/pip" install --quiet --no-index "$$wheel"; \
	} || { echo "make: cannot make .venv with $(PYTHON): install the package python3-venv" >&2; exit 1; }
	@touch $@

$(BIN)/.installed: $(BIN)/.pip requirements-build.lock requirements.lock pyproject.toml
	@echo "Python: installing the packages of requirements.lock"
	@$(PIP) --quiet --require-hashes -r requirements-build.lock
	@$(PIP) --require-hashes -r requirements.lock | $(BRIEFLY)
	@$(PIP) --quiet --no-deps --editable .
	@touch $@

$(BIN)/.installed-dev: $(BIN)/.installed requirements-dev.lock
	@echo "Python: installing the packages of requirements-dev.lock"
	@$(PIP) --require-hashes -r requirements-dev.lock | $(BRIEFLY)
	@touch $@

# For every Python and machine at once. Hashes are the index's; no address goes into the files.
LOCK := $(BIN)/uv pip compile --quiet --no-config --system-certs --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

lock: $(BIN)/.installed-dev
	$(LOCK) pyproject.toml --extra dev -o requirements-dev.lock
	$(LOCK) pyproject.toml --constraint requirements-dev.lock -o requirements.lock
	echo setuptools | $(LOCK) - -o requirements-build.lock

clean:
	rm -rf .venv .tools build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
