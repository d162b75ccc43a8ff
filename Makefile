# SPDX-License-Identifier: Apache-2.0
# `make run` and `make test` each work alone on a fresh Debian 12 machine: tools/setup.sh says what is
# missing and installs it. `make help` lists the rest.

SHELL := /bin/bash
JOBS ?= $(shell nproc)
export PATH := $(CURDIR)/build/tools/node/bin:$(PATH)

.PHONY: help run build package test check sizes bench bench-store bench-query asan tsan fuzz deep crash attack format clean setup setup-test

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup:
	@tools/setup.sh build

setup-test:
	@tools/setup.sh build test

build: setup ## Build the Release binaries into build/release/bin
	@cmake --preset release >build/configure-release.log 2>&1 || { cat build/configure-release.log; exit 1; }
	@cmake --build --preset release -j $(JOBS)

package: build ## Debian packages of the library and the server, in build/release/packages
	@cd build/release && cpack

run: build ## Start Spandrel and the demo; Ctrl-C stops both
	@tools/run_demo.sh build/release/bin

test: setup-test ## Build and run every test
	@tools/run_tests.sh

check: setup-test ## Format, lint, layers, headers, mutexes, docs; TIDY=all lints what did not change, too
	@tools/check.sh

sizes: ## How long files and functions are; a report, not a gate
	@tools/report_sizes.py

bench: setup-test ## Measure, and print the figures as a table
	@cmake --preset bench >build/configure-bench.log 2>&1 || { cat build/configure-bench.log; exit 1; }
	@cmake --build --preset bench -j $(JOBS)
	@bench/run.py build/bench/bin

bench-store: setup-test ## Measure the store with 10 million spans; takes a while
	@cmake --preset bench >build/configure-bench.log 2>&1 || { cat build/configure-bench.log; exit 1; }
	@cmake --build --preset bench -j $(JOBS) --target spandrel query_bench log_fill seal_bench zstd_baseline
	@bench/store/run.py build/bench/bin

bench-query: setup-test ## Measure questions in TraceQL of a million spans
	@cmake --preset bench >build/configure-bench.log 2>&1 || { cat build/configure-bench.log; exit 1; }
	@cmake --build --preset bench -j $(JOBS) --target spandrel
	@bench/query/run.py build/bench/bin

asan: setup-test ## Unit tests with address and undefined-behaviour sanitizers
	@tools/run_sanitized.sh asan

tsan: setup-test ## Unit tests with the thread sanitizer
	@tools/run_sanitized.sh tsan

fuzz: setup-test ## Every fuzz target for FUZZ_SECONDS each (default 30)
	@tools/run_fuzz.sh

deep: setup-test ## Fuzzers, sanitizers and the speed gate against BASE (default: where the branch left main); hours
	@tools/run_deep.sh

crash: setup-test ## Every fault at every place, with a ledger of what was acknowledged (about half an hour)
	@cmake --preset crash >build/configure-crash.log 2>&1 || { cat build/configure-crash.log; exit 1; }
	@cmake --build --preset crash -j $(JOBS)
	@tests/crash/run.py build/crash long

attack: build ## Attack the server, with a table of results and bounds (minutes)
	@SPANDREL_BIN=$(CURDIR)/build/release/bin tests/attack/run.py long

# clang-format takes any file for C++; it must never be given Markdown.
format: ## Format the C++ sources in place
	@git ls-files --cached --others --exclude-standard '*.h' '*.cc' | xargs clang-format-14 -i

clean: ## Remove all build output
	@rm -rf build ui/dist
