// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

// ViewKind tells the three kinds of views apart. It follows from a view's definition and is never written.
type ViewKind uint8

// The kinds of views.
const (
	WindowedView ViewKind = iota // features contain aggregates over a source
	AsOfView                     // the newest whole row per key; also static tables
	OnDemandView                 // no source: from request fields and other views
)

func (k ViewKind) String() string { return [...]string{"windowed", "as-of", "on-demand"}[k] }

// Expr is an expression as its author wrote it, and where. compute/expr parses it.
type Expr struct {
	Text string
	Pos  Pos
}

// FeatureView is a group of features. Entity and Sources are empty as its kind demands.
type FeatureView struct {
	Name   string
	Kind   ViewKind
	Entity string          // empty: one row for the whole world (or on demand)
	Source []string        // several: one stream over the fields that agree in name and type, in this order
	Where  *Expr           // selects events before any window
	Season *Expr           // windowed views: an event counts where this expression of now() has the value at its time that it has at T
	Key    map[string]Expr // entity key field -> expression over source fields; absent: the field of the same name

	TTL       Duration // as-of views: greatest age of a row, inclusive
	Closed    Edge     // as-of views: ClosedBoth (default) or ClosedLeft
	AsOf      Duration // declared knowledge lag
	MaxValues int64    // 0: the default of 100,000
	Offline   bool     // online: false
	Request   []Field  // on-demand views
	Inputs    []Input  // other views in roles: on-demand views read them at T, windowed views as of each event
	LooksUp   bool     `json:"-"` // windowed views: an expression over rows reads another view. Where it is the key, or the other view is Offline, such a view is Offline
	Ahead     bool     `json:"-"` // windowed views: every window looks forward, so that its features are labels. Such a view is Offline

	Features    []Feature // one per output name: window lists are expanded
	Description string
	Owner       string
	Tags        map[string]string
	Pos         Pos
	At          map[string]Pos
}

// Input is a view in a role: its key filled from columns that the mapping names, in a windowed view from fields of the source.
type Input struct {
	Role string
	View string
	Key  map[string]string // entity key field -> label or request column, or field of the source; or an expression over those
	Pos  Pos
}

// Feature is one output of a view, the unit of versioning.
type Feature struct {
	Name        string // after window lists are expanded
	Value       Expr   // with the one window of this output in each aggregate call
	Declared    string // the name before expansion
	Default     *Value // replaces null and not_found
	Expect      *Expectation
	Cast        string // "", float32, int32: the type at the edge
	Version     string // as the author names it; empty: proposed by the tool
	Description string
	Owner       string
	Tags        map[string]string
	Pos         Pos
}

// Expectation is a declared bound on a feature's values.
type Expectation struct {
	Min, Max *Value
	Nulls    float64 // greatest share of rows without a value, 0 to 1; negative: unbounded
	Block    bool    // on_failure: block. Otherwise warn
	Pos      Pos
}
