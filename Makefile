# Plain targets. Each makes the virtual environment that it needs (.venv) by itself.
.PHONY: demo test test-long check crash bench lock clean
.DEFAULT_GOAL := test

PYTHON ?= python3
ROUNDS ?= 50
WORKERS ?= 2
BIN := .venv/bin
COMPILED := setup.py $(wildcard src/trailwarden/*/_*.[ch])

$(BIN)/.ready: requirements.lock requirements-dev.lock pyproject.toml $(COMPILED)
	@$(PYTHON) -c 'import sys; sys.exit("Trailwarden needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.12 or the like.") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || { echo "Making the virtual environment .venv (about a minute) ..."; $(PYTHON) -m venv .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(BIN)/.ready  ## the service over real files, with a webhook receiver that shows what arrives
	@$(BIN)/python -m demo

test: $(BIN)/.ready  ## every test but the long ones, in WORKERS processes: much of the time is waiting
	$(BIN)/python -m pytest -m "not long" --numprocesses $(WORKERS) --dist worksteal

test-long: $(BIN)/.ready  ## the tests that take minutes
	$(BIN)/python -m pytest -m long --timeout 1800 --numprocesses $(WORKERS)

check: $(BIN)/.ready  ## style, types, import contract, file sizes, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/docs

crash: $(BIN)/.ready  ## kill -9 the service ROUNDS times over one corpus; every alert must arrive, none under two ids
	$(BIN)/python -m tests.crash --rounds $(ROUNDS)
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source s3_sqs --files 400
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source kinesis
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source kinesis_leases
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source s3_sqs --files 100 --store lost
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source s3_sqs --files 100 --store postgresql
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source kafka --files 100
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source kafka --files 100 --store lost
	$(BIN)/python -m tests.crash --rounds $(ROUNDS) --source kafka --files 100 --store postgresql

bench: $(BIN)/.ready  ## the figures; ONLY="name ..." runs some
	$(BIN)/python -m bench $(ONLY)

lock:  ## write the lock files anew from pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## remove what the targets made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis bench/out bench/corpus
