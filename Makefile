# The commands of this project. Each works on a fresh machine with Python >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
PROCESSES ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install demo check test test-core test-process coverage mutation fuzz bench torture train lock clean

install: .venv/installed

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Modqueue needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev-installed: requirements-dev.lock .venv/installed
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

demo: install
	@$(BIN)/modqueue demo

check: .venv/dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/numpydoc lint $$(git ls-files 'classifier/*.py')

test: test-core test-process

# Many processes are started: each would compile the same modules anew where they may not be kept.
test-core test-process: export PYTHONDONTWRITEBYTECODE :=

# Everything that needs no process of ours: seconds.
test-core: .venv/dev-installed
	@sh tests/needs.sh
	@sh tests/shards.sh $(PROCESSES) $(BIN)/pytest -n 0 -m "not process"

# Whole services, killed and restarted, and a browser: minutes, and much of it to wait for one another.
test-process: .venv/dev-installed
	@sh tests/needs.sh
	$(BIN)/pytest -n $(shell expr $(PROCESSES) + 1) --dist loadgroup -m process

# Kills processes at 500 random points while senders and moderators work: a quarter of an hour. Then the
# whole suite of the store on every kind of server.
torture: .venv/dev-installed
	@sh tests/needs.sh
	MODQUEUE_TORTURE_POINTS=500 $(BIN)/pytest -n 0 -s tests/faults tests/store/test_deployments.py

# Which lines and branches are reached by the tests and the processes that they start, but for browsers and
# WordPress: every one of what decides, signs, stores and delivers. Ten minutes.
CERTAIN := service/policy.py,service/signing.py,service/delivery.py,service/store/*
ELSEWHERE := --ignore=tests/browser --ignore=tests/wordpress --ignore=tests/faults/test_torture.py
coverage: .venv/dev-installed
	@sh tests/needs.sh
	@mkdir -p .coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 0 -q -m "not process"
	$(BIN)/coverage run -m pytest -n 0 -q -m process $(ELSEWHERE)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=100 --include='$(CERTAIN)'
	$(BIN)/coverage report --fail-under=95

# How many small changes of what decides, signs and stores the tests notice; of the store each tenth change of a
# function. An hour or two; `make mutation MUTANTS='service.store.queue.*'` for a part, `mutmut results` for the rest.
MUTANTS ?= 'service.policy.*' 'service.signing.*' 'service.store.*mutmut_*1'
mutation: .venv/dev-installed
	$(BIN)/mutmut run --max-children $(PROCESSES) $(MUTANTS)

# Asks every endpoint 10,000 times for anything whatever, as who may ask it: a minute each, ten for a page. A part
# by its address: `make fuzz ONLY=/webhooks`.
FUZZ ?= 10000
ONLY ?=
fuzz: .venv/dev-installed
	MODQUEUE_FUZZ=$(FUZZ) MODQUEUE_FUZZ_ONLY=$(ONLY) $(BIN)/pytest -n 0 -s tests/security/test_fuzz.py

bench: .venv/dev-installed
	$(BIN)/python -m bench

# The shipped model anew; MODQUEUE_DATASETS names the directory of the public sets.
train: .venv/dev-installed
	$(BIN)/python -m classifier.retrain --output classifier/champion

# The lock files anew from pyproject.toml; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv var build dist *.egg-info
