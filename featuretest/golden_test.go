// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/request"
)

// The golden replay: a recorded log, the answers that were served from it, and the bytes of the log and of the online state that it made.
// go test ./featuretest -run TestGoldenReplay -rewrite records it anew, which a change of a value, of the log's form or of the rows' form needs,
// and which is then said in CHANGELOG.md.
const (
	goldenScript = "replay.test.gz" // events and questions with the values that were served
	goldenLog    = "log.gz"         // the blocks of the log, each behind its length (4 bytes, big-endian)
	goldenState  = "state.txt"      // a checksum of the rows of each view
)

func goldenPath(name string) string { return filepath.Join("testdata", "golden", name) }

func unpacked(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(goldenPath(name))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pack(t *testing.T, name string, text []byte) {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenPath(name), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recording is an Engine that keeps the bytes of the log and of the state beside the answers.
type recording struct {
	Stream
	log   []byte
	state string
}

// Ask replays the one world of a case, group by group.
func (r *recording) Ask(ctx context.Context, c *Case) (*Answer, error) {
	replays, err := c.replays()
	if err != nil {
		return nil, err
	}
	if len(replays) != 1 || replays[0].loads {
		return nil, fmt.Errorf("the golden log has a history beside it")
	}
	p, err := planOf(replays[0].project, c)
	if err != nil {
		return nil, err
	}
	out := &Answer{Rows: make([][]selfsame.Value, len(c.Rows))}
	for _, o := range p.Outputs {
		out.Outputs = append(out.Outputs, o.Name)
	}
	w := &streamWorld{replay: replays[0], plan: p, prepared: request.Prepare(p), counts: map[string]int{}, out: out}
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	defer w.close()
	done := map[inquiry]bool{}
	for {
		if err := w.askDue(ctx, done, false); err != nil {
			return nil, err
		}
		if w.appended == len(w.groups) {
			break
		}
		if err := w.append(ctx, &w.groups[w.appended]); err != nil {
			return nil, err
		}
		for _, b := range w.waiting {
			r.record(b)
		}
		if err := w.apply(ctx); err != nil {
			return nil, err
		}
	}
	r.state, err = w.sums(ctx)
	return out, err
}

func (r *recording) record(b *eventlog.Block) {
	at := len(r.log)
	r.log = append(r.log, 0, 0, 0, 0)
	r.log = eventlog.AppendBlock(r.log, b)
	binary.BigEndian.PutUint32(r.log[at:], uint32(len(r.log)-at-4))
}

// sums has a line for each state: its view, its entities, the bytes of its rows and their checksum in the order of entities and buckets.
func (w *streamWorld) sums(ctx context.Context) (string, error) {
	var out strings.Builder
	for _, s := range w.driver.States().List() {
		h, entities, size := xxh3.New(), 0, 0
		var failed error
		err := w.store.Walk(ctx, online.State(s.ID), nil, func(entity []byte) bool {
			entities++
			h.Write(entity)
			at := online.Range{State: online.State(s.ID), Entity: entity, Lo: online.PrefixBucket, Hi: math.MaxInt64}
			failed = w.store.Read(ctx, at, func(bucket int64, rows []byte) error {
				h.Write(binary.BigEndian.AppendUint64(nil, uint64(bucket)))
				h.Write(rows)
				size += len(rows)
				return nil
			})
			return failed == nil
		})
		if err != nil || failed != nil {
			return "", fmt.Errorf("%v %w", err, failed)
		}
		fmt.Fprintf(&out, "%s entities=%d bytes=%d xxh3=%016x\n", s.Use.View.Name, entities, size, h.Sum64())
	}
	return out.String(), nil
}

// TestGoldenReplay reproduces a recorded log and everything that was served from it, to the byte.
func TestGoldenReplay(t *testing.T) {
	t.Parallel()
	e := &recording{}
	r := &Runner{Define: definition.Parse, Engine: e}
	if *rewrite {
		text := goldenText()
		s, err := Parse("replay.test", text)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = Rewrite(t.Context(), r, s); err != nil {
			t.Fatal(err)
		}
		pack(t, goldenScript, []byte(text))
		pack(t, goldenLog, e.log)
		if err := os.WriteFile(goldenPath(goldenState), []byte(e.state), 0o644); err != nil {
			t.Fatal(err)
		}
		*e = recording{}
	}
	s, err := Parse("replay.test", string(unpacked(t, goldenScript)))
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range res.Failures {
		if i == 20 {
			t.Errorf("and %d more", len(res.Failures)-i)
			break
		}
		t.Error(f)
	}
	if res.Checked < 5000 || res.Open > 0 {
		t.Errorf("%d values were compared, %d not answered", res.Checked, res.Open)
	}
	offline, err := (&Runner{Define: definition.Parse, Engine: Batch{Options: batch.Options{Threads: 2}, Files: 3}}).Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(offline.Failures) > 0 || offline.Checked != res.Checked {
		t.Errorf("batch: %d values of %d differ from the served ones", len(offline.Failures), offline.Checked)
	}
	log := unpacked(t, goldenLog)
	if !bytes.Equal(log, e.log) {
		t.Errorf("the log has other bytes than the recorded one: %d, want %d", len(e.log), len(log))
	}
	rereads(t, log)
	state, err := os.ReadFile(goldenPath(goldenState))
	if err != nil {
		t.Fatal(err)
	}
	if string(state) != e.state {
		t.Errorf("the rows of the online state are other bytes\n%s\nwant\n%s", e.state, state)
	}
}

// rereads decodes the recorded blocks, which say the same when they are encoded again.
func rereads(t *testing.T, log []byte) {
	t.Helper()
	var d eventlog.Decoder
	next, rows := int64(0), 0
	for len(log) > 0 {
		n := int(binary.BigEndian.Uint32(log))
		b, err := d.Decode(log[4 : 4+n])
		if err != nil {
			t.Fatal(err)
		}
		if b.First != next {
			t.Errorf("a block begins at %d, want %d", b.First, next)
		}
		if !bytes.Equal(eventlog.AppendBlock(nil, b), log[4:4+n]) {
			t.Errorf("the block of offset %d has another form when it is encoded again", b.First)
		}
		next, rows, log = b.Next(), rows+b.Rows.Rows, log[4+n:]
	}
	if rows < 3000 {
		t.Errorf("the recorded log has %d rows", rows)
	}
}

const goldenDefinitions = `definitions
  entities:
    user: {key: {u: string}}
    pair: {key: {u: string, n: int64}}
  sources:
    buys:
      schema: {id: string, u: string, n: int64, x: float64, d: "decimal(12,3)", s: string, b: bool, day: date, at: timestamp, seen: timestamp}
      event_time: at
      arrival: seen
      id: id
      lateness: 1h
      skew: 1m
      corrections: 2h
      nan: keep
      batch: {path: buys.parquet}
    fixes:
      schema: {id: string, u: string, n: int64, x: float64, op: string, at: timestamp, seen: timestamp}
      event_time: at
      arrival: seen
      id: id
      operation: op
      lateness: 1h
      skew: 1m
      corrections: 3h
      nan: keep
      batch: {path: fixes.parquet}
    homes:
      schema: {pk: int64, u: string, n: int64, x: float64, op: string, seq: int64, at: timestamp, seen: timestamp}
      event_time: at
      arrival: seen
      operation: op
      primary_key: [pk]
      order: seq
      lateness: 1h
      skew: 1m
      corrections: 6h
      batch: {path: homes.parquet}
  views:
    sums:
      entity: user
      source: buys
      features:
        n: "count(*) over [5m, 1h, 1h closed both, 1h offset 10m, 1h hop 7m, 1h every 1h, today, this week in 'Europe/Berlin', lifetime]"
        x: "sum(x) over [1h, 1d closed right, lifetime]"
        d: "sum(d) filter (where b) over [1h, 3 rows, session 20m]"
        mean: "avg(x) filter (where x < 1000.0) over [1h, lifetime]"
        spread: "stddev(n) over [2h, lifetime]"
    orders:
      entity: user
      source: [buys, fixes]
      features:
        newest: "last(n, 3) over [1h, lifetime]"
        oldest: first(x) over 2h
        low: min(x) over [30m, lifetime]
        high: "max(n) over [session 20m max 1h, 1h]"
        best: arg_max(n, x) over 3h
        half: "median(x) over [1h, 20 rows]"
        kinds: count(distinct n) over 2h
        p90: percentile_disc(x, 0.9) over 3h
    pairs:
      entity: pair
      source: fixes
      features:
        n: "count(*) over [1h, lifetime]"
        x: sum(x) over 3h
    live:
      entity: user
      source: homes
      features:
        n: count(*)
        x: "sum(x) over [6h, lifetime]"
    home:
      entity: user
      source: homes
      ttl: 4h
      features: [n, x]
    seen_lately:
      entity: user
      source: buys
      as_of: 10m
      features:
        n: count(*) over [1h]
        s: last(s)
    world:
      source: fixes
      features:
        n: "count(*) over [10m, lifetime]"
    asked:
      request: {amount: float64}
      features:
        share: amount / sums.x_1h
        above: amount > coalesce(orders.low_30m, 0.0)
  services:
    all: {features: ["sums.*", "orders.*", "pairs.*", "live.*", "home.*", "seen_lately.*", "world.*", "asked.*"]}

`

// goldenText draws the events and questions that are recorded.
func goldenText() string {
	rng := rand.New(rand.NewPCG(2026, 4))
	pick := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	user := func() string { return pick("u1", "u1", "u1", "u2", "u2", `""`, `"é b"`, "u"+itoa(3+rng.IntN(30))) }
	const minutes = 12 * 60
	late := func() string {
		return pick("", "", "", "", "+1us", "+5s", "+10m", "+1h", "+1h+1us", "-30s", "-1m", "-1m-1us", "+2h", "+3h", "+3h+1us")
	}
	amount := func() string {
		return pick("0.1", "0.2", "0.3", "1e16", "-1e16", "-0.0", "NaN", "+Inf", "5e-324", "null", fmt.Sprint(rng.IntN(2000))+".25", fmt.Sprint(rng.IntN(90))+".7")
	}
	small := func() string {
		return pick("0", "1", "2", "3", "null", "9007199254740993", itoa(rng.IntN(50)))
	}
	var buys, fixes, homes strings.Builder
	for i := range 1700 {
		at := fmt.Sprintf("2024-05-05T18:00:00Z+%dm", rng.IntN(minutes))
		if rng.IntN(3) == 0 {
			at += pick("+1us", "-1us", "+30s")
		}
		id := "b" + itoa(i)
		if i > 20 && rng.IntN(12) == 0 {
			id = "b" + itoa(i-1-rng.IntN(20))
		}
		fmt.Fprintf(&buys, "  %s %s %s %s %s %s %s %s %s %s\n", id, user(), small(), amount(), pick("0.001", "12.5", "-3", "999999999.999", "null"),
			pick("a", "b", `""`, "null"), pick("true", "false", "null"), pick("2024-05-05", "1969-12-31", "null"), at, at+late())
		op, fixID := "insert", "f"+itoa(rng.IntN(1200))
		if rng.IntN(4) == 0 {
			op = "delete"
		}
		at = fmt.Sprintf("2024-05-05T18:00:00Z+%dm", rng.IntN(minutes/10)*10)
		fmt.Fprintf(&fixes, "  %s %s %s %s %s %s %s\n", fixID, user(), small(), amount(), op, at, at+late())
	}
	for i := range 900 { // the log's order is that of their arrival
		at := fmt.Sprintf("2024-05-05T18:00:00Z+%dm", i*minutes/900)
		fmt.Fprintf(&homes, "  %d %s %s %s %s %s %s%s %s\n", rng.IntN(60), user(), small(), amount(), pick("upsert", "upsert", "upsert", "delete"),
			pick(itoa(i), itoa(max(0, i-rng.IntN(9))), "null"), at, pick("", "-1h", "-10m"), at+fmt.Sprintf("+%dus", i))
	}
	var b strings.Builder
	b.WriteString(goldenDefinitions)
	fmt.Fprintf(&b, "events buys\n  id u n x d s b day at seen\n%s\n", buys.String())
	fmt.Fprintf(&b, "events fixes\n  id u n x op at seen\n%s\n", fixes.String())
	fmt.Fprintf(&b, "events homes\n  pk u n x op seq at seen\n%s\n", homes.String())
	b.WriteString("ask all\n  u n amount T\n")
	for range 160 {
		at := fmt.Sprintf("2024-05-05T18:00:00Z+%dm%s", rng.IntN(minutes+240), pick("", "", "+1us", "+17s"))
		fmt.Fprintf(&b, "  %s %s %s %s\n", pick("u1", "u2", `""`, `"é b"`, "u4", "nobody", "null"), pick("0", "1", "2", "7"), pick("1.5", "null", "1e300"), at)
	}
	return b.String()
}
