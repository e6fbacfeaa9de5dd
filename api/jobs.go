// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"selfsame"
)

// Jobs makes training sets, one after the other.
type Jobs interface {
	// Start takes a job from a body of JSON, which is the caller's again when it returns. A small one has ended then, with its Values; or it has failed, with its
	// error. Where too many wait the error has a RetryAfter in its chain.
	Start(ctx context.Context, body []byte) (*Job, error)
	// Job returns a job. With end it is canceled before, or, where it has ended, taken away with its result.
	Job(ctx context.Context, id string, end bool) (*Job, error)
	// Jobs lists the jobs, newest first, without manifests and reports.
	Jobs(ctx context.Context) ([]*Job, error)
}

// JobStatus is how far a job is.
type JobStatus string

// The statuses of a job.
const (
	JobQueued   JobStatus = "queued"
	JobRunning  JobStatus = "running"
	JobDone     JobStatus = "done"
	JobFailed   JobStatus = "failed"
	JobCanceled JobStatus = "canceled"
)

// Job is a training set that is made, or was.
type Job struct {
	ID       string           `json:"id"` // a UUID
	Status   JobStatus        `json:"status"`
	Service  string           `json:"service,omitempty"`
	Version  int64            `json:"version,omitempty"` // of the service
	Features []string         `json:"features,omitempty"`
	Labels   []string         `json:"labels,omitempty"`
	Format   string           `json:"format"`
	Created  selfsame.Instant `json:"created"`
	Started  selfsame.Instant `json:"started,omitempty"` // 0: not yet
	Ended    selfsame.Instant `json:"ended,omitempty"`
	Stage    string           `json:"stage,omitempty"` // of one that runs
	Rows     int64            `json:"rows"`            // written so far
	Bytes    int64            `json:"bytes,omitempty"` // of the result
	Checksum string           `json:"checksum,omitempty"`
	Run      string           `json:"run,omitempty"` // in the registry
	Result   string           `json:"result,omitempty"`
	Manifest json.RawMessage  `json:"manifest,omitempty"`
	Report   json.RawMessage  `json:"report,omitempty"`
	Error    json.RawMessage  `json:"error,omitempty"` // a problem, of one that failed
	Values   json.RawMessage  `json:"values,omitempty"`

	Path string `json:"-"` // of the result; empty: there is none
}

// Problem is an error as HTTP writes it, for answers that hold one.
func Problem(err error) json.RawMessage {
	b := problemOf(err).json(nil)
	return b[:len(b)-1] // without the line feed
}

func jobRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/features/batch", serve: (*HTTP).startJob},
		{method: "GET", pattern: "/v1/jobs", serve: (*HTTP).jobs},
		{method: "GET", pattern: "/v1/jobs/{id}", serve: func(h *HTTP, x *exchange) error { return h.job(x, false) }},
		{method: "DELETE", pattern: "/v1/jobs/{id}", serve: func(h *HTTP, x *exchange) error { return h.job(x, true) }},
		{method: "GET", pattern: "/v1/jobs/{id}/result", serve: (*HTTP).result},
	}
}

// mayJobs refuses what no job can answer: there are none, or a parameter that nobody reads.
func (h *HTTP) mayJobs(x *exchange, known ...string) (map[string]string, error) {
	if h.o.Jobs == nil {
		return nil, absent("jobs")
	}
	return parameters(x.r.URL.Query(), known, false)
}

// startJob takes a job.
func (h *HTTP) startJob(x *exchange) error {
	if _, err := h.mayJobs(x); err != nil {
		return err
	}
	if err := h.receive(x, h.o.MaxEventBytes); err != nil {
		return err
	}
	ctx, err := h.deadline(x)
	if err != nil {
		return err
	}
	defer ctx.end()
	return h.once(ctx, x, func(*Once) error {
		j, err := h.o.Jobs.Start(ctx, x.body)
		if err != nil {
			return err
		}
		x.rows = int(j.Rows)
		x.w.Header().Set("Location", "/v1/jobs/"+j.ID)
		if j.Values != nil {
			return x.answer(http.StatusOK, j)
		}
		return x.answer(http.StatusAccepted, j)
	})
}

// jobs lists the jobs.
func (h *HTTP) jobs(x *exchange) error {
	given, err := h.mayJobs(x, pageParameters...)
	if err != nil {
		return err
	}
	found, err := h.pageOfJobs(x.r.Context(), given)
	if err != nil {
		return err
	}
	if err := x.encode(found); err != nil {
		return err
	}
	return x.tagged()
}

// pageOfJobs is a page of the jobs.
func (w *Wire) pageOfJobs(ctx context.Context, given map[string]string) (any, error) {
	page, err := pageOf(given)
	if err != nil {
		return nil, err
	}
	list, err := w.o.Jobs.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	l := &Listing{}
	for _, j := range list {
		l.Items, l.Keys = append(l.Items, j), append(l.Keys, j.ID)
	}
	if page.after != "" && !slices.Contains(l.Keys, page.after) { // its job is gone; ids go by time, newest first
		if i := slices.IndexFunc(l.Keys, func(k string) bool { return k < page.after }); i >= 0 {
			l.Items, l.Keys = l.Items[i:], l.Keys[i:]
		} else {
			l.Items, l.Keys = nil, nil
		}
		page.after = ""
	}
	return page.cut("jobs", l)
}

// job answers with a job, which ends before where it is to.
func (h *HTTP) job(x *exchange, end bool) error {
	if _, err := h.mayJobs(x); err != nil {
		return err
	}
	ctx, err := h.deadline(x)
	if err != nil {
		return err
	}
	defer ctx.end()
	j, err := h.o.Jobs.Job(ctx, x.arg, end)
	if err != nil {
		return err
	}
	if err := x.encode(j); err != nil {
		return err
	}
	return x.tagged()
}

// resultTypes are the media types of results.
var resultTypes = map[string]string{".parquet": "application/vnd.apache.parquet", ".arrow": "application/vnd.apache.arrow.file", ".csv": "text/csv; charset=utf-8", ".jsonl": "application/jsonl"}

// result sends the file of a job, or parts of it.
func (h *HTTP) result(x *exchange) error {
	if _, err := h.mayJobs(x); err != nil {
		return err
	}
	j, err := h.o.Jobs.Job(x.r.Context(), x.arg, false)
	if err != nil {
		return err
	}
	if j.Path == "" {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "job " + j.ID, Message: "it has no result: it is " + string(j.Status), Hint: "GET /v1/jobs/" + j.ID + " says how far it is"}
	}
	f, err := os.Open(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "job " + j.ID, Message: "its result was taken away"}
	}
	if err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: "job " + j.ID, Message: "its result cannot be read", Err: err}
	}
	defer f.Close()
	if err := h.extend(x, 0, time.Duration(j.Bytes/h.o.BodyBytesASec)*time.Second); err != nil {
		return err
	}
	ext := filepath.Ext(j.Path)
	header := x.w.Header()
	header.Set("Content-Type", resultTypes[ext])
	header.Set("Content-Disposition", `attachment; filename="`+j.ID+ext+`"`)
	header.Set("ETag", `"`+j.Checksum+`"`)
	http.ServeContent(&sending{x.w, x}, x.r, "", time.Time{}, f)
	return nil
}

// sending notes what is sent past the encoder.
type sending struct {
	http.ResponseWriter
	x *exchange
}

func (s *sending) WriteHeader(status int) {
	s.x.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *sending) Write(b []byte) (int, error) {
	n, err := s.ResponseWriter.Write(b)
	s.x.wrote += int64(n)
	return n, err
}
