// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package audit evaluates what was served again, through batch, at the cut of each read, and compares bits and statuses (P2). Its
// pass mark is zero mismatches. What cannot be evaluated, because a history file, a definition or a part of the log is not at hand, is
// unauditable and said so: it is neither passed nor failed.
//
// It computes no value of its own and knows no store: callers supply plans, tables and the journal. Run is safe for concurrent use.
package audit
