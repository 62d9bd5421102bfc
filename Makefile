# make demo   runs all of SEGS here with a demo grid    make test    runs every test
# make check  format, lint, types, floors, migrations   make help    lists the rest

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# Wheels alone, each with its hash: nothing is compiled, nothing resolved.
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --only-binary :all:
PORT ?= 8000
export PORT SEGS_HOME DEMO_METERS DEMO_INTERVAL

.DEFAULT_GOAL := help
.PHONY: help demo test check bench-ingest bench-api bench-billing bench-imports bench-alerts bench-estimates fuzz-api torture schema requirements clean

help:
	@echo 'make demo          the whole system with a demo grid on http://127.0.0.1:$(PORT)/'
	@echo '                   PORT, SEGS_HOME, DEMO_METERS, DEMO_INTERVAL change it'
	@echo 'make test          every test (ARGS="tests/grid -k load" chooses)'
	@echo 'make check         format, lint, types, import floors, migrations, templates'
	@echo 'make bench-ingest  readings a second through the whole path'
	@echo 'make bench-api     how long the API takes to answer 20 clients'
	@echo 'make bench-alerts  how well the alarm desk tells faults from life, on simulated days'
	@echo 'make bench-billing accounts a second, rated and issued by the real workers'
	@echo 'make bench-estimates how far estimates are off, on masked days that are known'
	@echo 'make fuzz-api      asks every operation of the API 200 odd things, for half an hour'
	@echo 'make torture       kills processes under load and counts'
	@echo 'make bench-imports how much memory a large meter file takes on its way into the database'
	@echo 'make schema        writes docs/openapi.yaml and docs/collection.json from the code'
	@echo 'make requirements  pins the dependencies of pyproject.toml anew'
	@echo 'make clean         removes the virtual environment; the data stay'

demo: $(VENV)/.installed
	@DEBUG=1 exec $(PY) manage.py demo

test: $(VENV)/.installed-dev
	@exec $(PY) -m pytest -n 2 --dist loadfile $(ARGS)

check: export DEBUG = 1
check: $(VENV)/.installed-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(VENV)/bin/lint-imports
	$(PY) manage.py check
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run  # warns that no database runs
	$(VENV)/bin/djade --check --target-version 5.2 $$(find templates -name '*.html')

bench-ingest: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.ingest $(ARGS)

bench-api: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.api $(ARGS)

bench-alerts: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.alerts $(ARGS)

bench-billing: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.billing $(ARGS)

bench-imports: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.imports $(ARGS)

bench-estimates: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.estimates $(ARGS)

fuzz-api: export FUZZ_EXAMPLES ?= 200
fuzz-api: $(VENV)/.installed-dev
	@exec $(PY) -m pytest tests/api/test_fuzz.py tests/api/test_fuzz_telemetry.py $(ARGS)

torture: $(VENV)/.installed-dev
	@exec $(PY) -m benchmarks.torture $(ARGS)

schema: export DEBUG = 1
schema: $(VENV)/.installed-dev
	@$(PY) manage.py spectacular --fail-on-warn --validate --file docs/openapi.yaml
	@$(PY) -m benchmarks.collection docs/openapi.yaml docs/collection.json

requirements: $(VENV)/.installed-dev
	$(PY) -m pip install --quiet --disable-pip-version-check pip-tools
	CUSTOM_COMPILE_COMMAND='make requirements' $(VENV)/bin/pip-compile $(PIN) --output-file requirements.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' $(VENV)/bin/pip-compile $(PIN) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
PIN := --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:
	rm -rf $(VENV)

$(VENV)/.installed: requirements.txt | $(PY)
	@echo 'installing requirements.txt'
	@$(PIP_INSTALL) --requirement requirements.txt || { echo 'The packages could not be installed: see above. Is the package index reachable? A package "from versions: none" has no build for this kind of machine.' >&2; exit 1; }
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(PY)
	@echo 'installing requirements-dev.txt'
	@$(PIP_INSTALL) --requirement requirements-dev.txt || { echo 'The packages could not be installed: see above. Is the package index reachable?' >&2; exit 1; }
	@touch $@ $(VENV)/.installed

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'SEGS needs Python 3.11 or newer: name one, such as `make $(MAKECMDGOALS) PYTHON=python3.12`' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
