# Four commands on a fresh machine with Python 3.11-3.13, git and make:
#   make build      the environment from the lock, then dbt build on DuckDB
#   make suggest FILE=orders.csv   the vars for your own file, to be saved for make build FILE=
#   make dashboard  the same, and the dashboard as one file: public/index.html
#   make test       the environment with the test tools, then everything CI checks
# Written for GNU make 3.81 or later and any POSIX shell.

VENV := .venv
BIN := $(VENV)/bin
# Further arguments for dbt or pytest: make build ARGS="--select customer_value__customers+"
ARGS :=
# Your own input, a file or a table: make suggest FILE=orders.csv SAVE=1, then make build FILE=orders.csv
FILE :=
SAVE :=
# An audience of the seed: make audience NAME=win_back
NAME :=
# How long make watch waits between two runs.
SECONDS := 300
# Where the vars for FILE are saved; a table's dots and a path's slashes stay.
FILE_VARS = $(FILE).vars.yml
# An interpreter of your own choice: make build PYTHON=/path/to/python
PYTHON :=
# Whether a query that takes more than two seconds shows a bar. Make 3.81 does not know of a terminal.
export CUSTOMER_VALUE_PROGRESS ?= $(if $(MAKE_TERMOUT),true,false)
# Executables of other versions of dbt, with colons between them.
OTHER_DBT :=
# The last dbt 2 that is a wheel; the installation of a later one downloads a binary.
DBT_2 := dbt==2.0.0rc196

# Where the strict parse and sqlfluff write, apart from target/ and the database of a build.
CHECK_TARGET := target/check
CHECKING := CUSTOMER_VALUE_DB=$(CHECK_TARGET)/check.duckdb \
	DBT_TARGET_PATH=$(CHECK_TARGET) DBT_LOG_PATH=$(CHECK_TARGET)/logs

LOCK := uv pip compile --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --no-header

# Sets $$python to the first interpreter that runs, is supported and can make an
# environment; a shim that fails when it is called counts as absent.
define find_python
	python=; found=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
		version=$$("$$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
		case $$version in \
			3.11|3.12|3.13) ;; \
			*) found="$$found $$candidate is Python $$version,"; continue ;; \
		esac; \
		if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then python=$$candidate; break; fi; \
		found="$$found $$candidate (Python $$version) lacks the modules venv and ensurepip,"; \
	done; \
	if [ -z "$$python" ]; then \
		echo "No usable Python: found$${found:- none that runs,} and 3.11, 3.12 or 3.13 with venv is needed; install one, or name it with make PYTHON=/path/to/python." >&2; \
		exit 1; \
	fi
endef

# $(1) is the lock to install, $(2) the environment where it is not $(VENV). A lock is whole, so pip
# looks for nothing more: its resolver forgets a pin with extras where somebody asks without them.
define install
	echo "Installing $(1) into $(or $(2),$(VENV)): one to three minutes, in which pip says nothing"; \
	$(or $(2),$(VENV))/bin/python -m pip --disable-pip-version-check --no-input --quiet \
		install --require-hashes --no-deps -r $(1)
endef

# The engines' environment is apart: Spark and the adapters are large, and few need them.
ENGINES := $(VENV)-engines

.PHONY: help build watch audience lists forget suggest benchmark dashboard draw dashboard-serve lint test test-previous test-next test-dbt2 test-lake test-spark test-warehouses docs lock clean

help:
	@echo "make build   environment from requirements.txt, then dbt build"
	@echo "make suggest FILE=orders.csv   the vars for a file or table; SAVE=1 saves them for:"
	@echo "make build FILE=orders.csv     dbt build with orders.csv.vars.yml"
	@echo "make watch SECONDS=300 ARGS=\"--vars '...'\"   the trials again and again, from the events that came meanwhile"
	@echo "make dashboard        environment from requirements-dashboard.txt, build, public/index.html"
	@echo "make lists            CSV lists of the audiences, actions and segments, beside the published file"
	@echo "make audience NAME=win_back   the list of one audience"
	@echo "make forget           build, write the lists where there are any, and copy the database into a new file"
	@echo "make draw             the dashboard of what was built, without building again"
	@echo "make dashboard-serve  the boards from the database at every visit, as it then is"
	@echo "make test    environment from requirements-dev.txt, then linters and tests"
	@echo "make lint    the same without the tests"
	@echo "make test-previous    the strict parse and the core on the dbt-core before the locked one"
	@echo "make test-next        the same on the next DuckDB"
	@echo "make test-dbt2        dbt 2: the parse, and a build where it finds its driver"
	@echo "make test-lake        the core and the history, twice, in a DuckLake"
	@echo "make test-spark       the whole project on a local Spark session (Java 17), compared"
	@echo "make test-warehouses  the SQL compiled for Snowflake, BigQuery and Databricks"
	@echo "make benchmark CUSTOMERS=1000000 SHAPE=lines   the build against two notebooks"
	@echo "make docs    the documentation as one file: target/static_index.html"
	@echo "make lock    the requirements files anew from pyproject.toml (needs uv)"
	@echo "make clean   remove the environment and everything that was built"

# The unit tests are about the project's code, not about the data: make test runs them.
build: $(VENV)/build.stamp
ifeq ($(FILE),)
	$(BIN)/dbt build --exclude-resource-type unit_test $(ARGS)
else
	@test -e "$(FILE_VARS)" || { \
		echo "There is no $(FILE_VARS): make suggest FILE=$(FILE) SAVE=1 writes it; look it over, then build." >&2; \
		exit 1; \
	}
	$(BIN)/dbt build --exclude-resource-type unit_test --vars "$$(cat "$(FILE_VARS)")" $(ARGS)
endif

# Between two builds: what new events touch. It ends with the first run that fails or has nothing to
# select, or by Ctrl-C. The vars are those of the build:
#   make watch ARGS="--vars '{modules: [events], events: app.events, trials: app.trials}'"
watch: $(VENV)/build.stamp
	@while true; do \
		$(BIN)/dbt --warn-error-options '{"error": ["NoNodesForSelectionCriteria"]}' \
			run --select +customer_value__trial_segment_changes $(ARGS) || { \
			echo "make watch has stopped. It needs the vars of the build: where dbt matched no enabled nodes, they do not list the module events. Give them as in make watch ARGS=\"--vars '{modules: [events], events: app.events, trials: app.trials}'\"." >&2; \
			exit 1; \
		}; \
		sleep $(SECONDS); \
	done

# Prints the vars alone, so that the output can be a file. SAVE=1 writes it beside the input, and
# never over what somebody has looked over.
suggest: $(VENV)/build.stamp
	@test -n "$(FILE)" || { echo "Name a file or a table: make suggest FILE=orders.csv" >&2; exit 1; }
	@test -z "$(SAVE)" -o ! -e "$(FILE_VARS)" || { \
		echo "$(FILE_VARS) is there already: delete it to have it written anew." >&2; exit 1; \
	}
	@suggestion=$$($(BIN)/dbt --quiet run-operation suggest_vars \
		--vars "{transactions: \"$(FILE)\"}" $(ARGS)) || { echo "$$suggestion" >&2; exit 1; }; \
	printf "%s\n" "$$suggestion"; \
	if [ -n "$(SAVE)" ]; then printf "%s\n" "$$suggestion" > "$(FILE_VARS)" && echo "# Saved as $(FILE_VARS): make build FILE=$(FILE)"; fi

# Lists for people, from what was published; NAME= prints one audience alone.
lists: $(VENV)/build.stamp
	@$(BIN)/python handover/lists.py $(ARGS)

audience: $(VENV)/build.stamp
	@test -n "$(NAME)" || { echo "Name an audience: make audience NAME=win_back" >&2; exit 1; }
	@$(BIN)/python handover/lists.py --audience "$(NAME)" $(ARGS)

# Who asked to be forgotten (the var erasure_requests) is then in no byte of the database either.
forget: build
	@$(BIN)/python handover/lists.py --if-any
	@$(BIN)/python handover/forget.py

# dct asks whether it may send usage statistics; it may not.
dashboard: export DO_NOT_TRACK := 1
dashboard: $(VENV)/dashboard.stamp
	$(BIN)/dbt build --exclude-resource-type unit_test $(ARGS)
	$(BIN)/python charts/render.py

draw: export DO_NOT_TRACK := 1
draw: $(VENV)/dashboard.stamp
	$(BIN)/python charts/render.py $(ARGS)

# dct takes the path of the database from the project, even an absolute one. It states its address,
# where the overview is.
SERVED := target/charts
dashboard-serve: export DO_NOT_TRACK := 1
dashboard-serve: $(VENV)/dashboard.stamp
	$(BIN)/python charts/render.py --served $(SERVED)
	database=$$($(BIN)/python -c "import os; print(os.path.relpath(os.environ.get('CUSTOMER_VALUE_DB', 'customer_value.duckdb'), '$(SERVED)'))"); \
	cd $(SERVED) && CUSTOMER_VALUE_DB="$$database" DBT_PROFILES_DIR=. DBT_TARGET_PATH=target \
		"$(abspath $(BIN))/dct" serve --no-cache $(ARGS)

# Cheap first.
lint: $(VENV)/test.stamp
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/codespell
	$(BIN)/mypy models python_tests charts runner handover
	@mkdir -p $(CHECK_TARGET)
	$(CHECKING) $(BIN)/dbt --quiet --warn-error parse --no-partial-parse
	$(BIN)/dbt-bouncer run --show-all-failures
	$(CHECKING) $(BIN)/sqlfluff lint --processes 0 --disable-progress-bar models tests

# pytest's summary is the last thing printed.
test: $(VENV)/test.stamp lint
	$(BIN)/python -m pytest $(ARGS)

# Other versions than the locked ones, each in an environment of its own. More of them:
# make test-next OTHER_DBT=/path/to/dbt:/path/to/another
test-previous test-next test-dbt2: test-%: $(VENV)/test.stamp $(VENV)-%/other.stamp
	CUSTOMER_VALUE_OTHER_DBT=$(or $(OTHER_DBT),$(VENV)-$*/bin/dbt) \
		$(BIN)/python -m pytest -n 0 python_tests/test_versions.py $(ARGS)

test-lake: $(VENV)-lake/other.stamp
	$(VENV)-lake/bin/python -m pytest -n 0 python_tests/test_ducklake.py $(ARGS)

test-spark: $(ENGINES)/engines.stamp
	$(ENGINES)/bin/python -m pytest -n 0 python_tests/engines/test_spark.py $(ARGS)

test-warehouses: $(ENGINES)/engines.stamp
	$(ENGINES)/bin/python -m pytest -n 2 python_tests/engines/test_warehouses.py $(ARGS)

# make benchmark CUSTOMERS=1000000 SHAPE=lines ARGS="--rounds 3"; the whole notebook needs lifelines,
# which is in the environment of make test.
CUSTOMERS := 1000000
SHAPE := lines
benchmark: $(VENV)/test.stamp
	$(BIN)/python benchmarks/run.py --customers $(CUSTOMERS) --shape $(SHAPE) $(ARGS)

# The database is built only where there is none.
docs: $(VENV)/build.stamp
	@if [ ! -e "$${CUSTOMER_VALUE_DB:-customer_value.duckdb}" ]; then \
		$(MAKE) --no-print-directory build; \
	fi
	$(BIN)/dbt docs generate --static $(ARGS)

lock:
	$(LOCK) pyproject.toml --extra dev -o requirements-dev.txt
	$(LOCK) pyproject.toml --constraints requirements-dev.txt --extra dashboard -o requirements-dashboard.txt
	$(LOCK) pyproject.toml --constraints requirements-dev.txt -o requirements.txt
	$(LOCK) pyproject.toml --config-file python_tests/previous.toml --extra engines -o requirements-engines.txt
	$(LOCK) pyproject.toml --config-file python_tests/previous.toml -o requirements-previous.txt
	$(LOCK) pyproject.toml --config-file python_tests/next.toml -o requirements-next.txt
	# The pins of the others, but for the DuckDB that the extension was built for.
	cp requirements-dev.txt requirements-lake.txt
	$(LOCK) pyproject.toml --extra lake -o requirements-lake.txt
	echo "$(DBT_2)" | $(LOCK) - -o requirements-dbt2.txt

clean:
	rm -rf $(VENV) $(ENGINES) $(VENV)-previous $(VENV)-next $(VENV)-dbt2 $(VENV)-lake \
		spark-warehouse target logs public dbt_packages *.duckdb \
		*.duckdb.wal *_published .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The environment is made anew when a lock has changed. The other locks hold the build's
# pins and more, and agree with each other, so they install onto one another.
$(VENV)/build.stamp: requirements.txt
	@$(find_python); "$$python" -m venv --clear $(VENV)
	@$(call install,requirements.txt)
	@touch $@

$(ENGINES)/engines.stamp: requirements-engines.txt
	@$(find_python); "$$python" -m venv --clear $(ENGINES)
	@$(call install,requirements-engines.txt,$(ENGINES))
	@touch $@

$(VENV)-previous/other.stamp $(VENV)-next/other.stamp $(VENV)-dbt2/other.stamp $(VENV)-lake/other.stamp: $(VENV)-%/other.stamp: requirements-%.txt
	@$(find_python); "$$python" -m venv --clear $(VENV)-$*
	@$(call install,$<,$(VENV)-$*)
	@touch $@

$(VENV)/dashboard.stamp: requirements.txt requirements-dashboard.txt
	@if [ ! -e $(VENV)/build.stamp ] || [ -e $@ ]; then \
		$(find_python); "$$python" -m venv --clear $(VENV); \
	fi
	@$(call install,requirements-dashboard.txt)
	@touch $(VENV)/build.stamp $@

$(VENV)/test.stamp: requirements.txt requirements-dev.txt
	@if [ ! -e $(VENV)/build.stamp ] || [ -e $@ ]; then \
		$(find_python); "$$python" -m venv --clear $(VENV); \
	fi
	@$(call install,requirements-dev.txt)
	@touch $(VENV)/build.stamp $@
