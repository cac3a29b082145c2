# make book | test | check | train-mini | bench | quality; VENV=path reuses an environment.
VENV ?= .venv
PY := $(VENV)/bin/python
OUT ?= talepress-out
N ?= 10000
WORKSPACE ?= $(HOME)/.cache/talepress/mini
SENTENCES ?= ../shared/text/sentences.txt
SPEECH_REPORT ?= ../shared/tools/speech_report
HELD_OUT ?= ../shared/books/h-g-wells_the-time-machine.epub ../shared/books/l-frank-baum_the-wonderful-wizard-of-oz.epub

.PHONY: book sample bench bench-quick quality scaling test fuzz parity check format train-mini train-on clean
.DEFAULT_GOAL := book

# One stamp per set of extras, so that nothing is installed twice.
$(VENV)/.run: pyproject.toml constraints.txt
	test -x $(PY) || python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,dev]"
	touch $@

## render the sample book and say where the audiobook is
book: $(VENV)/.run
	$(PY) samples/build.py
	$(VENV)/bin/talepress make samples/*.epub --out $(OUT)

## the whole suite
test: $(VENV)/.dev
	$(PY) -m pytest

## N mutated books: each gives a plan or one clear error; what fails is kept in $(OUT)/fuzz
fuzz: $(VENV)/.dev
	$(PY) -W ignore -m tests.fuzz.mutate --count $(N) --keep $(abspath $(OUT))/fuzz

$(VENV)/.bench: $(VENV)/.run
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	touch $@

## every measurement; writes docs/numbers.md (an hour and more, on a quiet machine). PARTS="embedded book" for some
bench: $(VENV)/.bench
	$(PY) -m tests.bench $(PARTS)

## under a minute: fails when orchestration or linear cost miss their bars
bench-quick: $(VENV)/.run
	$(PY) -m tests.bench --quick

$(VENV)/.train: $(VENV)/.run
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train]"
	touch $@

## how good the shipped model sounds, judged by others; writes docs/quality.md (an hour). PARTS="chains codec" for some
quality: $(VENV)/.train $(VENV)/.bench
	$(PY) -m tests.quality $(PARTS) --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %) --speech-report $(SPEECH_REPORT)

## held-out loss and WER of AR models by size and by speech, into docs/quality/scaling.json (hours); after train-mini
scaling: $(VENV)/.train $(VENV)/.bench
	$(PY) -m tests.quality.scaling --workspace $(WORKSPACE) --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %) \
	  --speech-report $(SPEECH_REPORT)

## only the comparison with the reference outputs; GOLDENS="--goldens DIR" for other folders
parity: $(VENV)/.dev
	$(PY) -m pytest tests/parity $(GOLDENS)

## style, types and import rules
check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix-only --quiet .
	$(VENV)/bin/ruff format .

## train the embedded model from nothing; stop and repeat at any time, it goes on
train-mini: $(VENV)/.train
	rm -rf $(WORKSPACE)/tortoise_mini  # export writes a new folder only
	$(VENV)/bin/talepress train all --config configs/models/tortoise_mini.toml --workspace $(WORKSPACE) \
	  --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %) --out $(WORKSPACE)/tortoise_mini

## train the shipped weights on, most useful first; stop and repeat at any time, it goes on
train-on: $(VENV)/.train
	$(VENV)/bin/talepress train corpus autoregressive speller clvp diffusion \
	  --config configs/models/tortoise_mini_further.toml --from configs/models/tortoise_mini \
	  --workspace $(WORKSPACE) --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %)

clean:
	rm -rf $(OUT) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
