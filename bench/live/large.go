// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	"selfsame/offline/parquet"
)

// million fills a state of many entities and measures what it takes: disk, memory, restart, and reads of which the cache holds few.
func (b *bench) million() error {
	begin := time.Now()
	if err := b.fillProfiles(b.entities); err != nil {
		return err
	}
	fmt.Printf("filled %d entities of 50 features in %.1f s: %.0f bytes of disk an entity, %d MiB resident\n", b.entities, time.Since(begin).Seconds(),
		float64(b.disk())/float64(b.entities), residentOf(b.server.pid())>>20)
	if err := b.restart(); err != nil {
		return err
	}
	fmt.Printf("restarted with %d entities in %.2f s; %d MiB resident, %.0f bytes of disk an entity\n", b.entities, b.server.started.Seconds(),
		residentOf(b.server.pid())>>20, float64(b.disk())/float64(b.entities))
	w := workload{name: "stored50 of 1M", service: "stored", rows: 1, noNames: true, many: 500_000, users: func(r *rand.Rand) string { return userName(r.IntN(b.entities)) }}
	return b.compare(&w, []string{"http", "grpc"}, 0)
}

// fillProfiles pushes stored features of users until there are so many.
func (b *bench) fillProfiles(users int) error {
	p, err := dialPush(b.server.grpc)
	if err != nil {
		return err
	}
	defer p.Close()
	for ; b.profiles < users; b.profiles = min(users, b.profiles+2000) {
		n := min(users, b.profiles+2000) - b.profiles
		got, _, err := p.push(profiles(b.profiles, n, 1))
		if err == nil && got != n {
			err = fmt.Errorf("%d of %d profiles were accepted", got, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// disk is what log and online state take.
func (b *bench) disk() (n int64) {
	for _, part := range []string{"log", "online"} {
		filepath.WalkDir(filepath.Join(b.dir, "project", ".selfsame", part), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if i, err := d.Info(); err == nil {
					n += i.Size()
				}
			}
			return nil
		})
	}
	return n
}

// materializeRows is how many rows are loaded, of materializeUsers users.
const materializeRows, materializeUsers = 1_000_000, 200_000

// materialize loads a Parquet file of ten columns into an as-of view.
func (b *bench) materialize() error {
	dir := filepath.Join(b.dir, "history")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	fields := []selfsame.Field{{Name: "k", Type: selfsame.Scalar(selfsame.String)}, {Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}}
	var schema, names []string
	for i := range 8 {
		name := fmt.Sprintf("c%d", i)
		fields = append(fields, selfsame.Field{Name: name, Type: selfsame.Scalar(selfsame.Float64)})
		schema, names = append(schema, name+": float64"), append(names, name)
	}
	text := "project: wide\nentities: {user: {key: {k: string}}}\nsources:\n  wide:\n    schema: {k: string, at: timestamp, " + strings.Join(schema, ", ") +
		"}\n    event_time: at\n    batch: {path: wide.parquet}\nviews:\n  newest: {entity: user, source: wide, features: [" + strings.Join(names, ", ") +
		"]}\nservices: {all: {features: [newest.*]}}\n"
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(text), 0o666); err != nil {
		return err
	}
	if err := writeRows(filepath.Join(dir, "wide.parquet"), fields); err != nil {
		return err
	}
	var rates []float64
	var peak int64
	for range b.rounds {
		if err := os.RemoveAll(filepath.Join(dir, ".selfsame")); err != nil {
			return err
		}
		if out, err := exec.Command(b.selfsame, "apply", "--project", dir).CombinedOutput(); err != nil {
			return fmt.Errorf("apply: %w\n%s", err, out)
		}
		c := exec.Command(b.selfsame, "materialize", "--project", dir)
		begin := time.Now()
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("materialize: %w\n%s", err, out)
		}
		rates = append(rates, materializeRows/time.Since(begin).Seconds())
		peak = max(peak, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
	}
	fmt.Printf("materialize %d rows x 10 columns: %.0f rows/s, process start to end; peak %d MiB\n", materializeRows, middle(rates), peak>>20)
	return nil
}

func writeRows(path string, fields []selfsame.Field) error {
	w, err := parquet.Create(path, fields, offline.Options{})
	if err != nil {
		return err
	}
	defer w.Abort()
	r, now := rand.New(rand.NewPCG(5, 5)), time.Now().UnixMicro()
	const at = 100_000
	for from := 0; from < materializeRows; from += at {
		batch := column.NewBatch(fields, at)
		batch.Rows = at
		for i := range at {
			batch.Columns[0].AppendBytes([]byte(userName(r.IntN(materializeUsers))))
			batch.Columns[1].Ints = append(batch.Columns[1].Ints, now-int64(materializeRows-from-i)*1000)
			for c := range 8 {
				batch.Columns[2+c].Floats = append(batch.Columns[2+c].Floats, float64(r.IntN(1_000_000))/100)
			}
		}
		if err := w.Write(batch); err != nil {
			return err
		}
	}
	err = w.Close()
	runtime.GC()
	return err
}
