# `make help` lists what there is; VENV=path reuses an environment.
VENV ?= .venv
PY := $(VENV)/bin/python
# The Python that makes the environment: PYTHON=python3.13 names one, else the first of these that is supported.
PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))
OUT ?= talepress-out
N ?= 10000
WORKSPACE ?= $(HOME)/.cache/talepress/mini
# Too large for the repository, so looked for beside it. Targets that need one say so where it is not there.
SENTENCES ?= ../shared/text/sentences.txt
SPEECH_REPORT ?= ../shared/tools/speech_report
HELD_OUT ?= ../shared/books/h-g-wells_the-time-machine.epub ../shared/books/l-frank-baum_the-wonderful-wizard-of-oz.epub

# A CTranslate2 model, by name or folder: one of the listeners that `make quality PARTS=ears` tests.
WHISPER ?= base.en
# Which listeners it tests. Whisper takes hours.
LISTENERS ?= built-in light whisper
SEED ?= 0

.PHONY: book chaos bench bench-quick quality scaling test test-slow fuzz parity check pins format train-mini train-on clean help
.DEFAULT_GOAL := book

## this list
help:
	@awk '/^## / { words = substr($$0, 4) } /^[a-z][a-z-]*:/ && words { split($$1, name, ":"); \
	  printf "make %-12s %s\n", name[1], words; words = "" }' $(firstword $(MAKEFILE_LIST))

# One stamp per set of extras, so that nothing is installed twice.
$(VENV)/.run: pyproject.toml constraints.txt
	@test -x $(VENV)/bin/pip || { for python in $(PYTHON); do \
	  if $$python -c "$(SUPPORTED)" 2> /dev/null; then exec $$python -m venv $(VENV); fi; done; \
	  echo "None of these is a supported Python: $(PYTHON). Supported are 3.11, 3.12, 3.13 and 3.14; name yours:" \
	    "make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 2; }
	@echo "installing the pinned packages into $(VENV): about 6 GB the first time, which takes some minutes"
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,dev]"
	touch $@

## render the sample book and say where the audiobook is
book: $(VENV)/.run
	$(PY) samples/build.py
	$(VENV)/bin/talepress make samples/*.epub --out $(OUT)

# In the order of their folders, so that what takes longest (e2e, flows) does not begin last.
ON_EVERY_CORE := --numprocesses auto --no-loadscope-reorder

## the suite, but for what takes minutes
test: $(VENV)/.dev
	$(PY) -m pytest -m "not slow" $(ON_EVERY_CORE)

## what takes minutes: commands stopped at many moments, disks that damage a library
test-slow: $(VENV)/.dev
	$(PY) -m pytest -m slow $(ON_EVERY_CORE)

## N mutated books: each gives a plan or one clear error; what fails is kept in $(OUT)/fuzz
fuzz: $(VENV)/.dev
	$(PY) -W ignore -m tests.fuzz.mutate --count $(N) --keep $(abspath $(OUT))/fuzz

## N tries in which all sorts of things happen to runs: kills, full disks, dead servers ...; SEED=17 N=1 repeats one
chaos: N := 100
chaos: $(VENV)/.dev
	$(PY) -W ignore -m tests.chaos --count $(N) --seed $(SEED)

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

# $(call absent,PATH,VARIABLE,what it is): the end of a recipe whose input is not there.
absent = { echo "There is no file $(1). $(2) names $(3). It is not in the repository; say where yours is:" \
  "make $(MAKECMDGOALS) $(2)=PATH" >&2; exit 2; }

.PHONY: has-sentences has-held-out has-speech-report
has-sentences:
	@test -f "$(SENTENCES)" || $(call absent,$(SENTENCES),SENTENCES,the text that the teachers read - one sentence a line)

has-held-out:
	@for book in $(HELD_OUT); do test -f "$$book" || \
	  $(call absent,$$book,HELD_OUT,the books whose sentences training leaves out to be tested on); done

has-speech-report:
	@test -f "$(SPEECH_REPORT)" || \
	  $(call absent,$(SPEECH_REPORT),SPEECH_REPORT,the program that transcribes and rates recordings for tests/quality/judge.py)

## how good the shipped model sounds, judged by others; writes docs/quality.md (an hour). PARTS="chains codec" for some,
## PARTS="ears choices" for the listeners (hours)
quality: has-sentences has-held-out has-speech-report $(VENV)/.train $(VENV)/.bench
	$(PY) -m tests.quality $(PARTS) --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %) --speech-report $(SPEECH_REPORT) \
	  --whisper $(WHISPER) --listeners $(LISTENERS)

## held-out loss and WER of AR models by size and by speech, into docs/quality/scaling.json (hours); after train-mini
scaling: has-sentences has-held-out has-speech-report $(VENV)/.train $(VENV)/.bench
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

## that constraints.txt pins all that is installed, on every supported Python; asks the package index, by uv
pins: $(VENV)/.dev
	$(PY) -m tests.pins

## puts style right
format: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix-only --quiet .
	$(VENV)/bin/ruff format .

## train the embedded model from nothing; stop and repeat at any time, it goes on
train-mini: has-sentences has-held-out $(VENV)/.train
	rm -rf $(WORKSPACE)/tortoise_mini  # export writes a new folder only
	$(VENV)/bin/talepress train all --config configs/models/tortoise_mini.toml --workspace $(WORKSPACE) \
	  --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %) --out $(WORKSPACE)/tortoise_mini

## train the shipped weights on, most useful first; stop and repeat at any time, it goes on
train-on: has-sentences has-held-out $(VENV)/.train
	$(VENV)/bin/talepress train corpus autoregressive speller clvp diffusion \
	  --config configs/models/tortoise_mini_further.toml --from configs/models/tortoise_mini \
	  --workspace $(WORKSPACE) --sentences $(SENTENCES) $(HELD_OUT:%=--held-out %)

## what was made here: audiobooks in $(OUT), caches; the environment stays
clean:
	rm -rf $(OUT) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
