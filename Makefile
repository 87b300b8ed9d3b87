# Every target works as the first command after a clone; .venv is made once and again only when dependencies change.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long pytest ui docs lint format clean

demo: .venv/runtime
	@$(BIN)/funil demo

ui: .venv/runtime
	@$(BIN)/funil up

docs: .venv/runtime
	@$(BIN)/funil docs

# the first reading of all types takes a minute of one processor, while tests wait for each other
test: .venv/dev
	@$(MAKE) --no-print-directory -j2 lint pytest

test-long: .venv/dev
	@FUNIL_LONG_TESTS=1 PYTEST_ADDOPTS="$$PYTEST_ADDOPTS --timeout 7200" $(MAKE) --no-print-directory -j2 lint pytest

pytest: .venv/dev
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/sqlfmt --check --quiet dbt_project
	@$(BIN)/mypy

format: .venv/dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfmt --quiet dbt_project

clean:
	@if [ -x $(BIN)/funil ]; then $(BIN)/funil db stop; fi
	rm -rf .venv .funil build *.egg-info dbt_project/target dbt_project/logs .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Funil needs Python 3.11 or later; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "Python's venv module is missing; on Debian and Ubuntu it is the package python3-venv."; rm -rf .venv; exit 1; }

.venv/runtime: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing Funil into .venv (the first time takes a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing Funil and the development tools into .venv (the first time takes a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch .venv/runtime $@
