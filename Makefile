# What one does with Accolade. `make` alone lists the targets.
# Needed: Rust (cargo), a C compiler, make and, for what is missing of the rest, apt-get.

SHELL := /bin/bash
.DEFAULT_GOAL := help

CARGO ?= cargo
target := $(abspath $(or $(CARGO_TARGET_DIR),target))

# The end-to-end tests start this binary.
export ACCOLADE_SERVER_BIN ?= $(target)/debug/accolade-server

format_check := $(CARGO) fmt --all --check
clippy := $(CARGO) clippy --workspace --all-targets --locked -- -D warnings
rustdoc := RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
# All that the tests run, the server included, in one compilation whose parts they share.
build_tests := $(CARGO) build --workspace --lib --bins --tests --examples --locked

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: setup-build ## Build and serve on 127.0.0.1:8080 with SQLite and the demo organisation
	@ACCOLADE_PROFILE=$${ACCOLADE_PROFILE:-development} $(CARGO) run --release --locked -p accolade-server -- serve

.PHONY: run-postgres
run-postgres: setup ## The same on a throw-away PostgreSQL
	@$(CARGO) build --release --locked -p accolade-server -p accolade-test-postgres
	@ACCOLADE_PROFILE=$${ACCOLADE_PROFILE:-development} $(target)/release/throwaway-postgres \
		$(target)/release/accolade-server serve

.PHONY: build
build: setup-build ## Build the server for release
	@$(CARGO) build --release --locked -p accolade-server
	@echo "$(target)/release/accolade-server"

.PHONY: test
test: setup ## Prove everything: format, lints, documentation, dependencies, all tests
	@.ci/steps \
		'format'        '$(format_check)' \
		'lints'         '$(clippy)' \
		'documentation' '$(rustdoc)' \
		'dependencies'  '.ci/dependencies' \
		'build'         '$(build_tests)' \
		'tests'         '$(CARGO) test --workspace --locked --no-fail-fast'

.PHONY: test-fast
test-fast: setup ## The tests alone, with cargo-nextest if it is installed
	@$(build_tests)
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		$(CARGO) nextest run --workspace --locked; \
	else \
		$(CARGO) test --workspace --locked; \
	fi

# The server and what measures it, in one compilation whose parts they share.
build_bench := $(CARGO) build --release --locked -p accolade-server -p accolade-bench
bench := ACCOLADE_SERVER_BIN=$(target)/release/accolade-server $(target)/release/accolade-bench --data $(target)/bench

.PHONY: bench
bench: setup ## Measure against the databases by themselves (about 5 minutes)
	@$(build_bench)
	@$(bench) --json $(target)/bench.json

.PHONY: bench-quick
bench-quick: setup ## The same in a minute, compared with the ratios in docs/bench/quick.json
	@$(build_bench)
	@$(bench) --quick --compare docs/bench/quick.json --json $(target)/bench-quick.json

.PHONY: bench-full
bench-full: setup ## The same with 10 million rows (some 20 minutes)
	@$(build_bench)
	@$(bench) --full --json $(target)/bench-full.json

.PHONY: bench-against
bench-against: setup ## Measure against another server's binary in turns: make bench-against SERVER=FILE
	@$(build_bench)
	@$(bench) --quick --against "$(SERVER)"

.PHONY: lint
lint: setup-build ## Check the format and the lints
	@$(format_check)
	@$(clippy)

.PHONY: fmt
fmt: ## Format the code
	@$(CARGO) fmt --all

.PHONY: docs
docs: setup-build ## Build the documentation of the crates
	@$(rustdoc)

.PHONY: openapi
openapi: setup-build ## Write docs/openapi.json from the code
	@$(CARGO) run --quiet --locked -p accolade-server -- openapi >docs/openapi.json.new
	@mv docs/openapi.json.new docs/openapi.json

.PHONY: deny
deny: ## Check licences, sources and known vulnerabilities (needs cargo-deny and the network)
	@$(CARGO) deny --locked check

.PHONY: docker-check
docker-check: ## Check what can be of docker/ without a container engine
	@docker/check

.PHONY: setup
setup: ## Install what the build and the tests need and this machine lacks
	@.ci/setup build tests

.PHONY: setup-build
setup-build:
	@.ci/setup build

.PHONY: clean
clean: ## Remove what was built; data in var/ stays
	@$(CARGO) clean
