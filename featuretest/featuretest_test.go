// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	_ "time/tzdata" // the oracle's zones, apart from the engine's

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
)

var (
	floatType  = selfsame.Scalar(selfsame.Float64)
	stringType = selfsame.Scalar(selfsame.String)
)

var rewrite = flag.Bool("rewrite", false, "write the engine's answers into testdata, and the matrix into docs")

// TestMain lets garbage gather, which these small worlds make much of, and has thirty cases drawn where nobody asks for a number: make nightly
// asks for more.
func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// choices returns a pick for Generate that draws; after the last choice, of which there are least to twice as many, everything is the first.
func choices(rt *rapid.T, least int) func(n int) int {
	picks := rapid.SliceOfN(rapid.Uint16(), least, 2*least).Draw(rt, "picks")
	return func(n int) int {
		if len(picks) == 0 {
			return 0
		}
		p := int(picks[0]) % n
		picks = picks[1:]
		return p
	}
}

func scripts(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.test"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	out := map[string]string{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = string(src)
	}
	return out
}

// TestScripts puts every script to the oracle and to the batch driver.
func TestScripts(t *testing.T) {
	t.Parallel()
	for file, text := range scripts(t) {
		for _, e := range []Engine{Oracle{}, Batch{Options: batch.Options{Threads: 1}}} {
			t.Run(filepath.Base(file)+"/"+e.Name(), func(t *testing.T) {
				s, err := Parse(file, text)
				if err != nil {
					t.Fatal(err)
				}
				r := &Runner{Define: definition.Parse, Engine: e}
				if _, batch := e.(Batch); batch && *rewrite {
					out, err := Rewrite(t.Context(), r, s)
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				res, err := r.Run(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range res.Failures {
					t.Error(f)
				}
				if _, oracle := e.(Oracle); !oracle && res.Open > 0 {
					t.Errorf("%d expected values were not answered", res.Open)
				}
				if res.Checked == 0 {
					t.Error("nothing was compared")
				}
			})
		}
	}
}

// TestBatchEqualsOracle draws definitions, logs and questions (P2). A failure shrinks and prints a script.
func TestBatchEqualsOracle(t *testing.T) {
	t.Parallel()
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := Generate(choices(rt, 300), Shape{})
		diff, n, err := Disagreement(context.Background(), definition.Parse, Batch{Options: batch.Options{Threads: 1}}, Oracle{}, text)
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		if diff != "" {
			rt.Fatalf("batch and oracle differ\n%s", diff)
		}
		compared += n
	})
	if compared < 100 {
		t.Errorf("only %d values were compared", compared)
	}
}

// TestMatrix puts every aggregate over every window under every kind of knowledge to the batch driver, to the stream and request drivers and
// to the oracle, and holds docs/matrix.md to the outcome.
func TestMatrix(t *testing.T) {
	t.Parallel()
	rows := make([][]MatrixCell, len(Aggregates))
	t.Run("of", func(t *testing.T) {
		for i, a := range Aggregates {
			t.Run(a, func(t *testing.T) {
				t.Parallel()
				for k := Known; k <= Retracted; k++ {
					rows[i] = append(rows[i], matrixRow(t, a, k)...)
				}
				rows[i] = append(rows[i], onlineRow(t, a)...)
				for k := Known; k <= Retracted; k++ {
					rows[i] = append(rows[i], labelRow(t, a, k)...)
				}
				rows[i] = append(rows[i], unservedRow(t, a)...)
			})
		}
	})
	if t.Failed() {
		return // a row is not whole
	}
	cells := slices.Concat(rows...)
	for _, c := range cells {
		if !c.Pass && c.Refused == "" {
			t.Errorf("%s over %s, %s, online %v: the engine and the oracle differ", c.Aggregate, c.Window, c.Knowledge, c.Online)
		}
	}
	path := filepath.Join("..", "docs", "matrix.md")
	want := Matrix(cells)
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/matrix.md is stale: run go test ./featuretest -run TestMatrix -rewrite")
	}
}

// matrixRow runs a few seeds of one aggregate over all windows.
func matrixRow(t *testing.T, aggregate string, k Knowledge) []MatrixCell {
	t.Helper()
	failed := map[string]bool{}
	for seed := range uint64(4) {
		matrixCase(t, seed, Shape{Aggregates: []string{aggregate}, Windows: Windows, Knowledge: k}, Batch{Options: batch.Options{Threads: 1}}, Oracle{}, failed)
	}
	var out []MatrixCell
	for _, w := range Windows {
		out = append(out, MatrixCell{Aggregate: aggregate, Window: w, Knowledge: k, Pass: !failed[w]})
	}
	return out
}

// onlineRow is matrixRow through the log, the stream driver and the request driver.
func onlineRow(t *testing.T, aggregate string) []MatrixCell {
	t.Helper()
	failed := map[string]bool{}
	for k := Known; k <= Retracted; k++ {
		matrixCase(t, 5, Shape{Aggregates: []string{aggregate}, Windows: Windows, Knowledge: k}, live{Stream{}, nil, false}, live{Oracle{}, nil, false}, failed)
	}
	var out []MatrixCell
	for _, w := range Windows {
		out = append(out, MatrixCell{Aggregate: aggregate, Window: w, Online: true, Pass: !failed[w]})
	}
	return out
}

// matrixCase notes the windows in which two engines differ over one drawn case.
func matrixCase(t *testing.T, seed uint64, shape Shape, got, want Engine, failed map[string]bool) {
	t.Helper()
	compareWindows(t, shape, Generate(rand.New(rand.NewPCG(seed, uint64(shape.Knowledge))).IntN, shape), got, want, failed)
}

// compareWindows notes the windows of a shape in which two engines differ over a script of it.
func compareWindows(t *testing.T, shape Shape, text string, got, want Engine, failed map[string]bool) {
	t.Helper()
	diff, compared, err := Disagreement(t.Context(), definition.Parse, got, want, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if compared == 0 {
		t.Fatalf("%v: the oracle answered nothing", shape.Aggregates)
	}
	if diff == "" {
		return
	}
	t.Logf("%v, %s, %s\n%s", shape.Aggregates, shape.Knowledge, got.Name(), diff)
	for i, w := range shape.Windows {
		if strings.Contains(diff, "v__a"+itoa(i)+":") || strings.HasPrefix(diff, got.Name()+":") {
			failed[w] = true
		}
	}
}

func itoa(i int) string { return Format(integer(int64(i))) }

func TestParseNamesFileAndLine(t *testing.T) {
	cases := map[string]string{
		"":                                   "x.test:1: the script is empty",
		"  lost\n":                           "x.test:1: an indented line outside a section",
		"nonsense\n":                         "x.test:1: no such section: nonsense",
		"events\n  a\n":                      "x.test:1: events needs the name of a source",
		"events e\n  a b\n  1\n":             "x.test:3: 1 cells below a header of 2",
		"events e\n":                         "x.test:1: the section has no table",
		"ask s sometimes\n  T\n":             "x.test:1: unknown word in ask: sometimes",
		"ask s as_of soon\n  T\n":            "x.test:1: as_of needs a duration",
		"case unquoted\n":                    "x.test:1: a case needs a quoted name",
		"events e\n  a b\n  {1..2} {1..3}\n": "x.test:3: two different ranges in one row",
		"events e\n  a\n  {3..1}\n":          "x.test:3: {3..1} is not a range",
		"ask s\n  T | x\n  2024-01-01 1 |\n": "x.test:3: 2 cells below a header of 2",
		"refused nothing\n":                  "x.test:1: refused needs a quoted text",
	}
	for text, want := range cases {
		_, err := Parse("x.test", text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestScriptsFailWhenValuesDiffer shows that a wrong expectation fails, and at its line.
func TestScriptsFailWhenValuesDiffer(t *testing.T) {
	const text = `definitions
  entities:
    user: {key: {u: string}}
  sources:
    e:
      schema: {u: string, x: float64, at: timestamp}
      event_time: at
      batch: {path: e.parquet}
  views:
    v:
      entity: user
      source: e
      features:
        s: sum(x)
  services:
    all: {features: ["v.*"]}
events e
  u  x    at
  a  0.1  2024-01-01
  a  0.2  2024-01-02
ask all
  u  T           |  s
  a  2024-02-01  |  0.3
  a  2024-01-02  |  0.1
  b  2024-01-02  |  0.0
`
	s, err := Parse("wrong.test", text)
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{Define: definition.Parse, Engine: Oracle{}}
	res, err := r.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range res.Failures {
		got = append(got, f.String())
	}
	want := "wrong.test:23: s: got 0.30000000000000004, want 0.3\nwrong.test:25: s: got null, want 0.0"
	if strings.Join(got, "\n") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	out, err := Rewrite(t.Context(), r, s)
	if err != nil {
		t.Fatal(err)
	}
	s, err = Parse("right.test", out)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := r.Run(t.Context(), s); err != nil || len(res.Failures) > 0 || res.Checked != 3 {
		t.Errorf("after Rewrite: got %v and %v, want three equal values", res, err)
	}
}

// FuzzParse: no script makes the parser panic.
func FuzzParse(f *testing.F) {
	f.Add("events e\n  a\n  {1..2}\n")
	f.Add("ask s final warns \"x\"\n  T | v\n  2024-01-01 | [1,2]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 || strings.Contains(text, "..") && len(text) > 200 {
			return
		}
		s, err := Parse("fuzz.test", text)
		if (s == nil) == (err == nil) {
			t.Fatalf("got %v and %v", s, err)
		}
	})
}

// TestRoundTrip: what Format prints, parseValue reads back to the same bits.
func TestRoundTrip(t *testing.T) {
	for _, cell := range []string{"0.1", "5e-324", "+Inf", "-Inf", "NaN", "1.7976931348623157e+308", "100000.0", "1e+16"} {
		v, err := parseValue(cell, floatType)
		if err != nil {
			t.Fatal(err)
		}
		if got := Format(v); got != cell {
			t.Errorf("%s: got %s", cell, got)
		}
	}
	for _, text := range []string{"", "a b", "null", "not_found", `quo"te`, "tab\there", "plain", "[1,2]", "#x", "|"} {
		v, err := parseValue(formatText(text), stringType)
		if err != nil || v.Str != text {
			t.Errorf("%q: got %q, %v", text, v.Str, err)
		}
	}
}
