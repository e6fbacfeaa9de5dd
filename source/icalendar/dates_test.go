// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"selfsame"
	"selfsame/source"
)

// datesOf reads a calendar as dates, of each row its UID before it where it has one.
func datesOf(t *testing.T, events ...string) []string {
	t.Helper()
	good, bad, err := rows(t, head+strings.Join(events, "")+"END:VCALENDAR\r\n", source.Spec{})
	if err != nil || bad != nil {
		t.Fatalf("%q: %q, %v", events, bad, err)
	}
	var out []string
	for _, row := range good {
		var day int64
		var uid string
		cells := strings.Split(row, "|")
		if _, err := fmt.Sscan(cells[0], &day); err != nil {
			t.Fatal(err)
		}
		if uid = ""; cells[2] != "null" {
			uid = cells[2] + " "
		}
		out = append(out, uid+time.Unix(day*86400, 0).UTC().Format(dateForm))
	}
	return out
}

// TestRepetitions reads rules whose dates are known: examples of RFC 5545 and holidays.
func TestRepetitions(t *testing.T) {
	for lines, want := range map[string]string{
		"DTSTART;VALUE=DATE:20220101\nRRULE:FREQ=YEARLY;COUNT=3":                                             "20220101 20230101 20240101",
		"DTSTART;VALUE=DATE:20221124\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20241231":                 "20221124 20231123 20241128",
		"DTSTART;VALUE=DATE:20220530\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20241231T235959Z":         "20220530 20230529 20240527",
		"DTSTART;VALUE=DATE:20240131\nRRULE:FREQ=MONTHLY;COUNT=3":                                            "20240131 20240331 20240531",
		"DTSTART;VALUE=DATE:20240131\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3":                              "20240131 20240229 20240331",
		"DTSTART;VALUE=DATE:19970902\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,TH;WKST=SU":              "19970902 19970904 19970916 19970918",
		"DTSTART;VALUE=DATE:19970805\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO":              "19970805 19970810 19970819 19970824",
		"DTSTART;VALUE=DATE:19970805\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU":              "19970805 19970817 19970819 19970831",
		"DTSTART;VALUE=DATE:19970904\nRRULE:FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3":                  "19970904 19971007 19971106",
		"DTSTART;VALUE=DATE:19970101\nRRULE:FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100":                  "19970101 19970410 20000101 20000409",
		"DTSTART;VALUE=DATE:19970512\nRRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3":                        "19970512 19980511 19990517",
		"DTSTART;VALUE=DATE:20240228\nRRULE:freq=daily;interval=2;count=3":                                   "20240228 20240301 20240303",
		"DTSTART;VALUE=DATE:20240101\nRDATE;VALUE=DATE:20240105,20240103\nRDATE;VALUE=DATE:20231231":         "20231231 20240101 20240103 20240105",
		"DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20240102\nEXDATE:20240104": "20240101 20240103",
		"DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;COUNT=2\nRDATE:20240102,20240109":                     "20240101 20240102 20240109",
		"DTSTART;VALUE=DATE:20240101\nEXDATE:20240101":                                                       "",
		// Each repetition is as long as the event, and a date is a row once.
		"DTSTART;VALUE=DATE:20240101\nDTEND;VALUE=DATE:20240103\nRRULE:FREQ=YEARLY;COUNT=2":           "20240101 20240102 20250101 20250102",
		"DTSTART;VALUE=DATE:20240101\nDTEND;VALUE=DATE:20240104\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=2": "20240101 20240102 20240103 20240104 20240105",
		"DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=YEARLY;UNTIL=20230101":                               "",
	} {
		if got := strings.Join(datesOf(t, vevent(strings.Split(lines, "\n")...)), " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", lines, got, want)
		}
	}
}

// TestRulesWithoutAnEnd holds that such rules end with 2099, however often a file is read.
func TestRulesWithoutAnEnd(t *testing.T) {
	got := datesOf(t, vevent("DTSTART;VALUE=DATE:19700101", "RRULE:FREQ=YEARLY"), vevent("UID:w", "DTSTART;VALUE=DATE:19700105", "RRULE:FREQ=WEEKLY"))
	weeks := slices.IndexFunc(got, func(row string) bool { return strings.HasPrefix(row, "w ") })
	if weeks != 130 || got[129] != "20990101" || got[len(got)-1] != "w 20991228" || len(got)-weeks != int(horizon.Unix()/86400-4)/7+1 {
		t.Errorf("%d years up to %s, %d weeks up to %s", weeks, got[weeks-1], len(got)-weeks, got[len(got)-1])
	}
}

// TestReplacedRepetitions reads an event of its own in the place of a repetition, whichever of the two comes first in the file.
func TestReplacedRepetitions(t *testing.T) {
	series := vevent("UID:a", "DTSTART;VALUE=DATE:20240101", "RRULE:FREQ=DAILY;COUNT=3")
	moved := vevent("UID:a", "RECURRENCE-ID;VALUE=DATE:20240102", "DTSTART;VALUE=DATE:20240109", "RRULE:FREQ=DAILY")
	other := vevent("UID:b", "DTSTART;VALUE=DATE:20240102")
	if got, want := datesOf(t, series, moved, other), []string{"a 20240101", "a 20240103", "a 20240109", "b 20240102"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := datesOf(t, moved, series), []string{"a 20240109", "a 20240101", "a 20240103"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRulesThatAreRefused reads rules that are none, that are no dates, or too many.
func TestRulesThatAreRefused(t *testing.T) {
	for lines, want := range map[string]string{
		"RRULE:":                     "cannot be read",
		"RRULE:COUNT=3":              "cannot be read",
		"RRULE:FREQ=SOMETIMES":       "cannot be read",
		"RRULE:FREQ=YEARLY;BYMOON=1": "cannot be read",
		"RRULE:FREQ=YEARLY;COUNT=99999999999999999999":     "cannot be read",
		"RRULE:FREQ=YEARLY;BYMONTH=13":                     "cannot be",
		"RRULE:FREQ=YEARLY;BYEASTER=0":                     "RFC 5545 does not have",
		"RRULE:FREQ=YEARLY;DTSTART=20200101":               "RFC 5545 does not have",
		"RRULE:FREQ=HOURLY;COUNT=3":                        "within a day",
		"RRULE:FREQ=DAILY;COUNT=3;BYHOUR=9":                "within a day",
		"RRULE:FREQ=DAILY;COUNT=0":                         "COUNT",
		"RRULE:FREQ=DAILY;COUNT=-1":                        "COUNT",
		"RRULE:FREQ=DAILY;INTERVAL=0":                      "INTERVAL",
		"RRULE:FREQ=DAILY;INTERVAL=9223372036854775807":    "INTERVAL",
		"RRULE:FREQ=DAILY;COUNT=100001":                    "more than 100000",
		"RRULE:FREQ=WEEKLY;COUNT=99999\nDTEND:20240103":    "more than 100000 dates",
		"RRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=DAILY":       "several rules",
		"EXRULE:FREQ=DAILY":                                "EXRULE",
		"RRULE:FREQ=DAILY;COUNT=2\nEXDATE:20240101T000000": "other than dates",
		"RDATE;VALUE=PERIOD:20240101T000000Z/PT1H":         "other than dates",
		"RDATE:": "other than dates",
	} {
		event := vevent(append([]string{"DTSTART;VALUE=DATE:20240101"}, strings.Split(lines, "\n")...)...)
		_, _, err := rows(t, head+event+"END:VCALENDAR", source.Spec{})
		if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q of class input", lines, err, want)
		}
	}
	late := vevent("DTSTART;VALUE=DATE:21000101", "RRULE:FREQ=YEARLY")
	if _, _, err := rows(t, head+late, source.Spec{}); err == nil || !strings.Contains(err.Error(), "without an end behind 2099") {
		t.Errorf("a rule that begins behind the horizon: %v", err)
	}
}

// FuzzDates reads events of any rule: what comes is sorted, bounded and each date once, and nothing panics.
func FuzzDates(f *testing.F) {
	f.Add("20240101", "", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "", "")
	f.Add("20240229", "20240301", "FREQ=YEARLY", "20240301", "20280229")
	f.Add("00010101", "", "FREQ=DAILY;INTERVAL=10000;BYSETPOS=-366;BYDAY=-53SU", "99991231", "")
	f.Fuzz(func(t *testing.T, start, end, rule, more, less string) {
		e := event{"DTSTART": {start}}
		for name, value := range map[string]string{"DTEND": end, "RRULE": rule, "RDATE": more, "EXDATE": less} {
			if value != "" {
				e[name] = []string{value}
			}
		}
		dates, why := e.dates(nil)
		if why != "" && dates != nil || len(dates) > maxDates {
			t.Errorf("%d dates, %q", len(dates), why)
		}
		for i := 1; i < len(dates); i++ {
			if !dates[i].After(dates[i-1]) {
				t.Errorf("%v behind %v", dates[i], dates[i-1])
			}
		}
	})
}
