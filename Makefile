# `make demo` shows the product at work on a real kernel; `make test` runs every test.
# Both set everything up by themselves on a Debian 12 machine that has git and make.

PYTHON := .venv/bin/python
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
PACKAGE := build/usbguard-py_$(VERSION)_amd64.deb
SOURCES := $(shell find usbguard_py systemd packaging policies docs/man docs/completion -type f ! -name '*.pyc' 2>/dev/null)

.PHONY: help
help:
	@echo "make demo       the story on a real kernel, with the product's real output"
	@echo "make test       every test, in rooms with a time budget (about 25 minutes)"
	@echo "make test-fast  linters and the tests that need no guest"
	@echo "make test-lab   the lab's own tests and the scenarios on a real kernel"
	@echo "make test-papers the papers through LibreOffice, into build/papers"
	@echo "make test-full  make test, with the slow tests too"
	@echo "make fuzz       ten million executions of the parsers, coverage-guided, into build/fuzz.jsonl"
	@echo "make campaign   270 kills, 30 power cuts and 10 000 plug cycles, into build/campaign.jsonl; goes on where it stopped"
	@echo "make screens    the screens of a clerk's day anew, and the pages that show them"
	@echo "make package    $(PACKAGE)"
	@echo "make bench      figures beside Debian's usbguard, in build/bench.json"
	@echo "make compare    the same scenarios with Debian's usbguard, into docs/comparison.md"
	@echo "make lint       ruff, mypy, import contract, shellcheck, codespell"
	@echo "make format     put the code into its one form"
	@echo "make lock       write the lock files anew"

# The virtual environment comes from the lock file, hashes checked; the stamp is its proof of completeness.
.venv/stamp: requirements-dev.lock scripts/bootstrap.sh
	sh scripts/bootstrap.sh .venv requirements-dev.lock
	touch $@

# What the lab needs from Debian: installed when this may be done, otherwise named.
.PHONY: prepare
prepare: .venv/stamp
	$(PYTHON) -m tests.lab.prepare

# The same, and what prints the papers.
.PHONY: prepare-all
prepare-all: .venv/stamp
	$(PYTHON) -m tests.lab.prepare papers

.PHONY: package
package: $(PACKAGE)

$(PACKAGE): .venv/stamp pyproject.toml requirements.lock LICENSE $(SOURCES)
	$(PYTHON) packaging/build.py

.PHONY: demo
demo: prepare package
	$(PYTHON) -m tests.demo

.PHONY: bench
bench: prepare package
	$(PYTHON) -m tests.bench

# A clerk's day at the terminal, and the pages that tell it; USBGUARD_PY_SCREENS has the screens written instead of compared.
.PHONY: screens
screens: prepare package
	USBGUARD_PY_SCREENS=write $(PYTHON) -m pytest -q tests/days/test_day.py
	$(PYTHON) scripts/generate.py

.PHONY: campaign
campaign: prepare package
	$(PYTHON) -m tests.campaign

.PHONY: compare
compare: prepare package
	$(PYTHON) -m tests.compare run
	$(PYTHON) -m tests.compare publish

.PHONY: fuzz
fuzz: .venv/stamp
	$(PYTHON) -m tests.fuzz --runs 10000000 descriptors units
	$(PYTHON) -m tests.fuzz --runs 1000000 device strings policy table document rules carried receipt

.PHONY: test test-full test-fast test-package test-papers test-lab
test: prepare-all
	$(PYTHON) -m tests.rooms fast package papers lab scenarios days attacks

test-full: prepare-all
	$(PYTHON) -m tests.rooms --slow fast package papers lab scenarios days attacks attacks-13 crashes

test-fast: .venv/stamp
	$(PYTHON) -m tests.rooms fast

test-package: .venv/stamp
	$(PYTHON) -m tests.rooms package

test-papers: prepare-all
	$(PYTHON) -m tests.rooms papers

test-lab: prepare package
	$(PYTHON) -m tests.rooms lab scenarios days attacks

.PHONY: lint format
lint: .venv/stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/shellcheck -s sh systemd/floor systemd/maintenance-entry scripts/bootstrap.sh .ci/run packaging/postinst packaging/prerm packaging/postrm
	.venv/bin/codespell usbguard_py docs systemd packaging README.md CHANGELOG.md

format: .venv/stamp
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

# --universal: one file for Python 3.11 to 3.13; no index is named in it.
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
.PHONY: lock
lock: .venv/stamp
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --extra dev --extra test -c requirements.lock pyproject.toml -o requirements-dev.lock

.PHONY: clean
clean:
	rm -rf build .venv
