// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// startRedis starts a Redis without persistence.
func (b *bench) startRedis() (address string, stop func(), err error) {
	address, err = freeAddress()
	if err != nil {
		return "", nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", b.dir, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	b.redisPID = cmd.Process.Pid
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait() // it was killed
	}
	return address, stop, await(address)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// await waits until somebody listens.
func await(address string) error {
	for begin := time.Now(); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		if time.Since(begin) > time.Minute {
			return fmt.Errorf("nobody listens on %s: %w", address, err)
		}
		pause(50 * time.Millisecond)
	}
}

// redisCaller reads from Redis as f says; all callers share the client, which pipelines.
type redisCaller struct {
	client rueidis.Client
	read   func(c rueidis.Client, i int) error
}

func (c *redisCaller) call(i int) (bool, error) { return false, c.read(c.client, i) }
func (c *redisCaller) Close() error             { return nil }

// Users of Redis: so many have a hash and a packed value, and so many a sorted set of 10,000 events.
const redisUsers, redisSets, setEvents = 10_000, 20, 10_000

// fillRedis stores what is read: a hash of 50 fields, the same packed in one value, and sorted sets of events by time.
func fillRedis(c rueidis.Client) error {
	r, now := rand.New(rand.NewPCG(4, 4)), time.Now().UnixMicro()
	for from := 0; from < redisUsers; from += 500 {
		var cmds rueidis.Commands
		for u := from; u < from+500; u++ {
			hash := c.B().Hset().Key("h:" + userName(u)).FieldValue()
			var packed []byte
			for f := range storedFeatures {
				v := float64(r.IntN(1_000_000)) / 100
				hash = hash.FieldValue(fmt.Sprintf("f%02d", f), strconv.FormatFloat(v, 'f', -1, 64))
				packed = binary.LittleEndian.AppendUint64(packed, math.Float64bits(v))
			}
			cmds = append(cmds, hash.Build(), c.B().Set().Key("p:"+userName(u)).Value(rueidis.BinaryString(packed)).Build())
		}
		for _, resp := range c.DoMulti(background, cmds...) {
			if err := resp.Error(); err != nil {
				return err
			}
		}
	}
	for s := range redisSets {
		for range setEvents / 1000 {
			set := c.B().Zadd().Key("z:" + strconv.Itoa(s)).ScoreMember()
			for range 1000 {
				at := now - r.Int64N(int64(spread/time.Microsecond))
				set = set.ScoreMember(float64(at), fmt.Sprintf("%d:%d.%02d:%d", at, r.IntN(1000), r.IntN(100), r.Uint32()))
			}
			if err := c.Do(background, set.Build()).Error(); err != nil {
				return err
			}
		}
	}
	return nil
}

// redisReads are the ways to read.
func redisReads() []struct {
	name string
	read func(c rueidis.Client, i int) error
} {
	return []struct {
		name string
		read func(c rueidis.Client, i int) error
	}{
		{"hash of 50", func(c rueidis.Client, i int) error {
			m, err := c.Do(background, c.B().Hgetall().Key("h:"+userName(i%redisUsers)).Build()).AsStrMap()
			return wants(err, len(m) == storedFeatures)
		}},
		{"packed value of 50", func(c rueidis.Client, i int) error {
			s, err := c.Do(background, c.B().Get().Key("p:"+userName(i%redisUsers)).Build()).ToString()
			return wants(err, len(s) == 8*storedFeatures)
		}},
		{"pipeline of 100 hashes", func(c rueidis.Client, i int) error {
			cmds := make(rueidis.Commands, 0, 100)
			for k := range 100 {
				cmds = append(cmds, c.B().Hgetall().Key("h:"+userName((i*100+k)%redisUsers)).Build())
			}
			for _, resp := range c.DoMulti(background, cmds...) {
				m, err := resp.AsStrMap()
				if err := wants(err, len(m) == storedFeatures); err != nil {
					return err
				}
			}
			return nil
		}},
		{"100 packed values, one MGET", func(c rueidis.Client, i int) error {
			keys := make([]string, 100)
			for k := range keys {
				keys[k] = "p:" + userName((i*100+k)%redisUsers)
			}
			list, err := c.Do(background, c.B().Mget().Key(keys...).Build()).ToArray()
			return wants(err, len(list) == 100)
		}},
		{"sorted set of 10,000 events", readSet},
	}
}

// readSet is a sliding window as people build it: what is in the window comes over and is summed.
func readSet(c rueidis.Client, i int) error {
	now := time.Now().UnixMicro()
	list, err := c.Do(background, c.B().Zrangebyscore().Key("z:"+strconv.Itoa(i%redisSets)).
		Min(strconv.FormatInt(now-int64(30*24*time.Hour/time.Microsecond), 10)).Max(strconv.FormatInt(now, 10)).Build()).AsStrSlice()
	if err := wants(err, len(list) > setEvents/2); err != nil {
		return err
	}
	sum := 0.0
	for _, member := range list {
		_, rest, _ := strings.Cut(member, ":")
		amount, _, _ := strings.Cut(rest, ":")
		v, err := strconv.ParseFloat(amount, 64)
		if err != nil {
			return err
		}
		sum += v
	}
	return wants(nil, sum > 0)
}

func wants(err error, ok bool) error {
	if err == nil && !ok {
		return errors.New("an answer of Redis is not the one that was stored")
	}
	return err
}

// redis measures Redis through rueidis.
func (b *bench) redis() error {
	address, stop, err := b.startRedis()
	if err != nil {
		return err
	}
	defer stop()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, DisableCache: true})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := fillRedis(client); err != nil {
		return err
	}
	for _, r := range redisReads() {
		if err := b.peer("Redis, "+r.name, b.redisPID, func() (caller, error) { return &redisCaller{client, r.read}, nil }, distinct); err != nil {
			return err
		}
	}
	return nil
}

// peer measures another system at its maximum.
func (b *bench) peer(name string, pid int, dial func() (caller, error), requests int) error {
	var list []*outcome
	for range b.rounds {
		o, err := (&load{dial: dial, requests: requests, conns: b.conns, lasts: b.lasts, pid: pid}).run()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, o)
	}
	fmt.Fprintf(os.Stdout, "%-36s %8.1f/s  p50 %.2f p99 %.2f ms\n", name, median(list, (*outcome).rate), median(list, p50), median(list, p99))
	return nil
}
