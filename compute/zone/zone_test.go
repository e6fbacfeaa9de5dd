// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"selfsame"
)

var update = flag.Bool("update", false, "rewrite testdata")

const day, hour, minute = selfsame.DayLength, selfsame.Hour, selfsame.Minute

func load(t testing.TB, name string) *Zone {
	t.Helper()
	z, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// oracle returns Go's view of the same bytes.
func oracle(t testing.TB, name string) *time.Location {
	t.Helper()
	f, err := database.files[name].Open()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocationFromTZData(name, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t testing.TB, s string) int64 {
	t.Helper()
	v, err := time.Parse("2006-01-02T15:04:05.999999Z07:00", s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixMicro()
}

func naive(t testing.TB, s string) int64 { t.Helper(); return at(t, s+"Z") }

func TestOffsetEqualsGo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range Names() {
		z, loc := load(t, name), oracle(t, name)
		check := func(us int64) {
			t.Helper()
			_, want := time.UnixMicro(us).In(loc).Zone()
			if got := z.Offset(us); got != int64(want)*selfsame.Second {
				t.Fatalf("%s at %d: offset %d, want %d s", name, us, got, want)
			}
		}
		for _, s := range z.starts[1:] {
			check(s - 1)
			check(s)
			check(s + 1)
		}
		for range 300 {
			check(r.Int64N(600*365*day) - 130*365*day)     // 1840 to 2440
			check(r.Int64N(100000*365*day) - 2000*365*day) // far in the future
		}
		for _, us := range []int64{-1 << 56, 0, tableEnd - 1, tableEnd, tableEnd + 1, tableEnd + cycle} {
			check(us)
		}
	}
}

func TestUTCReadsNaiveTimes(t *testing.T) {
	for _, c := range []struct {
		zone, local, want string
		how               Reading
	}{
		{"UTC", "2024-03-10T02:30:00", "2024-03-10T02:30:00Z", Unique},
		{"America/New_York", "2024-03-10T01:59:59.999999", "2024-03-10T06:59:59.999999Z", Unique},
		{"America/New_York", "2024-03-10T02:00:00", "2024-03-10T07:00:00Z", Gap},
		{"America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:30:00Z", Gap},
		{"America/New_York", "2024-03-10T03:00:00", "2024-03-10T07:00:00Z", Unique},
		{"America/New_York", "2024-11-03T00:59:59.999999", "2024-11-03T04:59:59.999999Z", Unique},
		{"America/New_York", "2024-11-03T01:00:00", "2024-11-03T05:00:00Z", Ambiguous},
		{"America/New_York", "2024-11-03T01:59:59.999999", "2024-11-03T05:59:59.999999Z", Ambiguous},
		{"America/New_York", "2024-11-03T02:00:00", "2024-11-03T07:00:00Z", Unique},
		{"Europe/Berlin", "3024-03-31T02:30:00", "3024-03-31T00:30:00Z", Unique}, // not the last Sunday of that year
		{"Europe/Berlin", "2424-03-31T02:30:00", "2424-03-31T01:30:00Z", Gap},
		{"Europe/Berlin", "2824-03-31T02:30:00", "2824-03-31T01:30:00Z", Gap},
		{"Europe/Berlin", "2824-10-27T02:30:00", "2824-10-27T00:30:00Z", Ambiguous},
		{"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z", Gap}, // a day that never was
		{"Pacific/Kwajalein", "1969-09-30T12:00:00", "1969-09-30T01:00:00Z", Ambiguous},
		{"America/New_York", "1883-11-18T12:00:00", "1883-11-18T16:56:02Z", Ambiguous},
	} {
		got, how := load(t, c.zone).UTC(naive(t, c.local))
		if want := at(t, c.want); got != want || how != c.how {
			t.Errorf("%s %s: %s, reading %d; want %s, reading %d", c.zone, c.local,
				time.UnixMicro(got).UTC().Format(time.RFC3339Nano), how, c.want, c.how)
		}
	}
}

// TestUTCEqualsBruteForce tries every offset that the zone ever had.
func TestUTCEqualsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range Names() {
		z := load(t, name)
		for range 200 {
			local := r.Int64N(700*365*day) - 130*365*day
			if n := len(z.starts); n > 1 && r.IntN(2) == 0 {
				local = z.starts[1+r.IntN(n-1)] + r.Int64N(4*day) - 2*day
			}
			want, hits := int64(math.MaxInt64), 0
			seen := map[int64]bool{}
			for _, off := range z.offsets {
				if !seen[off] && z.Local(local-off) == local {
					want = min(want, local-off)
					hits++
				}
				seen[off] = true
			}
			got, how := z.UTC(local)
			switch {
			case hits == 0 && how != Gap, hits == 1 && how != Unique, hits > 1 && how != Ambiguous, hits > 0 && got != want:
				t.Fatalf("%s, local %d: %d, reading %d; %d hits, the first %d", name, local, got, how, hits, want)
			case hits == 0 && (z.Offset(got-2*day) != local-got && !hadOffset(z, got, local-got)):
				t.Fatalf("%s, local %d in a gap: %d is not read with the offset before it", name, local, got)
			}
		}
	}
}

// hadOffset reports whether a segment that ends within two days before or at t has offset off.
func hadOffset(z *Zone, t, off int64) bool {
	for i := 1; i < len(z.starts); i++ {
		if z.starts[i] <= t && t-z.starts[i] < 2*day && z.offsets[i-1] == off {
			return true
		}
	}
	return false
}

func TestStarts(t *testing.T) {
	for _, c := range []struct {
		zone string
		unit selfsame.CalendarUnit
		at   string
		want string
	}{
		{"UTC", selfsame.Day, "1969-12-31T23:59:59.999999Z", "1969-12-31T00:00:00Z"},
		{"UTC", selfsame.Week, "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z"},
		{"UTC", selfsame.Week, "1970-01-05T00:00:00Z", "1970-01-05T00:00:00Z"},
		{"Europe/Berlin", selfsame.Day, "2024-03-31T12:00:00Z", "2024-03-30T23:00:00Z"},
		{"Europe/Berlin", selfsame.Day, "2024-10-27T23:00:00Z", "2024-10-27T23:00:00Z"},
		{"Europe/Berlin", selfsame.Month, "2024-10-27T23:00:00Z", "2024-09-30T22:00:00Z"},
		{"Europe/Berlin", selfsame.Year, "2024-10-27T23:00:00Z", "2023-12-31T23:00:00Z"},
		// Clocks in Beirut go from 00:00 to 01:00: the midnight does not exist.
		{"Asia/Beirut", selfsame.Day, "2024-03-31T12:00:00Z", "2024-03-30T22:00:00Z"},
		// Clocks in Havana go from 01:00 back to 00:00: midnight twice, the first is the start.
		{"America/Havana", selfsame.Day, "2024-11-03T05:30:00Z", "2024-11-03T04:00:00Z"},
		// Clocks in Toronto went from 00:01 back to 23:01 of the day before; the new date had been reached.
		{"America/Toronto", selfsame.Day, "1991-10-27T04:30:00Z", "1991-10-27T04:00:00Z"},
		{"America/St_Johns", selfsame.Day, "2010-11-07T03:00:00Z", "2010-11-07T02:30:00Z"},
		{"Pacific/Apia", selfsame.Day, "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z"},
		{"America/St_Johns", selfsame.Day, "2811-11-04T12:00:00Z", "2811-11-04T02:30:00Z"},
	} {
		got := load(t, c.zone).Start(c.unit, at(t, c.at))
		if want := at(t, c.want); got != want {
			t.Errorf("%s, unit %d at %s: %s, want %s", c.zone, c.unit, c.at, time.UnixMicro(got).UTC().Format(time.RFC3339Nano), c.want)
		}
	}
}

// TestStartEqualsBruteForce compares Date and the starts with their definitions, by stepping through every change of a zone.
func TestStartEqualsBruteForce(t *testing.T) {
	walked := map[string]bool{} // many names are links to one table
	for _, name := range Names() {
		z := load(t, name)
		if table := fmt.Sprint(z.starts, z.offsets); walked[table] {
			continue
		} else {
			walked[table] = true
		}
		for i := 1; i < len(z.starts); i++ {
			if z.starts[i] > Days(2010, 1, 1)*day && i%37 != 0 {
				continue
			}
			dayByDay(t, z, z.starts[i])
		}
	}
}

// dayByDay walks two days before to two days after a change in steps of 20 minutes, which meets every local half hour.
func dayByDay(t *testing.T, z *Zone, change int64) {
	t.Helper()
	last := int64(math.MinInt64)
	for s := change - 3*day; s < change+2*day; s += 20 * minute {
		date := floorDiv(z.Local(s), day)
		if date > last {
			last = date
		}
		if s < change-day {
			continue
		}
		if got := z.Date(s); got != last && !between(z, s, got) {
			t.Fatalf("%s at %d: date %d, want %d", z.name, s, got, last)
		}
		first := z.StartOfDay(s)
		if first > s || z.Date(first) != z.Date(s) || z.Date(first-1) >= z.Date(s) {
			t.Fatalf("%s at %d: %d is not the first instant of date %d", z.name, s, first, z.Date(s))
		}
	}
}

// between reports whether date was reached by an instant in the twenty minutes before s, which the walk stepped over.
func between(z *Zone, s, date int64) bool {
	for u := s - 2*day; u <= s; u += selfsame.Second {
		if floorDiv(z.Local(u), day) == date {
			return true
		}
	}
	return false
}

func TestExtremesSaturate(t *testing.T) {
	for _, name := range []string{"UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Europe/Berlin"} {
		z := load(t, name)
		for _, us := range []int64{math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 3*hour, math.MaxInt64 - 3*hour, math.MaxInt64 - 1, math.MaxInt64} {
			for _, unit := range []selfsame.CalendarUnit{selfsame.Day, selfsame.Week, selfsame.Month, selfsame.Year} {
				start := z.Start(unit, us)
				if start > us || us > math.MinInt64+400*day && us-start > 367*day {
					t.Errorf("%s, unit %d at %d: start %d", name, unit, us, start)
				}
			}
			if got, _ := z.UTC(us); (got < 0) != (us < 0) {
				t.Errorf("%s: local %d is %d", name, us, got)
			}
			if got := z.Local(us); (got < 0) != (us < 0) {
				t.Errorf("%s: %d is local %d", name, us, got)
			}
		}
	}
}

func TestCivil(t *testing.T) {
	for date := Days(-801, 1, 1); date < Days(2405, 1, 1); date++ {
		y, m, d := Civil(date)
		if Days(y, m, d) != date {
			t.Fatalf("date %d is %d-%d-%d and back %d", date, y, m, d, Days(y, m, d))
		}
		want := time.Unix(date*86400, 0).UTC()
		wy, ww := want.ISOWeek()
		gy, gw := ISOWeek(date)
		if int(y) != want.Year() || m != int(want.Month()) || d != want.Day() || YearDay(date) != want.YearDay() ||
			int(gy) != wy || gw != ww || Weekday(date)%7 != int(want.Weekday()) {
			t.Fatalf("date %d: %d-%d-%d, day %d, week %d of %d, weekday %d; want %v", date, y, m, d, YearDay(date), gw, gy, Weekday(date), want)
		}
	}
	for _, date := range []int64{math.MinInt64 / day, math.MaxInt64 / day} {
		if y, m, d := Civil(date); Days(y, m, d) != date {
			t.Errorf("date %d is %d-%d-%d", date, y, m, d)
		}
	}
}

func TestLoadNamesTheNearest(t *testing.T) {
	for name, hint := range map[string]string{
		"Europe/Berln":     "Europe/Berlin",
		"europe/berlin":    "Europe/Berlin",
		"Berlin":           "Europe/Berlin",
		"America/New York": "America/New_York",
		"utc":              "UTC",
		"Moon/Mare":        "IANA names",
		"":                 "IANA names",
		"../etc/passwd":    "IANA names",
	} {
		_, err := Load(name)
		var e *selfsame.Error
		if !errors.As(err, &e) || e.Class != selfsame.ClassDefinition || !strings.Contains(e.Hint, hint) {
			t.Errorf("Load(%q): %v, want a hint at %s", name, err, hint)
		}
	}
}

// TestGolden pins the database: its checksum, its version, and the offsets of every zone.
func TestGolden(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version %s\narchive %x\n", Version(), sha256.Sum256(archive))
	for _, name := range Names() {
		z := load(t, name)
		h := sha256.New()
		for i := range z.starts {
			fmt.Fprintf(h, "%d %d\n", z.starts[i], z.offsets[i])
		}
		fmt.Fprintf(&b, "%s %d %x\n", name, len(z.starts), h.Sum(nil)[:8])
	}
	const path = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(b.Bytes(), want) {
		return
	}
	got := bufio.NewScanner(&b)
	for line := range strings.Lines(string(want)) {
		if got.Scan(); got.Text() != strings.TrimSuffix(line, "\n") {
			t.Fatalf("got %q, want %q", got.Text(), line)
		}
	}
	t.Fatal("there are more zones than in testdata/golden.txt")
}

func BenchmarkLoad(b *testing.B) {
	load(b, "America/New_York")
	f := database.files["America/New_York"]
	for b.Loop() {
		if _, err := read("America/New_York", f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOffset(b *testing.B) {
	z := load(b, "America/New_York")
	r := rand.New(rand.NewPCG(5, 6))
	ts := make([]int64, 1024)
	for i := range ts {
		ts[i] = r.Int64N(80 * 365 * day)
	}
	var sum, i int64
	for b.Loop() {
		sum += z.Offset(ts[i&1023])
		i++
	}
	sink = sum
}

func BenchmarkStartOfDay(b *testing.B) {
	z := load(b, "America/New_York")
	var sum int64
	for t := int64(0); b.Loop(); t += 7919 * selfsame.Second {
		sum += z.StartOfDay(t % (80 * 365 * day))
	}
	sink = sum
}

var sink int64
