# Every command of this checkout. Python 3.11 or newer, git and make are all it needs; the rest it gets itself.
.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-wheel test-pythons fuzz check lint coverage docs soak rooms bench bench-plots assets peers
.PHONY: setup clean
MAKEFLAGS += --no-print-directory

# uv runs what is installed here; it never downloads an interpreter.
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV

# Images of containers forbid bytecode: then each Python that starts here would compile a thousand modules, for seconds.
unexport PYTHONDONTWRITEBYTECODE

# In a container the user may have no home of its own, and every tool wants a cache.
ifeq ($(shell test -w "$$HOME" && echo yes),)
export HOME := $(CURDIR)/.tools/home
endif

# uv is asked for its version because version managers leave shims on PATH that run nothing.
OWN_UV := .tools/uv/bin/uv
FOUND_UV := $(shell for uv in uv "$$HOME/.local/bin/uv" "$(CURDIR)/$(OWN_UV)"; do \
	if "$$uv" --version >/dev/null 2>&1; then command -v "$$uv"; break; fi; done)
export UV := $(or $(FOUND_UV),$(CURDIR)/$(OWN_UV))
RUN := "$(UV)" run --no-sync

# As many processes as cores: each starts sandboxes and gateways of its own.
PARALLEL := --numprocesses auto --maxprocesses 8 --dist worksteal
SUITE := pytest -rs -m "not slow" $(PARALLEL)

PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$python"; break; fi; done)

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-21s%s\n", $$1, $$2 }'

demo: setup ## Start the sandbox and the gateway with GraphiQL (ARGS="--port 9000" is passed on)
	@$(RUN) python frontend/build.py || echo "Going on without GraphiQL: a plain page takes its place."
	@exec $(RUN) graphfold dev $(ARGS)

test: setup assets ## Run the tests, all but the slow ones (ARGS="-k orders" is passed on)
	@$(RUN) $(SUITE) $(ARGS)

test-all: setup assets peers ## Run the slow tests: browsers, foreign SOAP servers, soak, wheel, random queries, other Pythons
	@$(RUN) pytest -rs -m slow $(PARALLEL)
	@$(MAKE) fuzz
	@$(MAKE) test-pythons VERSIONS="3.12 3.13 3.14" ARGS="tests/execution tests/graphfold tests/server"

test-wheel: setup assets peers ## Run the tests against the built wheel, with graphfold/ out of the way
	@.ci/test-wheel $(SUITE) $(ARGS)

VERSIONS := 3.11 3.12 3.13 3.14

test-pythons: setup assets ## Run the tests on every Python from 3.11 on that is installed here
	@for version in $(VERSIONS); do \
	python=$$("$(UV)" python find $$version 2>/dev/null || ls "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python 2>/dev/null); \
	if test -n "$$python"; then echo "Python $$version"; UV_PROJECT_ENVIRONMENT=.tools/python-$$version \
	"$(UV)" run --quiet --locked --python "$${python##* }" $(SUITE) $(ARGS) || exit 1; fi; done

fuzz: setup ## Run 3,000 random queries as plans and by graphql-core, and compare
	@$(RUN) pytest tests/execution/test_random.py --hypothesis-profile=fuzz $(PARALLEL) $(ARGS)

check: lint test ## Run what a change must pass: format, lint, types, import contracts, tests

lint: setup ## Check format, lint, types, import contracts and printed tables
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy .
	PYTHONPATH="$(CURDIR)/.tools/node" $(RUN) pyright
	$(RUN) lint-imports
	$(RUN) python .ci/tables.py --check

coverage: setup assets ## Run the tests and report the lines and branches of graphfold/ that no test reaches
	@"$(UV)" run --quiet --locked --group coverage pytest -m "not slow" $(PARALLEL) --cov=graphfold --cov-branch \
	--cov-report=term-missing:skip-covered --cov-report=html:.tools/coverage $(ARGS)

docs: setup ## Print the tables of the documentation from the code
	@$(RUN) python .ci/tables.py

rooms: ## Print the engine's import graph: floors, rooms, arrows, circles
	@"$(PYTHON)" .ci/rooms.py

soak: setup ## Ten minutes of load while faults come and go (ARGS="60" is passed on: seconds and a seed)
	@$(RUN) python -m tests.soak $(ARGS)

bench: setup ## Measure the gateway against its hand-written twin
	@$(RUN) python -m bench $(ARGS)

bench-plots: setup ## Draw how the cost of a query grows, into docs/
	@"$(UV)" run --quiet --locked --group plots python -m bench.plots

assets: setup ## Build the GraphiQL page, unless it is current
	@$(RUN) python frontend/build.py

clean: ## Remove all that these commands made
	rm -rf .venv .tools dist frontend/node_modules tests/soap_peers/node_modules graphfold/server/static
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The SOAP servers of another make that the tests talk to.
peers: setup
	@$(RUN) python frontend/build.py --install tests/soap_peers

# The first words come before the first wait.
setup: $(if $(FOUND_UV),,$(OWN_UV))
	@"$(UV)" python find >/dev/null 2>&1 || test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@test -d .venv || echo "setup: installing the Python dependencies into .venv (once)"
	@"$(UV)" sync --locked $(if $(wildcard .venv),--quiet)

# A virtual environment where Python can make one, else a plain folder: Debian ships venv and ensurepip apart, and its pip
# refuses to install anywhere else.
$(OWN_UV):
	@test -n "$(PYTHON)" || { $(NO_PYTHON); }
	@echo "setup: there is no uv here; getting it into .tools/uv (nothing outside this folder is touched)"
	@rm -rf .tools/uv && mkdir -p .tools
	@{ $(PYTHON) -m venv .tools/uv && .tools/uv/bin/python -m pip install uv; } >.tools/uv.log 2>&1 \
	|| { rm -rf .tools/uv && $(PIP_INSTALL) --target .tools/uv uv; } >>.tools/uv.log 2>&1 \
	|| { $(NO_UV); }

PIP_INSTALL = PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 $(PYTHON) -m pip install

NO_PYTHON = echo "graphfold needs Python 3.11 or newer, and none is on PATH (python3: $$(python3 --version 2>&1))." >&2; \
	echo "Install one (apt install python3.11, brew install python, python.org), then run make again." >&2; exit 1

NO_UV = rm -rf .tools/uv; tail -n 5 .tools/uv.log >&2; \
	echo "uv could not be had: $(PYTHON) can make no virtual environment and has no pip, or PyPI is out of reach." >&2; \
	echo "Install uv (docs.astral.sh/uv) or apt install python3-venv, then run make again." >&2; exit 1
