SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
	--python-version 3.11 --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test check bench lock openapi messages frontend screenshots clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

install:  ## Create .venv and install what the product runs on
	@$(PYTHON) portal/stack/install.py

install-dev:  ## The same, with what checks and tests need
	@$(PYTHON) portal/stack/install.py --dev

run: install  ## Everything on this machine: http://localhost:8000 (PORT=… for another port)
	@exec $(BIN)/python -m portal.stack run

test: install-dev  ## All checks, then all tests with coverage
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m portal.stack.quality test $(ARGS)

check: install-dev  ## Format, lint, types, import rules, migrations, deployment checks, templates, security
	@$(BIN)/python -m portal.stack.quality check

bench: install-dev  ## Measure tool calls against the bare MCP SDK server
	@$(BIN)/python manage.py bench $(ARGS)

lock: install-dev  ## Resolve requirements*.in into the hash-locked requirements*.txt (ARGS=--upgrade)
	@$(COMPILE) $(ARGS) requirements.in -o requirements.txt
	@$(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt

openapi: install-dev  ## Write portal/api/openapi.json and the Python client anew from the code
	@$(BIN)/python manage.py openapi && $(BIN)/python clients/python/generate.py

messages: install-dev  ## Collect texts to translate into locale/ and compile the catalogues
	@$(BIN)/python -m portal.stack.quality messages

frontend: install  ## Build the canvas into static/editor
	@$(BIN)/python -m portal.stack.quality frontend

screenshots: install-dev  ## Take the pictures of the documentation from a product with fresh data
	@$(BIN)/python -m tests.e2e.screenshots $(ARGS)

clean: install  ## Remove what was built and all data of this checkout, keeping .venv
	@$(BIN)/python -m portal.stack clean
