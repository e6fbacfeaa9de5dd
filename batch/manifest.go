// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/source"
)

// ManifestFormat names the form of a manifest. A reader refuses a newer one.
const ManifestFormat = "selfsame.training-set/1"

// Manifest says what a training set was made from, so that it can be made again. It holds no clock and no path of the
// machine beyond those that the user gave. docs/format/manifest.md describes it.
type Manifest struct {
	Format   string          `json:"format"`
	Engine   Engine          `json:"engine"`
	Project  string          `json:"project"`
	Command  Command         `json:"command"`
	Features []FeatureRecord `json:"features"`
	Rows     Input           `json:"rows"`
	Sources  []Input         `json:"sources"`
	Snapshot string          `json:"snapshot"`             // checksum over the names, sizes and checksums of every input file
	Log      int64           `json:"log_offset,omitempty"` // rows of the live log below this offset were read; 0: none
	Counts   []SourceCounts  `json:"counts"`
	Output   Output          `json:"output"`
}

// Engine names what computed the values.
type Engine struct {
	Version      string `json:"version"`
	ZoneDatabase string `json:"zone_database"`
}

// Command is what the user asked for, enough to run it again.
type Command struct {
	Verb     string            `json:"verb"`
	Service  string            `json:"service,omitempty"`
	Version  int64             `json:"service_version,omitempty"` // that was named; 0: as the files of the project had it
	View     string            `json:"view,omitempty"`
	Features []string          `json:"features,omitempty"`
	Flags    map[string]string `json:"flags,omitempty"`
}

// FeatureRecord is one output column and the definition that it follows.
type FeatureRecord struct {
	Output  string `json:"output"`
	Feature string `json:"feature"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
	Hash    string `json:"hash"`
	Label   bool   `json:"label,omitempty"` // asked for as a label: no service answers with it
}

// Input is a table that was read.
type Input struct {
	Name  string        `json:"name"`
	Path  string        `json:"path"`
	Files []source.File `json:"files"`
}

// Output is the file that was written.
type Output struct {
	Path           string         `json:"path"`
	Rows           int64          `json:"rows"`
	Columns        []ColumnRecord `json:"columns"`
	ValuesChecksum string         `json:"values_checksum"` // contract: equal on every engine
	FileChecksum   string         `json:"file_checksum"`   // of this engine's bytes
	FileSize       int64          `json:"file_size"`
}

// ColumnRecord is one column of the output.
type ColumnRecord struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Checksum string `json:"checksum"`
}

// Encode returns the manifest as indented JSON, the same bytes for equal manifests.
func (m *Manifest) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), err
}

// ReadManifest reads a manifest. A newer form and a file that is no manifest are errors.
func ReadManifest(path string) (*Manifest, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Pos: selfsame.Pos{File: path}, Message: "there is no such manifest", Hint: "it is beside its training set: train.parquet.manifest.json"}
	}
	if err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Message: "cannot read the manifest", Err: err}
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: path}, Message: "not a manifest", Err: err}
	}
	if m.Format != ManifestFormat {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: path}, Message: "a manifest of the form " + m.Format,
			Hint: "this version reads " + ManifestFormat + "; use the version that wrote it"}
	}
	return &m, nil
}

// InputChange is a difference between a manifest and what is there now.
type InputChange struct {
	Input, File, What string
}

// Changes lists how the files of now differ from those of then, which the manifest names.
func Changes(then, now Input) []InputChange {
	var out []InputChange
	have := map[string]source.File{}
	for _, f := range now.Files {
		have[f.Name] = f
	}
	for _, f := range then.Files {
		g, ok := have[f.Name]
		delete(have, f.Name)
		switch {
		case !ok:
			out = append(out, InputChange{then.Name, f.Name, "is gone"})
		case f.Size != g.Size:
			out = append(out, InputChange{then.Name, f.Name, "has another size"})
		case f.Checksum != g.Checksum:
			out = append(out, InputChange{then.Name, f.Name, "has other bytes"})
		}
	}
	for _, f := range now.Files {
		if _, isNew := have[f.Name]; isNew {
			out = append(out, InputChange{then.Name, f.Name, "is new"})
		}
	}
	return out
}

// Snapshot is a checksum over the names of the inputs and the names, sizes and checksums of their files: equal snapshots, equal
// inputs, wherever the files stand.
func Snapshot(rows Input, sources []Input) string {
	var b []byte
	frame := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, in := range append([]Input{rows}, sources...) {
		frame(in.Name)
		b = binary.AppendUvarint(b, uint64(len(in.Files)))
		for _, f := range in.Files {
			frame(f.Name)
			b = binary.AppendUvarint(b, uint64(f.Size))
			frame(f.Checksum)
		}
	}
	return sumText(xxh3.Hash128(b))
}
