// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"selfsame"
)

// record is one prediction or outcome as JSON.
type record struct {
	requestID, model, modelVersion string
	row                            int
	value                          selfsame.Value
	given                          bool
	at                             int64
}

var predictionKeys = []string{"request_id", "row", "model", "model_version", "score", "at"}
var outcomeKeys = []string{"request_id", "row", "label", "at"}

// parse reads one object with those keys; the key of the value is score or label.
func (p *record) parse(s *scanner, keys []string) error {
	*p = record{}
	return s.members(func(key []byte) error {
		name := string(key)
		known := false
		for _, k := range keys {
			known = known || k == name
		}
		if !known {
			return usage("", "there is no key "+strconv.Quote(name), near(name, keys))
		}
		return p.member(s, name)
	})
}

func (p *record) member(s *scanner, name string) error {
	switch name {
	case "score", "label":
		p.given = true
		return p.scalar(s, name)
	case "row":
		text, whole := s.number()
		n, err := strconv.Atoi(string(text))
		if p.row = n; !whole || err != nil || n < 0 {
			return usage("row", "is not a row of the request, counted from 0", "")
		}
		return nil
	}
	text, ok := s.text()
	if !ok && name == "at" {
		text, ok = s.number()
	}
	if !ok {
		return usage(name, "is not a string", "")
	}
	switch name {
	case "request_id":
		p.requestID = string(text)
	case "model":
		p.model = string(text)
	case "model_version":
		p.modelVersion = string(text)
	case "at":
		var err error
		p.at, err = instant(string(text))
		return err
	}
	return nil
}

// scalar reads a number, a string or a bool.
func (p *record) scalar(s *scanner, name string) error {
	switch c := s.peek(); {
	case c == '"':
		text, ok := s.text()
		p.value = selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: string(text)}
		if ok {
			return nil
		}
	case s.word("true"):
		p.value = selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Int: 1}
		return nil
	case s.word("false"):
		p.value = selfsame.Value{Type: selfsame.Scalar(selfsame.Bool)}
		return nil
	default:
		text, _ := s.number()
		if v, err := strconv.ParseFloat(string(text), 64); err == nil {
			p.value = selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: v}
			return nil
		}
	}
	return usage(name, "is not a number, a string or a bool", "")
}

// records reads one object, or a list of them, and stores them.
func (h *HTTP) records(x *exchange, keys []string, store func(context.Context, []record) error) error {
	if h.o.Predictions == nil {
		return absent("predictions and outcomes")
	}
	if err := h.receive(x, h.o.MaxBytes); err != nil {
		return err
	}
	ctx, err := h.deadline(x)
	if err != nil {
		return err
	}
	defer ctx.end()
	var list []record
	s := &x.scan
	s.b, s.at = x.body, 0
	one := func(int) error {
		var p record
		if err := p.parse(s, keys); err != nil {
			return err
		}
		if p.requestID == "" || !p.given {
			return usage("["+strconv.Itoa(len(list))+"]", "lacks request_id or "+map[bool]string{true: "score", false: "label"}[len(keys) == len(predictionKeys)], "")
		}
		list = append(list, p)
		return nil
	}
	if s.peek() == '[' {
		err = s.items(one)
	} else {
		err = one(0)
	}
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return err
	}
	if len(list) > 0 {
		if err := store(ctx, list); err != nil {
			return err
		}
	}
	x.rows = len(list)
	x.encoder.out = append(strconv.AppendInt(append(x.encoder.out[:0], `{"stored":`...), int64(len(list)), 10), '}', '\n')
	return x.ok()
}

func (h *HTTP) predictions(x *exchange) error {
	return h.records(x, predictionKeys, func(ctx context.Context, list []record) error {
		out := make([]*Prediction, len(list))
		for i, p := range list {
			out[i] = &Prediction{RequestID: p.requestID, Row: p.row, Model: p.model, ModelVersion: p.modelVersion, Score: p.value, At: p.at}
		}
		return h.o.Predictions.Predict(ctx, out...)
	})
}

func (h *HTTP) outcomes(x *exchange) error {
	return h.records(x, outcomeKeys, func(ctx context.Context, list []record) error {
		out := make([]*Outcome, len(list))
		for i, p := range list {
			out[i] = &Outcome{RequestID: p.requestID, Row: p.row, Label: p.value, At: p.at}
		}
		return h.o.Predictions.Outcome(ctx, out...)
	})
}

// services lists what can be asked for.
func (h *HTTP) services(x *exchange) error {
	if h.o.Catalog == nil {
		return absent("questions about services")
	}
	list, err := h.o.Catalog.Services(x.r.Context())
	if err != nil {
		return err
	}
	b := append(x.encoder.out[:0], `{"services":[`...)
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = quoted(append(b, `{"name":`...), s.Name)
		b = strconv.AppendInt(append(b, `,"version":`...), s.Version, 10)
		b = quoted(append(b, `,"description":`...), s.Description)
		b = append(b, `,"keys":[`...)
		for k, f := range s.Keys {
			if k > 0 {
				b = append(b, ',')
			}
			b = quoted(append(b, `{"name":`...), f.Name)
			b = quoted(append(b, `,"type":`...), f.Type.String())
			b = append(strconv.AppendBool(append(b, `,"optional":`...), f.Optional), '}')
		}
		b = append(b, `],"features":[`...)
		for k, o := range s.Outputs {
			if k > 0 {
				b = append(b, ',')
			}
			b = quoted(append(b, `{"name":`...), o.Name)
			b = quoted(append(b, `,"reference":`...), o.Reference)
			b = append(quoted(append(b, `,"type":`...), o.Type.String()), '}')
		}
		b = append(b, ']', '}')
	}
	x.encoder.out = append(b, ']', '}', '\n')
	return x.tagged()
}

// healthz says that the process answers.
func (h *HTTP) healthz(x *exchange) error {
	x.encoder.out = append(x.encoder.out[:0], `{"status":"ok"}`+"\n"...)
	return x.ok()
}

// readyz says whether it can serve.
func (h *HTTP) readyz(x *exchange) error {
	b := append(x.encoder.out[:0], `{"status":"ready"`...)
	if h.o.Health != nil {
		if err := h.o.Health.Ready(); err != nil {
			return &special{faultStarting, &selfsame.Error{Class: selfsame.ClassResource, Message: "the server is not ready", Err: err}}
		}
		if behind := h.o.Health.Behind(); behind != "" {
			b = quoted(append(b, `,"behind":`...), behind)
		}
	}
	x.encoder.out = append(b, '}', '\n')
	return x.ok()
}

func (h *HTTP) metrics(x *exchange) error {
	if h.o.Metrics == nil {
		return absent("questions about metrics")
	}
	h.o.Metrics.ServeHTTP(x.w, x.r)
	return nil
}

// admin runs a verb for the command line and passes its lines on as they come. An error after the first line is a last line: {"error": problem}.
func (h *HTTP) admin(x *exchange) error {
	if h.o.Admin == nil || h.o.AdminToken == "" {
		return absent("verbs")
	}
	if err := h.allowed(x.r); err != nil {
		return err
	}
	if err := h.receive(x, h.o.MaxEventBytes); err != nil {
		return err
	}
	out := http.NewResponseController(x.w)
	for _, clear := range []func(time.Time) error{out.SetWriteDeadline, out.SetReadDeadline} { // a verb may take hours
		if err := clear(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	begun := false
	begin := func() {
		begun = true
		x.w.Header().Set("Content-Type", "application/jsonl")
		x.w.WriteHeader(http.StatusOK)
	}
	write := func(line []byte) error {
		if !begun {
			begin()
		}
		n, err := x.w.Write(append(line[:len(line):len(line)], '\n'))
		x.wrote += int64(n)
		if err == nil {
			err = out.Flush()
		}
		return err
	}
	err := h.o.Admin.Do(x.r.Context(), x.arg, x.body, write)
	switch {
	case err != nil && begun:
		p := problemOf(err)
		line := p.json([]byte(`{"error":`))
		write(append(line[:len(line)-1], '}')) // the caller may have gone away
	case err != nil:
		return err
	case !begun:
		begin()
	}
	return nil
}

// allowed checks that a request of admin comes from this machine and carries the token of the data directory.
func (h *HTTP) allowed(r *http.Request) error {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	peer, parsed := netip.ParseAddr(host)
	if err != nil || parsed != nil || !peer.Unmap().IsLoopback() {
		return &special{faultForeign, usage(r.URL.Path, "verbs are taken from this machine only", "run the command where the server runs")}
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(h.o.AdminToken)) != 1 {
		return &special{faultToken, usage(r.URL.Path, "the token is missing or wrong", "the file LOCK of the data directory holds it")}
	}
	return nil
}
