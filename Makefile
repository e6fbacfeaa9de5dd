# make demo    builds bin/selfsame and makes a training set from the flights that ship with the project
# make live    serves the fraud example, replays its events while clients read, and audits every answer
# make test    everything that CI runs
# make check   its quick part: format, vet, staticcheck, tests with the race detector
# make gen     writes the documents that follow from code; make fuzz: ten seconds for each fuzz target
# make soak, make crash: a server under steady load for a minute, and one that is killed ten times; make nightly: twenty minutes and a hundred times
# make bench   workloads with peers beside them; make bench-large: 100 M events in 8 GB; make bench-aggregates: each aggregation by itself

GO ?= go

# The race detector needs a C compiler; Go fetches everything else itself.
RACE ?= $(shell command -v $${CC:-gcc} >/dev/null 2>&1 && echo -race)
export CGO_ENABLED := $(if $(RACE),1,0)

# The compiler is told where the time of training and serving goes: bench/profile.sh. Tests are built without, in half of the time.
FAST = -pgo=cmd/selfsame/cpu.pgo

.PHONY: build demo live check test examples gen proto fuzz soak crash nightly bench bench-large bench-aggregates leak clean

build:
	CGO_ENABLED=0 $(GO) build $(FAST) -trimpath -o bin/selfsame ./cmd/selfsame

demo: build
	bin/selfsame demo out/demo

live: build
	rm -rf out/live
	bin/selfsame demo --live out/live

check:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@if [ -z "$(RACE)" ]; then echo "no C compiler: the tests run without the race detector (install gcc)"; fi
	$(GO) test $(RACE) -tags invariants -timeout 40m ./...

examples: build
	scripts/run_examples.sh

test: check examples soak openlineage

# SOAK=20m, CRASHES=100: what make nightly does, and DRAWS=1000 random cases of each kind
SOAK ?= 60s
soak:
	$(GO) test -count=1 -v -timeout 90m ./e2e -run '^TestSoak$$' -soak $(SOAK)

CRASHES ?= 10
crash:
	$(GO) test -count=1 -v -timeout 90m ./e2e -run '^TestCrash$$' -crashes $(CRASHES)

# what is too long for CI; writes docs/nightly.md
nightly:
	e2e/nightly.sh

bench: build
	bench/run.sh

bench-large: build
	bench/run.sh large

bench-aggregates:
	$(GO) run $(FAST) ./bench/aggregates -write docs/benchmarks.md

leak: build
	scripts/leak_story.sh

# the documents and golden files that follow from code; review the difference
gen:
	$(GO) test -count=1 ./internal/gendocs -rewrite
	$(GO) test -count=1 ./definition -run 'TestSchemaIsCurrent' -rewrite
	$(GO) test -count=1 ./featuretest -run 'TestMatrix' -rewrite

# OpenLineage events against the specification's own client, whose classes are generated from its schemas; it fetches it from PyPI
OPENLINEAGE = lineage/openlineage/testdata
openlineage:
	python3 -m venv out/openlineage
	out/openlineage/bin/pip install -q openlineage-python==1.54.0
	out/openlineage/bin/python scripts/openlineage/check.py $(OPENLINEAGE)/start.json $(OPENLINEAGE)/complete.json $(OPENLINEAGE)/fail.json $(OPENLINEAGE)/empty.json $(EVENTS)
	out/openlineage/bin/python scripts/openlineage/check.py --selftest $(OPENLINEAGE)/complete.json
	out/openlineage/bin/python scripts/openlineage/check.py --selftest $(OPENLINEAGE)/fail.json

# the Go code of api/selfsame.proto, by generators at pinned versions; it fetches them
proto:
	cd scripts/proto && $(GO) run . ../../api selfsame.proto ../../api/selfsamev1

# ten seconds for each fuzz target; FUZZTIME=10m for a night
FUZZTIME ?= 10s
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

clean:
	rm -rf bin out
