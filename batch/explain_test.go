// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"os"
	"strings"
	"testing"

	"selfsame"
)

func TestReasonsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	for r := ReasonArrivedLater; int(r) < len(reasons); r++ {
		if r.String() == "" || r.Title() == "" || !strings.Contains(string(doc), "`"+r.String()+"`") {
			t.Errorf("reason %d, %q (%q), is not in docs/explain.md", r, r, r.Title())
		}
	}
	if got := ReasonLater.String(); got != "later_version" || int(ReasonLater) != len(reasons)-1 {
		t.Errorf("the last reason is %q: words and reasons do not stand beside each other", got)
	}
}

func TestTimesOfExplanations(t *testing.T) {
	for span, want := range map[Span]string{0: "0s", 1: "1µs", 1500: "1.5ms", 59_999_999: "59.999999s", 60_000_000: "1m", 3_600_000_000: "1h", 3_660_000_000: "1h1m",
		3_601_000_000: "1h0m1s", 86_400_000_000: "1d", 93_784_000_000: "1d2h3m4s", 600_000_000: "10m", 36_000_000_000: "10h"} {
		if got := span.String(); got != want {
			t.Errorf("%d microseconds are %s, want %s", int64(span), got, want)
		}
	}
	if got := between(selfsame.MinTime, selfsame.MaxTime); int64(got) != selfsame.MaxTime {
		t.Errorf("the longest span is %d", got)
	}
}

func TestSameBits(t *testing.T) {
	float := func(f float64) selfsame.Value {
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: f}
	}
	tenth, fifth := 0.1, 0.2
	null := selfsame.Value{Type: float(0).Type, Status: selfsame.Null}
	for _, c := range []struct {
		a, b selfsame.Value
		same bool
	}{{float(0.3), float(tenth + fifth), false}, {float(0.3), float(0.3), true}, {null, null, true}, {null, float(0), false}} {
		if SameBits(c.a, c.b) != c.same {
			t.Errorf("%s and %s: same bits must be %v", Show(c.a), Show(c.b), c.same)
		}
	}
}
