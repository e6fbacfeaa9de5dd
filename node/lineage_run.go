// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/lineage"
	"selfsame/materialize"
	"selfsame/registry"
	"selfsame/registry/graph"
)

// RunOf is the run with an id that wrote training sets of one command, by their manifests, which is at least one. It began at started, in microseconds, and
// ends now.
func RunOf(id string, started int64, manifests ...*batch.Manifest) (*graph.TrainingSet, error) {
	first := manifests[0]
	t := &graph.TrainingSet{Features: TrainedAs(first.Features), Run: registry.Run{ID: id, Kind: first.Command.Verb, Service: first.Command.Service, Started: selfsame.Instant(started),
		Ended: selfsame.Instant(time.Now().UnixMicro())}}
	if len(manifests) == 1 {
		b, err := first.Encode()
		if err != nil {
			return nil, err
		}
		t.Run.Manifest = manifestHash(b)
		if first.Rows.Path != "" {
			t.Run.Inputs = append(t.Run.Inputs, dataOf(first.Rows.Path, first.Rows))
		}
	}
	for _, in := range first.Sources {
		name, isLog := strings.CutSuffix(in.Name, " (log)")
		d := dataOf(name, in)
		if isLog {
			d.Cut = strconv.FormatInt(first.Log, 10)
		}
		t.Run.Inputs = append(t.Run.Inputs, d)
	}
	for _, m := range manifests {
		t.Run.Rows += m.Output.Rows
		t.Run.Outputs = append(t.Run.Outputs, registry.Data{Name: m.Output.Path, Files: 1, Bytes: m.Output.FileSize, Checksum: m.Output.FileChecksum})
	}
	return t, nil
}

func manifestHash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// dataOf sums up the files of an input.
func dataOf(name string, in batch.Input) registry.Data {
	d := registry.Data{Name: name, Files: len(in.Files)}
	for _, f := range in.Files {
		d.Bytes += f.Size
	}
	if len(in.Files) == 1 {
		d.Checksum = in.Files[0].Checksum
	} else if len(in.Files) > 0 {
		d.Checksum = batch.Snapshot(in, nil)
	}
	return d
}

// newRunID makes a UUID of version 7: later ones sort behind.
func newRunID(now time.Time) string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// FindTrainingSet returns the training set at a path, which is that of its file, its folder or its manifest; nil: there is none. A bare name is the name of
// something else: ./name is a path.
func FindTrainingSet(path string) (*graph.TrainingSet, error) {
	if !strings.ContainsAny(path, `./\`) {
		return nil, nil
	}
	for _, p := range []string{path, ManifestPath(path)} {
		if !strings.HasSuffix(p, ".manifest.json") {
			continue
		}
		b, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		m, err := batch.ReadManifest(p)
		if err != nil {
			return nil, err
		}
		t, err := RunOf(path, 0, m)
		if err == nil {
			t.Run.Manifest = manifestHash(b) // of the file as it stands
		}
		return t, err
	}
	return nil, nil
}

// recording is a run to be recorded.
type recording struct {
	*graph.TrainingSet
	By registry.By `json:"by"`
}

// record puts a run into a registry, where anything is applied.
func (t *recording) record(ctx context.Context, r actor) error {
	s, err := r.Snapshot(ctx)
	if err != nil || s.Applied() == 0 {
		return err
	}
	_, err = r.Act(ctx, t.By, t.Resolve(s))
	return err
}

func (l *Live) recordVerb(ctx context.Context, t *recording, _ func(any) error) error {
	return t.record(ctx, l)
}

// RecordRun records a run in the registry, through the server that owns the data directory where one does. Where there is no registry, or nothing is applied,
// it does nothing.
func RecordRun(ctx context.Context, cfg *LiveConfig, set *graph.TrainingSet) (err error) {
	t := &recording{TrainingSet: set, By: registry.By{Engine: Version, Time: time.Now().UnixMicro()}}
	named := func() *recording { // git is asked where there is something to record, and takes its time
		t.By.Author = author(ctx, cfg.Project)
		return t
	}
	u := &unserved{at: RegistryOf(cfg.Config, cfg.Project)}
	if err := u.at.check(); err != nil {
		return err
	}
	ask := func(p Planner) error {
		return p.(*served).Do(ctx, "record", named(), func([]byte) error { return nil })
	}
	if server := u.server(); server != nil {
		return ask(server)
	}
	defer func() { err = errors.Join(err, u.Close()) }()
	if _, s, err := u.applied(ctx); err != nil || s.Applied() == 0 {
		return err
	}
	return u.write(ctx, func(r registry.Registry) error { return named().record(ctx, r) }, ask)
}

// kind is what the verb of a load is called.
func (b *bringing) kind() string {
	if b.anew {
		return registry.RunBackfill
	}
	return registry.RunMaterialize
}

// recordLoad records a backfill or materialization, and returns it. That it cannot is told and changes nothing.
func (l *Live) recordLoad(ctx context.Context, b *bringing, r *materialize.Report, id string, took time.Duration) *registry.Run {
	now := l.now()
	run := &registry.Run{ID: id, Kind: b.kind(), Started: selfsame.Instant(now - took.Microseconds()), Ended: selfsame.Instant(now)}
	for _, name := range b.next.Sources {
		if in, looked := b.inputs[name]; looked {
			run.Inputs = append(run.Inputs, dataOf(name, in))
		}
	}
	cut := strconv.FormatInt(l.driver.Applied().Offset, 10)
	loaded := map[string]bool{}
	for _, v := range r.Views {
		run.Rows += v.Rows
		loaded[v.Use.Base()] = true
	}
	for _, u := range b.uses {
		if !loaded[u.Base()] {
			continue
		}
		run.Outputs = append(run.Outputs, registry.Data{Name: u.View.Name, Cut: cut})
		for _, f := range u.Features {
			run.Features = append(run.Features, lineage.ReferenceOf(u.View.Name, f.Feature))
		}
	}
	slices.Sort(run.Features)
	run.Features = slices.Compact(run.Features)
	slices.SortFunc(run.Outputs, func(a, b registry.Data) int { return strings.Compare(a.Name, b.Name) })
	run.Outputs = slices.Compact(run.Outputs)
	by := registry.By{Author: author(ctx, l.Project), Engine: Version, Time: now}
	if _, err := l.Act(ctx, by, run); err != nil {
		l.notify("the " + run.Kind + " is not recorded: " + err.Error())
	}
	return run
}
