// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import "selfsame"

// Act is something that is recorded beside definitions, or with an apply. Body is the JSON of the value that Kind names: a Staging, a Model, an
// Experiment, a Run, an Impact or an Answered. Acts of a kind that this engine does not know are kept and mean nothing to it.
type Act struct {
	Kind    Kind
	Subject string // what it is about: view.feature@1.1.0, model@version, a service, a run's id, the name of a request
	Body    []byte
}

// Kind says what an act is.
type Kind string

// The kinds of acts.
const (
	KindStaging    Kind = "staging"
	KindModel      Kind = "model"
	KindExperiment Kind = "experiment"
	KindRun        Kind = "run"
	KindImpact     Kind = "impact"
	KindRequest    Kind = "request"
)

// Action is what somebody wants to be recorded: a *Staging, *Model, *Experiment or *Run.
type Action interface {
	subject() string
	// decide works the action out against a snapshot. No act means that the registry holds it already.
	decide(s *Snapshot) ([]Act, error)
}

// Stage is how far a version of a feature may be used.
type Stage string

// The stages of a version, in their order.
const (
	Draft      Stage = "draft"      // trained and read where it is named; no service pins it
	Active     Stage = "active"     // the default
	Deprecated Stage = "deprecated" // answers carry a warning
	Retired    Stage = "retired"    // neither trained nor read; its state is gone
)

// Stages are all stages, in their order.
var Stages = []Stage{Draft, Active, Deprecated, Retired}

// Staging brings a version of a feature to a stage.
type Staging struct {
	View      string           `json:"view"`
	Feature   string           `json:"feature"`
	Version   string           `json:"version"` // 1.1.0; or 1, the newest 1.x.y when it is decided
	Stage     Stage            `json:"stage"`
	Successor string           `json:"successor,omitempty"` // reference to use in its place
	Until     selfsame.Instant `json:"until,omitempty"`     // the day on which it is to be retired; 0: none is set
	Reason    string           `json:"reason,omitempty"`
}

// Model is a version of a model with the applied version of a service that it was made for. A version never changes but for its metrics, notes and Retired.
type Model struct {
	Name     string             `json:"name"`
	Version  string             `json:"version"`
	Service  string             `json:"service"`
	List     int64              `json:"service_version"`
	Manifest string             `json:"manifest,omitempty"` // sha256:… of the training set's manifest
	Training string             `json:"training,omitempty"` // id of the Run that made the training set
	Metrics  map[string]float64 `json:"metrics,omitempty"`
	Notes    string             `json:"notes,omitempty"`
	Retired  bool               `json:"retired,omitempty"` // it pins nothing any more
}

// Experiment splits the requests of a service between its versions by a stable hash of a key (docs/registry.md).
type Experiment struct {
	Service string   `json:"service"`
	Name    string   `json:"name"`          // part of the hash: another name deals the keys anew
	Key     []string `json:"key,omitempty"` // request columns; empty: the keys of the service, in their order
	Arms    []Arm    `json:"arms,omitempty"`
	Ended   bool     `json:"ended,omitempty"`
}

// Arm is one variant of an experiment.
type Arm struct {
	Name    string `json:"name"`
	Version int64  `json:"version"` // of the service
	Share   int64  `json:"share"`   // parts of 10,000; all arms together are 10,000
}

// Run is a finished piece of work that read sources and wrote something: a node of lineage.
type Run struct {
	ID       string           `json:"id"`   // UUID
	Kind     string           `json:"kind"` // RunTrain and so on
	Service  string           `json:"service,omitempty"`
	List     int64            `json:"service_version,omitempty"` // 0: not that of a service
	Features []string         `json:"features,omitempty"`        // view.feature@1.1.0
	Inputs   []Data           `json:"inputs,omitempty"`
	Outputs  []Data           `json:"outputs,omitempty"`
	Manifest string           `json:"manifest,omitempty"` // sha256:… of it
	Rows     int64            `json:"rows"`
	Started  selfsame.Instant `json:"started"`
	Ended    selfsame.Instant `json:"ended"`
}

// Data is what a run read or wrote.
type Data struct {
	Name     string `json:"name"`            // of the source or view, or a path
	Files    int    `json:"files,omitempty"` // how many
	Bytes    int64  `json:"bytes,omitempty"`
	Checksum string `json:"checksum,omitempty"`
	Cut      string `json:"cut,omitempty"` // offsets of the log
}

// Impact is what an apply did to the values of a feature, on a sample (docs/registry.md).
type Impact struct {
	View     string           `json:"view"`
	Feature  string           `json:"feature"`
	From     string           `json:"from"`
	To       string           `json:"to"`
	Rows     int64            `json:"rows"`    // of the sample
	Changed  int64            `json:"changed"` // rows whose bits or status differ
	Since    selfsame.Instant `json:"since"`   // the sample's moments, both inclusive
	Until    selfsame.Instant `json:"until"`
	Before   *Distribution    `json:"before,omitempty"`
	After    *Distribution    `json:"after,omitempty"`
	Examples []ImpactExample  `json:"examples,omitempty"` // the largest differences first
}

// Distribution sums up the values of one feature over a sample.
type Distribution struct {
	Nulls     int64     `json:"nulls"` // rows without a value, whatever their status
	Errors    int64     `json:"errors,omitempty"`
	Distinct  int64     `json:"distinct"`
	Mean      *float64  `json:"mean,omitempty"`      // of numbers
	Quantiles []float64 `json:"quantiles,omitempty"` // of numbers: least, 25, 50, 75, 95 per cent, greatest
}

// ImpactExample is one row of the sample whose value differs.
type ImpactExample struct {
	Key    map[string]string `json:"key"`
	At     selfsame.Instant  `json:"at"` // T
	Before string            `json:"before"`
	After  string            `json:"after"`
}
