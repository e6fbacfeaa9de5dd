// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"time"
)

// overloaded is one round: the maximum of a server, and what became of twice as many calls.
type overloaded struct {
	most, twice *outcome
}

func (o *overloaded) goodput() float64 { return o.twice.rate() / o.most.rate() }

// byCPU is the goodput by CPU time: what an answer costs at the maximum, by what it costs, refusals with it, at twice of it. Other work on the machine
// disturbs it less.
func (o *overloaded) byCPU() float64   { return float64(o.most.cpu()) / float64(o.twice.cpu()) }
func (o *overloaded) refused() float64 { return float64(o.twice.refused) / o.twice.took.Seconds() }

// overload asks for twice the maximum, by a crowd of callers, and counts what is answered. On a machine that client and server share, what a
// refusal costs the client and the kernel bounds that: so the same is asked of an echo that burns what an answer of ours costs beyond its own, answers its maximum
// and refuses the rest before it reads them.
func (b *bench) overload() error {
	for _, w := range b.workloads() {
		if !b.picks(w.name) || len(b.only) < 2 && w.name != "stored50" && w.name != "stored50x100" {
			continue
		}
		p, err := w.prepare(b.server)
		if err != nil {
			return err
		}
		for _, protocol := range b.chosen() {
			if err := b.overloadOf(&w, p, protocol); err != nil {
				return fmt.Errorf("%s over %s: %w", w.name, protocol, err)
			}
		}
	}
	return nil
}

func (b *bench) overloadOf(w *workload, p *prepared, protocol string) error {
	plain, err := b.mirror(p)
	if err != nil {
		return err
	}
	c := &comparison{}
	for range 3 {
		for i, server := range []*process{b.server, plain} {
			o, err := b.maximum(p, protocol, server)
			if err != nil {
				return err
			}
			if i == 0 {
				c.ours = append(c.ours, o)
			} else {
				c.echo = append(c.echo, o)
			}
		}
	}
	plain.stop()
	burn := time.Duration(max(0, median(c.ours, cpuMicros)-median(c.echo, cpuMicros)) * float64(time.Microsecond))
	free, err := b.mirror(p, "-burn", burn.String()) // whose maximum is the budget
	if err != nil {
		return err
	}
	most, err := b.maximum(p, protocol, free)
	free.stop()
	if err != nil {
		return err
	}
	ideal, err := b.mirror(p, "-burn", burn.String(), "-budget", strconv.Itoa(int(most.rate())))
	if err != nil {
		return err
	}
	defer ideal.stop()
	var ours, bound []*overloaded
	for range b.rounds {
		for i, server := range []*process{b.server, ideal} {
			o, err := b.twice(p, protocol, server)
			if err != nil {
				return err
			}
			if i == 0 {
				ours = append(ours, o)
			} else {
				bound = append(bound, o)
			}
		}
	}
	for i, list := range [][]*overloaded{ours, bound} {
		fmt.Printf("overload %-14s %s %-5s  maximum %8.0f/s  at twice: answered %8.0f/s (%.2f, by CPU time %.2f)  refused %8.0f/s  p50 %.2f p99 %.2f ms from sending; CPU an answer %.1f + %.1f, at the maximum %.1f + %.1f µs\n", w.name, protocol,
			[]string{"ours", "ideal"}[i], median(list, func(o *overloaded) float64 { return o.most.rate() }), median(list, func(o *overloaded) float64 { return o.twice.rate() }),
			median(list, (*overloaded).goodput), median(list, (*overloaded).byCPU), median(list, (*overloaded).refused), median(list, func(o *overloaded) float64 { return p50(o.twice) }),
			median(list, func(o *overloaded) float64 { return p99(o.twice) }),
			median(list, func(o *overloaded) float64 { return o.twice.micros(o.twice.server) }), median(list, func(o *overloaded) float64 { return o.twice.micros(o.twice.client) }),
			median(list, func(o *overloaded) float64 { return o.most.micros(o.most.server) }), median(list, func(o *overloaded) float64 { return o.most.micros(o.most.client) }))
	}
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, ours[i].byCPU()/bound[i].byCPU())
	}
	fmt.Printf("overload %-14s %s  goodput by CPU time, by that of refusing at once: %.2f\n", w.name, protocol, middle(ratios))
	return nil
}

// maximum is what a server answers at most.
func (b *bench) maximum(p *prepared, protocol string, server *process) (*outcome, error) {
	dial, n := p.dialer(protocol, server)
	return (&load{dial: dial, requests: n, conns: b.conns, lasts: b.lasts, pid: server.pid()}).run()
}

// twice measures a server's maximum and asks for twice of it.
func (b *bench) twice(p *prepared, protocol string, server *process) (*overloaded, error) {
	most, err := b.maximum(p, protocol, server)
	if err != nil {
		return nil, err
	}
	dial, n := p.dialer(protocol, server)
	o, err := (&load{dial: dial, requests: n, conns: b.crowd, lasts: b.lasts, rate: 2 * most.rate(), sent: true, pid: server.pid()}).run()
	return &overloaded{most, o}, err
}
