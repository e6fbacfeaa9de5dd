// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package openlineage tells other systems what Selfsame does, in the events of OpenLineage 2-0-2: one START and one COMPLETE or FAIL for each apply, training
// set, backfill and materialization, with the datasets that it reads and writes, their schemas, and which columns each feature is computed from.
//
// An Emitter hands events to a file and to a URL behind the work that they tell of. It never waits and never fails that work: what cannot be kept is lost
// and counted. node makes Work of what it does and owns the Emitter. An Emitter is safe for concurrent use; a nil one does nothing.
package openlineage
