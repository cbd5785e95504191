# Everything a developer runs. `make run` and `make test` work from a fresh clone: Python 3.11, make and git are enough.
.DEFAULT_GOAL := help
.PHONY: help setup run test check check-style check-types check-contracts check-templates check-translations \
        check-migrations e2e bench fuzz migration translations flask seed format lock sure clean

PYTHON ?= python3
BIN := .venv/bin
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# One test more at a time than there are cores: many of them wait for a browser, a mail server or a clock.
AT_ONCE := $(shell expr $(CORES) + 1)
export PYTHONPATH := $(CURDIR)
export PYTHONDONTWRITEBYTECODE :=

help:  ## This list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-13s %s\n", $$1, $$2}'

setup:  ## Dependencies into .venv, translations compiled; quick when nothing changed
	@$(PYTHON) dev/bootstrap.py

run: setup  ## The whole product on http://localhost:8000 (PORT=…); Ctrl-C stops it
	@exec $(BIN)/python -m dev.run

# pytest's own summary is the last line when all is well; a failed check fails the run, and the tests are still run.
test: setup  ## All checks and the whole suite
	@$(BIN)/python -m dev.browser
	@$(BIN)/python -m dev.clamav
	@failed=0; $(MAKE) --no-print-directory --keep-going --jobs=$(CORES) --output-sync=target check || failed=1; \
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal || failed=1; exit $$failed

check: check-style check-types check-contracts check-templates check-translations check-migrations  ## Everything but the tests

check-style: setup
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .

check-types: setup
	$(BIN)/mypy

check-contracts: setup
	$(BIN)/lint-imports

check-templates: setup
	$(BIN)/djlint templates --lint --quiet

check-translations: setup
	$(BIN)/python -m dev.catalogues check

check-migrations: setup
	$(BIN)/python -m dev.migrations check

e2e: setup  ## The journeys in a real browser
	@$(BIN)/python -m dev.browser
	$(BIN)/python -m pytest tests/e2e

bench: setup  ## What it can bear, measured beside a bare Flask app: make bench people="10000 100000 1000000"
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.search $(if $(people),--people $(people))

fuzz: setup  ## Look for files that upset the file checks: make fuzz seconds=600
	$(BIN)/python -m tests.files.fuzz $(seconds)

migration: setup  ## A migration from the models' changes: make migration m="add a column"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="…"'; exit 1; }
	$(BIN)/python -m dev.migrations new "$(m)"

translations: setup  ## Catalogues brought up to the texts in code and templates
	$(BIN)/python -m dev.catalogues update

flask: setup  ## A command beside `make run`: make flask c="audit verify"
	@test -f var/settings.sh || { echo 'Start the product once first: make run'; exit 1; }
	@. ./var/settings.sh && exec $(BIN)/flask --app app:create_app $(c)

seed:  ## Reference and demo data into the running product again
	@$(MAKE) --no-print-directory flask c=load-reference
	@$(MAKE) --no-print-directory flask c="demo load"

format: setup  ## Put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup  ## requirements.lock from requirements.in (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 requirements.in -o requirements.lock

sure:  ## All of it, as the server does
	@.ci/run

clean:  ## Forget the local product's data, keys and logs
	@test ! -f var/postgres/moved-to || rm -rf "$$(cat var/postgres/moved-to)"
	rm -rf var
