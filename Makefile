# `make demo` and `make test` set everything up by themselves in .venv; Python 3.11 or newer and make are all they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
# Idle threads of one library must not take a core from another: two cores are enough for the demo.
export OMP_WAIT_POLICY ?= passive
export TOKENIZERS_PARALLELISM ?= false
export HF_HUB_DISABLE_TELEMETRY ?= 1

.PHONY: demo demo-small test check fix docs deep fuzz lowest clean

demo: $(VENV)/.ready
	$(BIN)/vtgdata run demo

demo-small: $(VENV)/.ready
	$(BIN)/vtgdata run demo-small

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

fix: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The generated parts of the documentation.
docs:
	$(PYTHON) docs/generate.py

deep: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python tests/support/attacks.py
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -m "slow or not slow" --timeout 3000
	$(BIN)/python tests/fuzz/readers.py --inputs 20000 --jobs 2

fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[fuzz]"
	$(BIN)/python tests/fuzz/guided.py all --seconds 60

# The tests with the lowest versions that pyproject.toml allows: its bounds are a promise to who installs the package.
lowest: $(LOWEST)/.ready
	$(LOWEST)/bin/python -m pytest -n 3 --dist worksteal

clean:
	rm -rf $(VENV) $(LOWEST) runs .pytest_cache .hypothesis .ruff_cache

# torch first: the other packages then find it there and pull no second build.
$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'vtgdata needs Python 3.11 or newer')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt torch torchvision
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[train,serve,dev]"
	touch $@

$(LOWEST)/.ready: pyproject.toml constraints.txt tests/support/lowest.py
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python tests/support/lowest.py > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install -q -c $(LOWEST)/lowest.txt torch torchvision
	$(LOWEST)/bin/python -m pip install -q -c $(LOWEST)/lowest.txt -e ".[train,serve]" \
		pytest pytest-timeout pytest-xdist hypothesis orjson
	touch $@
