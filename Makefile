.PHONY: check test
PY := .venv/bin/python
check:
	$(PY) -m ruff format --check . && $(PY) -m ruff check . && DEBUG=1 $(PY) -m mypy .
test:
	$(PY) -m pytest
