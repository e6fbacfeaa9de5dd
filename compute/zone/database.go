// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"archive/zip"
	"bytes"
	_ "embed" // the database
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"time"

	"selfsame"
)

//go:embed zoneinfo.zip
var archive []byte

const version = "2025c"

// Version names the release of the IANA database that is embedded. It is recorded wherever a zone is used.
func Version() string { return version }

// UTC is the zone without offsets.
var UTC = &Zone{name: "UTC", starts: []int64{selfsame.MinTime}, offsets: []int64{0}}

var database struct {
	once  sync.Once
	files map[string]*zip.File
	names []string

	mu     sync.Mutex // guards loaded
	loaded map[string]*Zone
}

func open() {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic("zone: the embedded database cannot be read: " + err.Error()) // a build without its database
	}
	database.files = make(map[string]*zip.File, len(r.File))
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			database.files[f.Name] = f
			database.names = append(database.names, f.Name)
		}
	}
	sort.Strings(database.names)
	database.loaded = map[string]*Zone{"UTC": UTC}
}

// Names returns the names of all zones, sorted.
func Names() []string {
	database.once.Do(open)
	return append([]string(nil), database.names...)
}

// Load returns the zone of that name, which is case-sensitive, for example Europe/Berlin or UTC. Its error, of ClassDefinition, names
// the nearest zones.
func Load(name string) (*Zone, error) {
	database.once.Do(open)
	database.mu.Lock()
	defer database.mu.Unlock()
	if z := database.loaded[name]; z != nil {
		return z, nil
	}
	f := database.files[name]
	if f == nil {
		return nil, unknown(name)
	}
	z, err := read(name, f)
	if err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: name, Message: "the embedded time zone cannot be read", Err: err}
	}
	database.loaded[name] = z
	return z, nil
}

func read(name string, f *zip.File) (*Zone, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	loc, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, err
	}
	return newZone(name, loc), nil
}

func unknown(name string) error {
	e := &selfsame.Error{Class: selfsame.ClassDefinition, Message: fmt.Sprintf("unknown time zone %q", name)}
	if near := nearest(name); len(near) > 0 {
		e.Hint = "the nearest is " + strings.Join(near, ", ")
	} else {
		e.Hint = "zones have IANA names such as Europe/Berlin, America/New_York or UTC"
	}
	return e
}

// nearest returns up to three names that name may have meant: equal but for case and separators, its last part, or few edits away.
func nearest(name string) []string {
	type candidate struct {
		name string
		cost int
	}
	want := fold(name)
	var found []candidate
	for _, n := range database.names {
		full := fold(n)
		city := full[strings.LastIndexByte(full, '/')+1:]
		cost := min(edits(want, full), 1+edits(want, city))
		if cost <= 1+len(want)/4 && want != "" {
			found = append(found, candidate{n, cost})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].cost < found[j].cost })
	var out []string
	for _, c := range found[:min(3, len(found))] {
		if c.cost > found[0].cost+1 {
			break
		}
		out = append(out, c.name)
	}
	return out
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return '_'
		}
		return r
	}, strings.ToLower(s))
}

// edits is the least number of insertions, deletions and replacements of bytes that make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
