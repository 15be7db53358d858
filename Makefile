# Two commands: `make demo` and `make test`. `make install` only prepares, `make run` starts the
# same processes without demonstration data.
.PHONY: demo clean-demo test install run lint types check catalogs pin bench slow-link chaos-messaging dev
.DEFAULT_GOAL := help

PYTHON ?= python3
# Relative on purpose: the project's folder may hold spaces.
BIN := .venv/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check

help:
	@sed -n 's/^# //p' Makefile | head -2

.venv/.made:
	$(PYTHON) -m venv .venv
	touch $@

.venv/.runtime: .venv/.made requirements-runtime.txt
	$(PIP) install --quiet --require-hashes -r requirements-runtime.txt
	touch $@

.venv/.tested: .venv/.made requirements-dev.txt
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	touch $@ .venv/.runtime

install: .venv/.runtime

dev: .venv/.tested

demo: install
	$(PY) -m demo

clean-demo:
	@if [ -x $(PY) ]; then $(PY) -m demo --forget; else rm -rf var/demo; fi

run: install
	$(PY) -m portal.processes run

test: dev
	$(PY) -m pytest

lint: dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(BIN)/lint-imports

types: dev
	$(PY) -m mypy

catalogs: dev
	$(PY) -m tools.catalogs update
	$(PY) -m tools.catalogs compile

check: lint types
	$(PY) -m tools.catalogs check
	$(PY) -m tools.migrations_check

# Make the three requirements files anew from the .in files.
PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-annotate
pin: dev
	$(PIN) requirements-dev.in -o requirements-dev.txt
	$(PIN) requirements.in -c requirements-dev.txt -o requirements.txt
	$(PIN) requirements-runtime.in -c requirements-dev.txt -o requirements-runtime.txt

bench: dev
	$(PY) -m benchmarks

# A campaign while workers, queue server and web are killed at random; about five minutes a gateway.
chaos-messaging: dev
	$(PY) -m benchmarks.chaos_messaging

# 500 people on a line of 50 kbit/s, 800 ms, 10 % loss, in real time: several minutes.
slow-link: dev
	SLOW_LINK_PEOPLE=500 SLOW_LINK_SPEED=1 $(PY) -m pytest -n 0 -q -s \
		tests/processes/test_slow_link.py
