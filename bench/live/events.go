// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	v1 "selfsame/api/selfsamev1"
)

// pusher is one stream of Events.Push.
type pusher struct {
	conn   *grpc.ClientConn
	stream grpc.ClientStream
}

func dialPush(address string) (*pusher, error) {
	conn, err := connect(address)
	if err != nil {
		return nil, err
	}
	stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/selfsame.v1.Events/Push")
	if err != nil {
		return nil, err
	}
	return &pusher{conn, stream}, nil
}

// push sends a message and waits for its answer. It returns how many events were accepted; refused: there was no room.
func (p *pusher) push(message []byte) (accepted int, refused bool, err error) {
	if err := p.stream.SendMsg(&message); err != nil {
		return 0, false, err
	}
	var answer []byte
	if err := p.stream.RecvMsg(&answer); err != nil {
		return 0, false, err
	}
	var r v1.PushResponse
	if err := proto.Unmarshal(answer, &r); err != nil {
		return 0, false, err
	}
	if r.Problem != nil {
		if r.Problem.RetryMilliseconds > 0 {
			return 0, true, nil
		}
		return 0, false, fmt.Errorf("push: %s", r.Problem.Message)
	}
	for _, f := range r.Fate {
		if f == v1.Fate_ACCEPTED {
			accepted++
		}
	}
	return accepted, false, nil
}

func (p *pusher) Close() error { return p.conn.Close() }

func texts(name string, n int, f func(i int) string) *v1.Column {
	c := &v1.Column{Name: name, Type: "string"}
	for i := range n {
		s := f(i)
		c.Data, c.Lengths = append(c.Data, s...), append(c.Lengths, uint32(len(s)))
	}
	return c
}

func ints(name, kind string, n int, f func(i int) int64) *v1.Column {
	c := &v1.Column{Name: name, Type: kind}
	for i := range n {
		c.Ints = append(c.Ints, f(i))
	}
	return c
}

func floats(name string, n int, f func(i int) float64) *v1.Column {
	c := &v1.Column{Name: name, Type: "float64"}
	for i := range n {
		c.Floats = append(c.Floats, f(i))
	}
	return c
}

func message(source string, fields ...*v1.Column) []byte {
	b, err := proto.Marshal(&v1.PushRequest{Source: source, Fields: fields})
	if err != nil {
		panic(err) // what was built here can be written
	}
	return b
}

func userName(i int) string { return fmt.Sprintf("user-%07d", i) }

// profiles are one row each of n users: from, from+step, and so on.
func profiles(from, n, step int) []byte {
	now, r := time.Now().UnixMicro(), rand.New(rand.NewPCG(1, uint64(from)))
	fields := []*v1.Column{texts("user_id", n, func(i int) string { return userName(from + i*step) })}
	for f := range storedFeatures {
		name := fmt.Sprintf("f%02d", f)
		if f%4 == 3 {
			fields = append(fields, ints(name, "int64", n, func(int) int64 { return r.Int64N(100_000) }))
			continue
		}
		fields = append(fields, floats(name, n, func(int) float64 { return float64(r.IntN(1_000_000)) / 100 }))
	}
	return message("profiles", append(fields, ints("updated", "timestamp", n, func(i int) int64 { return now - int64(i) }))...)
}

// wides are one wide row each of users [from, to).
func wides(from, to int) []byte {
	now, r, n := time.Now().UnixMicro(), rand.New(rand.NewPCG(8, uint64(from))), to-from
	fields := []*v1.Column{texts("user_id", n, func(i int) string { return userName(from + i) })}
	for f := range wideFeatures {
		fields = append(fields, floats(fmt.Sprintf("f%02d", f), n, func(int) float64 { return float64(r.IntN(1_000_000)) / 100 }))
	}
	return message("wides", append(fields, ints("updated", "timestamp", n, func(i int) int64 { return now - int64(i) }))...)
}

// spread is over how much of the past the payments of a user lie: all of a window of 30 days, and a little beyond.
const spread = 31 * 24 * time.Hour

// payments are n events of users that user names, spread over the past or, where fresh is set, of this moment.
func payments(n int, seed uint64, fresh bool, user func(i int) string) []byte {
	now, r := time.Now().UnixMicro(), rand.New(rand.NewPCG(2, seed))
	fields := []*v1.Column{texts("user_id", n, user)}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		fields = append(fields, floats(name, n, func(int) float64 { return float64(r.IntN(100_000)) / 100 }))
	}
	return message("payments", append(fields, ints("at", "timestamp", n, func(i int) int64 {
		if fresh {
			return now - int64(i)
		}
		return now - r.Int64N(int64(spread/time.Microsecond))
	}))...)
}

// orders are n new events of some users and shops.
func orders(n int, seed uint64, users int) []byte {
	now, r := time.Now().UnixMicro(), rand.New(rand.NewPCG(3, seed))
	return message("orders",
		texts("order_id", n, func(i int) string { return fmt.Sprintf("o-%010d-%05d", seed, i) }),
		texts("user_id", n, func(int) string { return userName(r.IntN(users)) }),
		texts("shop_id", n, func(int) string { return fmt.Sprintf("shop-%05d", r.IntN(max(1, users/10))) }),
		floats("amount", n, func(int) float64 { return float64(r.IntN(100_000)) / 100 }),
		ints("at", "timestamp", n, func(i int) int64 { return now - int64(n-i) }))
}
