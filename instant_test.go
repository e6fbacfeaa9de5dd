// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

import (
	"encoding/json"
	"testing"
)

func TestInstant(t *testing.T) {
	for at, want := range map[Instant]string{
		0:                        "1970-01-01T00:00:00Z",
		1_700_000_000_500_000:    "2023-11-14T22:13:20.5Z",
		-1:                       "1969-12-31T23:59:59.999999Z",
		253_402_300_800_000_000:  "+10000-01-01T00:00:00Z",
		-62_167_219_200_000_000:  "0000-01-01T00:00:00Z",
		-62_167_219_200_000_001:  "-0001-12-31T23:59:59.999999Z",
		Instant(MinTime):         "-infinity",
		Instant(MaxTime):         "infinity",
		Instant(MinTime) + 1:     "-290308-12-21T19:59:05.224193Z",
		Instant(MaxTime) - 1:     "+294247-01-10T04:00:54.775806Z",
		1_709_164_800_000_000:    "2024-02-29T00:00:00Z",
		315_569_520_000_000_000:  "+11970-01-01T00:00:00Z",
		-315_569_520_000_000_000: "-8030-01-01T00:00:00Z",
	} {
		b, err := json.Marshal(at)
		if err != nil || string(b) != `"`+want+`"` {
			t.Errorf("%d: got %s, %v; want %s", at, b, err, want)
		}
		var got Instant
		if err := json.Unmarshal(b, &got); err != nil || got != at {
			t.Errorf("%s: got %d, %v; want %d", b, got, err, at)
		}
	}
	for text, want := range map[string]Instant{`17`: 17, `-9223372036854775808`: Instant(MinTime), `"1970-01-01T02:00:00+02:00"`: 0} {
		var got Instant
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{`"yesterday"`, `""`, `1.5`, `true`, `"+x-01-01T00:00:00Z"`, `"-"`, `"17"`, `"+300000-01-01T00:00:00Z"`} {
		var got Instant
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: got %d, want an error", text, got)
		}
	}
	var none struct{ At *Instant }
	if err := json.Unmarshal([]byte(`{"At": null}`), &none); err != nil || none.At != nil {
		t.Errorf("null: got %v, %v", none.At, err)
	}
}
