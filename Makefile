# `make help` lists what there is.

PYTHON ?= python3
STATE ?= .local
PORT ?= 8000
ARGS ?=
BROWSER ?=
MINUTES ?= 10
INVOICES ?= 2000
SEED ?=
SEEDS ?= 100
FROM ?= 0
JOBS ?= 2
# Each process of the tests has servers of its own; who shares a stack or a file stays together. Two
# of them begin with the tests of a stack, which wait more than they work.
WORKERS ?= 3

BIN := .venv/bin
BOOTSTRAP := $(PYTHON) deploy/local/bootstrap.py
PYTEST := $(BIN)/python -m pytest
MEMBERS = $(shell sed -n 's/^    "\(tallybridge-[a-z-]*\)",$$/\1/p' pyproject.toml)

# pyright looks for a newer release of itself otherwise.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help run test test-browser simulate simulate-planted facts scenarios import chaos bench bench-names check check-types check-rules doctor clean-state recover lock new-provider venv

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: venv ## run everything until Ctrl-C (STATE=.local PORT=8000); prints the address and the log-in
	@$(BIN)/python -P -m local_stack up --state "$(STATE)" --port "$(PORT)" $(ARGS)

test: venv ## every test but the browser's, on servers of their own (ARGS="-k name", BROWSER=1: those too)
	$(PYTEST) $(if $(BROWSER),,--ignore=tests/browser) --numprocesses $(WORKERS) \
		--dist loadgroup --no-loadscope-reorder $(ARGS)

test-browser: venv ## the pages in a real browser (needs Chromium)
	$(PYTEST) tests/browser $(ARGS)

simulate: venv ## orchestrator and all connectors under a seeded scheduler (SEEDS=100 FROM=0 JOBS=2)
	PYTHONPATH=tests $(BIN)/python -m simulation.run \
		--seeds $(SEEDS) --from $(FROM) --jobs $(JOBS) $(ARGS)

simulate-planted: venv ## each planted bug until a seed finds it (ARGS="no_open_row no_inbox")
	PYTHONPATH=tests $(BIN)/python -m simulation.hunt --jobs $(JOBS) $(ARGS)

facts: venv ## simulators and connectors beside the providers' own data, causes beside their table (SHARED=a folder with both)
	@test -n "$(SHARED)" || { echo "Say where the data is: make facts SHARED=../shared" >&2; exit 2; }
	@PYTHONPATH=tests $(BIN)/python -m facts.run --shared "$(SHARED)" $(ARGS)

scenarios: venv ## what must hold, number by number: its test, passed or missing
	$(BIN)/python tests/scenarios/table.py $(ARGS)

bench: venv ## speed and cost, each beside a floor of the same run (ARGS="pipeline --n 500", see bench/README.md)
	$(BIN)/python -m bench $(ARGS)

import: venv ## a real file into a running stack and through it, read back by the SDKs (FILE= INVOICES=2000)
	@test -n "$(FILE)" || { echo "Say which file: make import FILE=../shared/data/online-retail.csv.gz"; exit 2; }
	$(BIN)/python -m bench.real_input --file "$(FILE)" --invoices $(INVOICES) --state "$(STATE)" $(ARGS)

bench-names: venv ## business or homeowner: how often the suggestion is right (FILE=another csv of name,kind)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target .venv/bench-names --group names
	@PYTHONPATH=.venv/bench-names $(BIN)/python -m bench.names "$(or $(FILE),../shared/data/customer-names.csv)"

chaos: venv ## kills, freezes, restarts and lost answers under load, then the books are read (MINUTES=10 INVOICES=2000 SEED=)
	PYTHONPATH=tests $(BIN)/python tests/chaos/run.py --minutes $(MINUTES) --invoices $(INVOICES) \
		$(if $(SEED),--seed $(SEED)) $(ARGS)

check: venv ## everything static: format, lint, types, import rules, lock, contracts beside the last release's
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check-types check-rules

check-types: venv
	$(BIN)/pyright

check-rules: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python deploy/local/check_lock.py
	$(BIN)/python -m contracts.compatibility \
		libs/contracts/released/schemas libs/contracts/schemas --ordered
	$(PYTEST) -q tests/architecture

new-provider: venv ## a connector to fill in, whose tests say what is next (NAME=sage LABEL=Sage)
	@test -n "$(NAME)" || { echo "Say its name: make new-provider NAME=sage LABEL=Sage" >&2; exit 2; }
	@$(BIN)/python deploy/new-provider/new_provider.py --name "$(NAME)" --label "$(LABEL)"

doctor: ## what keeps `make run` from working here, a line each with the fix
	@$(BOOTSTRAP) doctor --state "$(STATE)" --port "$(PORT)" && echo "Nothing is in the way of \`make run\`."

clean-state: ## remove the folder of a stopped stack (STATE=.local)
	@$(BOOTSTRAP) clean-state --state "$(STATE)"

recover: venv ## of a stopped stack, after its database was restored (STATE=.local, see docs/runbooks/recover.md)
	@$(BIN)/python -P -m local_stack recover --state "$(STATE)" --port "$(PORT)"

lock: venv ## write requirements.lock anew from the packages' declarations (ARGS=--upgrade)
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header \
		$(MEMBERS:%=--no-emit-package %) \
		--group pyproject.toml:dev --python-version 3.11 --quiet $(ARGS) \
		--output-file requirements.lock pyproject.toml
	$(BIN)/python deploy/local/check_lock.py

venv: ## the virtual environment, made current when the lock or a package's declaration changed
	@$(BOOTSTRAP) venv
