# make run   sets up and opens the program on a demo library
# make test  sets up and passes all checks and tests (test-quick: the part that takes under two minutes)
# make test-installed  builds the program as it is installed, and has it tried: elsewhere, unwritable, without Python
# make installer  builds the installer for this system into dist/
# make wheels  collects everything into wheels/, to set up where there is no network
# make audit   asks for known vulnerabilities of all that the locks name; make locks makes the locks again
# All may be repeated; nothing is installed twice.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
BIN     = $(VENV)/bin
# Where torch for the processor alone comes from; empty: see .ci/torch-index
TORCH_INDEX ?=
PIP     = $(BIN)/python -m pip --quiet --disable-pip-version-check
# nothing but the files whose sums the locks name, and none that runs code while it is installed
LOCKED  = --require-hashes --only-binary :all: $$(TORCH_INDEX="$(TORCH_INDEX)" .ci/torch-index $(BIN)/python)

# torch's threads spin while they wait; with another busy process that costs more than it gains
export OMP_WAIT_POLICY = PASSIVE
export KMP_BLOCKTIME = 0
# where it is set, each of the hundred programs that the tests start would compile everything anew
unexport PYTHONDONTWRITEBYTECODE

PYTEST = .ci/pytest $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: run demo test test-quick test-installed lint setup setup-dev system installer wheels locks audit clean
.DEFAULT_GOAL := run

setup: system $(VENV)/.stamp-run
setup-dev: system $(VENV)/.stamp-dev

system:
	@.ci/system-packages

$(VENV)/.stamp-venv:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "error: Python 3.11 is needed; set PYTHON=/path/to/python3.11"; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.stamp-run: $(VENV)/.stamp-venv requirements-setup.lock requirements.lock pyproject.toml
	@echo "Installing what the program needs into $(VENV)/ (about 2 GB; some minutes, once) ..."
	$(PIP) install $(LOCKED) -r requirements-setup.lock -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-run requirements-dev.lock
	@echo "Installing what the tests need ..."
	$(PIP) install $(LOCKED) -r requirements-dev.lock
	@touch $@

# Without a display (pfm-desktop then ends with 2, also where DISPLAY names one that is gone) the main job is done once
# all the same, through the command line and offscreen.
run: setup
	@code=2; \
	if [ "$$(uname -s)" != Linux ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(BIN)/pfm-desktop; code=$$?; fi; \
	if [ $$code -ne 2 ]; then exit $$code; fi; \
	$(MAKE) --no-print-directory demo

demo: setup
	@echo "There is no display, so the window cannot open here. On a desktop: make run. With Xvfb: xvfb-run make run"
	@echo "The main job without a window, on a phantom pair, into out/demo/:"
	$(BIN)/pfm phantom out/demo --count 1 --seed 7 --grade high
	$(BIN)/pfm analyze --white out/demo/case_00000_white.png --fluorescence out/demo/case_00000_fluorescence.png \
	  --json out/demo/answer.json --overlay out/demo/overlay.png --report out/demo/report.pdf
	QT_QPA_PLATFORM=offscreen $(BIN)/pfm-desktop --screenshot out/demo/review.png --page review --size 1920x1080

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(PYTEST) -m "not installed"

test-quick: setup-dev
	$(BIN)/ruff check .
	$(PYTEST) -m "not slow"

# all that takes the whole program at once, as it is built; in the environment of the tests: what ships is what the lock names, whatever else is there
test-installed: setup-dev $(VENV)/.stamp-build
	$(BIN)/python build_installer.py --no-package
	$(PYTEST) -m installed

# in an environment that holds nothing but what ships and what builds it
installer:
	@$(MAKE) --no-print-directory VENV=.venv-build .venv-build/.stamp-build
	.venv-build/bin/python build_installer.py

$(VENV)/.stamp-build: $(VENV)/.stamp-run requirements-build.lock
	$(PIP) install $(LOCKED) -r requirements-build.lock
	@touch $@

# for computers without a network: PIP_NO_INDEX=1 PIP_FIND_LINKS=$$PWD/wheels make run
WHEELS ?= wheels
wheels: $(VENV)/.stamp-venv
	for lock in requirements.lock requirements-dev.lock requirements-build.lock; do \
	  $(PIP) download $(LOCKED) --dest $(WHEELS) -r requirements-setup.lock -r $$lock || exit; done

locks: .venv-tools/.stamp-tools
	.venv-tools/bin/python -m resources.installer.locks $(UPGRADE)

audit: .venv-tools/.stamp-tools
	.venv-tools/bin/python -m resources.installer.audit

.venv-tools/.stamp-tools: requirements-setup.lock requirements-tools.lock
	@$(MAKE) --no-print-directory VENV=.venv-tools .venv-tools/.stamp-venv
	.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements-setup.lock -r requirements-tools.lock
	@touch $@

clean:
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
