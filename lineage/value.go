// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"encoding/json"

	"selfsame"
)

// ValueQuestion asks where one value comes from.
type ValueQuestion struct {
	Feature  string            `json:"feature"`             // as requests write it, pinned or not
	EntityID string            `json:"entity_id,omitempty"` // fills the one key that Entity does not
	Entity   map[string]string `json:"entity,omitempty"`    // keys and request fields, as text
	At       *int64            `json:"at,omitempty"`        // T, microseconds; nil: now
	Limit    int               `json:"limit"`               // greatest number of events listed for a window
}

// Value is one value with what made it and what it makes.
type Value struct {
	Feature    string            `json:"feature"` // view.feature@1.1.0; of an input also a request column
	Kind       string            `json:"kind"`    // windowed, as-of, on-demand; request
	Type       string            `json:"type"`
	Value      json.RawMessage   `json:"value"` // null unless present
	Status     string            `json:"status"`
	Error      string            `json:"error,omitempty"`   // kind, where the status is error
	Default    bool              `json:"default,omitempty"` // the declared default stands in the place of a value that is not there
	Version    string            `json:"version,omitempty"` // of the definition
	Hash       string            `json:"definition,omitempty"`
	Expression string            `json:"expression,omitempty"`
	Where      string            `json:"where,omitempty"`
	Applied    *Applied          `json:"applied,omitempty"`
	Key        []Field           `json:"key,omitempty"`
	EventTime  *selfsame.Instant `json:"event_time,omitempty"` // of the newest event or row used
	Known      *selfsame.Instant `json:"cut,omitempty"`        // events that arrived later are not known
	Windows    []Window          `json:"windows,omitempty"`    // windowed
	Row        *RowUsed          `json:"row,omitempty"`        // as-of
	Read       []FileRead        `json:"read,omitempty"`       // where its events stand
	Inputs     []*Value          `json:"inputs,omitempty"`     // on demand

	Answer *ValueAnswer `json:"answer,omitempty"` // of the value that was asked about
}

// ValueAnswer is what belongs to the question as a whole.
type ValueAnswer struct {
	At           selfsame.Instant `json:"at"`       // T
	Computed     selfsame.Instant `json:"computed"` // when this was made
	Engine       string           `json:"engine"`
	ZoneDatabase string           `json:"zone_database"`
	Record       int64            `json:"record"`     // newest of the registry
	LogOffset    int64            `json:"log_offset"` // the log below it was read
	Services     []string         `json:"services"`   // that read the feature, fraud@2
	Models       []string         `json:"models"`
	Notes        []string         `json:"notes,omitempty"`
}

// Applied says who applied a definition, and when.
type Applied struct {
	Record int64            `json:"record"`
	Time   selfsame.Instant `json:"time"`
	Author string           `json:"author"`
}

// Field is a column of the question with its value.
type Field struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// Window is one aggregate over one window, [Lower, Upper).
type Window struct {
	Call    string           `json:"call"`
	Value   json.RawMessage  `json:"value"`
	Status  string           `json:"status"`
	Lower   selfsame.Instant `json:"lower"`
	Upper   selfsame.Instant `json:"upper"`
	Inside  int              `json:"inside"`  // events in the window
	Counted int              `json:"counted"` // of them, those that make the value
	Events  []Event          `json:"events"`  // those, the newest first
	LeftOut int              `json:"left_out"`
}

// RowUsed is the newest row of an as-of view's key at T.
type RowUsed struct {
	Outcome string `json:"outcome"` // used, expired, deleted or not_found
	Why     string `json:"why,omitempty"`
	Row     *Event `json:"row,omitempty"`
}

// Event is a row of a source.
type Event struct {
	Source  string            `json:"source"`
	ID      string            `json:"id,omitempty"`
	Time    *selfsame.Instant `json:"time,omitempty"`
	Arrival *selfsame.Instant `json:"arrival,omitempty"`
	File    string            `json:"file"`
	Row     int64             `json:"row"`              // in the file, from 0
	Offset  *int64            `json:"offset,omitempty"` // in the log; nil: of history
}

// FileRead is a file that holds events of a value, or the stretch of the log that does.
type FileRead struct {
	Source string `json:"source"`
	File   string `json:"file,omitempty"` // of history
	Size   int64  `json:"size,omitempty"`
	Events int    `json:"events"`
	First  *int64 `json:"first_offset,omitempty"` // of the log, both inclusive
	Last   *int64 `json:"last_offset,omitempty"`
}
