// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"selfsame"
)

// TestFormat formats testdata/format/*.in and compares with the .golden twins.
func TestFormat(t *testing.T) {
	files, err := filepath.Glob("testdata/format/*.in")
	if err != nil || len(files) < 5 {
		t.Fatalf("got %d files, %v, want at least 5", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".in"), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out := formatTwice(t, src)
			golden(t, strings.TrimSuffix(name, ".in")+".golden", string(out))
		})
	}
}

// formatTwice formats and checks that a second time changes nothing and that all comments are there.
func formatTwice(t *testing.T, src []byte) []byte {
	t.Helper()
	out, err := Format(src, ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Format(out, ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(out) {
		t.Errorf("the second time gives\n%s\nthe first\n%s", again, out)
	}
	comment := regexp.MustCompile(`(?m)(^|\s)#.*$`)
	clean := func(b []byte) []string {
		var list []string
		for _, c := range comment.FindAllString(string(b), -1) {
			list = append(list, strings.TrimSpace(c))
		}
		return list
	}
	if got, want := clean(out), clean(src); !slices.Equal(got, want) {
		t.Errorf("got the comments %q, want %q", got, want)
	}
	return out
}

// TestFormatKeepsMeaning compares the projects before and after, but for their places.
func TestFormatKeepsMeaning(t *testing.T) {
	src := shopSource(t)
	out := formatTwice(t, src)
	if string(out) == string(src) {
		t.Error("the example is formatted already, so the test shows nothing")
	}
	before := shop(t)
	after, err := Parse(map[string][]byte{ProjectFile: out}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	blankPlaces(reflect.ValueOf(before))
	blankPlaces(reflect.ValueOf(after))
	if !reflect.DeepEqual(before, after) {
		t.Error("the project has changed")
	}
}

// blankPlaces empties every Pos below v.
func blankPlaces(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			blankPlaces(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[selfsame.Pos]() {
			v.SetZero()
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "At" {
				v.Field(i).SetZero()
				continue
			}
			blankPlaces(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			blankPlaces(v.Index(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			c := reflect.New(v.Type().Elem()).Elem()
			c.Set(v.MapIndex(k))
			blankPlaces(c)
			v.SetMapIndex(k, c)
		}
	}
}

func TestFormatReportsMistakes(t *testing.T) {
	_, err := Format([]byte("views:\n  v: {a: last(x, 5)}\n"), "features/x.yaml")
	if err == nil || !strings.HasPrefix(err.Error(), "features/x.yaml:2:10: a: the comma cuts the value") {
		t.Errorf("got %v", err)
	}
}
