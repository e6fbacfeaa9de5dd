// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"selfsame"
)

// Changes changes what is applied and recorded. A body is the caller's again when a method returns.
type Changes interface {
	// Define applies the definitions of a body, laid over those that are applied, or says what that would do.
	Define(ctx context.Context, d *Definitions) (*Changed, error)
	// Register records a version of a model, from a body of JSON. once is as Definitions.Once.
	Register(ctx context.Context, body []byte, once *Once) (*Changed, error)
}

// Once is a change that is done once, however often and at whichever servers of a registry it is asked for: it is recorded with the change.
type Once struct {
	Key   string    // its name: letters and digits, which stand for the caller's key
	Sum   string    // of the request: the same key with another sum is refused with class changed
	Since time.Time // what was asked for before is forgotten
}

// Definitions are what somebody wants to be applied.
type Definitions struct {
	Body    []byte // a definition file: YAML, or JSON, which is YAML too. Places in errors name it body
	Author  string
	Message string
	Expect  *int64 // the apply that the author saw; nil: whatever is the newest
	DryRun  bool   // say what it would do
	Draft   bool   // new versions are drafts
	Yes     bool   // values that are served may change or go
	Sample  int    // about how many pairs of a key and a moment values are compared on; 0: they are not
	Once    *Once  // nil: it is done however often it comes. A dry run takes none
}

// Changed is what a change did, or would do.
type Changed struct {
	Answer   any   // encoding/json writes it as docs/openapi.yaml describes it
	New      bool  // something was recorded
	Apply    int64 // the newest then
	Replayed bool  // it was done before: all this is what was answered then
}

// defineParameters are those of POST /v1/features.
var defineParameters = []string{"dry_run", "draft", "yes", "sample", "expect", "author", "message"}

// mostSample bounds the sample of a change.
const mostSample = 100_000

// definitions reads the parameters of a change.
func definitions(values url.Values) (*Definitions, error) {
	given, err := parameters(values, defineParameters, false)
	if err != nil {
		return nil, err
	}
	d := &Definitions{Author: given["author"], Message: given["message"]}
	for name, to := range map[string]*bool{"dry_run": &d.DryRun, "draft": &d.Draft, "yes": &d.Yes} {
		if text, ok := given[name]; ok {
			if *to, err = strconv.ParseBool(text); err != nil {
				return nil, usage(name, strconv.Quote(text)+" is not true or false", "")
			}
		}
	}
	if text, ok := given["sample"]; ok {
		if d.Sample, err = strconv.Atoi(text); err != nil || d.Sample < 0 || d.Sample > mostSample {
			return nil, usage("sample", strconv.Quote(text)+" is not from 0 to "+strconv.Itoa(mostSample), "")
		}
	}
	if text, ok := given["expect"]; ok {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return nil, usage("expect", strconv.Quote(text)+" is not the number of an apply", "on of a dry run's answer")
		}
		d.Expect = &n
	}
	return d, nil
}

// define applies definitions.
func (h *HTTP) define(x *exchange) error {
	if h.o.Changes == nil {
		return absent("definitions")
	}
	d, err := definitions(x.r.URL.Query())
	if err != nil {
		return err
	}
	match := x.r.Header.Get("If-Match")
	if match != "" && match != "*" {
		n, err := applyOf(match)
		if err != nil {
			return err
		}
		d.Expect = &n
	}
	return h.change(x, func(ctx context.Context, once *Once) (*Changed, error) {
		d.Body = x.body
		if !d.DryRun {
			d.Once = once
		}
		c, err := h.o.Changes.Define(ctx, d)
		own := (*selfsame.Error)(nil)
		if match != "" && errors.As(err, &own) && own.Class == selfsame.ClassChanged {
			err = &special{faultMatch, own}
		}
		return c, err
	})
}

// register registers a version of a model.
func (h *HTTP) register(x *exchange) error {
	if h.o.Changes == nil {
		return absent("models")
	}
	if _, err := parameters(x.r.URL.Query(), nil, false); err != nil {
		return err
	}
	return h.change(x, func(ctx context.Context, once *Once) (*Changed, error) {
		return h.o.Changes.Register(ctx, x.body, once)
	})
}

// applyTag is an apply as a validator: what a change was made, or would be made, on.
func applyTag(n int64) string { return `"apply-` + strconv.FormatInt(n, 10) + `"` }

func applyOf(tag string) (int64, error) {
	number, ok := strings.CutPrefix(strings.TrimSuffix(tag, `"`), `"apply-`)
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 0 {
		return 0, &special{faultMatch, &selfsame.Error{Class: selfsame.ClassChanged, Ref: "If-Match", Message: tag + " is not what a change answered with",
			Hint: `the ETag of a dry run, such as "apply-12"`}}
	}
	return n, nil
}

// change reads a body and does what it asks for, once for each key of the caller's.
func (h *HTTP) change(x *exchange, do func(ctx context.Context, once *Once) (*Changed, error)) error {
	if err := h.receive(x, h.o.MaxBytes); err != nil {
		return err
	}
	if len(bytes.TrimSpace(x.body)) == 0 {
		return usage("", "the body is empty", "")
	}
	ctx, end, err := h.unhurried(x)
	if err != nil {
		return err
	}
	defer end()
	return h.once(ctx, x, func(once *Once) error {
		c, err := do(ctx, once)
		if err != nil {
			return err
		}
		if c.Replayed {
			x.w.Header().Set(replayedHeader, "true")
		}
		x.w.Header().Set("ETag", applyTag(c.Apply))
		status := http.StatusOK
		if c.New {
			status = http.StatusCreated
		}
		return x.answer(status, c.Answer)
	})
}

// unhurried is the context of a request that may take longer than a read: it ends with the caller's own Selfsame-Timeout, or with the caller.
func (h *HTTP) unhurried(x *exchange) (context.Context, func(), error) {
	if x.r.Header.Get("Selfsame-Timeout") != "" {
		ctx, err := h.deadline(x)
		if err != nil {
			return nil, nil, err
		}
		return ctx, ctx.end, nil
	}
	control := http.NewResponseController(x.w)
	for _, clear := range []func(time.Time) error{control.SetWriteDeadline, control.SetReadDeadline} {
		if err := clear(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return nil, nil, err
		}
	}
	return x.r.Context(), func() {}, nil
}

// answer sends a value as JSON.
func (x *exchange) answer(status int, v any) error {
	if err := x.encode(v); err != nil {
		return err
	}
	x.w.Header()["Content-Type"] = jsonType
	x.send(status)
	return nil
}

// encode writes a value as JSON into the encoder's buffer.
func (x *exchange) encode(v any) error {
	b := bytes.NewBuffer(x.encoder.out[:0])
	e := json.NewEncoder(b) // ends with a line feed
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	x.encoder.out = b.Bytes()
	return nil
}
