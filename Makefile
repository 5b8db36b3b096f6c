# All commands of this repository. A target is one line; anything longer is a script in .make/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Cargo uses all cores itself, and the output of the stages stays in order.
.NOTPARALLEL:

STAGE = .make/stage $@
# Identifies this run in target/times.
export RUN := $(shell date +%s.%N)
# Prints the times of all stages, only for the target on the command line.
TIMES = $(if $(filter $@,$(MAKECMDGOALS)),.make/times $@)

# The duration of `make fuzz` (each target), `make fuzz-module` and `make soak` (each host).
SECONDS := 60

.PHONY: help run tour test test-all check fmt lint test-core docs nostd cost abi test-workspace page
.PHONY: test-envoy test-worker e2e edge fuzz fuzz-module soak bench bench-envoy bench-edge wasm worker schema clean

help: ## print this list
	@echo "make TARGET, one of:"
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

## Try

run: ## Envoy, an application and a local trace viewer: requests and their traces, until Ctrl-C
	@.make/run

tour: ## the core alone: requests, and the headers that go upstream
	@$(STAGE) cargo run --quiet --example tour

## Test

test: check test-workspace test-envoy test-worker ## what must pass before a change lands: everything except the slow half
	@$(TIMES)

test-all: check test-workspace e2e edge page fuzz-module soak ## everything, as CI runs it
	@$(TIMES)

check: fmt lint test-core docs nostd cost abi ## the part without Envoy and workerd: style, the core, documentation, no_std, cost and ABI of the filter
	@$(TIMES)

fmt: ## rustfmt, check only
	@$(STAGE) cargo fmt --all --check

lint: ## clippy, and the rules of tests/house: arrows between rooms, names, lengths
	@$(STAGE) cargo clippy --workspace --all-targets -- -D warnings
	@$(STAGE) cargo run --quiet --example house

test-core: ## the tests of the core
	@$(STAGE) cargo test

docs: ## rustdoc without warnings
	@$(STAGE) env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

nostd: ## the core builds without std
	@$(STAGE) .make/nostd

cost: ## fuel, host calls and bytes of a request in the shipped filter, compared with tests/cost/budget.json
	@$(STAGE) .make/cost

abi: ## right and wrong sequences of callbacks on the shipped filter: no crash, exact counters; the corpus and 1,000 new ones
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

# ARGS: arguments of pytest, such as `make e2e ARGS='-k scenarios'`.
ARGS :=
e2e: ## all tests through a real Envoy; ARGS="-k NAME"
	@$(STAGE) .make/e2e $(ARGS)

# FILES: some of them, such as `make edge FILES=tests/edge/scenarios.test.mjs`.
FILES :=
edge: ## all tests through a real workerd; FILES=tests/edge/NAME.test.mjs
	@$(STAGE) .make/edge-test $(FILES)

fuzz: ## random bytes into each parser; SECONDS=60 for each target
	@$(STAGE) .make/fuzz $(SECONDS)

fuzz-module: ## new sequences of callbacks on the shipped filter; SECONDS=60, SEED=1 repeats a run, KEEP=1 adds to the corpus
	@$(STAGE) .make/abi explore $(SECONDS)

soak: ## a steady load through Envoy, then workerd, while a backend fails in every way; SECONDS=60 for each
	@$(STAGE) .make/soak $(SECONDS)

## Measure

bench: ## the time of a decision, compared with OpenTelemetry's propagator
	@$(STAGE) cargo bench -p gatespan-peers

bench-envoy: ## CPU per request of a real Envoy with the filter, compared with Envoy's own tracer and filters; ROUNDS=11
	@$(STAGE) .make/bench-envoy

bench-edge: ## CPU per request of the Worker, compared with a bare proxy and hand-written code
	@$(STAGE) .make/edge-bench

## Build

wasm: ## the filter as Envoy loads it: dist/gatespan.wasm
	@$(STAGE) .make/wasm

worker: ## the Worker as it is deployed: dist/worker/
	@$(STAGE) .make/worker

# Through a second file: a failed run must not leave an empty schema.
schema: ## write envoy/gatespan.schema.json from the table of keys
	@mkdir -p target envoy
	@cargo run -q --example schema > target/gatespan.schema.json
	@mv target/gatespan.schema.json envoy/gatespan.schema.json

clean: ## remove everything that was built; the cache in your home directory stays
	@cargo clean
	@rm -rf dist tests/fuzz/target
