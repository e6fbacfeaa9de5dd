// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	v1 "selfsame/api/selfsamev1"
)

// Event to servable: single events, each a call of its own, are pushed at a constant rate beside a load of batches. An answer means that the event is
// durable and in every read, so the time from the moment a call was due to its answer is an upper bound of what is asked. At the same moments, from the same
// process, the same calls go to an empty server that answers at once: what client, wire and scheduler take while the machine is as busy. The
// disk is probed alone and beside the load.

// probeRate is how many single events a second go to each of the two servers, over probeConns connections each.
const (
	probeRate  = 250
	probeConns = 16
)

// fresh measures how long an event takes from the call to being durable and in every read, beside the disk's own fsync.
func (b *bench) fresh() error {
	rate := b.freshRate
	if rate == 0 {
		rate = max(b.most/2, 20_000)
	}
	mirror, err := start(os.Stderr, b.self, "echopush")
	if err != nil {
		return err
	}
	defer mirror.stop()
	for _, each := range []int{lateEvents, batchEvents} {
		if err := b.freshBeside(mirror, rate, each); err != nil {
			return err
		}
	}
	return nil
}

// sample is the quantiles of one round in milliseconds.
type sample struct{ P50, P99 float64 }

func sampled(h *hdrhistogram.Histogram) sample {
	return sample{float64(h.ValueAtQuantile(50)) / 1000, float64(h.ValueAtQuantile(99)) / 1000}
}

// probed is what the probing process tells of a round.
type probed struct{ Ours, Echo, Disk sample }

// freshBeside measures beside batches of some events each.
func (b *bench) freshBeside(mirror *process, rate float64, each int) error {
	var ours, echo, alone, beside, batches []sample
	var came []float64
	for range b.rounds {
		h, err := fsyncs(b.dir, fsyncLasts, 0)
		if err != nil {
			return err
		}
		o, p, err := b.freshRound(mirror, rate, each)
		if err != nil {
			return err
		}
		alone, beside, ours, echo = append(alone, sampled(h)), append(beside, p.Disk), append(ours, p.Ours), append(echo, p.Echo)
		batches, came = append(batches, sampled(o.latency)), append(came, o.rate()*float64(each))
	}
	fmt.Printf("event to servable: single events, %d/s over gRPC, beside %.0f events/s in batches of %d (medians of %d rounds, ms)\n", probeRate, middle(came), each, b.rounds)
	tell := func(name string, s []sample) {
		fmt.Printf("  %-34s p50 %6.2f  p99 %6.2f\n", name, median(s, p50Of), median(s, p99Of))
	}
	tell("event to servable", ours)
	tell("the same calls to an empty server", echo)
	tell("the batches", batches)
	tell("fsync of the disk, alone", alone)
	tell("fsync of the disk, beside the load", beside)
	compare := func(name string, with []sample) {
		var ratios []float64
		for i := range ours {
			ratios = append(ratios, ours[i].P99/with[i].P99)
		}
		fmt.Printf("  p99 by that of fsync %s %.2f (of the rounds: %.2f to %.2f)\n", name, middle(ratios), slices.Min(ratios), slices.Max(ratios))
	}
	compare("alone", alone)
	compare("beside the load", beside)
	return nil
}

func p50Of(s sample) float64 { return s.P50 }
func p99Of(s sample) float64 { return s.P99 }

// freshRound loads the server with batches for as long as a process of its own probes.
func (b *bench) freshRound(mirror *process, rate float64, each int) (*outcome, *probed, error) {
	cmd := exec.Command(b.self, "probe", "-server", b.server.grpc, "-echo", mirror.grpc, "-dir", b.dir, "-lasts", b.lasts.String(), "-seed", fmt.Sprint(seeds.Add(1<<20)))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	var messages [][]byte
	lasts := b.lasts + probeSettles
	for range int(rate*lasts.Seconds())/each + 10 {
		messages = append(messages, orders(each, seeds.Add(1), orderUsers))
	}
	next, events := &atomic.Int64{}, &atomic.Int64{}
	l := load{requests: 1, conns: 16, lasts: lasts, rate: rate / float64(each), pid: b.server.pid(), spent: errSpent, dial: func() (caller, error) {
		p, err := dialPush(b.server.grpc)
		return &pushCaller{p, next, messages, events}, err
	}}
	in.Close() // the probe begins
	o, loading := l.run()
	var p probed
	reading := json.NewDecoder(out).Decode(&p)
	return o, &p, errors.Join(loading, reading, cmd.Wait())
}

// probeSettles is how long the load runs before its first latency counts.
const probeSettles = 500 * time.Millisecond

// probe is the process that pushes single events to the server and to an empty one, then probes the disk. It begins when its standard input ends.
func probe(args []string) error {
	flags := flag.NewFlagSet("probe", flag.ExitOnError)
	server, echo, dir := flags.String("server", "", "address"), flags.String("echo", "", "address"), flags.String("dir", "", "folder on the disk")
	lasts, seed := flags.Duration("lasts", time.Second, "length"), flags.Uint64("seed", 0, "of ids")
	if err := flags.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(3 * probeConns) // a caller that waits for its moment keeps no other from running
	var messages [][]byte
	for i := range int(2*probeRate*(*lasts+probeSettles).Seconds()) + 2*probeConns + 2*probeRate {
		messages = append(messages, orders(1, *seed+uint64(i), orderUsers))
	}
	next, events := &atomic.Int64{}, &atomic.Int64{}
	to := func(address string, lasts time.Duration) *load {
		return &load{requests: 1, conns: probeConns, lasts: lasts, rate: probeRate, dial: func() (caller, error) {
			p, err := dialPush(address)
			return &pushCaller{p, next, messages, events}, err
		}}
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	var p probed
	for _, d := range []time.Duration{probeSettles, *lasts} { // what came first is told last: the first round is not counted
		var group sync.WaitGroup
		var disk *hdrhistogram.Histogram
		var failed error
		group.Go(func() { disk, failed = fsyncs(*dir, d, time.Second/probeRate) })
		ours, mirror, err := both(to(*server, d), to(*echo, d))
		group.Wait()
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		p = probed{sampled(ours.latency), sampled(mirror.latency), sampled(disk)}
	}
	return json.NewEncoder(os.Stdout).Encode(p)
}

// both runs two loads at once.
func both(one, other *load) (a, b *outcome, err error) {
	var group sync.WaitGroup
	var failed error
	group.Go(func() { b, failed = other.run() })
	a, err = one.run()
	group.Wait()
	return a, b, errors.Join(err, failed)
}

// echoPush serves Events.Push and accepts each event as it comes, without a look at it.
func echoPush() error {
	answer, err := proto.Marshal(&v1.PushResponse{Fate: []v1.Fate{v1.Fate_ACCEPTED}, Offset: 1, Arrival: time.Now().UnixMicro()})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(raw{}))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "selfsame.v1.Events", HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{StreamName: "Push", ServerStreams: true, ClientStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			var n int
			for {
				if err := stream.RecvMsg(&n); err != nil {
					return err
				}
				if err := stream.SendMsg(&answer); err != nil {
					return err
				}
			}
		}}}}, nil)
	fmt.Printf("grpc   %s\nready\n", listener.Addr())
	return server.Serve(listener)
}

// fsyncLasts is how long the disk is probed alone.
const fsyncLasts = time.Second

// fsyncs writes and syncs 16 KiB again and again, once in every so long; 0: without a pause.
func fsyncs(dir string, lasts, every time.Duration) (*hdrhistogram.Histogram, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	h := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	block := make([]byte, 16<<10)
	begin := time.Now()
	for due := begin; time.Since(begin) < lasts; due = due.Add(every) {
		time.Sleep(time.Until(due))
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		if err := h.RecordValue(int64(time.Since(start) / time.Microsecond)); err != nil {
			return nil, err
		}
	}
	return h, nil
}
