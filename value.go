// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

// Status says whether a value is there and, if not, why. It travels beside every value, in every column.
type Status uint8

// The statuses. Every status from ErrorOverflow on is an error and names its kind.
const (
	Present Status = iota
	Null
	NotFound // an as-of view's key has no row at or before T, or its newest row is a delete
	Expired  // the newest row of an as-of view is older than its ttl
	ErrorOverflow
	ErrorMaxValues
	ErrorLength // the length that the request chose for a window is no duration up to its greatest
)

var statusNames = [...]string{"present", "null", "not_found", "expired", "error", "error", "error"}

// String is the word of the API: present, null, not_found, expired or error.
func (s Status) String() string { return statusNames[s] }

// IsError reports whether s is one of the error statuses.
func (s Status) IsError() bool { return s >= ErrorOverflow }

// ErrorKind is the kind of an error status (overflow, max_values, length), else the empty string.
func (s Status) ErrorKind() string {
	switch s {
	case ErrorOverflow:
		return "overflow"
	case ErrorMaxValues:
		return "max_values"
	case ErrorLength:
		return "length"
	}
	return ""
}

// Int128 is a signed 128-bit integer, two's complement: the value is Hi * 2^64 + Lo. It holds decimals, unscaled.
// The arithmetic is in compute/exact.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Value is one scalar, list or map with its status. It is the slow, convenient shape: for literals, defaults, tests,
// explanations and the request API. Bulk data is column.Column.
type Value struct {
	Type   Type
	Status Status
	Int    int64    // int64, timestamp (microseconds), date (days), bool (0 or 1)
	Float  float64  // float64
	Dec    Int128   // decimal, unscaled
	Str    string   // string, bytes
	Elems  []Value  // list elements; map values
	Keys   []string // map keys, in byte order, beside Elems
}

// Extremes of time. An open bound saturates at them.
const (
	MinTime int64 = -1 << 63
	MaxTime int64 = 1<<63 - 1
)
