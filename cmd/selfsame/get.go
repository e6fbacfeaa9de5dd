// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/node"
)

// getFlags are the flags of get as typed.
type getFlags struct {
	liveFlags
	features, at string
	each         string // version of every feature that names none
	version      int64
	timing, with bool
}

func getCommand() *cobra.Command {
	var f getFlags
	c := &cobra.Command{
		Use:   "get [SERVICE] NAME=VALUE...",
		Short: "read the features of one entity online",
		Long: `Read the features of one entity online: those of a service, or those that --features lists. NAME=VALUE gives the entity's keys and the
request fields. Values are printed with their status where they are not present.`,
		Example: `  selfsame get fraud user_id=u1 amount=12.50
  selfsame get --features user_spend.txns_1h,user_spend.merchants_7d user_id=u1
  selfsame get fraud user_id=u1 --at 2024-12-12T10:30:45Z --timing`,
		RunE: func(c *cobra.Command, args []string) error {
			body, err := f.question(args)
			if err != nil {
				return err
			}
			return f.liveFlags.with(c, func(to *node.Client) error {
				b, err := to.Post(c.Context(), "/v1/features/online", "application/json", body)
				if err != nil {
					return err
				}
				if f.json {
					_, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", strings.TrimSpace(string(b)))
					return err
				}
				return f.print(c.OutOrStdout(), b)
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&f.features, "features", "", "references, with commas between them, instead of a service")
	c.Flags().Int64Var(&f.version, "version", 0, "of the service (default the applied one)")
	c.Flags().StringVar(&f.each, "feature-version", "", "version of every feature of --features that names none: 2 (the newest 2.x.y) or 1.1.0")
	c.Flags().StringVar(&f.at, "at", "", "the moment to answer for: RFC 3339 (default now)")
	c.Flags().BoolVar(&f.timing, "timing", false, "print the milliseconds of each step")
	c.Flags().BoolVar(&f.with, "event-times", false, "print the time of the newest row or event used")
	return c
}

// question is the body of the request.
func (f *getFlags) question(args []string) ([]byte, error) {
	q := map[string]any{"timing": f.timing, "event_times": f.with}
	row := map[string]string{}
	for i, a := range args {
		name, value, ok := strings.Cut(a, "=")
		switch {
		case !utf8.ValidString(a): // JSON would ask about another key in its place
			return nil, usage("get", strconv.Quote(a)+" is not UTF-8", "bytes are written as base64")
		case ok && name != "":
			row[name] = value
		case i == 0 && f.features == "":
			q["service"] = a
		default:
			return nil, usage("get", a+" is not NAME=VALUE", "write the service first, then keys and request fields such as user_id=u1")
		}
	}
	if f.features != "" {
		q["features"] = strings.Split(f.features, ",")
	} else if q["service"] == nil {
		return nil, usage("get", "no service and no features are named", "say selfsame get SERVICE NAME=VALUE, or --features view.feature")
	}
	if f.version != 0 {
		q["version"] = f.version
	}
	if f.each != "" {
		q["feature_version"] = f.each
	}
	if f.at != "" {
		q["at"] = f.at
	}
	q["rows"], q["format"] = []any{row}, "columns"
	return json.Marshal(q)
}

// vector is an answer of one row, in the form of columns.
type vector struct {
	At      string `json:"at"`
	Cut     string `json:"cut"`
	Stale   bool   `json:"stale"`
	Service string `json:"service"`
	Version int64  `json:"version"`

	Experiment string   `json:"experiment"`
	Variants   []string `json:"variants"`

	Features []struct {
		Reference string `json:"reference"`
	} `json:"features"` // one a column
	Columns []struct {
		Name       string            `json:"name"`
		Values     []json.RawMessage `json:"values"`
		Statuses   []string          `json:"status"`
		EventTimes []*string         `json:"event_times"`
	} `json:"columns"`
	Timing struct {
		Hits         int64              `json:"cache_hits"` // entities
		Misses       int64              `json:"cache_misses"`
		Milliseconds map[string]float64 `json:"milliseconds"`
	} `json:"timing"`
	Warnings []string `json:"warnings"`
}

func (f *getFlags) print(w io.Writer, b []byte) error {
	var v vector
	if err := json.Unmarshal(b, &v); err != nil {
		return &selfsame.Error{Class: selfsame.ClassInternal, Message: "the answer cannot be read", Err: err}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, c := range v.Columns {
		fmt.Fprintf(t, "%s\t%s", c.Name, c.Values[0])
		if len(c.Statuses) > 0 && c.Statuses[0] != "present" {
			fmt.Fprintf(t, "\t%s", c.Statuses[0])
		} else {
			fmt.Fprint(t, "\t")
		}
		if len(c.EventTimes) > 0 && c.EventTimes[0] != nil {
			fmt.Fprintf(t, "\t%s", *c.EventTimes[0])
		}
		fmt.Fprintf(t, "\t%s\n", v.Features[i].Reference)
	}
	t.Flush()
	fmt.Fprintf(w, "at %s", v.At)
	if v.Stale {
		fmt.Fprint(w, ", stale")
	}
	if len(v.Variants) == 1 {
		fmt.Fprintf(w, ", arm %s of experiment %s", v.Variants[0], v.Experiment)
	}
	fmt.Fprintln(w)
	if f.timing {
		for _, step := range []string{"queue", "cache", "read", "compute", "encode"} {
			fmt.Fprintf(w, "%-8s %.3f ms\n", step, v.Timing.Milliseconds[step])
		}
		fmt.Fprintf(w, "%d entities from the cache, %d from disk\n", v.Timing.Hits, v.Timing.Misses)
	}
	for _, warning := range v.Warnings {
		fmt.Fprintln(w, "warning:", warning)
	}
	return nil
}
