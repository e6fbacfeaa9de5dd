// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"selfsame/request"
)

// warmFile names the entities that were read last, for the next start.
const warmFile = "WARM.json"

// saveWarm notes which entities the cache holds. A file that cannot be written costs the next start some time, nothing else.
func (l *Live) saveWarm() error {
	if l.Config.Warm == 0 {
		return nil
	}
	b, err := json.Marshal(l.reader.Recent(l.Config.Warm))
	if err != nil {
		return err
	}
	path := filepath.Join(l.data.Dir, warmFile)
	if err := os.WriteFile(path+".tmp", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// warm loads what was read last.
func (l *Live) warm(ctx context.Context) error {
	if l.Config.Warm == 0 {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(l.data.Dir, warmFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []request.Entity
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		l.notify("the cache begins cold: " + err.Error())
		return nil
	}
	n, err := l.reader.Warm(ctx, list[:min(l.Config.Warm, len(list))])
	if err == nil {
		l.notify(fmt.Sprintf("%d entities are in the cache", n))
	}
	return err
}
