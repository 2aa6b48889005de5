# make run      build everything, install it beside the tree, start the demo on 127.0.0.1:8080
# make test     everything that must hold: check, tests, web build, browser stories
# make quick    check, web tests and the rules alone, within two minutes
# make check    linters, types, import contracts, generated files, floors
# make bench    figures, as tables and as JSON under build/bench/; `make bench scale`: a full PostgreSQL alone
# make bench-media  the media engine beside rtpengine, a C floor and aiortc
# make both     the tests that make test runs on SQLite alone, on PostgreSQL too
# make proofs   the long proofs, with a report under build/proofs/
# make fuzz     the parsers of the media worker, SECONDS=60 each, going on from the last time
# make screens  take the pictures of the README and the docs anew
# make dump     write the dump of a database at the newest migration, filled by this code
# make schema   write the schemas and regenerate web/src/wire/messages.ts and arms.ts from them
# make clean    remove what was built; the environments stay
#
# ARGS="--with-approver" goes to the demo, PYTHON=python3.13 chooses the interpreter.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
RUN_VENV := .venv-run
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { command -v "$$p"; break; }; done)
STAGE := .ci/stage
SECONDS ?= 60
ATHERIS = $(BIN)/python -m pip install --quiet 'atheris>=3.0.0' \
	|| echo 'No build of atheris for this Python: nothing is fuzzed.' >&2

WEB_STAMP := web/node_modules/.package-lock.json
WEB_FILES := $(shell find web -path web/node_modules -prune -o -path web/tests -prune -o -type f -not -name '*.test.ts' -print)
PY_FILES := $(shell find server signaling media migrations -path server/static -prune -o -type f \
	-not -path '*/__pycache__/*' -print 2>/dev/null)
PY_DIRS := server signaling media migrations tests

.PHONY: strict both quick run test check bench scale bench-media proofs fuzz screens schema dump clean install bytecode \
	web wheel lint types contracts floors messages web-types web-lint parity

# Made by the tools themselves at the end of their work, so that a broken run leaves no stamp.

$(VENV)/.installed: setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo 'No Python 3.11 or newer with venv; see .ci/system' >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	.ci/ofd $(BIN)
	touch $@

$(WEB_STAMP): web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch $@

server/static/index.html: $(WEB_FILES) $(WEB_STAMP)
	cd web && npm run --silent build
	touch $@

$(RUN_VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo 'No Python 3.11 or newer with venv; see .ci/system' >&2; exit 1; }
	"$(PYTHON)" -m venv $(RUN_VENV)

build/wheel.stamp: setup.cfg pyproject.toml README.md LICENSE $(PY_FILES) server/static/index.html \
		| $(RUN_VENV)/bin/python
	rm -rf build/setuptools dist/yunjian-*.whl
	$(RUN_VENV)/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	touch $@

$(RUN_VENV)/.installed: build/wheel.stamp
	$(RUN_VENV)/bin/python -m pip install --quiet dist/yunjian-*.whl
	$(RUN_VENV)/bin/python -m pip install --quiet --no-deps --force-reinstall dist/yunjian-*.whl
	.ci/ofd $(RUN_VENV)/bin
	touch $@

install: $(VENV)/.installed $(WEB_STAMP)

# The tests start many processes of ours. Where PYTHONDONTWRITEBYTECODE is set each of them would compile
# all modules that it imports: a quarter of what a node's start costs.
bytecode:
	$(BIN)/python -m compileall -q $(PY_DIRS)

web: server/static/index.html

wheel: build/wheel.stamp

run:
	@.ci/system run
	@$(MAKE) $(RUN_VENV)/.installed
	@exec $(RUN_VENV)/bin/yunjian demo $(ARGS)

# Each stage prints its seconds, those of tests their slowest files too; the first that fails ends the run
# with its status.
# pytest's status 5 ("no tests") is a failure like any other. A test or two that fails beside the
# others and passes alone is named at its stage's end (.ci/steady).
test:
	@began=$$(date +%s); \
	$(STAGE) 'system packages' .ci/system test && \
	$(STAGE) 'python and node packages' $(MAKE) -j 2 install && $(MAKE) bytecode && \
	$(STAGE) 'check' $(MAKE) check && \
	$(STAGE) 'python tests' .ci/steady $(BIN)/python -n 2 --dist worksteal \
		-m 'not browser and not proofs' && \
	$(STAGE) 'web tests' npm --prefix web run --silent test && \
	$(STAGE) 'web build and wheel' $(MAKE) web wheel && \
	$(STAGE) 'browser tests' .ci/steady $(BIN)/python -n 2 --dist worksteal \
		-m 'browser and not proofs' tests/browser && \
	took=$$(($$(date +%s) - began)) && \
	printf '\n==> all stages: %d s, %d.%d min\n' $$took $$((took / 60)) $$((took % 60 / 6))

# The tests of the rules, without a database, and of the test files that differ from origin/main
# as far as they need neither PostgreSQL nor a browser and judge no time.
CHANGED = $(shell git diff --name-only --diff-filter=d origin/main -- 'tests/**/test_*.py' 2>/dev/null)

quick: install
	@began=$$(date +%s); \
	$(STAGE) 'check' $(MAKE) check && \
	$(STAGE) 'web tests' npm --prefix web run --silent test && \
	$(STAGE) 'quick python tests' $(BIN)/python -m pytest -n 2 --dist worksteal --timeout 30 \
		-m 'not browser and not proofs and not timed and not postgres' \
		tests/domain tests/signaling tests/server/test_docs.py $(CHANGED) && \
	printf '\n==> quick: %d s\n' $$(($$(date +%s) - began))

check: install
	@$(MAKE) -j 2 --output-sync=target types web-lint lint contracts floors web-types parity

lint:
	$(BIN)/ruff check --quiet $(PY_DIRS)
	$(BIN)/ruff format --quiet --check $(PY_DIRS)

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

floors:
	$(BIN)/python -m tests.kit.floors
	$(BIN)/python -m pip check

# The TypeScript messages and the table of the reducer are generated from the schema and the declarations;
# a difference means that one of the two was changed alone. The files are left regenerated.
GENERATED := messages arms
messages:
	@mkdir -p build
	@for one in $(GENERATED); do cp web/src/wire/$$one.ts build/$$one.before.ts || exit 1; done
	$(MAKE) schema
	@for one in $(GENERATED); do cmp -s build/$$one.before.ts web/src/wire/$$one.ts || { \
		echo "web/src/wire/$$one.ts did not match what it is written from; it is regenerated now" >&2; exit 1; }; done

web-types: messages
	npm --prefix web run --silent typecheck

web-lint:
	npm --prefix web run --silent lint

parity:
	npm --prefix web run --silent test -- i18n tests/house

schema: install
	$(BIN)/yunjian schema
	npm --prefix web run --silent messages
	$(BIN)/python -m tests.kit.kept_events

dump: install
	$(BIN)/python -m tests.kit.dumps

# `make bench scale`: that one alone.
ONLY := $(filter scale,$(MAKECMDGOALS))

bench: install $(if $(ONLY),,web)
	@for file in $(if $(ONLY),tests/bench/$(ONLY).py,tests/bench/[a-z]*.py); do \
		name=$$(basename "$$file" .py); \
		$(STAGE) "bench $$name" $(BIN)/python -m "tests.bench.$$name"; \
	done

scale:
	@test -n "$(filter bench,$(MAKECMDGOALS))" || { echo 'make bench scale' >&2; exit 1; }

bench-media: install
	@.ci/system bench-media
	$(BIN)/python -m tests.bench.media $(ARGS)

# About an hour and a half. The report ends with what each of them has measured.
# The suite's limits of time as they stand, one test after another, each on a machine that was quiet
# before it; where it does not become so within five minutes the limit is not judged, and said so.
strict: install web
	@.ci/system test
	YUNJIAN_STRICT=1 YUNJIAN_QUIET=1 $(BIN)/python -m pytest -m 'timed and not proofs' -rA --show-capture no tests

# What says that the kind of database does not matter to it, on both kinds.
both: install
	YUNJIAN_BOTH=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m 'sqlite_alone and not browser and not proofs'

proofs: install web
	@.ci/system test
	@mkdir -p build/proofs
	YUNJIAN_STRICT=1 $(BIN)/python -m pytest -m 'proofs or hypothesis' --timeout 3600 -rA --show-capture no \
		--junit-xml build/proofs/report.xml tests \
		| tee build/proofs/report.txt

fuzz: install
	@$(ATHERIS)
	@mkdir -p build/fuzz
	for target in stun sdp rtp rtcp frames; do \
		$(STAGE) "fuzz $$target" $(BIN)/python -m tests.proofs.fuzz "$$target" $(SECONDS) \
			"build/fuzz/$$target" -artifact_prefix=build/fuzz/ -verbosity=0 || exit; \
	done

screens: install web
	YUNJIAN_SCREENS=1 $(BIN)/python -m pytest -k sqlite tests/server/case/test_papers.py \
		tests/server/calls/test_composed_call.py
	YUNJIAN_SCREENS=1 $(BIN)/python -m pytest -m 'browser and not proofs' --ignore tests/browser/test_wheel.py \
		--ignore tests/browser/test_wire.py --ignore tests/browser/test_call.py tests/browser

clean:
	rm -rf build dist server/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		*.egg-info
	find $(PY_DIRS) -name __pycache__ -type d -prune -exec rm -rf {} +
