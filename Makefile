# make demo    builds bin/selfsame and makes a training set from the flights that ship with the project
# make test    everything that CI runs
# make check   its quick part: format, vet, staticcheck, tests with the race detector
# make bench   workloads with peers beside them; make bench-large: 100 M events in 8 GB

GO ?= go
export CGO_ENABLED ?= 1

.PHONY: build demo check test examples gen fuzz bench bench-large leak clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/selfsame ./cmd/selfsame

demo: build
	bin/selfsame demo

check:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -race -tags invariants ./...

examples: build
	scripts/run_examples.sh

test: check examples

bench: build
	bench/run.sh

bench-large: build
	bench/run.sh large

leak: build
	scripts/leak_story.sh

clean:
	rm -rf bin out
