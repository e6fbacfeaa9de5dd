// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package icalendar

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/source"
)

const head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"

func open(t *testing.T, text string, spec source.Spec) (*source.Table, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "days.ics")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	spec.Name, spec.Batch = "days", selfsame.BatchSource{Path: path}
	return source.Open(t.Context(), spec, map[string]source.Format{"ics": New()})
}

// rows reads a calendar as `date|summary|uid` texts, and its bad rows as their reasons.
func rows(t *testing.T, text string, spec source.Spec) (good, bad []string, err error) {
	t.Helper()
	table, err := open(t, text, spec)
	if err != nil {
		return nil, nil, err
	}
	w := source.Want{Fields: []string{"date", "summary", "uid"}}
	splits, _, err := table.Splits(w)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range splits {
		err = table.Read(context.Background(), s, w, func(c *source.Chunk) error {
			for i := range c.Batch.Rows {
				var cells []string
				for _, col := range c.Batch.Columns {
					v := col.Value(i)
					cell := v.Str
					if v.Type.Kind == selfsame.Date {
						cell = fmt.Sprint(v.Int)
					}
					if v.Status != selfsame.Present {
						cell = v.Status.String()
					}
					cells = append(cells, cell)
				}
				good = append(good, strings.Join(cells, "|"))
			}
			for _, b := range c.Bad {
				bad = append(bad, b.Reason)
			}
			return nil
		})
		if err != nil {
			return good, bad, err
		}
	}
	return good, bad, nil
}

// vevent is one event of a calendar.
func vevent(lines ...string) string {
	return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func TestEveryDateOfAnEventIsARow(t *testing.T) {
	text := head +
		vevent("UID:a@x", "DTSTART;VALUE=DATE:19700102", "DTEND;VALUE=DATE:19700104", `SUMMARY;LANGUAGE=en:New Year\, still`, "BEGIN:VALARM", "SUMMARY:alarm", "END:VALARM") +
		vevent("DTSTART;VALUE=DATE:19691231", "SUMMARY:a long", "  name") +
		vevent("UID:c", "dtstart;value=date:20240229", "DTEND;VALUE=DATE:20240229", `ATTENDEE;CN="a:b":mailto:x`) +
		"END:VCALENDAR\r\n"
	good, bad, err := rows(t, text, source.Spec{})
	want := []string{"1|New Year, still|a@x", "2|New Year, still|a@x", "-1|a long name|null", "19782|null|c"}
	if err != nil || !slices.Equal(good, want) || bad != nil {
		t.Errorf("got %q, bad %q, %v, want %q", good, bad, err, want)
	}
	unix := strings.ReplaceAll("\xef\xbb\xbf"+text, "\r\n", "\n")
	if got, _, err := rows(t, unix, source.Spec{}); err != nil || !slices.Equal(got, want) {
		t.Errorf("with line feeds alone: got %q, %v, want %q", got, err, want)
	}
}

func TestWhatIsNoWholeDayIsABadRow(t *testing.T) {
	whole := vevent("DTSTART;VALUE=DATE:20240501", "SUMMARY:labour")
	for lines, want := range map[string]string{
		"DTSTART:20240501T090000Z": "has no date as its start",
		"SUMMARY:no start":         "has no date as its start",
		"DTSTART;VALUE=DATE:20240501\r\nDTEND:20240502T000000Z":    "has no date as its end",
		"DTSTART;VALUE=DATE:20240501\r\nDTEND;VALUE=DATE:20240430": "ends before it begins",
		"DTSTART;VALUE=DATE:20240501\r\nDTEND;VALUE=DATE:99990101": "lasts longer than ten years",
		"DTSTART;VALUE=DATE:20240501\r\nSUMMARY:\xff":              "is not valid UTF-8",
	} {
		text := head + whole + vevent(lines) + "END:VCALENDAR"
		_, _, err := rows(t, text, source.Spec{})
		if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q of class input", lines, err, want)
		}
		schema := []selfsame.Field{{Name: "date", Type: selfsame.Scalar(selfsame.Date)}, {Name: "summary", Type: selfsame.Scalar(selfsame.String)}, {Name: "uid", Type: selfsame.Scalar(selfsame.String)}}
		good, bad, err := rows(t, text, source.Spec{SkipBad: true, Schema: schema})
		if err != nil || len(good) != 1 || len(bad) != 1 || !strings.Contains(bad[0], want) {
			t.Errorf("%q, skipped: got %q, bad %q, %v", lines, good, bad, err)
		}
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	for _, text := range []string{"", "date,summary\n", "BEGIN:VCARD\n"} {
		if _, err := open(t, text, source.Spec{}); selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "BEGIN:VCALENDAR") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
