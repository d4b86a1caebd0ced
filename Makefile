# Every command works without an activated environment and from a path with a space in it:
# all paths are relative to this file's folder, which make enters by `make -C`, or by being in it.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
TRUEUP := $(VENV_PYTHON) -m dagster_project.cli
ROWS ?= 10000000

.DEFAULT_GOAL := help
.PHONY: help env run test lint dev bench prices-compare metrics focus-validate pull reset clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' Makefile | awk 'BEGIN {FS = ":.*## "} {printf "  make %-14s %s\n", $$1, $$2}'

env: ## make the environment in .venv (the other commands do it by themselves)
	@$(PYTHON) dagster_project/lib/environment.py

run: env ## write the demo inputs if landing is empty, run the nightly job, print the result
	@$(TRUEUP) run --demo-if-empty

test: env ## run the tests on both cores
	@$(VENV_PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: env ## ruff, mypy and the structural rules of the dbt project
	@$(VENV_PYTHON) -m ruff check dagster_project tests
	@$(VENV_PYTHON) -m ruff format --check dagster_project tests
	@$(VENV_PYTHON) -m mypy
	@$(VENV_PYTHON) -m pytest -q tests/definitions/test_dbt_rules.py

dev: env ## open the Dagster UI on http://localhost:3000 with the nightly schedule ready to switch on
	@$(TRUEUP) dev

bench: env ## time load, price, marts and the whole run on ROWS generated calls (default 10 million)
	@$(VENV_PYTHON) -m dagster_project.bench --rows $(ROWS)

prices-compare: env ## price the cases with genai-prices and LiteLLM beside TrueUp, into docs/prices-compare.md
	@$(VENV_PYTHON) -m dagster_project.rates.compare

metrics: env ## ask the semantic layer, as in QUERY="--metrics task_success_rate --group-by metric_time__month"
	@$(VENV_PYTHON) -c 'from dagster_project.lib.dbt_project import dbt_project; dbt_project()'
	@home="$${TRUEUP_HOME:-data}"; case "$$home" in /*) ;; *) home="$(CURDIR)/$$home" ;; esac; cd dbt && \
	TRUEUP_WAREHOUSE="$$home/exports/trueup.duckdb" TRUEUP_ACCESS_MODE=read_only ../.venv/bin/mf query $(QUERY)

focus-validate: ## hold the FOCUS export to the official validator (Python 3.12; exit 77 inside: skipped)
	@$(PYTHON) dagster_project/focus/validate.py

pull: env ## land new exports from every provider whose key is in the environment
	@$(TRUEUP) pull

reset: ## delete the warehouse, exports and run history; landing and reference stay
	@rm -rf data/warehouse data/exports data/dagster

clean: reset ## reset, and delete the environment and caches too
	@rm -rf .venv .venv.lock .venv-focus .venv-focus.lock dbt/target dbt/logs .pytest_cache .mypy_cache .ruff_cache
