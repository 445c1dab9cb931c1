.PHONY: help build run test race lint fuzz bench peers real acceptance ci

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

build: ## bin/slipway, static
	CGO_ENABLED=0 go build -o bin/slipway ./cmd/slipway

run: ## the main job: run the example's workflow on this machine
	go run ./cmd/slipway run -C examples/hello

test: ## all tests
	go test ./...

race: ## all tests under the race detector
	go test -race ./...

lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME (20s)
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
		done; done

bench: ## slipway against the bare processes and the peers that are installed
	go run ./bench
	go test -run '^$$' -bench 'Read|Nodes|Eval' -benchtime 2s ./internal/expr ./internal/workflow

peers: ## build the peers the benchmark knows into .bench/bin
	GOBIN=$(CURDIR)/.bench/bin go install github.com/nektos/act@v0.2.89
	-GOBIN=$(CURDIR)/.bench/bin go install gitea.com/gitea/runner@v1.0.8
	-GOBIN=$(CURDIR)/.bench/bin go install go.woodpecker-ci.org/woodpecker/v3/cmd/cli@v3.17.0

real: ## public projects' own workflows; MIRRORS=DIR holds owner/repo.git
	@test -n "$(MIRRORS)" || { echo "usage: make real MIRRORS=DIR"; exit 2; }
	scripts/real "$(MIRRORS)"

acceptance: build ## the black-box scripts beside the checkout
	scripts/acceptance bin/slipway

ci: ## what CI runs
	.ci/run
