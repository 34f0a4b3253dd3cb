# Each target sets up all it needs, in .venv; a second call is quick.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Trainers' packages in folders of their own: what they pin would fit nothing else, and their torchvision wants CUDA.
CONSUMER := $(PIP) --upgrade --no-deps --target .venv/consumers
DEMO := picofw-data/demo-export
TORCH := plugins/picofw-diffusers plugins/picofw-ray # set up and tested apart: torch is some gigabytes, Ray is large
PLUGINS := $(filter-out $(TORCH),$(wildcard plugins/*))

.PHONY: demo test test-torch test-pythons docs lint clean

demo: .venv/demo
	$(BIN)/picofw run preset=demo name=demo
	$(BIN)/picofw export demo --format pico --out $(DEMO)/pico --overwrite
	$(BIN)/picofw export demo --format hf --out $(DEMO)/hf --overwrite
	$(BIN)/picofw verify $(DEMO)/pico
	$(BIN)/picofw report demo
	@echo
	@echo "Look at:"
	@echo "  picofw-data/runs/demo/report/index.html          figures and a gallery, in a browser"
	@echo "  $(DEMO)/pico/sft.jsonl           single-turn data, the published file format; images beside it"
	@echo "  $(DEMO)/pico/preference.jsonl    accepted and rejected edits of one instruction"
	@echo "  $(DEMO)/pico/multi-turn.jsonl    chains of edits"
	@echo "  $(DEMO)/hf/README.md             the same as parquet, with its dataset card"
	@echo "  .venv/bin/picofw status demo     success by edit type, and what was paid (nothing)"

test: .venv/test
	$(BIN)/python -m pytest -n 2 --dist loadfile $(AGAIN) $(addprefix --ignore=,$(TORCH))

test-torch: .venv/torch
	$(foreach plugin,$(TORCH),$(BIN)/mypy $(plugin)/$(subst -,_,$(notdir $(plugin))) && ) true
	$(BIN)/python -m pytest -n 2 --dist loadfile $(AGAIN) $(TORCH) tests/consumers tests/test_docs.py

test-pythons: .venv/test
	PYTHONPATH=tests $(BIN)/python -m wheels.pythons

docs: .venv/test
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet
	@echo "site/index.html"

lint: .venv/test
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy docs/reference/generate.py
	$(foreach plugin,$(PLUGINS),$(BIN)/mypy $(plugin)/$(subst -,_,$(notdir $(plugin))) && ) true
	$(BIN)/lint-imports

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml plugins/picofw-offline/pyproject.toml
	$(PIP) -e '.[ablate,hf]' -e plugins/picofw-offline
	@touch $@

.venv/test: .venv/demo $(wildcard plugins/*/pyproject.toml)
	$(PIP) -e '.[dev]' $(foreach plugin,$(PLUGINS),-e $(plugin))
	@touch $@

.venv/torch: .venv/test
	$(PIP) torch==2.13.0
	$(PIP) peft trl torchao $(foreach plugin,$(TORCH),-e $(plugin))
	$(CONSUMER)/diffsynth diffsynth==2.1.12 einops==0.8.2 imageio==2.38.1 torchvision==0.28.0
	$(CONSUMER)/llamafactory llamafactory==0.9.5
	@touch $@

clean:
	rm -rf .venv picofw-data site
