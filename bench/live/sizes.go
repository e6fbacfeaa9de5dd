// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"selfsame/config"
	"selfsame/node"
)

// sized is what a data directory is filled with: so many events of so many users, in messages of so many, which a service reads.
type sized struct {
	name, service     string
	users, each, call int
	warm              int // users that are read: they fit the default cache
}

// message is the events [from, from+call) of all.
func (s *sized) message(from int) []byte {
	if s.service == "stored" {
		return profiles(from, s.call, 1)
	}
	return payments(s.call, uint64(3_000_000+from), false, func(i int) string { return userName((from + i) / s.each) })
}

var kinds = []sized{
	{"50 stored features, one event a user", "stored", 100_000, 1, 2000, 12_000},
	{"payments, 100 a user", "windows", 10_000, 100, 5000, 3_000},
	{"payments, 10,000 a user", "windows", 100, 10_000, 5000, 40},
}

// sizes measures what an event and an entity take, each kind in a data directory of its own: on the disk, after a clean stop, in the log, the online state and
// the archive; and in memory, by what a server grows as it reads each entity once. That server is collected at GOGC=20, so that little garbage is counted.
func (b *bench) sizes() error {
	for i := range kinds {
		if err := b.sizesOf(&kinds[i], filepath.Join(b.dir, fmt.Sprint("sizes", i))); err != nil {
			return fmt.Errorf("%s: %w", kinds[i].name, err)
		}
	}
	return nil
}

func (b *bench) sizesOf(s *sized, project string) error {
	if err := writeProject(project); err != nil {
		return err
	}
	defer os.RemoveAll(project)
	if err := b.fillSized(s, project); err != nil {
		return err
	}
	var all int64
	events := float64(s.users * s.each)
	fmt.Printf("sizes of %s: %d users, %.0f events; bytes of disk an event:", s.name, s.users, events)
	for _, part := range []string{"log", "online", "archive"} {
		n, err := sizeOf(filepath.Join(project, ".selfsame", part))
		if err != nil {
			return err
		}
		all += n
		fmt.Printf(" %s %.1f,", part, float64(n)/events)
	}
	fmt.Printf(" all %.1f; a user: %.0f\n", float64(all)/events, float64(all)/float64(s.users))
	server, err := start(os.Stderr, "env", append([]string{"GOGC=20", b.selfsame}, serveArgs(project)...)...)
	if err != nil {
		return err
	}
	return errors.Join(warmed(s, server), server.stop())
}

func serveArgs(project string) []string {
	return []string{"serve", "--project", project, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"}
}

// fillSized pushes the events, has them archived, and stops the server.
func (b *bench) fillSized(s *sized, project string) (err error) {
	server, err := start(os.Stderr, b.selfsame, serveArgs(project)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	p, err := dialPush(server.grpc)
	if err != nil {
		return err
	}
	defer p.Close()
	for from := 0; from < s.users*s.each; from += s.call {
		n, _, err := p.push(s.message(from))
		if err == nil && n != s.call {
			err = fmt.Errorf("%d of %d events were accepted", n, s.call)
		}
		if err != nil {
			return err
		}
	}
	client, err := node.Dial(background, node.LiveConfig{Config: config.Default(), Project: project})
	if err != nil {
		return err
	}
	pinned, err := client.Pin(background)
	if err == nil && pinned.Complete < int64(s.users*s.each) {
		err = fmt.Errorf("the archive has %d of %d events", pinned.Complete, s.users*s.each)
	}
	return errors.Join(err, client.Close())
}

// sizeOf is the length of the files below a folder.
func sizeOf(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		if err == nil {
			n += i.Size()
		}
		return err
	})
	return n, err
}

// warmed reads each user once and prints what the server grew by.
func warmed(s *sized, server *process) error {
	read := func(users []string) error {
		var requests [][]byte
		for _, u := range users {
			requests = append(requests, httpRequest("/v1/services/"+s.service+"/features", jsonBody([]string{u}, "")))
		}
		c, err := dialHTTP(server.http, requests)
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range requests {
			if refused, err := c.call(i); err != nil || refused {
				return errors.Join(err, wants(nil, !refused))
			}
		}
		return nil
	}
	var strangers, users []string
	for i := range 2000 { // nobody knows them: what reading takes by itself is there before
		strangers = append(strangers, fmt.Sprint("stranger-", i))
	}
	if err := read(strangers); err != nil {
		return err
	}
	before, err := cached(server)
	if err != nil {
		return err
	}
	resident := residentOf(server.pid())
	for i := range s.warm {
		users = append(users, userName(i))
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(users), func(i, k int) { users[i], users[k] = users[k], users[i] })
	if err := read(users); err != nil {
		return err
	}
	after, err := cached(server)
	if err != nil {
		return err
	}
	grown := residentOf(server.pid()) - resident
	fmt.Printf("  %.0f users in the cache: %.0f bytes each by its own count; resident memory grew from %d MiB by %d MiB: %.0f bytes a user, %.0f an event\n", after.entities-before.entities,
		(after.bytes-before.bytes)/(after.entities-before.entities), resident>>20, grown>>20, float64(grown)/float64(s.warm), float64(grown)/float64(s.warm*s.each))
	if after.entities-before.entities < float64(s.warm) {
		return fmt.Errorf("the cache holds %.0f of %d users: they do not fit", after.entities-before.entities, s.warm)
	}
	return nil
}

// held is what the cache counts.
type held struct{ bytes, entities float64 }

// cached asks a server's metrics.
func cached(server *process) (h held, err error) {
	r, err := http.Get("http://" + server.http + "/metrics")
	if err != nil {
		return h, err
	}
	defer r.Body.Close()
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "selfsame_cache_bytes":
			h.bytes, err = strconv.ParseFloat(value, 64)
		case "selfsame_cache_entities":
			h.entities, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			return h, err
		}
	}
	return h, nil
}
