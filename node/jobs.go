// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/batch"
	"selfsame/registry"
)

// Bounds of jobs.
const (
	jobsWaiting = 16 // of each kind: small, and others
	jobsKept    = 100
	jobsKeptFor = 7 * selfsame.DayLength
	smallWait   = 2 * time.Second // that a small job is waited for
)

// Names in the folder of a job.
const (
	jobsFolder = "jobs"
	jobName    = "job.json"
	rowsName   = "rows.jsonl"
	resultName = "result"
)

// job is one training set. Its api.Job is guarded by the lock of jobs.
type job struct {
	api.Job
	cfg    *TrainConfig
	small  bool
	cancel context.CancelFunc // of one that runs
	ended  chan struct{}      // closed once it has ended
	err    error              // of one that failed in this process
}

// jobs are the training sets that were asked for over the wire. Each has a folder of the data directory, by its id. It is safe for concurrent use.
type jobs struct {
	live *Live
	dir  string

	mu     sync.Mutex // guards what follows
	list   map[string]*job
	queues [2]chan *job // of small ones, and of others
}

// openJobs finds the jobs of a data directory. What had not ended never will.
func openJobs(l *Live, dir string) (*jobs, error) {
	s := &jobs{live: l, dir: dir, list: map[string]*job{}, queues: [2]chan *job{make(chan *job, jobsWaiting), make(chan *job, jobsWaiting)}}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, dataError(dir, "the jobs cannot be read", err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name(), jobName))
		j := &job{ended: make(chan struct{})}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return nil, dataError(dir, "a job cannot be read", err)
		}
		if err != nil || json.Unmarshal(b, &j.Job) != nil || j.ID != e.Name() {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil { // it was begun and not taken
				return nil, dataError(dir, "a job cannot be cleared away", err)
			}
			continue
		}
		s.list[j.ID] = j
		if j.Status == api.JobQueued || j.Status == api.JobRunning {
			s.end(j, api.JobFailed, errInterrupted)
			continue
		}
		close(j.ended)
	}
	return s, nil
}

var errInterrupted = &selfsame.Error{Class: selfsame.ClassCanceled, Message: "it was interrupted: the server ended", Hint: "start it again"}

// jobsFull refuses a job for lack of room.
type jobsFull struct{}

func (jobsFull) Error() string             { return "too many jobs wait" }
func (jobsFull) RetryAfter() time.Duration { return 5 * time.Second }

// Start implements api.Jobs.
func (s *jobs) Start(ctx context.Context, body []byte) (*api.Job, error) {
	var r jobRequest
	if err := decodeBody(body, &r); err != nil {
		return nil, err
	}
	small, err := r.check()
	if err != nil {
		return nil, err
	}
	j := &job{small: small, ended: make(chan struct{})}
	j.ID, j.Status, j.Format, j.Created = newRunID(time.Now()), api.JobQueued, r.Format, selfsame.Instant(s.live.now())
	dir := filepath.Join(s.dir, j.ID)
	if j.cfg, err = r.config(ctx, s.live, dir); err != nil {
		return nil, err
	}
	j.Service, j.Version, j.Features, j.Labels = j.cfg.Request.Service, j.cfg.Request.Version, j.cfg.Request.Features, j.cfg.Request.Labels
	if err := s.take(j, &r, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if !small {
		return s.view(j, false)
	}
	wait := time.NewTimer(smallWait)
	defer wait.Stop()
	select {
	case <-j.ended:
		if j.err != nil {
			err := j.err
			_, gone := s.Job(ctx, j.ID, true)
			return nil, errors.Join(err, gone)
		}
		return s.withValues(j)
	case <-wait.C:
	case <-ctx.Done():
	}
	return s.view(j, false)
}

// take puts a job into its queue.
func (s *jobs) take(j *job, r *jobRequest, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return dataError(dir, "the folder of the job cannot be made", err)
	}
	if err := r.writeRows(dir); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.clear(); err != nil {
		return err
	}
	if err := s.save(j); err != nil {
		return err
	}
	queue := s.queues[1]
	if j.small {
		queue = s.queues[0]
	}
	select {
	case queue <- j:
		s.list[j.ID] = j
		return nil
	default:
		return &selfsame.Error{Class: selfsame.ClassResource, Message: fmt.Sprintf("%d jobs wait already", jobsWaiting), Hint: "start it again when one has ended", Err: jobsFull{}}
	}
}

// newest lists the jobs, newest first, under the lock.
func (s *jobs) newest() []*job {
	var out []*job
	for _, j := range s.list {
		out = append(out, j)
	}
	slices.SortFunc(out, func(a, b *job) int { return cmp.Or(cmp.Compare(b.Created, a.Created), strings.Compare(b.ID, a.ID)) })
	return out
}

// clear takes away what ended long ago, and the oldest beyond those that are kept, under the lock.
func (s *jobs) clear() error {
	kept, now := 0, s.live.now()
	for _, j := range s.newest() {
		if j.Ended == 0 {
			continue
		}
		if kept++; kept <= jobsKept && now-int64(j.Ended) < jobsKeptFor {
			continue
		}
		if err := s.remove(j); err != nil {
			return err
		}
	}
	return nil
}

func (s *jobs) remove(j *job) error {
	delete(s.list, j.ID)
	if err := os.RemoveAll(filepath.Join(s.dir, j.ID)); err != nil {
		return dataError(s.dir, "the result of a job cannot be taken away", err)
	}
	return nil
}

// save writes a job, under the lock.
func (s *jobs) save(j *job) error {
	b, err := json.Marshal(&j.Job)
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(s.dir, j.ID, jobName), b)
}

// end notes how a job ended, under the lock or before anybody knows the jobs.
func (s *jobs) end(j *job, status api.JobStatus, err error) {
	err = inKeys(err)
	j.Status, j.Ended, j.Stage, j.err = status, selfsame.Instant(s.live.now()), "", err
	if status != api.JobDone {
		for _, path := range []string{j.path(s.dir), ManifestPath(j.path(s.dir)), ReportPath(j.path(s.dir))} {
			os.Remove(path) // what is not there was not made
		}
	}
	if err != nil {
		j.Error = api.Problem(err)
	}
	if err := s.save(j); err != nil {
		s.live.notify("how a job ended is not kept: " + err.Error())
	}
	close(j.ended)
}

// path is where the result of a job is, or would be.
func (j *job) path(dir string) string {
	ext := j.Format
	if ext == "json" {
		ext = "jsonl"
	}
	return filepath.Join(dir, j.ID, resultName+"."+ext)
}

// work makes the training sets of a queue until ctx ends.
func (s *jobs) work(ctx context.Context, queue <-chan *job) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-queue:
			s.run(ctx, j)
		}
	}
}

// run makes one training set.
func (s *jobs) run(all context.Context, j *job) {
	ctx, cancel := context.WithCancel(all)
	defer cancel()
	s.mu.Lock()
	if j.Status != api.JobQueued { // it was canceled
		s.mu.Unlock()
		return
	}
	j.Status, j.Started, j.cancel = api.JobRunning, selfsame.Instant(s.live.now()), cancel
	err := s.save(j)
	s.mu.Unlock()
	var t *Trained
	if err == nil {
		t, err = s.train(ctx, j)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case all.Err() != nil && err != nil:
		s.end(j, api.JobFailed, errInterrupted)
	case ctx.Err() != nil && err != nil:
		s.end(j, api.JobCanceled, nil)
	case err != nil:
		if selfsame.ClassOf(err) == selfsame.ClassInternal {
			s.live.notify("job " + j.ID + ": " + err.Error())
		}
		s.end(j, api.JobFailed, err)
	default:
		o := &t.Manifest.Output
		j.Rows, j.Bytes, j.Checksum, j.Run = o.Rows, o.FileSize, o.FileChecksum, t.ID
		s.end(j, api.JobDone, nil)
	}
}

// train runs the training of a job. A small one is not recorded.
func (s *jobs) train(ctx context.Context, j *job) (t *Trained, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &selfsame.Error{Class: selfsame.ClassInternal, Message: "the job met a fault", Hint: "please report it with the server's log", Err: fmt.Errorf("%v", v)}
			s.live.notify(fmt.Sprintf("fault in job %s: %v\n%s", j.ID, v, debug.Stack()))
		}
	}()
	pinned, err := s.live.pin(ctx)
	if err != nil {
		return nil, err
	}
	if j.cfg.Log, err = pinned.Log(); err != nil {
		return nil, err
	}
	j.cfg.Options.Progress = func(stage batch.Stage, rows int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if j.Stage = string(stage); stage == batch.StageWrite {
			j.Rows += rows
		}
	}
	started := time.Now().UnixMicro()
	if t, err = Train(ctx, j.cfg); err != nil || j.small {
		return t, err
	}
	set, err := RunOf(t.ID, started, t.Manifest)
	if err != nil {
		return t, err
	}
	run := &recording{TrainingSet: set, By: registry.By{Author: unknownAuthor, Message: "job " + j.ID, Engine: Version, Time: time.Now().UnixMicro()}}
	if err := run.record(ctx, s.live.registry); err != nil && ctx.Err() == nil {
		s.live.notify("the run of a job is not recorded: " + err.Error())
	}
	return t, nil
}

// view is a job as it is told; whole with its manifest and report.
func (s *jobs) view(j *job, whole bool) (*api.Job, error) {
	s.mu.Lock()
	out := j.Job
	s.mu.Unlock()
	if out.Status != api.JobDone {
		return &out, nil
	}
	out.Path, out.Result = j.path(s.dir), "/v1/jobs/"+out.ID+"/result"
	if !whole {
		return &out, nil
	}
	var err error
	if out.Manifest, err = os.ReadFile(ManifestPath(out.Path)); err != nil {
		return nil, gone(&out, err)
	}
	if out.Report, err = os.ReadFile(ReportPath(out.Path)); err != nil {
		return nil, gone(&out, err)
	}
	return &out, nil
}

// gone is the error of a file that is not there any more.
func gone(j *api.Job, err error) error {
	return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "job " + j.ID, Message: "its files were taken away", Err: err}
}

// withValues is a job with the rows of its result.
func (s *jobs) withValues(j *job) (*api.Job, error) {
	out, err := s.view(j, false)
	if err != nil || out.Status != api.JobDone { // somebody canceled it
		return out, err
	}
	lines, err := os.ReadFile(out.Path)
	if err != nil {
		return nil, gone(out, err)
	}
	lines = bytes.ReplaceAll(bytes.TrimSpace(lines), []byte("\n"), []byte(","))
	out.Values = slices.Concat([]byte("["), lines, []byte("]"))
	return out, nil
}

// Job implements api.Jobs.
func (s *jobs) Job(ctx context.Context, id string, end bool) (*api.Job, error) {
	s.mu.Lock()
	j := s.list[id]
	if j == nil {
		s.mu.Unlock()
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "job " + id, Message: "there is no such job", Hint: "GET /v1/jobs lists them; those that ended long ago are taken away"}
	}
	if !end {
		s.mu.Unlock()
		return s.view(j, true)
	}
	switch j.Status {
	case api.JobQueued:
		s.end(j, api.JobCanceled, nil)
	case api.JobRunning:
		j.cancel()
	default:
		err := s.remove(j)
		out := j.Job
		s.mu.Unlock()
		return &out, err
	}
	s.mu.Unlock()
	select {
	case <-j.ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.view(j, true)
}

// Jobs implements api.Jobs.
func (s *jobs) Jobs(context.Context) ([]*api.Job, error) {
	s.mu.Lock()
	list := s.newest()
	s.mu.Unlock()
	var out []*api.Job
	for _, j := range list {
		v, err := s.view(j, false)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
