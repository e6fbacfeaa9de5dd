// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"

	"selfsame"
)

// Fault is one line of the table of errors: what an error is on the wire.
type Fault struct {
	Name  string // the class, or the class and what is special about it
	HTTP  int
	Code  codes.Code
	Title string
	Retry bool
}

// The faults that have a status of their own within their class.
var (
	faultBusy     = Fault{"resource, for a moment", http.StatusTooManyRequests, codes.ResourceExhausted, "more requests than can be served now", true}
	faultTooLarge = Fault{"usage, too large", http.StatusRequestEntityTooLarge, codes.InvalidArgument, "the request is too large", false}
	faultMethod   = Fault{"usage, method", http.StatusMethodNotAllowed, codes.Unimplemented, "the path knows other methods", false}
	faultMatch    = Fault{"changed, If-Match", http.StatusPreconditionFailed, codes.FailedPrecondition, "the precondition does not hold", false}
	faultToken    = Fault{"usage, token", http.StatusUnauthorized, codes.Unauthenticated, "the token is missing or wrong", false}
	faultForeign  = Fault{"usage, origin", http.StatusForbidden, codes.PermissionDenied, "the request comes from elsewhere", false}
	faultDeadline = Fault{"canceled, deadline", http.StatusGatewayTimeout, codes.DeadlineExceeded, "the deadline has passed", true}
	faultStarting = Fault{"resource, starting", http.StatusServiceUnavailable, codes.Unavailable, "the server is not ready", true}
)

// classes is the one table from classes of errors to statuses, of docs/errors.md.
var classes = map[selfsame.ErrorClass]Fault{
	selfsame.ClassUsage:       {"usage", http.StatusBadRequest, codes.InvalidArgument, "the request does not fit", false},
	selfsame.ClassDefinition:  {"definition", http.StatusUnprocessableEntity, codes.FailedPrecondition, "a definition is wrong", false},
	selfsame.ClassNotFound:    {"not_found", http.StatusNotFound, codes.NotFound, "there is no such thing", false},
	selfsame.ClassInput:       {"input", http.StatusUnprocessableEntity, codes.InvalidArgument, "data cannot be read as declared", false},
	selfsame.ClassValue:       {"value", http.StatusOK, codes.OK, "a value is an error", false},
	selfsame.ClassExpectation: {"expectation", http.StatusPreconditionFailed, codes.FailedPrecondition, "an expectation is not met", false},
	selfsame.ClassChanged:     {"changed", http.StatusConflict, codes.Aborted, "something is not what it was", false},
	selfsame.ClassResource:    {"resource", http.StatusServiceUnavailable, codes.ResourceExhausted, "a resource is exhausted", true},
	selfsame.ClassCanceled:    {"canceled", 499, codes.Canceled, "the request was given up", true},
	selfsame.ClassInternal:    {"internal", http.StatusInternalServerError, codes.Internal, "a fault in Selfsame", false},
}

// Faults lists the table of errors, for documents and tests.
func Faults() []Fault {
	var out []Fault
	for _, c := range []selfsame.ErrorClass{selfsame.ClassUsage, selfsame.ClassDefinition, selfsame.ClassNotFound, selfsame.ClassInput, selfsame.ClassValue,
		selfsame.ClassExpectation, selfsame.ClassChanged, selfsame.ClassResource, selfsame.ClassCanceled, selfsame.ClassInternal} {
		out = append(out, classes[c])
	}
	return append(out, faultTooLarge, faultMethod, faultMatch, faultToken, faultForeign, faultBusy, faultStarting, faultDeadline)
}

// special is an error with a fault of its own.
type special struct {
	fault Fault
	err   *selfsame.Error
}

func (s *special) Error() string { return s.err.Error() }
func (s *special) Unwrap() error { return s.err }

// retryable is an error after which a request may be repeated, with the time to wait. Whoever refuses for lack of room has it in its chain.
type retryable interface{ RetryAfter() time.Duration }

// oversized is an error of a request that is larger than it may be. Whoever finds that behind the wire has it in its chain.
type oversized interface{ TooLarge() bool }

// problem is an error as the wire tells it.
type problem struct {
	fault   Fault
	class   selfsame.ErrorClass
	ref     string
	message string
	hint    string
	retry   time.Duration     // 0: nothing is said
	list    []*selfsame.Error // mistakes with a place, where there are any
}

// mistakes are the errors of a list, or the one of a chain, that have a place in a file.
func mistakes(err error) (out []*selfsame.Error) {
	all := []error{err}
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		all = list.Unwrap()
	}
	for _, err := range all {
		var own *selfsame.Error
		if errors.As(err, &own) && own.Pos.File != "" && len(out) < mostMistakes {
			out = append(out, own)
		}
	}
	return out
}

// mostMistakes bounds how many mistakes an answer lists.
const mostMistakes = 100

// problemOf tells an error. An error that is no *selfsame.Error is of class internal, and one of a context is of class canceled.
func problemOf(err error) *problem {
	p := &problem{class: selfsame.ClassInternal, message: err.Error()}
	var own *selfsame.Error
	found := errors.As(err, &own)
	switch {
	case found:
		p.class, p.ref, p.hint = own.Class, own.Ref, own.Hint
		if place := own.Pos.String(); place != "" && p.ref == "" {
			p.ref = place
		}
		bare := *own
		bare.Hint = ""
		p.message = bare.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p.class = selfsame.ClassCanceled
	}
	p.list = mistakes(err)
	p.fault = classes[p.class]
	if p.class == selfsame.ClassValue { // a value that is an error is answered beside the others; one that stops a request is not
		p.fault = classes[selfsame.ClassInput]
	}
	if p.fault.HTTP == 0 {
		p.class, p.fault = selfsame.ClassInternal, classes[selfsame.ClassInternal]
	}
	if p.class == selfsame.ClassCanceled && errors.Is(err, context.DeadlineExceeded) {
		p.fault = faultDeadline
	}
	var s *special
	if errors.As(err, &s) {
		p.fault = s.fault
	}
	var o oversized
	if errors.As(err, &o) && o.TooLarge() {
		p.fault = faultTooLarge
	}
	var r retryable
	if errors.As(err, &r) {
		p.fault, p.retry = faultBusy, max(r.RetryAfter(), time.Millisecond)
	} else if p.fault.HTTP == http.StatusServiceUnavailable {
		p.retry = time.Second
	}
	return p
}

func usage(ref, message, hint string) *selfsame.Error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: message, Hint: hint}
}

func tooLarge(message, hint string) error {
	return &special{faultTooLarge, usage("", message, hint)}
}

// busy refuses a request for lack of room.
type busy struct{ err *selfsame.Error }

func (b busy) Error() string { return b.err.Error() }
func (b busy) Unwrap() error { return b.err }

// RetryAfter is how long to wait before the request is repeated.
func (b busy) RetryAfter() time.Duration { return 100 * time.Millisecond }

var errBusy = busy{&selfsame.Error{Class: selfsame.ClassResource, Message: "more reads come than can be answered",
	Hint: "repeat it after a moment, or spread the load; request.waiting and request.wait bound those that wait"}}
