// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"fmt"

	"selfsame"
)

// Request is what a change was asked for by, where its sender may ask again, of any server of the registry. It is recorded in the record of the change, so
// that both are stored or neither is; where there was nothing to change it is a record of its own.
type Request struct {
	Name  string // stands for the sender's key
	Sum   string // of the request: tells those of one name apart
	Since int64  // microseconds: requests that were recorded before are forgotten
	// Answer writes what is answered. next is the registry with the change, where it is none of definitions, else diff is what the change comes to. nil is an
	// answer that is not kept.
	Answer func(record int64, diff *Diff, next *Snapshot) ([]byte, error)
}

// Answered is the error of a change whose request was done before, by whichever server.
type Answered struct {
	Record int64  `json:"-"` // that holds it
	Sum    string `json:"sum"`
	Answer []byte `json:"answer,omitempty"` // as Request.Answer wrote it
}

// Error says that it was done.
func (a *Answered) Error() string {
	return fmt.Sprintf("record %d holds what this request asks for", a.Record)
}

// Answered finds a request that was done: nil where none of its name was. The same name with another request is an error of class changed.
func (s *Snapshot) Answered(q *Request) (*Answered, error) {
	for _, r := range s.records {
		for i := range r.Acts {
			a := &r.Acts[i]
			if a.Kind != KindRequest || a.Subject != q.Name || r.Time < q.Since {
				continue
			}
			done := &Answered{Record: r.ID}
			switch err := json.Unmarshal(a.Body, done); {
			case err != nil:
				return nil, damaged("request "+q.Name, fmt.Sprintf("record %d holds a request that cannot be read", r.ID), err)
			case done.Sum != q.Sum:
				return nil, &selfsame.Error{Class: selfsame.ClassChanged, Ref: "Idempotency-Key", Message: "the key came with another request", Hint: "use a key of its own for each request"}
			}
			return done, nil
		}
	}
	return nil, nil
}

// done is the error of a request that the snapshot holds, else nil.
func (q *Request) done(s *Snapshot) error {
	if q == nil {
		return nil
	}
	a, err := s.Answered(q)
	if err != nil || a == nil {
		return err
	}
	return a
}

// in adds the request to the record of its change. record is what the answer names: 0 where nothing changes.
func (q *Request) in(r *Record, record int64, diff *Diff, next *Snapshot) error {
	if q == nil {
		return nil
	}
	answer, err := q.Answer(record, diff, next)
	if err != nil {
		return err
	}
	a, err := act(KindRequest, q.Name, &Answered{Sum: q.Sum, Answer: answer})
	r.Acts = append(r.Acts, a)
	return err
}
