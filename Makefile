# Everything a developer or CI does with Weir. `make help` lists the targets.
#
# Needs Go; `race` also a C compiler, `e2e` also Node 22 or later with npm, `lint` the Go module proxy once,
# `guests` clang 19, lld 19 and wabt.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s
BENCH ?= .
BENCHTIME ?= 100ms
ARGS ?=
# The platforms that `cross` builds.
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64

LINT_VERSION := v2.15.0
TOOLS := $(CURDIR)/.ci/tools
LINT := $(TOOLS)/golangci-lint-$(LINT_VERSION)

# What is shipped is built with these. The version is stamped by the linker; Go's own stamp fails in work trees that
# another user owns.
BUILD_FLAGS := -trimpath -buildvcs=false

# Vector instructions by simd/archsimd, an experiment of Go 1.26 for amd64: used where the toolchain has it, checked for
# at run time. `make SIMD=` builds without; so does a plain `go build`. `weir version` says which it was.
SIMD ?= $(shell GOEXPERIMENT=simd GOARCH=amd64 go list simd/archsimd >/dev/null 2>&1 && echo simd)
# What exists in two versions.
TWICE := ./host/signal/... ./host/dialect
# Packages that ./... leaves out, because they lie in testdata.
GUESTS := ./testdata/guests
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: help build run test race fuzz lint bench check cross e2e fmt vet guests clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the static binary ./weir
	GOEXPERIMENT=$(SIMD) CGO_ENABLED=0 go build $(BUILD_FLAGS) -ldflags '$(LDFLAGS)' -o weir ./cmd/weir

run: build ## serve; ARGS="--config FILE" for more than the embedded model
	./weir serve $(ARGS)

test: ## all tests
	go test ./... $(GUESTS)

race: ## all tests under the race detector, with vector instructions
	GOEXPERIMENT=$(SIMD) CGO_ENABLED=1 go test -race ./... $(GUESTS)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@GOEXPERIMENT=$(SIMD) .ci/fuzz $(FUZZTIME)

bench: ## every benchmark, briefly; BENCH=regexp, BENCHTIME=duration
	GOEXPERIMENT=$(SIMD) go test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime $(BENCHTIME) ./...

check: fmt vet lint test cross ## what a change must pass before it is proposed

fmt: ## fail when a file is not formatted
	@files=$$(gofmt -l cmd host testdata $(wildcard bench plugins sdk)); \
	if [[ -n "$$files" ]]; then echo "not formatted, run gofmt -w on:"; echo "$$files"; exit 1; fi

vet: ## go vet for every system that is built
	go vet ./... $(GUESTS)
	GOEXPERIMENT=$(SIMD) go vet $(TWICE)
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go vet $(BUILD_FLAGS) ./...

lint: $(LINT) ## golangci-lint with .golangci.yml
	$(LINT) run --allow-serial-runners ./... $(GUESTS)
	GOEXPERIMENT=$(SIMD) $(LINT) run --allow-serial-runners $(TWICE)

# Built from source by the module proxy; a minute or two the first time, then from Go's build cache.
$(LINT):
	@mkdir -p $(TOOLS)
	GOFLAGS= GOBIN=$(TOOLS) CGO_ENABLED=0 go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv $(TOOLS)/golangci-lint $@

cross: ## static binaries for every platform, in dist
	@for platform in $(PLATFORMS); do \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 GOEXPERIMENT=; \
		if [[ $$GOARCH == amd64 ]]; then GOEXPERIMENT=$(HAS_SIMD); fi; \
		echo "build $$platform"; \
		go build $(BUILD_FLAGS) ./...; \
		go build $(BUILD_FLAGS) -ldflags '$(LDFLAGS)' -o "dist/weir-$$GOOS-$$GOARCH" ./cmd/weir; \
	done

e2e: build ## the npm packages openai and @anthropic-ai/sdk through ./weir
	cd cmd/weir/e2e && npm ci --no-audit --no-fund && WEIR_BIN='$(CURDIR)/weir' npm test

guests: ## rebuild the plugins that ship and those of the tests; needs the compilers that the scripts name
	plugins/build.sh
	testdata/guests/build.sh

clean: ## remove what the targets leave behind
	rm -rf weir dist cmd/weir/e2e/node_modules
