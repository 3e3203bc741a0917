# `make help` lists the targets. Everything lives in .venv; nothing is installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tools of the audit are no part of Parity.
AUDIT := $(VENV)/audit
# What checks the descriptions of a release's files, from the projects that say their form.
VALIDATORS := $(VENV)/validators
# Published implementations that ours must equal (lifelines): no part of Parity.
REFERENCES := $(VENV)/references
# PySpark, for the tests on a cluster. Installing it takes 51 s of a core and 470 MB, so `make test` does without.
SPARK := $(VENV)/spark
STAMP := $(VENV)/.installed
PARITY_HOME ?= var
# NHS England's published statistics, if somebody put them beside the project.
PUBLISHED ?= $(wildcard ../shared/domain/published)

# The tests that say whether files written from the code are fresh: docs/dataset, the corpus and the lineage.
FRESH := the_page_of_official or are_what_the_declarations_say or every_line_of_the_table or every_rule_in_force or what_the_models_say

export PARITY_HOME

.DEFAULT_GOAL := help
.PHONY: help run look test campaign mutants audit lint format docs incentives published pictures bench bench-nation bench-scale bench-workers bench-releases bench-pages bench-years bench-keys dev lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml tests/oldest_client.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade \
	  --target $(VENV)/oldest-client -r tests/oldest_client.lock
	@touch $@

# Environments beside Parity's: each has what its lock says, and no more.
$(AUDIT)/.installed: tests/audit/audit.lock
$(VALIDATORS)/.installed: tests/validators.lock
$(REFERENCES)/.installed: tests/references.lock
$(AUDIT)/.installed $(VALIDATORS)/.installed $(REFERENCES)/.installed:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(SPARK)/.installed: tests/spark.lock $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-build-isolation --upgrade \
	  --target $(SPARK) -r $<
	@touch $@

run: $(STAMP) ## Make demonstration submissions, load them through Dagster, publish, show the national table
	$(BIN)/parity demo $(if $(PUBLISHED),--published $(PUBLISHED))

look: $(STAMP) ## Open the first page of the published release in the browser
	$(BIN)/parity look

# Three workers on two cores: a seventh of the time of two was waiting for disks and for processes that tests start.
test: $(STAMP) $(VALIDATORS)/.installed $(REFERENCES)/.installed ## Run the whole test suite, a sample of each long campaign
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

campaign: $(STAMP) $(VALIDATORS)/.installed $(REFERENCES)/.installed $(SPARK)/.installed ## Run the test suite with every long campaign whole (most of an hour)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --campaign

mutants: $(STAMP) ## Turn one operator at a time in rules, gate, ledger and models and see which test notices; EVERY=1 for all (hours)
	$(BIN)/python -m tests.mutants rules
	$(BIN)/python -m tests.mutants gate --every $(or $(EVERY),8)
	$(BIN)/python -m tests.mutants ledger --every $(or $(EVERY),8)
	$(BIN)/python -m tests.mutants models --every $(or $(EVERY),40)

audit: $(STAMP) $(AUDIT)/.installed ## List all components (SBOM) and ask what is known against them; 3: nobody could be asked
	$(BIN)/python -m tests.audit $(AUDIT)/bin build/sbom.cdx.json

lint: $(STAMP) ## Formatting, style, types, import direction, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 0 tests/reports/test_dataset_docs.py tests/journeys/test_corpus.py tests/warehouse/test_official.py tests/warehouse/test_lineage.py -k "$(FRESH)"

format: $(STAMP) ## Put the code into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## Write the dataset documentation, the official measures, Dagster's definitions and the rule for small counts anew
	rm -rf docs/dataset
	$(BIN)/parity dataset docs/dataset
	$(BIN)/python -m reports.published.small_counts docs/for-analysts.md
	$(BIN)/python -m reports.published.official_measures docs/official-measures.md
	$(BIN)/python -m warehouse.lineage_file
	$(BIN)/python -m pipelines.assets.column_lineage
	$(BIN)/python -m tests.definitions

incentives: $(STAMP) ## Write the page on what the example tariff invites anew (minutes)
	$(BIN)/parity incentives --page docs/incentives.md

published: $(STAMP) ## Write the page on NHS England's published figures anew
	$(BIN)/python -m reports.published.services $(PUBLISHED)

pictures: $(STAMP) ## Take the pictures of pages in docs/ anew from the demonstration (needs Chromium)
	$(BIN)/python -m tests.pictures $(PARITY_HOME)

bench: $(STAMP) ## Measure against the physical limit; SIZES="10k 1m 10m" for the long one
	$(BIN)/python -m benchmarks.load $(SIZES)

bench-nation: $(STAMP) ## Core and marts of 12 M contacts against the bare scan (half an hour, 8 GB of disk)
	$(BIN)/python -m benchmarks.nation $(ROOT)

bench-scale: $(STAMP) ## What a build costs by step and size, and what more cores would do; ROOT=folder
	$(BIN)/python -m benchmarks.scale $(ROOT)

bench-workers: $(STAMP) ## Parts of a build by one worker and by two, by the clock, as processes and on Spark; ROOT=folder
	$(BIN)/python -m benchmarks.workers $(ROOT)

bench-releases: $(STAMP) ## Twelve monthly releases of the demonstration, with and without sharing; ROOT=folder
	$(BIN)/python -m benchmarks.releases $(ROOT)

bench-pages: $(STAMP) ## Write every page of 10, 50 and 200 services of a release; ROOT=its folder
	$(BIN)/python -m benchmarks.pages $(ROOT)

bench-years: $(STAMP) ## Two years of 200 providers through the inbox and its sensor (most of an hour); ARGS="--submissions 1000"
	$(BIN)/python -m benchmarks.years $(ARGS)

bench-keys: $(STAMP) ## Measure pseudonyms a second against the standard library
	$(BIN)/python -m benchmarks.keys

dev: $(STAMP) ## Run sensors, schedules and the Dagster UI on this machine
	$(BIN)/parity serve

lock: $(STAMP) ## Resolve the dependencies anew into requirements.lock
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url \
	  --no-header --upgrade \
	  --no-emit-package playwright --no-emit-package greenlet --no-emit-package pyee --no-emit-package parity pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --extra deploy --generate-hashes --no-emit-index-url \
	  --no-header --constraint requirements.lock --no-emit-package parity pyproject.toml --output-file deploy/requirements.lock

clean: ## Remove the environment; data roots are never touched
	rm -rf $(VENV)
