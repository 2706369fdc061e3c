# What there is to do here. The logic is in scripts/, so that it also runs without make.

# Where rustup puts cargo, for the first run after scripts/setup.sh installed it.
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: help build fmt lint deny test demo runbook bench fuzz soak planted versions check clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

build: ## the release binary: target/release/cutover
	cargo build --locked --release

fmt: ## format the code
	cargo fmt --all

lint: ## clippy, warnings are errors
	cargo clippy --locked --all-targets -- -D warnings

deny: ## licences, sources and known holes of what is built in; needs cargo-deny and the network
	sh scripts/deny.sh

test: ## set up what is missing, then all tests
	sh scripts/setup.sh
	sh scripts/test.sh

demo: ## make two SQLite files and move them into a local PostgreSQL
	sh scripts/setup.sh
	sh scripts/demo.sh

runbook: ## the whole day of docs/runbook.md with the example application, every command timed
	sh scripts/setup.sh
	sh scripts/runbook.sh

bench: ## how fast copies are on this machine, beside other ways; about 25 minutes
	sh scripts/setup.sh
	sh scripts/bench.sh

fuzz: ## every fuzz target for a minute; needs nightly and cargo-fuzz
	sh scripts/fuzz.sh

soak: ## random kills, resumes and faults against a model, for MINUTES (60)
	sh scripts/setup.sh
	sh scripts/soak.sh $(or $(MINUTES),60)

planted: ## plant one bug after the other and see that the tests find it
	sh scripts/setup.sh
	sh scripts/planted.sh

versions: ## the tests against PostgreSQL 13 and 18; needs npm
	sh scripts/versions.sh

check: ## everything CI checks: format, lints, documentation, tests, small demo
	sh scripts/setup.sh
	sh scripts/check.sh

clean: ## remove what was built and the demo's files
	cargo clean
	rm -rf demo runbook
