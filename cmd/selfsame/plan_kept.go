// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"selfsame/compute/expr"
	"selfsame/forecast"
)

// writeRetention says what is kept online.
func writeRetention(b *strings.Builder, kept []*forecast.Retained) {
	var all int64
	title := "kept online"
	for _, r := range kept {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s  %s\n", strings.Join(r.Views, ", "), keptText(r))
		for _, m := range r.Measured {
			fmt.Fprintf(b, "      %s: %s%.0f bytes each, %s entities, by %s rows\n", m.Source, rateText(m.PerDay), m.Bytes, grouped(m.Entities), grouped(m.Sample))
		}
		if r.Bytes > 0 {
			fmt.Fprintf(b, "      about %s\n", sizeText(r.Bytes))
		}
		all += r.Bytes
	}
	if all > 0 {
		fmt.Fprintf(b, "  about %s in all, before compression; log and archive keep every event\n", sizeText(all))
	}
}

func rateText(perDay float64) string {
	switch {
	case perDay == 0:
		return ""
	case perDay < 10:
		return strconv.FormatFloat(perDay, 'f', 1, 64) + " rows a day, "
	}
	return grouped(int64(perDay)) + " rows a day, "
}

// keptText says in words which rows stay.
func keptText(r *forecast.Retained) string {
	switch {
	case r.Reach < 0 && r.Asked < 0:
		return "every row (looked up from " + strings.Join(r.AskedBy, ", ") + ", whose rows may be of any time)"
	case r.Reach < 0:
		return "every row"
	case r.Reach == 0:
		return "the row of each entity"
	}
	why := []string{"window " + r.Window}
	if r.Window == "" || r.Width < r.Settled {
		why[0] = "lateness and corrections " + expr.DurationText(r.Settled)
	}
	if r.History > 0 {
		why = append(why, "history "+expr.DurationText(r.History))
	}
	if r.Lag > 0 {
		why = append(why, "lag "+expr.DurationText(r.Lag))
	}
	if len(r.AskedBy) > 0 {
		why = append(why, "looked up from "+strings.Join(r.AskedBy, ", ")+" "+expr.DurationText(r.Asked)+" before")
	}
	text := "rows of the last " + expr.DurationText(r.Reach) + " (" + strings.Join(why, ", ") + ")"
	if r.Newest {
		text += "; the newest of each entity at any age"
	}
	if r.Folds {
		text += "; older ones folded into a state for each lifetime window"
	}
	return text
}
