# make demo: set everything up and run the main job on built-in data. make test: set up; run lint, types and tests.
# Both need Python 3.11+ and a package index, and no Java.
# The python3 that is first on PATH if it is new enough, else another that is.
PYTHON ?= $(firstword $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python; done; true) python3)
BIN := .venv/bin

.PHONY: setup demo test lint types pytest clean
.DEFAULT_GOAL := setup

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@echo "Setting up .venv: some minutes, about 2 GB"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/hybrid-pyserini demo

test: lint types pytest

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

pytest: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

clean:
	rm -rf .venv .demo .demo-quick .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
