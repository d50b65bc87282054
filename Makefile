# Everything starts here; `make` alone lists the targets. Nothing has to be installed before.
BIN := .venv/bin
TOOL ?= web
VERSION ?= 0.169.0
OUT ?= glm-models.json
TO ?= recorded
SECONDS ?= 600
STREAMS ?= 200
WRITE ?= --write
COMPILE = uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE) pyproject.toml

.PHONY: help install run dump forward start stop logs health test check format golden lock clean \
	catalog codex codex-undo doctor record simulator test-codex bench compat test-node errors screenshots clients audit licences soak fuzz hostile test-environment node-clients

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /make \1	/' | expand -t 18
	@echo 'Options go into ARGS, as in: make run ARGS="..."'

install: ## set up .venv and nothing else
	@.ci/setup

run: install ## run the proxy with its web page (mitmweb)
	@exec $(BIN)/codex-glm run $(ARGS)

dump: install ## run the proxy in the terminal (mitmdump)
	@exec $(BIN)/codex-glm dump $(ARGS)

forward: install ## run the forward proxy for an unmodified Codex; ARGS="codex …" runs that through it
	@exec $(BIN)/codex-glm forward $(ARGS)

start: install ## run the proxy in the background (TOOL=web, dump or forward)
	@.ci/background start $(TOOL) $(ARGS)

stop: ## end the proxy in the background
	@.ci/background stop

logs: ## show the log of the proxy in the background
	@.ci/background logs

health: install ## show the state of the running proxy
	@.ci/background health $(ARGS)

record: install ## run the proxy and record what passes as test fixtures (TO=recorded)
	@exec $(BIN)/codex-glm $(TOOL) --set "glm_record=$(abspath $(TO))" $(ARGS)

catalog: install ## write the model catalogue as a file for Codex (OUT=glm-models.json)
	@$(BIN)/codex-glm catalog --out "$(OUT)" $(ARGS)

codex: install ## set Codex up for this proxy (in CODEX_HOME, default ~/.codex)
	@$(BIN)/codex-glm codex $(ARGS)

codex-undo: install ## put Codex's settings back as they were
	@$(BIN)/codex-glm undo $(ARGS)

doctor: install ## find out what is wrong (ARGS=--free asks GLM nothing that may cost)
	@$(BIN)/codex-glm doctor $(ARGS)

simulator: install ## run the GLM simulator on port 18766
	@exec $(BIN)/codex-glm simulator $(ARGS)

soak: test-environment ## stream for SECONDS (600) with everything going wrong; a table of tests/hardening
	$(BIN)/python -m tests.hardening.soak.run --seconds $(SECONDS) --streams $(STREAMS) $(WRITE) $(ARGS)

fuzz: test-environment ## fuzz the core for SECONDS (600); a table of tests/hardening
	$(BIN)/python -m tests.hardening.fuzz.run --seconds $(SECONDS) $(WRITE) $(ARGS)

hostile: test-environment ## send hostile requests to a proxy; a table of tests/hardening
	GOLDEN_UPDATE=1 $(BIN)/python -m pytest tests/hardening/test_hostile.py $(ARGS)

test: check ## check the code and run all tests
	$(BIN)/python -m pytest --cov --cov-fail-under=100 $(ARGS)

check: test-environment ## check format, style and types only
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: test-environment ## format the code
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

golden: test-environment ## write the golden files of the tests anew
	GOLDEN_UPDATE=1 $(BIN)/python -m pytest $(ARGS)

test-codex: test-environment ## run the tests with a Codex of npm (VERSION=0.169.0)
	CODEX_BINARY="$$(.ci/codex $(VERSION))" && export CODEX_BINARY && \
		$(BIN)/python -m pytest tests/e2e $(ARGS)

compat: test-environment ## write the tables of tests/compat: what works with which Codex
	$(BIN)/python -m tests.compat.run $(ARGS)

bench: test-environment ## measure beside stock mitmproxy and rivals (ARGS=--quick is a check)
	@$(BIN)/python -m tests.bench.run $(ARGS)

test-node: test-environment node-clients ## run the tests of the clients for Node.js
	$(BIN)/python -m pytest tests/clients/node/programs.py $(ARGS)

clients: test-environment node-clients ## write the table of tests/clients: which client can do what
	$(BIN)/python -m tests.clients.run

errors: test-environment ## write the table of tests/errors: what a real Codex shows for each fault
	$(BIN)/python -m tests.errors.run $(ARGS)

screenshots: test-environment ## take the pictures of tests/web anew
	$(BIN)/python -m tests.web.screenshots

lock: ## resolve the dependencies anew (needs uv; UPGRADE=--upgrade for newer ones)
	$(COMPILE) -o requirements.lock
	$(COMPILE) --group test --constraint requirements.lock -o requirements-test.lock

audit: test-environment ## ask for known vulnerabilities of the locked packages
	@$(BIN)/python -m tests.setup.audit

licences: test-environment ## write the table of the licences of the locked packages
	@$(BIN)/python -m tests.setup.licences

clean: stop ## remove everything that was built
	rm -rf tests/clients/node/node_modules
	rm -rf .venv .codex-glm.log glm-models.json .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache dist
	find addon tests -name __pycache__ -type d -prune -exec rm -rf {} +

node-clients:
	@command -v npm >/dev/null || { echo 'This needs npm: install Node.js 18 or later.' >&2; exit 1; }
	@cd tests/clients/node && npm ci --no-audit --no-fund --silent

test-environment:
	@.ci/setup test
