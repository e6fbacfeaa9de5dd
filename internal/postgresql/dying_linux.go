// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgresql

import "syscall"

// dying makes a process end with the one that starts it: PostgreSQL takes SIGQUIT for an immediate shutdown.
func dying(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
}
