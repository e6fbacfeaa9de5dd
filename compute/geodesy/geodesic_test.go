// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package geodesy

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestKnown has lengths that GeographicLib gives; compute/expr/testdata holds many more.
func TestKnown(t *testing.T) {
	for _, c := range []struct{ lat1, lon1, lat2, lon2, metres float64 }{
		{0, 0, 0, 90, 10018754.171394622},
		{90, 0, -90, 0, 20003931.458625448},
		{0, 0, 0, 180, 20003931.458625448},
		{-30, 0, 30, 180, 20003931.458625448},
		{12, 34, 12, 34, 0},
	} {
		if got := Distance(c.lat1, c.lon1, c.lat2, c.lon2); math.Abs(got-c.metres) > 1e-6 {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := Distance(math.NaN(), 0, 0, 0); got == got {
		t.Errorf("NaN gives %v", got)
	}
}

// TestDistanceIsOne holds the distance to what every distance is: symmetric, the same after a turn of the globe and on the other
// hemisphere, at most half a meridian, and no longer than over a third point.
func TestDistanceIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat := func(name string) float64 {
			return rapid.OneOf(rapid.Float64Range(-90, 90), rapid.Float64Range(-1e-6, 1e-6)).Draw(t, name)
		}
		lon := func(name string) float64 {
			return rapid.OneOf(rapid.Float64Range(-180, 180), rapid.Float64Range(179, 181)).Draw(t, name)
		}
		a, b, c, d := lat("lat1"), lon("lon1"), lat("lat2"), lon("lon2")
		metres := Distance(a, b, c, d)
		if !(metres >= 0 && metres <= 20003931.4587) {
			t.Fatalf("%v metres", metres)
		}
		for _, same := range []float64{Distance(c, d, a, b), Distance(-a, b, -c, d), Distance(a, -b, c, -d)} {
			if math.Abs(same-metres) > 1e-6 {
				t.Fatalf("%v and %v metres", metres, same)
			}
		}
		e, f := lat("lat3"), lon("lon3")
		if over := Distance(a, b, e, f) + Distance(e, f, c, d); over < metres-1e-6 {
			t.Fatalf("%v metres, %v over a third point", metres, over)
		}
	})
}

func BenchmarkDistance(b *testing.B) {
	for _, c := range []struct {
		name string
		lon  float64
	}{{"far", 100}, {"opposite", 179.8}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				Distance(-30, 0, 29.9, c.lon)
			}
		})
	}
}
