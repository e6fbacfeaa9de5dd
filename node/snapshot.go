// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/definition/canonical"
	"selfsame/plan"
)

// SnapshotConfig is a series of snapshots: every entity's features at one moment after another.
type SnapshotConfig struct {
	Train   TrainConfig // Project, Request, Mode, Write, Options; Rows and Out are set for each moment
	Dir     string
	Version int   // names the folder v{Version}
	Start   int64 // first moment
	End     int64 // moments are below it
	Every   int64
	// Done is called for every moment with what was made; nil: it was there already.
	Done func(at int64, t *Trained)
}

// Snapshots writes DIR/{name}/v{version}/date=YYYY-MM-DD/features.parquet for every moment, and the feature versions beside them.
// Moments that are there already stay as they are, so a run that was stopped goes on where it was.
func Snapshots(ctx context.Context, cfg *SnapshotConfig) error {
	name := cfg.Train.Request.Service + cfg.Train.Request.View
	if name == "" {
		name = "features"
	}
	dir := filepath.Join(cfg.Dir, name, fmt.Sprintf("v%d", cfg.Version))
	if err := cfg.recordVersions(dir); err != nil {
		return err
	}
	for at := cfg.Start; at < cfg.End; at += cfg.Every {
		if err := ctx.Err(); err != nil {
			return err
		}
		folder := filepath.Join(dir, "date="+time.UnixMicro(at).UTC().Format(time.DateOnly))
		out := filepath.Join(folder, "features.parquet")
		if _, err := os.Stat(ManifestPath(out)); err == nil { // written last: the moment is whole
			cfg.Done(at, nil)
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return &selfsame.Error{Class: selfsame.ClassResource, Ref: folder, Message: "cannot make the folder", Err: err}
		}
		one := cfg.Train
		one.Out, one.Rows = out, RowsConfig{AllAt: &at}
		t, err := Train(ctx, &one)
		if err != nil {
			os.Remove(folder) // where it is empty
			return err
		}
		cfg.Done(at, t)
	}
	return nil
}

// recordVersions writes features.json, the versions and hashes of the features, or checks that the folder is of the same ones.
func (cfg *SnapshotConfig) recordVersions(dir string) error {
	p, err := definition.Load(cfg.Train.Project)
	if err != nil {
		return err
	}
	pl, err := cfg.Train.Request.plan(p)
	if err != nil {
		return err
	}
	records, err := featureRecords(p, pl)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(records, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "features.json")
	have, err := os.ReadFile(path)
	if err == nil {
		if !bytes.Equal(bytes.TrimSpace(have), b) {
			return &selfsame.Error{Class: selfsame.ClassChanged, Ref: path, Message: "the table is of other feature definitions",
				Hint: fmt.Sprintf("write the changed features as --version %d", cfg.Version+1)}
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Message: "cannot make the folder", Err: err}
	}
	return writeWhole(path, append(b, '\n'))
}

// featureRecords names each output of a plan with the hash of its definition.
func featureRecords(p *selfsame.Project, pl *plan.Plan) ([]batch.FeatureRecord, error) {
	var out []batch.FeatureRecord
	for _, o := range pl.Outputs {
		form, err := canonical.Form(p, o.View, o.Feature)
		if err != nil {
			return nil, err
		}
		out = append(out, batch.FeatureRecord{Output: o.Name, Feature: o.Ref(), Type: o.Type.String(), Version: o.Feature.Version, Hash: canonical.Hash(form), Label: o.Label})
	}
	return out, nil
}
