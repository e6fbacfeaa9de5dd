// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package journal keeps what was served: which vector answered which request, from which definitions, at which T and cut, and what a
// model made of it and what came of that. It is evidence for audits, explanations, monitoring and training; it decides no value and no
// answer depends on it.
//
// A journal is a folder of segments, 000001.log and on, each a run of records framed by length and CRC-32C (docs/format/journal.md). A
// segment stands alone: what its records share, the shape of vectors, is written into it before them. One Writer appends; any number of
// readers read beside it. What a crash cut off at the end of a segment is passed over; damage inside one is an error that names segment and
// offset.
//
// A record that Writer has acknowledged as durable is in the journal after a crash (L1). Others may be lost, and dropped ones are counted.
//
// serve writes, audit, monitor and node read. Writer is safe for concurrent use; a Reader is immutable.
package journal
