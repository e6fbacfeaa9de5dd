// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/request"
)

// MaxRows is how many rows one question may have where nothing is said.
const MaxRows = 1000

// Definitions are what is applied, at one moment: immutable. registry.Snapshot is one. Its methods answer the questions of one reader, which
// is why they are more than three.
type Definitions interface {
	plan.Resolver
	Project() *selfsame.Project // nil: nothing is applied
	// Service returns a version of a service with its outputs pinned; 0: the applied one.
	Service(name string, version int64) (*selfsame.FeatureService, int64, error)
	// Entries reads references as a request writes them. version is asked of those that name none; empty: the project's own.
	Entries(texts []string, version string) ([]selfsame.ServiceEntry, error)
	// Standing refuses a plan that reads what is retired, and warns of what is deprecated.
	Standing(p *plan.Plan) (warnings []string, err error)
	// Experiment returns the experiment that runs on a service, or nil.
	Experiment(service string) *registry.Experiment
	// Version returns the applied version of a feature, its hash with it.
	Version(view, feature, version string) (registry.Version, error)
}

// History is what was loaded of the history files.
type History struct {
	Snapshot [16]byte
	Sources  []string            // of which history was loaded, whole or in part
	Ranges   []online.TokenRange // where only a part was loaded: answers are stale
}

// Options are what a Server answers from. Definitions, Reader, Applied and Now are needed.
type Options struct {
	// Definitions returns the applied definitions of the moment, the same value until something is applied.
	Definitions func() Definitions
	Reader      *request.Reader
	// Applied is the published cut.
	Applied func() request.Cut
	// Now is the clock, microseconds.
	Now func() int64
	// History reads the text that a set of states has of the history that it holds (plan.States.History); nil: there is none.
	History func(text string) (*History, error)
	// Answering is told every T before it is answered and returns once entries of later processes, too, get an α above it; nil: nobody is.
	Answering func(t int64)
	// Complete reports whether no entry that is not applied can get α <= known, given that Answered has reached known. nil: known by the last α of the cut.
	Complete func(cut request.Cut, known int64) bool
	// Horizon is the least T that retention allows for a use; nil: all.
	Horizon func(u *plan.Use) int64
	// Journal is given every answer before its caller; nil: none. It must not block. JournalTimes fills EventTimes of every record.
	Journal      func(*Record)
	JournalTimes bool
	MaxRows      int // of one question; 0: MaxRows
}

// Server answers questions. It is safe for concurrent use.
type Server struct {
	opt      Options
	plans    plans
	answered atomic.Int64
	token    atomic.Pointer[tokenText]
}

// tokenText is the text of a cut, kept for the next answer of the same cut.
type tokenText struct {
	offset  int64
	history string
	partial bool // only a part of the history was loaded
	sources []string
	text    string
}

// New returns a server.
func New(opt Options) *Server {
	if opt.MaxRows == 0 {
		opt.MaxRows = MaxRows
	}
	if opt.History == nil {
		opt.History = func(string) (*History, error) { return &History{}, nil }
	}
	if opt.Complete == nil {
		opt.Complete = func(cut request.Cut, known int64) bool { return known <= cut.Alpha }
	}
	s := &Server{opt: opt}
	s.answered.Store(math.MinInt64)
	return s
}

// Answered is the greatest T that a question was answered for, MinTime for none: entries that are stamped later must get a greater α.
func (s *Server) Answered() int64 { return s.answered.Load() }

// Features answers a question. Errors are of class usage and input for what was asked and given, not_found for what is not there, resource
// and canceled for what may be tried again.
func (s *Server) Features(ctx context.Context, q *Request) (*Vector, error) {
	if err := ctx.Err(); err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the question was given up before it was read", Err: err}
	}
	if q.RequestID == "" {
		q.RequestID = newID()
	} else if err := checkID(q.RequestID); err != nil {
		return nil, err
	}
	for {
		defs := s.opt.Definitions()
		v, err := s.by(ctx, defs, q)
		if selfsame.ClassOf(err) == selfsame.ClassNotFound && s.opt.Definitions() != defs {
			continue // others were applied meanwhile, and what these need may be gone
		}
		return v, err
	}
}

// by answers a question by definitions of some moment.
func (s *Server) by(ctx context.Context, defs Definitions, q *Request) (*Vector, error) {
	p, err := s.plans.find(defs, q)
	if err != nil {
		return nil, err
	}
	if p.split != nil {
		return s.dealt(ctx, p.split, q)
	}
	w := p.take()
	v := &w.vector
	if err := s.answer(ctx, w, q, nil); err != nil {
		p.free.Put(w)
		return nil, err
	}
	v.work = w
	if s.opt.Journal != nil {
		s.opt.Journal(&Record{Vector: v, Fields: p.prepared.Plan().Requests, Given: w.given})
	}
	return v, nil
}

// answer fills w.vector, at the moment and the cut of another answer where there is one.
func (s *Server) answer(ctx context.Context, w *work, q *Request, with *work) error {
	p, v := w.plan, &w.vector
	*v = Vector{RequestID: q.RequestID, Service: p.service, Version: p.version, Outputs: p.outputs, Columns: v.Columns[:0], Warnings: v.Warnings[:0]}
	rows, err := w.conform(q, s.opt.MaxRows)
	if err != nil {
		return err
	}
	v.Rows = rows
	v.Warnings = append(v.Warnings, p.warnings...)
	if err := s.pin(w, q, with); err != nil {
		return err
	}
	w.query.Plan, w.query.Given, w.query.Rows = p.prepared, w.given, rows
	w.query.EventTimes, w.query.Timing = q.EventTimes || s.opt.JournalTimes && s.opt.Journal != nil, q.Timing
	w.query.Expired = q.Expired
	res, err := s.opt.Reader.Read(ctx, &w.query)
	if err != nil {
		return err
	}
	v.result = res
	token, err := s.tokenOf(w.query.Cut.Offset, res.States.History())
	if err != nil {
		res.Release()
		return err
	}
	v.Token, v.Stale = token.text, v.Stale || token.partial || p.lacks(token.sources)
	for i, c := range res.Columns {
		if p.lengths[i] != "" && slices.Contains(c.Status, selfsame.ErrorLength) {
			v.Warnings = append(v.Warnings, p.outputs[i].Name+": "+p.lengths[i])
		}
		v.Columns = append(v.Columns, p.plan.Outputs[i].Edge(w.edge[i], c))
	}
	v.EventTimes = nil
	if w.query.EventTimes {
		v.EventTimes = res.EventTimes
	}
	v.CacheHits, v.CacheMisses = int64(res.Hits), int64(res.Misses)
	if q.Timing {
		v.Milliseconds = Milliseconds{Cache: milliseconds(res.Cache), Read: milliseconds(res.Store), Compute: milliseconds(res.Compute)}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// pin decides T and the cut, or takes those of another answer, and whether more may come.
func (s *Server) pin(w *work, q *Request, with *work) error {
	v, query := &w.vector, &w.query
	cut := s.opt.Applied()
	now := max(s.opt.Now(), cut.Alpha)
	if with != nil {
		cut, now = with.query.Cut, with.query.At
	}
	query.Cut, query.At, query.Past = cut, now, q.At != nil
	if query.Past {
		query.At = *q.At
		if query.At > now {
			return usage("at "+instant(query.At), "it is later than now, which is "+instant(now), "leave `at` out to ask about now")
		}
		if err := s.withinHorizon(w.plan.plan, query.At); err != nil {
			return err
		}
	}
	for {
		have := s.answered.Load()
		if have >= query.At || s.answered.CompareAndSwap(have, query.At) {
			break
		}
	}
	if s.opt.Answering != nil {
		s.opt.Answering(query.At)
	}
	v.At, v.Past, v.Cut = query.At, query.Past, cut
	query.Plan = w.plan.prepared
	if known, any := query.Known(); any && !s.complete(cut, known) {
		v.Stale = true
	}
	return nil
}

// complete reports whether a cut holds all that has, or ever gets, α <= known, given that Answered has reached known. The cut was pinned before it had: what
// was stamped since may be applied by now, and is not in the cut.
func (s *Server) complete(cut request.Cut, known int64) bool {
	return known <= cut.Alpha || s.opt.Complete(cut, known) && s.opt.Applied() == cut
}

// withinHorizon refuses a T that retention has let go of.
func (s *Server) withinHorizon(p *plan.Plan, at int64) error {
	if s.opt.Horizon == nil {
		return nil
	}
	for _, u := range p.Uses {
		if least := s.opt.Horizon(u); at < least {
			return usage("at "+instant(at), fmt.Sprintf("view %s keeps what questions before %s would need no more", u.View.Name, instant(least)),
				"ask about a later time, give the sources of the view a longer `history`, or use `selfsame train`, which reads the whole log")
		}
	}
	return nil
}

// tokenOf returns a cut of the log with the history that states hold.
func (s *Server) tokenOf(offset int64, history string) (*tokenText, error) {
	if t := s.token.Load(); t != nil && t.offset == offset && t.history == history {
		return t, nil
	}
	h := &History{}
	if history != "" {
		var err error
		if h, err = s.opt.History(history); err != nil {
			return nil, err
		}
	}
	t := &tokenText{offset: offset, history: history, partial: len(h.Ranges) > 0, sources: h.Sources,
		text: online.Token{Offset: offset, Snapshot: h.Snapshot, Ranges: h.Ranges}.String()}
	s.token.Store(t)
	return t, nil
}

func instant(t int64) string {
	return time.UnixMicro(t).UTC().Format("2006-01-02T15:04:05.999999Z07:00")
}
