# The two commands of the README are `make demo` and `make test`; both set up what they need.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin

.PHONY: demo test fast lint types check fmt bench docs screenshots samples golden

demo: $(VENV)/ready
	$(RUN)/volreel demo

test: $(VENV)/ready
	$(RUN)/pytest -n 3 --dist worksteal

lint: $(VENV)/ready
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports

types: $(VENV)/ready
	$(RUN)/mypy

check: lint types test

fmt: $(VENV)/ready
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

docs: $(VENV)/ready
	$(RUN)/python docs/generate.py
	$(RUN)/python docs/readme_transcript.py

screenshots: $(VENV)/ready
	$(RUN)/python docs/screenshots.py

bench: $(VENV)/ready
	$(RUN)/python -m benchmarks.results

# The captures are not part of the repository; sample_traces/README.md says what they are.
CAPTURES ?= ../shared/real
samples: $(VENV)/ready
	$(RUN)/python -m benchmarks.make_samples $(CAPTURES)

# What each model makes of a sample trace; read the diff before it is committed.
golden: $(VENV)/ready
	PYTHONPATH=. $(RUN)/python tests/analysis/golden_rows.py

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
