// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/definition"
	"selfsame/forecast"
	"selfsame/registry"
)

// Names of definitions that came over the wire: of their file, which lies in registeredDir, and in errors.
const (
	registeredDir = definition.FeaturesDir + "/registered/"
	bodyName      = "body"
	unknownAuthor = "unknown"
)

// Define implements api.Changes.
func (l *Live) Define(ctx context.Context, d *api.Definitions) (*api.Changed, error) {
	sum := sha256.Sum256(d.Body)
	name := registeredDir + hex.EncodeToString(sum[:6]) + ".yaml"
	out, err := l.once(ctx, d.Once, func(q *registry.Request) (*api.Changed, error) { return l.defineAs(ctx, name, d, q) })
	var list definition.Errors
	var one *selfsame.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = definition.Errors{one}
	}
	for _, e := range list {
		if e.Pos.File == name {
			e.Pos.File = bodyName
		}
	}
	return out, err
}

// defineAs applies a body as the file of a name, or says what that would do.
func (l *Live) defineAs(ctx context.Context, name string, d *api.Definitions, q *registry.Request) (*api.Changed, error) {
	files, err := l.laidOver(ctx, name, d.Body)
	if err != nil {
		return nil, err
	}
	c := registry.Change{Files: files, Author: cmp.Or(d.Author, unknownAuthor), Message: d.Message, Engine: Version, Time: time.Now().UnixMicro(), Expect: registry.Newest, Draft: d.Draft, Request: q}
	f, err := l.Forecast(ctx, &forecast.Args{Change: c, Sample: forecast.SampleArgs{Rows: d.Sample}})
	switch {
	case err != nil:
		return nil, err
	case d.Expect != nil && *d.Expect != f.On && !f.Empty():
		return nil, &selfsame.Error{Class: selfsame.ClassChanged, Ref: "apply", Message: fmt.Sprintf("it was to be on apply %d, and the newest is %d", *d.Expect, f.On), Hint: "look at what it would do now"}
	case d.DryRun || f.Empty() && q == nil:
		return &api.Changed{Answer: f, Apply: f.On}, nil
	case f.Breaking() && !d.Yes:
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "yes", Message: "values that are served change or go", Hint: "look at it with dry_run=true, then say yes=true"}
	}
	c.Expect, c.Impacts = f.On, f.Impacts
	answer := func(diff *registry.Diff) *api.Changed {
		f.Diff = diff
		out := &api.Changed{Answer: f, Apply: f.Apply, New: f.Apply != 0}
		if !out.New { // it was applied already
			out.Apply = f.On
		}
		return out
	}
	if q != nil {
		q.Answer = func(_ int64, diff *registry.Diff, _ *registry.Snapshot) ([]byte, error) { return written(answer(diff)) }
	}
	diff, err := l.Apply(ctx, &c)
	if err != nil {
		return nil, err
	}
	return answer(diff), nil
}

// laidOver are the definition files that are applied, or the project's where none are, with a body laid over them.
func (l *Live) laidOver(ctx context.Context, name string, body []byte) (map[string][]byte, error) {
	s, err := l.newestRecords(ctx)
	if err != nil {
		return nil, err
	}
	var files map[string][]byte
	if s.Applied() == 0 {
		files, err = definition.ReadFiles(l.Project)
	} else {
		files, err = s.Files(ctx)
	}
	if err != nil {
		return nil, err
	}
	return definition.Merge(files, name, bytes.Clone(body))
}

// registered is what the body of a model's registration says.
type registered struct {
	registry.Model
	Author  string `json:"author"`
	Message string `json:"message"`
}

// Register implements api.Changes.
func (l *Live) Register(ctx context.Context, body []byte, once *api.Once) (*api.Changed, error) {
	return l.once(ctx, once, func(q *registry.Request) (*api.Changed, error) { return l.register(ctx, body, q) })
}

// register records a version of a model.
func (l *Live) register(ctx context.Context, body []byte, q *registry.Request) (*api.Changed, error) {
	var m registered
	if err := decodeBody(body, &m); err != nil {
		return nil, err
	}
	if name, number, ok := strings.Cut(m.Service, "@"); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 1 || m.List != 0 && m.List != n {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "service", Message: strconv.Quote(m.Service) + " names no version of a service, or another than service_version",
				Hint: "as " + name + "@1"}
		}
		m.Service, m.List = name, n
	}
	if err := l.findTraining(ctx, &m.Model); err != nil {
		return nil, err
	}
	a := &ActArgs{By: registry.By{Author: cmp.Or(m.Author, unknownAuthor), Message: m.Message, Engine: Version, Time: time.Now().UnixMicro(), Request: q}, Model: &m.Model}
	answer := func(acted *Acted, s *registry.Snapshot) *api.Changed {
		return &api.Changed{Answer: acted, New: acted.Record != 0, Apply: s.Applied()}
	}
	if q != nil {
		q.Answer = func(record int64, _ *registry.Diff, next *registry.Snapshot) ([]byte, error) {
			acted := &Acted{Record: record}
			if err := a.fill(ctx, next, acted); err != nil {
				return nil, err
			}
			return written(answer(acted, next))
		}
	}
	acted, err := a.do(ctx, l)
	if err != nil {
		return nil, err
	}
	return answer(acted, l.snapshot.Load()), nil
}

// findTraining sees that what a model names as its training is a run of the registry, or a job, which stands for its run.
func (l *Live) findTraining(ctx context.Context, m *registry.Model) error {
	if m.Training == "" {
		return nil
	}
	s, err := l.newestRecords(ctx)
	if err != nil {
		return err
	}
	var runs, known []string
	for _, r := range s.Runs() {
		if r.Kind == registry.RunTrain || r.Kind == registry.RunSnapshot {
			runs = append(runs, r.ID)
		}
	}
	if slices.Contains(runs, m.Training) {
		return nil
	}
	list, err := l.jobs.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range list {
		switch known = append(known, j.ID); {
		case j.ID != m.Training:
		case j.Status != api.JobDone:
			return jobUsage("training", "the job "+j.ID+" is "+string(j.Status)+": it has made no training set", "register the model when it is done")
		case !slices.Contains(runs, j.Run):
			return jobUsage("training", "the run of the job "+j.ID+" is not recorded: it was answered at once", "leave training out, or make the training set in another format than json")
		default:
			m.Training = j.Run
			return nil
		}
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "training " + m.Training, Message: "no run of a training set and no job has this id", Hint: "GET /v1/runs?kind=train lists the runs"}
	if near := selfsame.Nearest(m.Training, append(runs, known...)); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// decodeBody reads one JSON object, whose keys must all be known.
func decodeBody(body []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		if _, end := d.Token(); end == io.EOF {
			return nil
		}
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: bodyName, Message: "something stands behind the object"}
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	var wrong *json.UnmarshalTypeError
	switch {
	case err == io.EOF:
		text = "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		text = "it ends before the object does"
	case errors.As(err, &wrong):
		text = cmp.Or(wrong.Field, "the body") + " cannot be of JSON's type " + wrong.Value
	}
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: bodyName, Message: "it cannot be read: " + text, Hint: "docs/openapi.yaml lists its keys"}
}
