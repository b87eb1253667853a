# The two commands that matter: `make up` and `make test`. Both do all the set-up themselves.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help up demo test check bench soak docs lock format clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/base.stamp: requirements/base.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/base.stamp
	@echo "Installing what tests and checks need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

up: .venv/base.stamp ## Start everything in the foreground; Ctrl-C stops it
	@exec $(BIN)/python manage.py up

demo: .venv/base.stamp ## The same, with generated traffic, so that the first screen is alive
	@exec $(BIN)/python manage.py up --demo

test: .venv/dev.stamp ## Run every test
	@$(BIN)/python -m tests.run

check: .venv/dev.stamp ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0

bench: .venv/dev.stamp ## Run the benchmarks and write docs/bench.md
	$(BIN)/python -m bench

soak: .venv/dev.stamp ## Kill everything for 20 minutes, then load it for 10; write docs/soak.md
	$(BIN)/python -m tests.soak
	$(BIN)/python -m tests.soak --steady --minutes 10

docs: .venv/dev.stamp ## Write the generated parts of docs/ again
	$(BIN)/python manage.py write_docs

lock: .venv/dev.stamp ## Lock requirements/*.in again
	cd requirements && ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" base.in -o base.txt
	cd requirements && ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" -c base.txt dev.in -o dev.txt

format: .venv/dev.stamp ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what make installed (never the data in var/)
	rm -rf .venv staticfiles
