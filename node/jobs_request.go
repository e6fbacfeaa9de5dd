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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/compute/expr"
	"selfsame/compute/zone"
	"selfsame/monitor"
	"selfsame/offline"
	"selfsame/registry"
)

// jobRequest is what the body of a job asks for: in the words of the flags of `selfsame train`.
type jobRequest struct {
	Service        string            `json:"service,omitempty"` // fraud, or fraud@3
	Features       []string          `json:"features,omitempty"`
	FeatureVersion string            `json:"feature_version,omitempty"`
	Labels         []string          `json:"labels,omitempty"`
	Rows           []json.RawMessage `json:"rows,omitempty"`
	RowsFile       string            `json:"rows_file,omitempty"` // below the project's folder
	Entities       []json.RawMessage `json:"entities,omitempty"`
	EntitiesFile   string            `json:"entities_file,omitempty"`
	Start          string            `json:"start,omitempty"`
	End            string            `json:"end,omitempty"`
	Every          string            `json:"every,omitempty"`
	Time           string            `json:"time,omitempty"`
	Timezone       string            `json:"timezone,omitempty"`
	TimeFormat     string            `json:"time_format,omitempty"`
	Omit           []string          `json:"omit,omitempty"`
	Names          string            `json:"names,omitempty"`
	AsOf           string            `json:"as_of,omitempty"`
	Mode           string            `json:"mode,omitempty"`
	OnError        string            `json:"on_error,omitempty"`
	Format         string            `json:"format,omitempty"`
	With           []string          `json:"with,omitempty"`
	Label          string            `json:"label,omitempty"`
}

// smallRows are the rows up to which a job is answered at once.
const smallRows = 1000

// flagName is an option of the command line in a text.
var flagName = regexp.MustCompile(`--([a-z]+(?:-[a-z]+)*)`)

// inKeys is an error that names the keys of a body where it named flags: who sends a body has none.
func inKeys(err error) error {
	own, ok := err.(*selfsame.Error)
	if !ok {
		return err
	}
	e := *own
	for _, text := range []*string{&e.Ref, &e.Message, &e.Hint} {
		*text = flagName.ReplaceAllStringFunc(*text, func(f string) string { return strings.ReplaceAll(f[2:], "-", "_") })
	}
	return &e
}

func jobUsage(ref, message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: message, Hint: hint}
}

// check refuses what means nothing, and fills in the format. Small reports whether the job is answered at once.
func (r *jobRequest) check() (small bool, err error) {
	given := 0
	for _, is := range []bool{len(r.Rows) > 0, r.RowsFile != "", len(r.Entities) > 0, r.EntitiesFile != ""} {
		given += map[bool]int{true: 1}[is]
	}
	entities := len(r.Entities) > 0 || r.EntitiesFile != ""
	switch {
	case given != 1:
		return false, jobUsage("rows", "say which rows ask: exactly one of rows, rows_file, entities and entities_file, and not an empty one", "")
	case (r.Service == "") == (len(r.Features) == 0):
		return false, jobUsage("service", "name a service, or features", "")
	case r.Service != "" && r.FeatureVersion != "":
		return false, jobUsage("feature_version", "a service pins the versions of its features", "name a version of the service, as "+r.Service+"@1")
	case entities && (r.End == "" || r.Every != "" && r.Start == ""):
		return false, jobUsage("entities", "needs the moments: end, or start, end and every", "")
	}
	small = len(r.Rows) > 0 && len(r.Rows) <= smallRows && (r.Format == "" || r.Format == "json")
	switch {
	case small:
		if r.Format = "json"; r.With == nil {
			r.With = []string{"status"}
		}
	case r.Format == "":
		r.Format = "parquet"
	case r.Format == "json":
		return false, jobUsage("format", "json holds up to "+strconv.Itoa(smallRows)+" rows that the body has", "parquet, arrow, csv or jsonl")
	}
	for _, c := range []struct {
		name  string
		have  []string
		known []string
	}{{"format", []string{r.Format}, []string{"json", "parquet", "arrow", "csv", "jsonl"}}, {"with", r.With, []string{"event_time", "status"}}, {"names", []string{r.Names}, []string{"", "full", "short"}},
		{"mode", []string{r.Mode}, []string{"", "as_of", "final"}}, {"on_error", []string{r.OnError}, []string{"", "fail", "status"}}} {
		for _, v := range c.have {
			if !slices.Contains(c.known, v) {
				return false, jobUsage(c.name, strconv.Quote(v)+" is none", strings.Join(slices.DeleteFunc(c.known, func(s string) bool { return s == "" }), ", "))
			}
		}
	}
	return small, nil
}

// config is the request as a training run, with its rows and its output in a folder. Nothing is written yet.
func (r *jobRequest) config(ctx context.Context, l *Live, dir string) (*TrainConfig, error) {
	cfg := &TrainConfig{Verb: registry.RunTrain, Project: l.Project, With: r.With, Flags: map[string]string{}, Events: l.events, Report: monitor.Config{Nulls: 0.1, AUC: 0.95, Label: r.Label}}
	if err := r.request(ctx, l, &cfg.Request); err != nil {
		return nil, err
	}
	ext := r.Format
	if ext == "json" {
		ext = "jsonl"
	}
	cfg.Out = filepath.Join(dir, resultName+"."+ext)
	if err := r.setRows(l, cfg, dir); err != nil {
		return nil, err
	}
	if r.AsOf != "" {
		lag, err := expr.ParseDuration(r.AsOf)
		if err != nil {
			return nil, jobUsage("as_of", strconv.Quote(r.AsOf)+" is not a duration", "such as 1d")
		}
		cfg.Mode.Lag = lag
	}
	cfg.Mode.Final = r.Mode == "final"
	threads := max(1, l.Config.Threads/2)
	cfg.Options = batch.Options{Threads: threads, Memory: l.Config.Memory, ErrorStatus: r.OnError == "status"}
	cfg.Write = offline.Options{RowGroupBytes: 64 << 20, PageBytes: 1 << 20, Compression: "zstd", Threads: threads}
	at := RegistryOf(l.Config, l.Project)
	cfg.Registry = &at
	r.flags(cfg)
	return cfg, nil
}

// request is what is asked for: versions that are applied now.
func (r *jobRequest) request(ctx context.Context, l *Live, to *Request) error {
	*to = Request{Features: r.Features, Labels: r.Labels, Each: r.FeatureVersion, Short: r.Names == "short", Applied: true}
	s, err := l.newestRecords(ctx)
	if err != nil {
		return err
	}
	if _, err := s.Entries(r.Labels, ""); err != nil {
		return err
	}
	if r.Service == "" {
		_, err := s.Entries(r.Features, r.FeatureVersion)
		return err
	}
	name, number, pinned := strings.Cut(r.Service, "@")
	if pinned {
		if to.Version, err = strconv.ParseInt(number, 10, 64); err != nil || to.Version < 1 {
			return jobUsage("service", strconv.Quote(r.Service)+" names no version of a service", "as "+name+"@1")
		}
	}
	to.Service = name
	_, to.Version, err = s.Service(name, to.Version)
	return err
}

func (r *jobRequest) setRows(l *Live, cfg *TrainConfig, dir string) (err error) {
	c := &cfg.Rows
	*c = RowsConfig{Omit: r.Omit, Timezone: r.Timezone, TimeFormat: r.TimeFormat, Time: r.Time, Start: selfsame.MinTime, End: selfsame.MaxTime}
	switch {
	case len(r.Rows) > 0:
		c.File = filepath.Join(dir, rowsName)
	case len(r.Entities) > 0:
		c.Entities = filepath.Join(dir, rowsName)
	case r.RowsFile != "":
		c.File, err = l.inProject("rows_file", r.RowsFile)
	default:
		c.Entities, err = l.inProject("entities_file", r.EntitiesFile)
	}
	if err != nil {
		return err
	}
	if r.Timezone != "" {
		if _, err := zone.Load(r.Timezone); err != nil {
			return jobUsage("timezone", err.Error(), "")
		}
	}
	for _, m := range []struct {
		name, text string
		to         *int64
	}{{"start", r.Start, &c.Start}, {"end", r.End, &c.End}} {
		if m.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, m.text)
		if err != nil {
			if t, err = time.Parse(time.DateOnly, m.text); err != nil {
				return jobUsage(m.name, strconv.Quote(m.text)+" is not a moment", "an RFC 3339 time or a date")
			}
		}
		*m.to = t.UnixMicro()
	}
	if c.Start >= c.End {
		return jobUsage("end", "it is not after start", "")
	}
	if c.Entities != "" && r.Start != "" {
		c.Every = selfsame.DayLength
	}
	if r.Every != "" {
		if c.Every, err = expr.ParseDuration(r.Every); err != nil || c.Every == 0 {
			return jobUsage("every", strconv.Quote(r.Every)+" is no step", "such as 1d")
		}
	}
	return nil
}

// inProject is the path of a file below the project's folder. What is hidden there, or leads out of it, and what the data directory holds is nobody's rows.
func (l *Live) inProject(key, name string) (string, error) {
	refused := jobUsage(key, strconv.Quote(name)+" is no path of a file below the project's folder", "without .., *, ? and names that begin with a dot")
	hidden := slices.ContainsFunc(strings.Split(filepath.ToSlash(name), "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
	if !filepath.IsLocal(name) || hidden || strings.ContainsAny(name, "*?[\x00") {
		return "", refused
	}
	path := filepath.Join(l.Project, name)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", &selfsame.Error{Class: selfsame.ClassNotFound, Ref: key, Message: "there is no file " + name + " in the project's folder"}
	}
	root, err := filepath.EvalSymlinks(l.Project)
	if err != nil {
		return "", err
	}
	data, err := filepath.EvalSymlinks(l.data.Dir)
	if err != nil {
		return "", err
	}
	if !below(root, real) || below(data, real) {
		return "", refused
	}
	return path, nil
}

// below reports whether a path is below a folder, both without symbolic links.
func below(dir, path string) bool {
	dir, errDir := filepath.Abs(dir)
	path, errPath := filepath.Abs(path)
	rel, err := filepath.Rel(dir, path)
	return errDir == nil && errPath == nil && err == nil && filepath.IsLocal(rel)
}

// flags are those with which `selfsame train` makes the same training set.
func (r *jobRequest) flags(cfg *TrainConfig) {
	for name, value := range map[string]string{"rows": cfg.Rows.File, "entities": cfg.Rows.Entities, "out": cfg.Out, "start": r.Start, "end": r.End, "every": r.Every, "time": r.Time,
		"timezone": r.Timezone, "time-format": r.TimeFormat, "omit": strings.Join(r.Omit, ","), "names": r.Names, "as-of": r.AsOf, "mode": r.Mode, "on-error": r.OnError,
		"with": strings.Join(r.With, ","), "features": strings.Join(r.Features, ","), "feature-version": r.FeatureVersion, "labels": strings.Join(r.Labels, ","), "label": r.Label} {
		if value != "" {
			cfg.Flags[name] = value
		}
	}
}

// writeRows writes the rows of the body into the folder of the job, an object a line.
func (r *jobRequest) writeRows(dir string) error {
	rows, what := r.Rows, "rows"
	if len(rows) == 0 {
		rows, what = r.Entities, "entities"
	}
	if len(rows) == 0 {
		return nil
	}
	var b bytes.Buffer
	for i, row := range rows {
		if row[0] != '{' {
			return jobUsage(fmt.Sprintf("%s[%d]", what, i), "is no object", `such as {"user_id": "u1"}`)
		}
		if err := json.Compact(&b, row); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	if err := os.WriteFile(filepath.Join(dir, rowsName), b.Bytes(), 0o644); err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: dir, Message: "the rows cannot be written", Err: err}
	}
	return nil
}
