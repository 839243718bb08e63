# What one does with Accolade. `make` alone lists the targets.
# Needed: Rust (cargo), a C compiler, make and, for what is missing of the rest, apt-get.

SHELL := /bin/bash
.DEFAULT_GOAL := help

CARGO ?= cargo
target := $(abspath $(or $(CARGO_TARGET_DIR),target))

# The end-to-end tests start this binary.
export ACCOLADE_SERVER_BIN ?= $(target)/debug/accolade-server
# Most of them wait for it, or for a database, more than they compute.
export RUST_TEST_THREADS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))

# To try the server: in a profile that is quickly built, and with SQLite alone.
quick := --profile quick --locked
sqlite_only := --no-default-features --features sqlite
# For other machines: optimised, with every database, and an OpenSSL of its own inside.
release := --release --locked --features vendored-openssl

format_check := $(CARGO) fmt --all --check
clippy := $(CARGO) clippy --workspace --all-targets --locked -- -D warnings
rustdoc := RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
# What `make run` builds. Of the whole workspace with its examples, because then all others are as they
# were checked a step before: for fewer, cargo chooses other features and checks them again.
clippy_sqlite := $(CARGO) clippy --workspace --lib --bins --examples \
	--no-default-features --features accolade-server/sqlite --locked -- -D warnings
# All that the tests run, the server included, in one compilation whose parts they share.
build_tests := $(CARGO) build --workspace --lib --bins --tests --examples --locked
# Beside a PostgreSQL that is gone when they end.
run_tests := $(target)/debug/throwaway-postgres $(CARGO) test --workspace --locked --no-fail-fast

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: setup-build ## Build and serve on 127.0.0.1:8080 with SQLite and the demo organisation
	@ACCOLADE_PROFILE=$${ACCOLADE_PROFILE:-development} \
		$(CARGO) run $(quick) -p accolade-server $(sqlite_only) -- serve

.PHONY: run-postgres
run-postgres: setup ## The same on a throw-away PostgreSQL
	@$(CARGO) build $(quick) -p accolade-server -p accolade-test-postgres
	@ACCOLADE_PROFILE=$${ACCOLADE_PROFILE:-development} $(target)/quick/throwaway-postgres \
		$(target)/quick/accolade-server serve

.PHONY: build
build: setup-release ## Build the server for release, with both databases
	@$(CARGO) build $(release) -p accolade-server
	@echo "$(target)/release/accolade-server"

.PHONY: test
test: setup ## Prove everything: format, lints, documentation, dependencies, all tests
	@.ci/steps \
		'format'        '$(format_check)' \
		'spelling'      '.ci/spelling' \
		'dependencies'  '.ci/dependencies' \
		'surroundings'  '.ci/surroundings' \
		'lints'         '$(clippy)' \
		'sqlite alone'  '$(clippy_sqlite)' \
		'documentation' '$(rustdoc)' \
		'build'         '$(build_tests)' \
		'tests'         '$(run_tests)'

.PHONY: test-fast
test-fast: setup ## The tests alone
	@$(build_tests)
	@$(run_tests)

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
bench-full: setup ## The same with 10 million rows (some 40 minutes)
	@$(build_bench)
	@$(bench) --full --json $(target)/bench-full.json

.PHONY: bench-against
bench-against: setup ## Measure against another server's binary in turns: make bench-against SERVER=FILE
	@$(build_bench)
	@$(bench) --quick --against "$(SERVER)"

# How long each database is tortured.
FOR ?= 30m

# A round is repeated by what the run says of it; SEED=… begins with that seed.
.PHONY: torture
torture: setup ## Kill, cut and fuzz the server, half an hour on each database (FOR=30m, SEED=1)
	@$(CARGO) build --release --locked -p accolade-server -p accolade-test-postgres -p accolade-torture
	@ACCOLADE_SERVER_BIN=$(target)/release/accolade-server TORTURE=$(target)/release \
		FOR="$(FOR)" SEED="$(SEED)" crates/torture/run

# It needs cargo-fuzz, which is not a part of Rust.
.PHONY: fuzz
fuzz: setup-postgres ## Look for inputs that break a parser, guided by coverage (FUZZ=60 seconds a target)
	@crates/torture/fuzz/run $(or $(FUZZ),60)

.PHONY: planted
planted: setup ## Plant four bugs, one after the other, and have the suites find them
	@crates/torture/planted/run

.PHONY: lint
lint: setup-postgres ## Check the format, the lints, the spelling and the dependencies
	@$(format_check)
	@$(clippy)
	@$(clippy_sqlite)
	@.ci/spelling || (($$? == 77))
	@.ci/dependencies || (($$? == 77))

.PHONY: fmt
fmt: ## Format the code
	@$(CARGO) fmt --all

.PHONY: docs
docs: setup-postgres ## Build the documentation of the crates
	@$(rustdoc)

.PHONY: openapi
openapi: setup-build ## Write docs/openapi.json from the code
	@$(CARGO) run --quiet $(quick) -p accolade-server $(sqlite_only) -- openapi >docs/openapi.json.new
	@mv docs/openapi.json.new docs/openapi.json

.PHONY: deny
deny: ## Check licences, sources and known vulnerabilities (needs cargo-deny and the network)
	@$(CARGO) deny --locked check

# It needs a Java, Python and Node, and the first time their registries: not a part of `test`.
.PHONY: sdk-check
sdk-check: setup-build ## Generate clients and run a scenario with each (needs Java, Python and Node)
	@$(CARGO) build $(quick) -p accolade-server $(sqlite_only)
	@ACCOLADE_SERVER_BIN=$(target)/quick/accolade-server tests/sdk/check

# What the server is made of, for scanners: with the features that `make build` builds.
.PHONY: sbom
sbom: ## List what the server is made of, as CycloneDX (needs cargo-cyclonedx)
	@$(CARGO) cyclonedx --version >/dev/null 2>&1 || { \
		echo 'error: cargo-cyclonedx is not installed (cargo install --locked cargo-cyclonedx)' >&2; exit 1; }
	@$(CARGO) cyclonedx --quiet --manifest-path crates/server/Cargo.toml --format json --spec-version 1.5 \
		--features vendored-openssl --override-filename accolade-server.cdx
	@mkdir -p $(target)
	@mv crates/server/accolade-server.cdx.json $(target)/accolade-server.cdx.json
	@find crates tests -name accolade-server.cdx.json -delete
	@echo "$(target)/accolade-server.cdx.json"

.PHONY: deb
deb: setup-release ## Build a package for Debian (needs cargo-deb)
	@$(CARGO) deb --version >/dev/null 2>&1 || { \
		echo 'error: cargo-deb is not installed (cargo install --locked cargo-deb)' >&2; exit 1; }
	@$(CARGO) build $(release) -p accolade-server
	@$(CARGO) deb --no-build --locked -p accolade-server

.PHONY: docker-check
docker-check: ## Check what can be of docker/ without a container engine
	@docker/check

.PHONY: setup
setup: ## Install what the build and the tests need and this machine lacks
	@.ci/setup build postgres tests

.PHONY: setup-build setup-postgres setup-release
setup-build:
	@.ci/setup build
setup-postgres:
	@.ci/setup build postgres
setup-release:
	@.ci/setup build release

.PHONY: clean
clean: ## Remove what was built; data in var/ stays
	@$(CARGO) clean
