// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"syscall"

	"selfsame"
	"selfsame/source"
)

// publish gives the output its name, and the report and the manifest theirs beside it. All of them are written before the first gets its name, the manifest as long
// as it can become, so that a full disk leaves what an earlier run wrote as it was.
func (t *Trained) publish(ctx context.Context, out *output) (err error) {
	beside, err := t.besides()
	if err != nil {
		return err
	}
	defer func() {
		for path := range beside {
			os.Remove(path + unfinished) // gone already where all went well
		}
	}()
	for path, b := range beside {
		if err := writeUnfinished(path, b); err != nil {
			return err
		}
	}
	if err := out.writer.Close(); err != nil {
		return err
	}
	if t.Manifest.Output.FileSize, t.Manifest.Output.FileChecksum, err = out.record(ctx, t.Config.Out); err != nil {
		return err
	}
	// Those of an earlier run under this name are not of this training set.
	if err := os.Remove(BadRowsPath(t.Config.Out)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: BadRowsPath(t.Config.Out), Message: "cannot remove the bad rows of an earlier run", Err: err}
	}
	m, err := t.Manifest.Encode()
	if err != nil {
		return err
	}
	if err := writeUnfinished(ManifestPath(t.Config.Out), m); err != nil {
		return err
	}
	for _, path := range []string{BadRowsPath(t.Config.Out), ReportPath(t.Config.Out), ManifestPath(t.Config.Out)} {
		if beside[path] == nil {
			continue
		}
		if err := os.Rename(path+unfinished, path); err != nil {
			return cannotWrite(path, err)
		}
	}
	return nil
}

// besides is what stands beside an output, by path: the bad rows where there are any, the report, and the manifest as long as it can become.
func (t *Trained) besides() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, bad := range t.Result.Bad {
		line, err := json.Marshal(bad)
		if err != nil {
			return nil, err
		}
		path := BadRowsPath(t.Config.Out)
		out[path] = append(append(out[path], line...), '\n')
	}
	longest := *t.Manifest
	longest.Output.FileSize, longest.Output.FileChecksum = math.MaxInt64, source.ChecksumText(0, 0)
	var err error
	if out[ReportPath(t.Config.Out)], err = t.Report.Encode(); err != nil {
		return nil, err
	}
	out[ManifestPath(t.Config.Out)], err = longest.Encode()
	return out, err
}

// writeWhole writes a file under a temporary name and renames it.
func writeWhole(path string, b []byte) error {
	if err := writeUnfinished(path, b); err != nil {
		return err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		os.Remove(path + unfinished)
		return cannotWrite(path, err)
	}
	return nil
}

// writeUnfinished writes a file under its temporary name. Over one that is there no room is given back before it is taken. After an error none is left.
func writeUnfinished(path string, b []byte) error {
	f, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return cannotWrite(path, err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Truncate(int64(len(b)))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path + unfinished)
		return cannotWrite(path, err)
	}
	return nil
}

func cannotWrite(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) { // its path is the temporary file's
		err = pe.Err
	}
	e := &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "cannot be written", Err: err}
	if errors.Is(err, syscall.ENOSPC) {
		e.Hint = "the disk is full: free space or write elsewhere"
	}
	return e
}
