// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"selfsame/node"
)

// explainServed explains values that were served: prediction, vector, versions, raw events.
func explainServed(c *cobra.Command, f *liveFlags, q *node.ServedQuestion) error {
	return f.evidenceOf(c, func(e *node.Evidence) error {
		x, err := node.ExplainServed(c.Context(), e, q)
		if err != nil {
			return err
		}
		if f.json {
			b, err := json.MarshalIndent(x, "", "  ")
			if err == nil {
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", b)
			}
			return err
		}
		return printServed(c.OutOrStdout(), x)
	})
}

func printServed(w io.Writer, x *node.ServedExplanation) error {
	fmt.Fprintf(w, "request %s, row %d, served %s\n", x.Request, x.Row, x.Written)
	if x.Service != "" {
		fmt.Fprintf(w, "  service %s version %d", x.Service, x.ServiceVersion)
		if x.Experiment != "" {
			fmt.Fprintf(w, ", arm %s of experiment %s", x.Variant, x.Experiment)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "  T       %s\n  cut     offset %d (%s)\n", x.At, x.Offset, x.Cut)
	for _, g := range x.Given {
		fmt.Fprintf(w, "  given   %s = %s\n", g.Name, clip(g.Value.String(), 60))
	}
	for _, p := range x.Predictions {
		fmt.Fprintf(w, "  predicted %s by %s %s at %s\n", p.Value, p.Model, p.ModelVersion, p.At)
	}
	for _, o := range x.Outcomes {
		fmt.Fprintf(w, "  outcome %s at %s\n", o.Value, o.At)
	}
	for _, v := range x.Values {
		fmt.Fprintf(w, "\n%s (%s@%s) = %s\n", v.Output, v.Feature, v.Version, clip(v.Served.String(), 60))
		if v.Note != "" {
			fmt.Fprintf(w, "  %s\n", v.Note)
		}
		if v.Explanation == nil {
			continue
		}
		if !v.Same {
			fmt.Fprintln(w, "  DIFFERENT from the value made again, below")
		}
		if err := printExplanation(w, v.Explanation); err != nil {
			return err
		}
	}
	return nil
}
