# Everything one does with a clone. Needs Python 3.11 to 3.13 and make; whatever else is used goes into .venv.

# The first Python here that is new enough; `make demo PYTHON=/path/to/python` chooses another.
FITTING := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(or $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(FITTING)' >/dev/null 2>&1 && { echo $$python; break; }; done),python3)
VENV ?= .venv
# What was compiled is kept, wherever the environment says otherwise: tests start many processes, and each would compile
# all of Wicket, and its tests, anew.
export PYTHONDONTWRITEBYTECODE :=
# Busy test processes side by side, one a core: many tests hold a deadline, so more of them than cores only fail.
# Each begins with half of the files, and who has done with theirs takes over half of what the other has left.
JOBS ?= 2
BIN := $(VENV)/bin
TESTS = $(BIN)/python -m pytest $(if $(filter-out 1,$(JOBS)),-n $(JOBS) --dist worksteal)
# What tests write is thrown away, so it may stand in memory, where there is room for it: most of what they do is to
# commit, which waits for a disk otherwise, and keeps a processor busy meanwhile.
MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2000000 { print "/dev/shm/" }')
# These wait for most of their time: for processes, servers, a browser, or faults to pass. So as many processes and one
# more take them, beside those of the others, and from the first moment on, beside the look at style and types; whoever
# is free takes the next file, so the longest stand first.
WAITING := tests/chaos tests/browser tests/bot/demo tests/storage/directories tests/wire tests/bot/test_serving.py \
	tests/bot/test_policy_walk.py tests/bot/test_directories.py tests/handlers/grants/test_ldap_beside_local.py
WAITING_TESTS = $(BIN)/python -m pytest \
	$(if $(filter-out 1,$(JOBS)),-n $(shell expr $(JOBS) + 1) --dist loadfile --no-loadscope-reorder)
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test postgresql lint bench chaos tampering pictures texts lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## a whole company to try Wicket in, at one address (PORT=8765, ARGS=--tour)
	@$(BIN)/wicket demo $(if $(PORT),--port $(PORT)) $(ARGS)

install: $(VENV)/.installed ## the command for a real workspace: .venv/bin/wicket

test: $(VENV)/.test ## everything that must hold (ARGS=tests/handlers runs a part)
	@TMPDIR=$$(mktemp -d $(or $(MEMORY),$${TMPDIR:-/tmp}/)XXXXXXXX) && export TMPDIR && chmod 755 "$$TMPDIR" || exit 1; \
		trap 'rm -rf "$$TMPDIR"' EXIT; trap 'exit 130' INT TERM; \
		$(if $(ARGS),$(MAKE) --no-print-directory lint && $(TESTS) $(ARGS),\
		waited=$$(mktemp); $(WAITING_TESTS) $(WAITING) >"$$waited" 2>&1 & waiting=$$!; \
		$(MAKE) --no-print-directory lint || { kill $$waiting; wait $$waiting; exit 1; }; \
		$(TESTS) $(WAITING:%=--ignore=%); failed=$$?; \
		wait $$waiting || failed=1; cat "$$waited"; exit $$failed)

postgresql: $(VENV)/.test ## every handler's test and the store's on both engines, not only those marked for both
	@$(TESTS) --postgresql $(or $(ARGS),tests/handlers tests/storage)

lint: $(VENV)/.test ## style, types, and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Run '$(BIN)/ruff format .' and look at the difference."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.test ## speed and memory, as ratios within one run
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.test ## kill the bot thousands of times, and write docs/chaos.md (an hour or two)
	@$(BIN)/python -m tests.chaos --report docs/chaos.md $(ARGS)

tampering: $(VENV)/.test ## change the stored record in thousands of ways, and see whether each is found (half an hour)
	@$(BIN)/python -m pytest --hypothesis-profile=chaos tests/storage/audit/test_tampering.py \
		tests/storage/audit/test_stand_alone.py $(ARGS)

pictures: $(VENV)/.test ## take the pictures of the docs anew (needs Chromium; ARGS=homes takes one scene's)
	@$(BIN)/python -m tests.browser.pictures $(ARGS)

texts: $(VENV)/.installed ## every text that Wicket says, for a translation (docs/translations.md): writes wicket.pot
	@$(BIN)/python -m bot.extraction > wicket.pot

lock: $(VENV)/.made ## find the newest versions that pyproject.toml allows, and write them down with their hashes
	@$(INSTALL) uv
	@rm -f requirements.lock requirements-dev.lock
	@$(LOCK) --extra dev -o requirements-dev.lock
	@# The smaller set takes its versions from the larger one, so that what is tested is what is run.
	@$(LOCK) --extra demo --extra build -c requirements-dev.lock -o requirements.lock

clean: ## remove what was installed and cached here
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.installed: requirements.lock pyproject.toml $(VENV)/.made
	@echo "Installing what Wicket needs into $(VENV) (once; a minute or so) …"
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-dev.lock pyproject.toml $(VENV)/.made
	@echo "Installing what Wicket and its tests need into $(VENV) (once; a minute or two) …"
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements-dev.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c '$(FITTING)' 2>/dev/null || { \
		echo "Wicket needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is not one of them."; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' lacks the venv module, which its distribution packages apart."; \
		echo "On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@
