// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	v1 "selfsame/api/selfsamev1"
)

// workload is one shape of read over both protocols.
type workload struct {
	name    string
	service string
	rows    int
	users   func(r *rand.Rand) string
	many    int  // different requests; 0: distinct
	noNames bool // the requests name the schema of an earlier answer
}

// prepared is a workload as bytes, with what one answer of it looks like.
type prepared struct {
	http, grpc           [][]byte
	httpReply, grpcReply []byte
}

// distinct is how many different requests a workload has.
const distinct = 4096

// prepare makes the requests of a workload. The first answers tell the schema, which later requests name.
func (w *workload) prepare(server *process) (*prepared, error) {
	r := rand.New(rand.NewPCG(7, 7))
	httpSchema, grpcSchema := "", ""
	p := &prepared{}
	for round := range 2 {
		n := max(w.many, distinct/max(1, w.rows/10))
		p.http, p.grpc = nil, nil
		for range n {
			var users []string
			for range w.rows {
				users = append(users, w.users(r))
			}
			p.http = append(p.http, httpRequest("/v1/services/"+w.service+"/features", jsonBody(users, httpSchema)))
			q := &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: w.service}, Form: v1.Form_PACKED, Schema: grpcSchema,
				Rows: []*v1.Column{texts("user_id", len(users), func(i int) string { return users[i] })}}
			b, err := proto.Marshal(q)
			if err != nil {
				return nil, err
			}
			p.grpc = append(p.grpc, b)
		}
		if err := p.record(server); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if round == 1 || !w.noNames {
			return p, nil
		}
		var answer struct{ Schema string }
		if err := json.Unmarshal(p.httpReply, &answer); err != nil {
			return nil, err
		}
		var packed v1.GetFeaturesResponse
		if err := proto.Unmarshal(p.grpcReply, &packed); err != nil {
			return nil, err
		}
		httpSchema, grpcSchema = answer.Schema, packed.Schema
	}
	return p, nil
}

func jsonBody(users []string, schema string) string {
	var b strings.Builder
	if len(users) == 1 {
		fmt.Fprintf(&b, `{"entity":{"user_id":%q}`, users[0])
	} else {
		fmt.Fprintf(&b, `{"columns":{"user_id":["%s"]}`, strings.Join(users, `","`))
	}
	if schema != "" {
		fmt.Fprintf(&b, `,"schema":%q`, schema)
	}
	return b.String() + "}"
}

// record keeps one answer of each protocol.
func (p *prepared) record(server *process) error {
	web, err := dialHTTP(server.http, p.http)
	if err != nil {
		return err
	}
	defer web.Close()
	web.kept = true
	if _, err := web.call(0); err != nil {
		return err
	}
	p.httpReply = web.keep
	conn, err := connect(server.grpc)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Invoke(background, getFeatures, &p.grpc[0], &p.grpcReply)
}

// dialer returns what opens connections of one protocol. Callers of gRPC share a connection a core and one more.
func (p *prepared) dialer(protocol string, server *process) (func() (caller, error), int) {
	if protocol == "http" {
		return func() (caller, error) { return dialHTTP(server.http, p.http) }, len(p.http)
	}
	var conns [4]*grpc.ClientConn
	var next atomic.Int64
	return func() (caller, error) {
		i := int(next.Add(1)-1) % len(conns)
		if conns[i] == nil {
			c, err := connect(server.grpc)
			if err != nil {
				return nil, err
			}
			conns[i] = c
			return &grpcCaller{conn: c, requests: p.grpc}, nil
		}
		return &grpcCaller{conn: conns[i], requests: p.grpc, shared: true}, nil
	}, len(p.grpc)
}

// comparison is rounds of one load on the server and on the echo, one after the other.
type comparison struct {
	ours, echo []*outcome
}

// mirror starts an echo of the recorded answers.
func (b *bench) mirror(p *prepared, args ...string) (*process, error) {
	dir, err := os.MkdirTemp(b.dir, "echo")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files := [2]string{filepath.Join(dir, "http"), filepath.Join(dir, "grpc")}
	for i, content := range [][]byte{p.httpReply, p.grpcReply} {
		if err := os.WriteFile(files[i], content, 0o666); err != nil {
			return nil, err
		}
	}
	return start(os.Stderr, b.self, append([]string{"echo", "-http", files[0], "-grpc", files[1]}, args...)...)
}

// measure compares a server with an echo of its answers.
func (b *bench) measure(p *prepared, protocol string, rate float64) (*comparison, error) {
	mirror, err := b.mirror(p)
	if err != nil {
		return nil, err
	}
	defer mirror.stop()
	c := &comparison{}
	for round := range b.rounds + 1 {
		for i, server := range []*process{b.server, mirror} {
			dial, n := p.dialer(protocol, server)
			l := load{dial: dial, requests: n, conns: b.conns, lasts: b.lasts, rate: rate, pid: server.pid()}
			if round == 0 {
				l.lasts = b.lasts / 2 // not counted
			}
			o, err := l.run()
			if err != nil {
				return nil, err
			}
			switch {
			case round == 0:
			case i == 0:
				c.ours = append(c.ours, o)
			default:
				c.echo = append(c.echo, o)
			}
		}
	}
	return c, nil
}

func median[T any](list []T, f func(T) float64) float64 {
	var v []float64
	for _, x := range list {
		v = append(v, f(x))
	}
	return middle(v)
}

func middle(v []float64) float64 {
	sort.Float64s(v)
	return v[len(v)/2]
}

// ratio is the median over the rounds of ours by the echo's.
func (c *comparison) ratio(f func(*outcome) float64) float64 {
	var v []float64
	for i := range c.ours {
		v = append(v, f(c.ours[i])/f(c.echo[i]))
	}
	return middle(v)
}

func cpuMicros(o *outcome) float64 { return float64(o.cpu()) / float64(time.Microsecond) }

func p50(o *outcome) float64 { return float64(o.quantile(50)) / float64(time.Millisecond) }
func p99(o *outcome) float64 { return float64(o.quantile(99)) / float64(time.Millisecond) }

// workloads are the shapes of reads.
func (b *bench) workloads() []workload {
	return []workload{
		{name: "stored50", service: "stored", rows: 1, users: b.storedUser, noNames: true},
		{name: "stored50full", service: "stored", rows: 1, users: b.storedUser},
		{name: "windows100", service: "windows", rows: 1, users: b.sparseUser, noNames: true},
		{name: "windows10k", service: "windows", rows: 1, users: b.denseUser, noNames: true},
		{name: "stored50x100", service: "stored", rows: 100, users: b.storedUser, noNames: true},
		{name: "stored50x500", service: "stored", rows: 500, users: b.storedUser, noNames: true},
	}
}

// chosen are the protocols that are wanted.
func (b *bench) chosen() []string {
	if b.wants("http") == b.wants("grpc") {
		return []string{"http", "grpc"}
	}
	if b.wants("http") {
		return []string{"http"}
	}
	return []string{"grpc"}
}

// reads measures the read workloads at their maximum: first cold, then warm, then while events come in.
func (b *bench) reads() error {
	for _, w := range b.workloads() {
		if b.picks(w.name) {
			if err := b.compare(&w, b.chosen(), 0); err != nil {
				return err
			}
		}
	}
	if !b.picks("writing") {
		return nil
	}
	stop := b.writing()
	defer stop()
	for _, w := range b.workloads()[:4] {
		w.name += "+w"
		if err := b.compare(&w, b.chosen(), 0); err != nil {
			return err
		}
	}
	return nil
}

// latencies measures them at a constant rate.
func (b *bench) latencies() error {
	for _, w := range b.workloads() {
		if !b.picks(w.name) {
			continue
		}
		rate := b.rate
		switch w.rows {
		case 100:
			rate = 100
		case 500:
			rate = 20
		}
		if err := b.compare(&w, b.chosen(), rate); err != nil {
			return err
		}
	}
	return nil
}

// hot reads one user of a million events.
func (b *bench) hot() error {
	p, err := dialPush(b.server.grpc)
	if err != nil {
		return err
	}
	defer p.Close()
	const name, events = "user-hot", 1_000_000
	for k := range events / 5000 {
		if _, _, err := p.push(payments(5000, uint64(2_000_000+k), false, func(int) string { return name })); err != nil {
			return err
		}
	}
	w := workload{name: "hot 1M events", service: "windows", rows: 1, users: func(*rand.Rand) string { return name }, noNames: true}
	begin := time.Now()
	if _, err := w.prepare(b.server); err != nil {
		return err
	}
	fmt.Printf("first read of the hot user: %.0f ms\n", time.Since(begin).Seconds()*1000)
	return b.compare(&w, b.chosen(), 0)
}

// writing pushes 20,000 events a second until it is stopped.
func (b *bench) writing() func() {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p, err := dialPush(b.server.grpc)
		if err != nil {
			fmt.Fprintln(os.Stderr, "writing:", err)
			return
		}
		defer p.Close()
		r, tick := rand.New(rand.NewPCG(9, 9)), time.NewTicker(20*time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			user := func(int) string { return userName(r.IntN(b.stored)) } // those that are read among them
			if _, _, err := p.push(payments(400, seeds.Add(1), true, user)); err != nil {
				fmt.Fprintln(os.Stderr, "writing:", err)
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-done
	}
}

// compare measures a workload beside the echo and prints it.
func (b *bench) compare(w *workload, protocols []string, rate float64) error {
	p, err := w.prepare(b.server)
	if err != nil {
		return err
	}
	for _, protocol := range protocols {
		c, err := b.measure(p, protocol, rate)
		if err != nil {
			return fmt.Errorf("%s over %s: %w", w.name, protocol, err)
		}
		b.report(w.name, protocol, rate, c)
	}
	return nil
}

func (b *bench) report(name, protocol string, rate float64, c *comparison) {
	ours, echo := median(c.ours, (*outcome).rate), median(c.echo, (*outcome).rate)
	if rate == 0 {
		fmt.Printf("%-14s %s  %8.0f/s  echo %8.0f/s  ratio %.2f  CPU a call %.1f of %.1f µs (%.2f)  p50 %.2f p99 %.2f ms\n", name, protocol,
			ours, echo, c.ratio((*outcome).rate), median(c.ours, cpuMicros), median(c.echo, cpuMicros), 1/c.ratio(cpuMicros), median(c.ours, p50), median(c.ours, p99))
		return
	}
	fmt.Printf("%-14s %s  at %.0f/s  p50 %.3f p99 %.2f ms  echo p50 %.3f p99 %.2f ms  p99 by the echo's %.2f\n", name, protocol, ours,
		median(c.ours, p50), median(c.ours, p99), median(c.echo, p50), median(c.echo, p99), c.ratio(p99))
}
