// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package openlineage

import (
	"encoding/json"
	"strings"
	"time"

	"selfsame/lineage"
)

// Names of what events follow.
const (
	producer   = "urn:selfsame:engine"
	eventURL   = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
	facetsURL  = "https://openlineage.io/spec/facets/"
	engineName = "selfsame"
)

// Work is a piece of work that events tell of.
type Work struct {
	ID        string // UUID
	Kind      string // apply, train, snapshot, backfill or materialize
	Name      string // of what it is done to: a service, a view; may be empty
	Namespace string // the project
	Engine    string // version of Selfsame
	Inputs    []Dataset
	Outputs   []Dataset
}

// Dataset is what work reads or writes. Numbers that are not known are negative.
type Dataset struct {
	Namespace string
	Name      string
	URI       string // where it stands, or empty
	Version   string // checksum of what was read or written, or empty
	Fields    []Field
	Rows      int64
	Bytes     int64
	Files     int64
}

// Field is a column of a dataset.
type Field struct {
	Name        string
	Type        string
	Description string
	From        []From // what it is computed from
}

// From is a column that another one is computed from.
type From struct {
	Namespace, Name, Field string
	Roles                  []lineage.Role
	Aggregate              bool // the value is aggregated over rows
	Same                   bool // the value is taken as it is
}

// Source is the dataset of a source: it stands for files and pushed events alike.
func Source(namespace, source string) Dataset {
	return Dataset{Namespace: namespace, Name: "source/" + source, Rows: -1, Bytes: -1, Files: -1}
}

// View is the dataset of a view: the values of its features.
func View(namespace, view string) Dataset {
	return Dataset{Namespace: namespace, Name: "view/" + view, Rows: -1, Bytes: -1, Files: -1}
}

// File is the dataset of a file, by its absolute path with slashes.
func File(path string) Dataset {
	return Dataset{Namespace: "file", Name: path, URI: "file://" + path, Rows: -1, Bytes: -1, Files: 1}
}

// The events, as the specification names their fields.
type (
	event struct {
		EventType string    `json:"eventType"`
		EventTime string    `json:"eventTime"`
		Producer  string    `json:"producer"`
		SchemaURL string    `json:"schemaURL"`
		Run       run       `json:"run"`
		Job       job       `json:"job"`
		Inputs    []dataset `json:"inputs"`
		Outputs   []dataset `json:"outputs"`
	}
	run struct {
		ID     string         `json:"runId"`
		Facets map[string]any `json:"facets"`
	}
	job struct {
		Namespace string         `json:"namespace"`
		Name      string         `json:"name"`
		Facets    map[string]any `json:"facets"`
	}
	dataset struct {
		Namespace string         `json:"namespace"`
		Name      string         `json:"name"`
		Facets    map[string]any `json:"facets,omitempty"`
		Input     map[string]any `json:"inputFacets,omitempty"`
		Output    map[string]any `json:"outputFacets,omitempty"`
	}
	facet struct {
		Producer  string `json:"_producer"`
		SchemaURL string `json:"_schemaURL"`
	}
)

func newFacet(version, name string) facet {
	return facet{producer, facetsURL + version + "/" + name + ".json#/$defs/" + name}
}

// Start is the event of work that begins, as JSON. at is in microseconds.
func (w *Work) Start(at int64) ([]byte, error) { return w.event("START", at, nil) }

// Done is the event of work that is done, or that ended with an error.
func (w *Work) Done(at int64, failed error) ([]byte, error) {
	if failed != nil {
		return w.event("FAIL", at, failed)
	}
	return w.event("COMPLETE", at, nil)
}

func (w *Work) event(kind string, at int64, failed error) ([]byte, error) {
	e := &event{EventType: kind, EventTime: time.UnixMicro(at).UTC().Format("2006-01-02T15:04:05.000000Z07:00"), Producer: producer, SchemaURL: eventURL,
		Run: run{w.ID, map[string]any{"processing_engine": struct {
			facet
			Version string `json:"version"`
			Name    string `json:"name"`
		}{newFacet("1-1-1", "ProcessingEngineRunFacet"), w.Engine, engineName}}},
		Job: job{w.Namespace, w.jobName(), map[string]any{"jobType": struct {
			facet
			Processing  string `json:"processingType"`
			Integration string `json:"integration"`
			Type        string `json:"jobType"`
		}{newFacet("2-0-4", "JobTypeJobFacet"), "BATCH", "SELFSAME", strings.ToUpper(w.Kind)}}},
		Inputs: []dataset{}, Outputs: []dataset{}}
	if failed != nil {
		e.Run.Facets["errorMessage"] = struct {
			facet
			Message  string `json:"message"`
			Language string `json:"programmingLanguage"`
		}{newFacet("1-0-1", "ErrorMessageRunFacet"), failed.Error(), "GO"}
	}
	for i := range w.Inputs {
		d := w.Inputs[i].dataset()
		if s := w.Inputs[i].statistics("1-0-0", "InputStatisticsInputDatasetFacet"); s != nil {
			d.Input = map[string]any{"inputStatistics": s}
		}
		e.Inputs = append(e.Inputs, d)
	}
	for i := range w.Outputs {
		d := w.Outputs[i].dataset()
		if s := w.Outputs[i].statistics("1-0-2", "OutputStatisticsOutputDatasetFacet"); s != nil && kind == "COMPLETE" {
			d.Output = map[string]any{"outputStatistics": s}
		}
		e.Outputs = append(e.Outputs, d)
	}
	return json.Marshal(e)
}

func (w *Work) jobName() string {
	if w.Name == "" {
		return w.Kind
	}
	return w.Kind + "." + w.Name
}
