# Varde: `make` alone lists what there is.
#
# Every target does its own set-up, on a fresh Debian or Ubuntu too. What is set up is
# remembered in .venv/.done, so that the second time is quick; `make clean` forgets it.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# Options: ARGS goes to `varde demo` and to pytest, PYTHON is the interpreter to start from, WORKERS
# is how many files of tests run at once.
ARGS    ?=
PYTHON  ?=
WORKERS ?= auto

VENV := .venv
BIN  := $(VENV)/bin
DONE := $(VENV)/.done

# One word a package; `a|b`: the first of them that is there or can be had.
APT_PYTHON := python3 python3-venv
APT_TEST   := dcmtk orthanc orthanc-dicomweb redis-server postgresql libpixelmed-java \
              openjdk-17-jre-headless|default-jre-headless chromium|chromium-browser prometheus prometheus-alertmanager \
              poppler-utils

##@ Use
.PHONY: demo
demo: $(DONE)/default  ## everything on this machine with simulated studies; ARGS="--once --json PATH…"
	@exec $(BIN)/varde demo $(ARGS)

.PHONY: country
country: $(DONE)/default  ## two years of 20 simulated hospitals on the pages, with faults to find in the last weeks
	@[[ -e var/country/truth.json ]] || $(BIN)/python -m simulator country --recent --into var/country
	@VARDE_HOME=var/country $(BIN)/varde watch night
	@VARDE_HOME=var/country exec $(BIN)/varde up

##@ Develop
.PHONY: test
test: $(DONE)/dev $(DONE)/apt $(DONE)/ohif  ## every test; ARGS="tests/router -k echo" for some of them
	@exec $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

.PHONY: check
check: lint types test  ## what must hold before a change is handed in: lint, types, test

.PHONY: fmt
fmt: $(DONE)/dev  ## write the code as the formatter wants it, and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: lint
lint: $(DONE)/dev  ## formatting, rules, floors and spelling; changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(BIN)/codespell

.PHONY: types
types: $(DONE)/dev  ## mypy, strict
	@$(BIN)/mypy

.PHONY: bench
bench: $(DONE)/dev $(DONE)/apt  ## measure receiving, dispatch and the way to the archive
	@exec $(BIN)/python -m pytest -m bench --override-ini=addopts= --import-mode=importlib -rA tests/bench $(ARGS)

##@ Maintain
.PHONY: setup
setup: $(DONE)/dev $(DONE)/apt $(DONE)/ohif  ## what test needs, without running it

.PHONY: train-setup
train-setup: $(DONE)/train  ## torch and MONAI, for `varde models train`; nothing else needs them

.PHONY: lock
lock: $(DONE)/uv  ## pin the newest versions that pyproject.toml allows
	@rm -f requirements.lock requirements-dev.lock
	@$(MAKE) relock

.PHONY: relock
relock: $(DONE)/uv  ## write the locks after a change of pyproject.toml; LOCK_ARGS="--upgrade-package numpy"
	@$(LOCK) --extra dev --output-file requirements-dev.lock
	@$(LOCK) --extra all --constraint requirements-dev.lock --output-file requirements.lock
	@! grep -niE '^torch|://|^-' requirements.lock requirements-dev.lock

.PHONY: clean
clean:  ## forget the set-up and the tools' caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { split($$1, target, ":"); printf "  make %-12s %s\n", target[1], $$2 }' \
	  $(firstword $(MAKEFILE_LIST))

# ---- How the set-up is done

# The locks hold for every Python and platform that pyproject.toml allows, with hashes and without
# naming a registry.
LOCK = $(WITH_UV) uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
       --generate-hashes --no-header --no-annotate --no-emit-package varde $(LOCK_ARGS)

# $(call apt,WORDS): install those that are missing. Services that Debian would start are not
# started: the tests start their own, on ports of their own.
define apt
	has() { dpkg-query -W -f='$${Status}' "$$1" 2>/dev/null | grep -q ' installed$$'; }; \
	if ! command -v apt-get >/dev/null; then \
	  echo "There is no apt-get here. Needed, under the names that Debian uses: $(1)" >&2; exit 0; \
	fi; \
	missing=(); \
	for word in $(foreach word,$(1),'$(word)'); do \
	  found=; for name in $${word//|/ }; do if has "$$name"; then found=1; break; fi; done; \
	  [[ $$found ]] || missing+=("$$word"); \
	done; \
	(( $${#missing[@]} )) || exit 0; \
	if (( $$(id -u) == 0 )); then root=(env); \
	elif command -v sudo >/dev/null; then root=(sudo env); \
	else echo "Missing: $${missing[*]}. Install them as root, or install sudo, and run make again." >&2; exit 1; fi; \
	root+=(DEBIAN_FRONTEND=noninteractive); \
	echo "Installing with apt-get: $${missing[*]}"; \
	"$${root[@]}" apt-get update -qq; \
	names=(); \
	for word in "$${missing[@]}"; do \
	  chosen=; \
	  for name in $${word//|/ }; do \
	    if apt-cache policy "$$name" 2>/dev/null | grep 'Candidate:' | grep -vq '(none)'; then chosen=$$name; break; fi; \
	  done; \
	  if [[ $$chosen ]]; then names+=("$$chosen"); else echo "apt-get knows no $$word: going on without" >&2; fi; \
	done; \
	policy=/usr/sbin/policy-rc.d; \
	if [[ ! -e $$policy ]]; then \
	  printf '#!/bin/sh\nexit 101\n' | "$${root[@]}" tee $$policy >/dev/null; \
	  "$${root[@]}" chmod +x $$policy; \
	  trap '"$${root[@]}" rm -f '"$$policy" EXIT; \
	fi; \
	"$${root[@]}" apt-get install -y -qq --no-install-recommends -o=Dpkg::Use-Pty=0 "$${names[@]}" >/dev/null
endef

# $(call install,ARGUMENTS): uv where it can be had, else pip.
WITH_UV := PATH="$(CURDIR)/$(BIN):$$PATH"
define install
	if $(WITH_UV) command -v uv >/dev/null; then $(WITH_UV) uv pip install --quiet --compile-bytecode --python $(BIN)/python $(1); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check $(1); fi
endef

$(BIN)/python:
	@python=; \
	usable() { "$$1" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }; \
	choose() { for one in $(or $(PYTHON),python3 python3.11 python3.12 python3.13 python3.14); do \
	  if usable "$$one"; then python=$$one; return; fi; done; }; \
	choose; \
	if [[ ! $$python ]]; then ( $(call apt,$(APT_PYTHON)) ); choose; fi; \
	if [[ ! $$python ]]; then echo "Python 3.11 or newer with its venv module is needed; PYTHON=… names one." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)

# uv is a convenience: without it everything works, more slowly.
$(DONE)/uv: | $(BIN)/python
	@mkdir -p $(DONE)
	@$(WITH_UV) command -v uv >/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' \
	  || echo "uv could not be installed: going on with pip" >&2
	@touch $@

# --require-hashes wants every line pinned, so Varde itself comes after its dependencies.
$(DONE)/default: requirements.lock pyproject.toml | $(DONE)/uv
	@$(call install,--require-hashes --requirement requirements.lock)
	@$(call install,--no-deps --editable .)
	@touch $@

$(DONE)/dev: requirements-dev.lock pyproject.toml | $(DONE)/uv
	@$(call install,--require-hashes --requirement requirements-dev.lock)
	@$(call install,--no-deps --editable .)
	@touch $@ $(DONE)/default

# torch is not in the locks: it is large, exact, and nothing that serves patients imports it. pip
# and not uv: a CPU build that pip is configured to find is taken, where uv would fetch CUDA.
$(DONE)/train: $(DONE)/dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint <(grep -oE '^[a-z][^ ;]*==[^ ;]+' requirements-dev.lock) '.[train]'
	@$(call install,--no-deps --editable .)
	@touch $@

$(DONE)/apt: Makefile | $(BIN)/python
	@( $(call apt,$(APT_TEST) $(if $(shell command -v npm),,npm)) )
	@mkdir -p $(DONE) && touch $@

# The viewer of tests/system/test_viewers.py, below var/; npm comes with some packages of Node.js
# and excludes Debian's own there, so it is installed only where it is missing.
$(DONE)/ohif: tests/services/ohif.py $(DONE)/dev $(DONE)/apt
	@$(BIN)/python -m tests.services.ohif
	@touch $@
