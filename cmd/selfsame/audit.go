// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/audit"
	"selfsame/journal"
	"selfsame/node"
)

// auditFlags are the flags of audit as typed.
type auditFlags struct {
	liveFlags
	since, until, from, every string
	o                         audit.Options
}

func auditCommand() *cobra.Command {
	var f auditFlags
	c := &cobra.Command{
		Use:   "audit",
		Short: "compute what was served again, offline, and compare the bits",
		Long: `Compute what was served again, offline, and compare the bits. Every vector of the journal is evaluated by the batch engine at its own time and cut; the pass mark is zero
mismatches. Vectors whose history files are no longer there are unauditable, which is neither. The exit code is 7 where a value differs.

--gap also compares with what is known now: what late events would have changed. That is knowledge, not error.`,
		Example: `  selfsame audit
  selfsame audit --since 2024-12-01 --service fraud --gap
  selfsame audit --every 1m          # beside serving, until it is stopped`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if f.every == "" {
				_, err := f.once(c)
				return err
			}
			return f.again(c)
		},
	}
	f.register(c)
	c.Flags().StringVar(&f.since, "since", "", "vectors served from this moment on, inclusive")
	c.Flags().StringVar(&f.until, "until", "", "vectors served before this moment")
	c.Flags().StringVar(&f.from, "from", "", "go on where an audit ended: the `next` of its JSON")
	c.Flags().StringVar(&f.every, "every", "", "audit what is new again and again, with this pause")
	c.Flags().Int64Var(&f.o.Limit, "limit", 0, "vectors at most (default all)")
	c.Flags().Float64Var(&f.o.Sample, "sample", 1, "share of the requests, by their id")
	c.Flags().StringVar(&f.o.Service, "service", "", "of one service (default all, and references)")
	c.Flags().StringVar(&f.o.Request, "request", "", "of one request")
	c.Flags().IntVar(&f.o.Explain, "explain", 3, "mismatches whose events are listed")
	c.Flags().BoolVar(&f.o.Gap, "gap", false, "also say what late events would have changed")
	return c
}

func (f *auditFlags) check() (err error) {
	if f.since != "" {
		if f.o.Since, err = parseInstant("--since", f.since); err != nil {
			return err
		}
	}
	if f.until != "" {
		if f.o.Until, err = parseInstant("--until", f.until); err != nil {
			return err
		}
	} else if f.since != "" {
		f.o.Until = selfsame.MaxTime
	}
	if f.from != "" {
		if f.o.From, err = journal.ParsePosition(f.from); err != nil {
			return err
		}
	}
	if !(f.o.Sample > 0 && f.o.Sample <= 1) {
		return usage(fmt.Sprintf("--sample %v", f.o.Sample), "not a share", "above 0, at most 1")
	}
	return nil
}

// once audits what the flags select and prints the report.
func (f *auditFlags) once(c *cobra.Command) (*audit.Report, error) {
	var report *audit.Report
	err := f.evidenceOf(c, func(e *node.Evidence) (err error) {
		report, err = e.Audit(c.Context(), f.o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if f.json {
		b, err := json.Marshal(report)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s\n", b)
	} else if err := report.WriteText(c.OutOrStdout()); err != nil {
		return nil, err
	}
	if !report.Passed() {
		return report, &selfsame.Error{Class: selfsame.ClassExpectation, Ref: "audit", Message: fmt.Sprintf("%d values were served otherwise than the batch engine gives them", report.Mismatched),
			Hint: "please report it with the lines above"}
	}
	return report, nil
}

// again audits what is new until the command is stopped. A mismatch ends it.
func (f *auditFlags) again(c *cobra.Command) error {
	micros, err := parseDuration("--every", f.every)
	if err != nil {
		return err
	}
	pause := time.NewTicker(max(time.Duration(micros)*time.Microsecond, time.Second))
	defer pause.Stop()
	for {
		report, err := f.once(c)
		if err != nil {
			return err
		}
		if f.o.From, err = journal.ParsePosition(report.Next); err != nil {
			return err
		}
		select {
		case <-c.Context().Done():
			return nil
		case <-pause.C:
		}
	}
}
