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
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame/batch"
	"selfsame/lineage"
	"selfsame/materialize"
	"selfsame/registry"
)

// The kinds of runs.
const (
	runTrain       = "train"
	runSnapshot    = "snapshot"
	runBackfill    = "backfill"
	runMaterialize = "materialize"
)

// TrainingSet is a run with the definitions that it followed. Which versions they are, the registry knows by their hashes.
type TrainingSet struct {
	Run      registry.Run          `json:"run"`
	Features []batch.FeatureRecord `json:"features"`
	By       registry.By           `json:"by"`
}

// RunOf is the run that made training sets, by their manifests and the bytes of those; the manifests are of one command. started is in microseconds, 0
// where it is not known.
func RunOf(manifests []*batch.Manifest, bytes [][]byte, started int64) *TrainingSet {
	first := manifests[0]
	t := &TrainingSet{Features: first.Features, Run: registry.Run{ID: newRunID(time.Now()), Kind: first.Command.Verb, Service: first.Command.Service, Started: started,
		Ended: time.Now().UnixMicro()}}
	if len(manifests) == 1 {
		t.Run.Manifest = manifestHash(bytes[0])
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
	return t
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

// FindTrainingSet returns the training set at a path: of the file, of its manifest, or of a hash of either; nil: the path names no file.
func FindTrainingSet(path string) (*TrainingSet, error) {
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
		t := RunOf([]*batch.Manifest{m}, [][]byte{b}, 0)
		t.Run.ID = path
		return t, nil
	}
	return nil, nil
}

// in returns a graph that has the training set, and what it is called there: the graph itself where its registry has the run.
func (t *TrainingSet) in(g *lineage.Graph, s *registry.Snapshot, ref string) (*lineage.Graph, string) {
	for _, name := range []string{t.Run.Manifest, t.Run.Outputs[0].Checksum} {
		if n, err := g.Find("run/" + name); err == nil {
			return g, n.ID
		}
	}
	run := t.resolve(s)
	g = g.Clone()
	n := runNode(&registry.RunRecord{Run: *run})
	n.ID = ref
	g.AddRun(n)
	g.Seal()
	return g, "run/" + ref
}

// resolve returns the run with the versions of its features and of its service.
func (t *TrainingSet) resolve(s *registry.Snapshot) *registry.Run {
	run := t.Run
	run.Features = nil
	var trained []registry.Trained
	for _, f := range t.Features {
		trained = append(trained, registry.Trained{Output: f.Output, Ref: f.Feature, Hash: f.Hash})
		view, name, _ := strings.Cut(f.Feature, ".")
		versions, err := s.Versions(view, name)
		if err != nil {
			continue // it was never applied
		}
		for _, v := range slices.Backward(versions) {
			if v.Hash == f.Hash {
				run.Features = append(run.Features, v.Ref(view, name))
				break
			}
		}
	}
	run.List = 0
	versions, err := s.ServiceVersions(run.Service)
	if run.Service == "" || err != nil {
		return &run
	}
	for _, v := range slices.Backward(versions) {
		if list, err := s.AgreesWith(run.Service, v.Version, trained); err == nil {
			run.List = list
			break
		}
	}
	return &run
}

// record puts a run into a registry, where anything is applied.
func (t *TrainingSet) record(ctx context.Context, r registry.Registry) error {
	s, err := r.Snapshot(ctx)
	if err != nil || s.Applied() == 0 {
		return err
	}
	_, err = r.Act(ctx, t.By, t.resolve(s))
	return err
}

func (l *Live) recordVerb(ctx context.Context, t *TrainingSet, _ func(any) error) error {
	return t.record(ctx, l.registry)
}

// RecordRun records a run in the registry of a data directory, through the server that owns it. Where there is no registry, or nothing is applied, it
// does nothing.
func RecordRun(ctx context.Context, cfg *LiveConfig, t *TrainingSet) error {
	t.By = registry.By{Author: author(ctx, cfg.Project), Engine: Version, Time: time.Now().UnixMicro()}
	dir := cfg.Config.Dir
	if address, token := FindServer(dir); address != "" {
		return dialServer(address, token).Do(ctx, "record", t, func([]byte) error { return nil })
	}
	if _, err := os.Stat(filepath.Join(dir, registryFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	data, err := OpenData(dir)
	if err != nil {
		return err
	}
	r, err := OpenRegistry(ctx, data, cfg.Project)
	if err != nil {
		return errors.Join(err, data.Close())
	}
	return errors.Join(t.record(ctx, r), r.Close(), data.Close())
}

// recordLoad records a backfill or materialization. That it cannot is told and changes nothing.
func (l *Live) recordLoad(ctx context.Context, b *bringing, r *materialize.Report, started time.Time) {
	now := l.now()
	run := &registry.Run{ID: newRunID(time.UnixMicro(now)), Kind: runMaterialize, Started: now - time.Since(started).Microseconds(), Ended: now}
	if b.anew {
		run.Kind = runBackfill
	}
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
	if _, err := l.registry.Act(ctx, by, run); err != nil {
		l.notify("the " + run.Kind + " is not recorded: " + err.Error())
	}
}
