# `make` lists every command. Everything it needs is put into .tools and .venv of this checkout.
UV_VERSION := 0.13.8
UV := .tools/uv/bin/uv
RUN := .venv/bin
export UV_PYTHON_DOWNLOADS ?= never

.DEFAULT_GOAL := help
.PHONY: help setup demo check format lint types contracts test test-fast nightly chaos simulate record-history bench \
  bench-peers docs openapi new-connector clean

help: ## list every command
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

demo: setup ## a simulated firm, live in the browser; ARGS=--reset starts over
	@$(RUN)/throughline demo $(ARGS)

check: setup ## everything CI runs: format, lint, types, import contracts, all tests
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/pyright
	$(RUN)/lint-imports --no-logo
	$(RUN)/pytest -n 2 -m "not slow and not nightly" $(ARGS)
	$(RUN)/pytest -m "slow and not nightly" $(ARGS)

format: setup ## format, and fix what can be fixed
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

lint: setup ## lint only
	$(RUN)/ruff check .

types: setup ## types only
	$(RUN)/pyright

contracts: setup ## import contracts only
	$(RUN)/lint-imports --no-logo

test: setup ## all tests; ARGS="-k wire" some of them
	$(RUN)/pytest $(ARGS)

test-fast: setup ## the tests without chaos, torture and browser
	$(RUN)/pytest -n 2 -m "not slow and not nightly" $(ARGS)

nightly: setup ## what takes minutes or whole clusters
	$(RUN)/pytest -m nightly $(ARGS)

chaos: setup ## everything at once, long: three workers, kills, cuts, full disks; make chaos N=1000
	CHAOS_DEALS=$(or $(N),1000) $(RUN)/pytest -q tests/chaos/test_everything_at_once.py $(ARGS)

bench: setup ## measure engine and intake against the hand-written minimum; ARGS=--json
	@$(RUN)/python -m bench $(ARGS)

bench-peers: setup ## install the engines that `make bench` measures beside ours
	$(UV) venv --quiet --allow-existing .tools/peers
	$(UV) pip install --quiet --python .tools/peers aiohttp celery dbos packaging redis

simulate: setup ## lives in virtual time: SEEDS=50000 many (FIRST= from there), SEED=1234 one with its history
	@$(RUN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),600) --first $(or $(FIRST),0))

record-history: setup ## keep how a half-way process stands, to be finished by later releases; NAME= one of them
	@$(RUN)/python -m tests.histories.record $(NAME)

docs: setup ## write docs/reference anew
	$(RUN)/python docs/generate.py

openapi: setup ## write docs/openapi.json anew
	$(RUN)/python -m throughline.api.snapshot

new-connector: setup ## start a connector: make new-connector NAME=harvest
	$(RUN)/python -m throughline.testing.new_connector $(NAME)

setup: .venv/.done ## install what is needed, once

.venv/.done: pyproject.toml uv.lock $(UV)
	@$(UV) sync --quiet --frozen --python "$$($(UV) python find --quiet 3.13 2>/dev/null || $(UV) python find --quiet '>=3.12')"
	@touch $@

$(UV):
	@python3 -m venv .tools/uv 2>/dev/null && .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || (rm -rf .tools/uv && python3 -m pip install --quiet --disable-pip-version-check --target .tools/uv uv==$(UV_VERSION))

clean: ## remove what was installed here; data stay
	rm -rf .tools .venv .pytest_cache .ruff_cache .hypothesis
