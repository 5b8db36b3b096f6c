# The one entrance. A target is one line of what it runs; what needs more steps is a script in .make/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Cargo uses all cores by itself, and the stages' output stays readable.
.NOTPARALLEL:

STAGE = .make/stage $@
# Whose times .make/times tells.
export RUN := $(shell date +%s.%N)
# Once, for what was asked for and not for a part of it.
TIMES = $(if $(filter $@,$(MAKECMDGOALS)),.make/times $@)

# How long `make fuzz` feeds each target, `make fuzz-module` plays, and `make soak` calls each gateway.
SECONDS := 60

.PHONY: help run tour test test-all check fmt lint test-core docs nostd cost abi test-workspace page
.PHONY: test-envoy test-worker e2e edge fuzz fuzz-module soak bench bench-envoy bench-edge wasm worker schema clean

help: ## this list
	@echo "make TARGET, one of:"
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

## Look

run: ## Envoy, an application and a local Opik, all here: requests and their traces; until Ctrl-C
	@.make/run

tour: ## the core alone: requests as they come in, and what goes upstream
	@$(STAGE) cargo run --quiet --example tour

## Prove

test: check test-workspace test-envoy test-worker ## what must hold before a change lands: everything but the slow half
	@$(TIMES)

test-all: check test-workspace e2e edge page fuzz-module soak ## everything, as CI runs it
	@$(TIMES)

check: fmt lint test-core docs nostd cost abi ## the part without Envoy and workerd: style, the core, documentation, no_std, cost and ABI of the filter
	@$(TIMES)

fmt: ## the formatting is rustfmt's
	@$(STAGE) cargo fmt --all --check

lint: ## clippy, and the rules of tests/house: arrows between rooms, names, lengths
	@$(STAGE) cargo clippy --workspace --all-targets -- -D warnings
	@$(STAGE) cargo run --quiet --example house

test-core: ## the core's tests alone
	@$(STAGE) cargo test

docs: ## the documentation builds without a warning
	@$(STAGE) env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

nostd: ## the core builds against core and alloc alone, without std
	@$(STAGE) .make/nostd

cost: ## fuel, host calls and bytes of a request in the shipped filter, against tests/cost/budget.json
	@$(STAGE) .make/cost

abi: ## callbacks and answers, right and wrong, through the shipped filter: no trap, exact counters; the corpus and 1,000 new sequences
	@$(STAGE) .make/abi replay

test-workspace: ## the tests of the other crates
	@$(STAGE) cargo test --workspace --exclude gatespan

page: ## the page of `make run` in headless Chromium; pictures in target/page, those of README also in docs/ with KEEP=1
	@$(STAGE) .make/page

# What `make test` runs of the tests through hosts: the scenario tables, the examples, and what a change of headers, spans,
# configuration, bodies or backends usually breaks. Left to `make test-all`: what waits for timeouts, updates, restarts and
# outages, what installs or deploys (SDKs, `make run`, wrangler), and the soaks. About a minute each.
TEST_ENVOY := scenarios examples headers ends genai genai_ways bedrock mcp redirects grpc_web protocols san secrets lilypad otlp_opik no_wait
TEST_WORKER := scenarios genai encodings mcp config untouched status

test-envoy: ## the tests through a real Envoy that a change breaks most often: TEST_ENVOY
	@$(STAGE) .make/e2e $(TEST_ENVOY:%=tests/e2e/test_%.py)

test-worker: ## the same through a real workerd: TEST_WORKER
	@$(STAGE) .make/edge-test $(TEST_WORKER:%=tests/edge/%.test.mjs)

# ARGS: what pytest takes, as in `make e2e ARGS='-k scenarios'`.
ARGS :=
e2e: ## all tests through a real Envoy; ARGS="-k NAME"
	@$(STAGE) .make/e2e $(ARGS)

# FILES: which of them, as in `make edge FILES=tests/edge/scenarios.test.mjs`.
FILES :=
edge: ## all tests through a real workerd; FILES=tests/edge/NAME.test.mjs
	@$(STAGE) .make/edge-test $(FILES)

fuzz: ## random bytes into each parser; SECONDS=60 for each target
	@$(STAGE) .make/fuzz $(SECONDS)

fuzz-module: ## new sequences of callbacks into the shipped filter; SECONDS=60, SEED=1 as in another run, KEEP=1 adds to the corpus
	@$(STAGE) .make/abi explore $(SECONDS)

soak: ## a steady load through Envoy, then workerd, while a collector goes through every trouble; SECONDS=60 for each
	@$(STAGE) .make/soak $(SECONDS)

## Measure

bench: ## how fast a request is decided, beside OpenTelemetry's propagator
	@$(STAGE) cargo bench -p gatespan-peers

bench-envoy: ## CPU per request of a real Envoy with the filter, beside Envoy's own tracer and filters; ROUNDS=11
	@$(STAGE) .make/bench-envoy

bench-edge: ## CPU per request of the Worker, beside a bare proxy and a twin by hand
	@$(STAGE) .make/edge-bench

## Make

wasm: ## the filter as Envoy loads it: dist/gatespan.wasm
	@$(STAGE) .make/wasm

worker: ## the Worker as it is deployed: dist/worker/
	@$(STAGE) .make/worker

# By way of a second file: a failed run must not leave an empty schema behind.
schema: ## write envoy/gatespan.schema.json from the table of keys
	@mkdir -p target envoy
	@cargo run -q --example schema > target/gatespan.schema.json
	@mv target/gatespan.schema.json envoy/gatespan.schema.json

clean: ## remove everything built here; the per-user cache stays
	@cargo clean
	@rm -rf dist tests/fuzz/target
