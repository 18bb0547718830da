# Everything runs from the project's own virtual environment; `make setup` builds it, the other
# targets build it on demand. Only python3 and a package index are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
EXTRAS := fast,parquet,proxy,zstd,dev

.PHONY: setup demo test lint check bench proto clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $(STAMP)

demo: setup
	@$(BIN)/arbitrio demo $(ARGS)

test: setup
	@$(BIN)/python -m pytest -q -n auto --dist worksteal $(ARGS)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy arbitrio.py exchanges actors supervisor tests examples

check: lint test

bench: setup
	@$(BIN)/arbitrio bench $(ARGS)

# The generated protobuf modules are committed, so that users need no compiler; run this after
# changing a .proto file.
proto: setup
	@$(BIN)/python -m grpc_tools.protoc -I exchanges/mexc/wire --python_out=exchanges/mexc/wire \
	    --pyi_out=exchanges/mexc/wire exchanges/mexc/wire/*.proto

clean:
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
