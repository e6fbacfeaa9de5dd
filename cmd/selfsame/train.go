// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfsame"
	"selfsame/batch"
	"selfsame/compute/expr"
	"selfsame/compute/zone"
	"selfsame/monitor"
	"selfsame/node"
)

// trainFlags are the flags as typed.
type trainFlags struct {
	project, rows, entities, eventsOf, rowsFormat string
	time, cut, timezone, start, end, every        string
	timeFormat                                    string
	out, format, compression, partitionBy         string
	rowGroup, page                                string
	features, omit, labels                        []string
	names, asOf, mode, onError, memory            string
	includeLate, fromManifest, timings            string
	with                                          []string
	threads                                       int
	dryRun, quiet, strict                         bool
	label, knownAt                                string
	version                                       string // of every feature that names none
	nulls, auc                                    float64
	historyOnly                                   bool
}

func trainCommand() *cobra.Command {
	var f trainFlags
	c := &cobra.Command{
		Use:   "train [SERVICE[@VERSION]]",
		Short: "make a training set: the rows of a file with the features of a service as they were at each row's time",
		Example: `  selfsame train fraud --rows labels.parquet --out train.parquet
  selfsame train fraud@1 --rows labels.parquet --out train_v1.parquet
  selfsame train --features user_spend.txns_1h,user_spend.txns_7d --rows labels.csv --time asked_at --out train.csv
  selfsame train fraud --entities users.csv --start 2024-06-01 --end 2024-11-30 --every 1d --out train.parquet`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := f.asked(c, args, func(args []string) (*node.TrainConfig, error) { return f.config(args, c.Flags()) })
			if err != nil {
				return err
			}
			if err := f.pinLog(c, cfg); err != nil {
				return err
			}
			return f.recording(c, cfg, func() error { return train(c.Context(), cfg, &f, c.OutOrStdout(), c.ErrOrStderr()) })
		},
	}
	f.register(c.Flags())
	c.Flags().StringVar(&f.fromManifest, "from-manifest", "", "make the training set of a manifest again, or say exactly which input changed")
	return c
}

// asked is the configuration of the command line or, with --from-manifest, of the command that the manifest records. Flags on
// the command line win.
func (f *trainFlags) asked(c *cobra.Command, args []string, config func(args []string) (*node.TrainConfig, error)) (*node.TrainConfig, error) {
	if f.fromManifest == "" {
		return config(args)
	}
	return f.recorded(c, args, config)
}

// recorded is the configuration that a manifest records.
func (f *trainFlags) recorded(c *cobra.Command, args []string, config func(args []string) (*node.TrainConfig, error)) (*node.TrainConfig, error) {
	m, err := batch.ReadManifest(f.fromManifest)
	if err != nil {
		return nil, err
	}
	if m.Command.Verb != c.Name() && !(m.Command.Verb == "train" && c.Name() == "explain") {
		return nil, usage("--from-manifest "+f.fromManifest, "the manifest is of selfsame "+m.Command.Verb, "run selfsame "+m.Command.Verb+" --from-manifest")
	}
	for name, value := range m.Command.Flags {
		if fl := c.Flags().Lookup(name); fl != nil && !fl.Changed {
			if fl.Value.Type() == "stringSlice" {
				value = strings.Trim(value, "[]")
			}
			if err := c.Flags().Set(name, value); err != nil {
				return nil, &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: f.fromManifest}, Ref: "--" + name, Err: err}
			}
		}
	}
	if target := m.Command.Service + m.Command.View; len(args) == 0 && target != "" {
		if m.Command.Version != 0 {
			target += "@" + strconv.FormatInt(m.Command.Version, 10)
		}
		args = []string{target}
	}
	cfg, err := config(args)
	if err != nil {
		return nil, err
	}
	cfg.Again = m
	return cfg, nil
}

func (f *trainFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.project, "project", ".", "folder of the project")
	fs.StringVar(&f.rows, "rows", "", "file of rows that ask: keys, a time and labels (Parquet, Arrow, Avro, CSV, JSON lines); or journal: what was served")
	fs.StringVar(&f.entities, "entities", "", "file of entity keys without times; rows are made with --start, --end and --every")
	fs.StringVar(&f.eventsOf, "events-of", "", "source whose events are the rows")
	fs.StringVar(&f.rowsFormat, "rows-format", "", "parquet, arrow, avro, csv or jsonl, where the name does not say")
	fs.StringSliceVar(&f.omit, "omit", nil, "columns of the rows to leave out, such as those of a type that Selfsame does not have")
	fs.StringVar(&f.time, "time", "", "column that says when each row asks")
	fs.StringVar(&f.cut, "cut-column", "", "column with the moment, or the token, up to which each row knows events")
	fs.StringVar(&f.timezone, "timezone", "", "zone of times without one in the rows (default UTC)")
	fs.StringVar(&f.timeFormat, "time-format", "", "how times are written in the rows: s, ms, us or a pattern such as %d.%m.%Y (default RFC 3339 or an ISO date)")
	fs.StringVar(&f.start, "start", "", "first moment of the rows, inclusive")
	fs.StringVar(&f.end, "end", "", "last moment of the rows, exclusive (with --entities and no --start: the moment)")
	fs.StringVar(&f.every, "every", "", "step between the moments of an entity (default 1d from --start on; without --start one moment, --end)")
	fs.StringVar(&f.out, "out", "", "file to write: .parquet, .arrow, .csv or .jsonl; a folder with --partition-by")
	fs.StringVar(&f.format, "format", "", "parquet, arrow, csv or jsonl, where the name does not say")
	fs.StringVar(&f.compression, "compression", "zstd", "of Parquet: zstd, snappy or none")
	fs.StringVar(&f.rowGroup, "row-group-bytes", "64MiB", "uncompressed size of a Parquet row group")
	fs.StringVar(&f.page, "page-bytes", "1MiB", "size of a Parquet page")
	fs.StringVar(&f.partitionBy, "partition-by", "", "timestamp column whose UTC date names folders date=YYYY-MM-DD")
	fs.StringSliceVar(&f.features, "features", nil, "feature references instead of a service: view.feature, view.*, or a bare name")
	fs.StringSliceVar(&f.labels, "labels", nil, "references to features that no service serves, such as those over next 7d: columns behind the others")
	fs.StringVar(&f.version, "feature-version", "", "version of every feature of --features that names none: 2 (the newest 2.x.y) or 1.1.0; as applied")
	fs.StringVar(&f.names, "names", "full", "full (view__feature) or short (feature)")
	fs.StringVar(&f.asOf, "as-of", "0s", "lag: a row at T knows what was known at T minus this")
	fs.StringVar(&f.mode, "mode", "as_of", "as_of, or final: everything admitted up to now")
	fs.StringVar(&f.includeLate, "include", "", "late: admit late events too (with --mode final)")
	fs.StringSliceVar(&f.with, "with", nil, "event_time, status: add for each feature the time of the newest event used, or its status")
	fs.StringVar(&f.onError, "on-error", "fail", "fail at the first row with an error value, or status: keep such values as nulls")
	fs.IntVar(&f.threads, "threads", runtime.GOMAXPROCS(0), "goroutines")
	fs.StringVar(&f.memory, "memory", "0", "limit such as 4GiB, beyond which events are spilled to disk; 0: none")
	fs.StringVar(&f.label, "label", "", "label column, for the report (default: the only bool column of the rows)")
	fs.StringVar(&f.knownAt, "known-at", "", "column of the rows that says when their own data became known (default: feature_timestamp, if there is one)")
	fs.Float64Var(&f.nulls, "warn-nulls", 0.1, "share of rows without a value above which a feature is remarked")
	fs.Float64Var(&f.auc, "warn-auc", 0.95, "AUC of one feature alone above which it is remarked")
	fs.BoolVar(&f.strict, "strict", false, "remarks about leaks keep the file from being published")
	f.registerLog(fs)
	fs.StringVar(&f.timings, "timings", "", "JSON file for the seconds of reading, computing and writing")
	fs.BoolVar(&f.dryRun, "dry-run", false, "print what would be read and computed, and stop")
	fs.BoolVar(&f.quiet, "quiet", false, "print errors only")
}

// physics are the flags that cannot change a value or a file. Manifests leave them out.
var physics = []string{"from-manifest", "quiet", "dry-run", "threads", "memory", "timings", "data"}

// config checks the flags and turns them into a configuration.
func (f *trainFlags) config(args []string, fs *pflag.FlagSet) (*node.TrainConfig, error) {
	cfg := &node.TrainConfig{Verb: "train", Project: f.project, Out: f.out, Format: f.format, PartitionBy: f.partitionBy, With: f.with, Flags: map[string]string{}}
	if len(args) == 1 {
		var err error
		if cfg.Request.Service, cfg.Request.Version, err = serviceRef("train", args[0]); err != nil {
			return nil, err
		}
	}
	cfg.Request.Features, cfg.Request.Each, cfg.Request.Labels = f.features, f.version, f.labels
	cfg.Request.Short = f.names == "short"
	switch {
	case cfg.Request.Service == "" && len(f.features) == 0:
		return nil, usage("train", "name a service, or features with --features", "e.g. selfsame train SERVICE --rows labels.parquet --out train.parquet")
	case cfg.Request.Service != "" && len(f.features) > 0:
		return nil, usage("train", "a service and --features are named: it is one of them", "leave one out")
	case cfg.Request.Service != "" && f.version != "":
		return nil, usage("--feature-version", "a service pins the versions of its features", "name a version of the service, as "+cfg.Request.Service+"@1, or list features with --features")
	case f.out == "" && !f.dryRun:
		return nil, usage("--out", "says where the training set goes", "e.g. --out train.parquet")
	case f.names != "full" && f.names != "short":
		return nil, usage("--names "+f.names, "no such form of names", "full or short")
	}
	for _, w := range f.with {
		if w != "event_time" && w != "status" {
			return nil, usage("--with "+w, "no such detail", "event_time or status")
		}
	}
	if err := f.setRows(cfg); err != nil {
		return nil, err
	}
	if err := f.setMode(cfg); err != nil {
		return nil, err
	}
	if err := f.setPhysics(cfg); err != nil {
		return nil, err
	}
	if err := f.setReport(cfg); err != nil {
		return nil, err
	}
	cfg.Report.Label, cfg.Report.KnownAt = f.label, f.knownAt
	record(cfg, fs)
	return cfg, nil
}

// record keeps the flags that were given, for the manifest.
func record(cfg *node.TrainConfig, fs *pflag.FlagSet) {
	fs.Visit(func(fl *pflag.Flag) {
		if !slices.Contains(physics, fl.Name) {
			cfg.Flags[fl.Name] = fl.Value.String()
		}
	})
}

// setReport sets the bounds of the report. A bound of 0 remarks any row without a value.
func (f *trainFlags) setReport(cfg *node.TrainConfig) error {
	switch {
	case !(f.nulls >= 0 && f.nulls <= 1):
		return usage(fmt.Sprintf("--warn-nulls %v", f.nulls), "not a share", "from 0 (any row without a value is remarked) to 1 (none is); e.g. 0.1")
	case !(f.auc > 0.5):
		return usage(fmt.Sprintf("--warn-auc %v", f.auc), "every feature reaches it", "above 0.5; e.g. 0.95")
	}
	cfg.Report = monitor.Config{Nulls: f.nulls, AUC: f.auc, Strict: f.strict}
	if f.nulls == 0 {
		cfg.Report.Nulls = -1
	}
	return nil
}

func (f *trainFlags) setRows(cfg *node.TrainConfig) error {
	given := 0
	for _, s := range []string{f.rows, f.entities, f.eventsOf} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return usage("train", "say which rows ask: exactly one of --rows, --entities and --events-of", "e.g. --rows labels.parquet")
	}
	if f.eventsOf != "" && (len(f.omit) > 0 || f.timeFormat != "" || f.timezone != "" || f.rowsFormat != "") {
		return usage("--events-of", "its rows are read as the source declares: --omit, --time-format, --timezone and --rows-format have no part in it", "leave them out")
	}
	cfg.Rows = node.RowsConfig{File: f.rows, Entities: f.entities, EventsOf: f.eventsOf, Format: f.rowsFormat, Omit: f.omit, Timezone: f.timezone, TimeFormat: f.timeFormat, Time: f.time, Cut: f.cut,
		Start: selfsame.MinTime, End: selfsame.MaxTime}
	if f.rows == journalRows {
		if err := f.setJournal(cfg); err != nil {
			return err
		}
	}
	var err error
	if f.timezone != "" {
		if _, err = zone.Load(f.timezone); err != nil {
			return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--timezone", Err: err}
		}
	}
	if f.start != "" {
		if cfg.Rows.Start, err = parseInstant("--start", f.start); err != nil {
			return err
		}
	}
	if f.end != "" {
		if cfg.Rows.End, err = parseInstant("--end", f.end); err != nil {
			return err
		}
	}
	if f.entities != "" && f.start != "" {
		cfg.Rows.Every = selfsame.DayLength
	}
	if f.every != "" {
		if cfg.Rows.Every, err = parseDuration("--every", f.every); err != nil {
			return err
		}
		if cfg.Rows.Every == 0 {
			return usage("--every "+f.every, "no step", "e.g. 1d")
		}
	}
	if f.start != "" && f.end != "" && cfg.Rows.Start >= cfg.Rows.End {
		return usage("--end "+f.end, "not after --start "+f.start, "rows ask from --start, inclusive, to --end, exclusive")
	}
	if f.entities != "" && (f.end == "" || (f.every != "" && f.start == "")) {
		return usage("--entities", "needs the moments: --end T, or --start, --end and --every", "e.g. --start 2024-06-01 --end 2024-11-30 --every 1d")
	}
	return nil
}

func (f *trainFlags) setMode(cfg *node.TrainConfig) error {
	switch f.mode {
	case "as_of":
		if cfg.Mode.Served {
			break
		}
		lag, err := parseDuration("--as-of", f.asOf)
		cfg.Mode.Lag = lag
		if err != nil {
			return err
		}
	case "final":
		cfg.Mode.Final, cfg.Mode.Served = true, false
	default:
		return usage("--mode "+f.mode, "no such mode", "as_of or final")
	}
	switch {
	case f.cut != "" && cfg.Mode.Final:
		return usage("--cut-column", "rows with a cut of their own are not final", "leave --mode final out: each row knows what its own cut shows")
	case f.cut != "" && f.entities != "":
		return usage("--cut-column", "the rows of --entities are made from moments and have no cut", "write the rows with their times and cuts, and pass them as --rows")
	}
	switch {
	case f.includeLate == "late" && cfg.Mode.Final:
		cfg.Mode.IncludeLate = true
	case f.includeLate != "":
		return usage("--include "+f.includeLate, "only late events can be included, with --mode final", "--mode final --include late")
	}
	switch f.onError {
	case "fail":
	case "status":
		cfg.Options.ErrorStatus = true
	default:
		return usage("--on-error "+f.onError, "no such policy", "fail or status")
	}
	return nil
}

func (f *trainFlags) setPhysics(cfg *node.TrainConfig) (err error) {
	if cfg.Options.Memory, err = parseBytes("--memory", f.memory); err != nil {
		return err
	}
	if cfg.Write.RowGroupBytes, err = parseBytes("--row-group-bytes", f.rowGroup); err != nil {
		return err
	}
	if cfg.Write.PageBytes, err = parseBytes("--page-bytes", f.page); err != nil {
		return err
	}
	if f.threads < 1 {
		return usage("--threads", "at least one", "")
	}
	if c := f.compression; c != "zstd" && c != "snappy" && c != "none" {
		return usage("--compression "+c, "no such compression", "zstd, snappy or none")
	}
	cfg.Write.Compression = f.compression
	cfg.Options.Threads, cfg.Write.Threads = f.threads, f.threads
	return nil
}

func parseDuration(flag, s string) (int64, error) {
	d, err := expr.ParseDuration(s)
	if err != nil {
		return 0, usage(flag+" "+s, "not a duration", "an integer and a unit: us, ms, s, m, h, d, w; e.g. 1d")
	}
	return d, nil
}

// parseInstant reads an RFC 3339 instant or a date, UTC.
func parseInstant(flag, s string) (int64, error) {
	if s == "" {
		return 0, usage(flag, "is missing", "an RFC 3339 time or a date, e.g. 2024-06-01")
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), nil
		}
	}
	return 0, usage(flag+" "+s, "not a moment", "an RFC 3339 time or a date, e.g. 2024-06-01T12:00:00Z or 2024-06-01")
}

func parseBytes(flag, s string) (int64, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if n, err := strconv.ParseInt(s[:digits], 10, 64); err == nil {
		unit := strings.TrimSpace(s[digits:])
		for i, u := range []string{"", "KiB", "MiB", "GiB", "TiB"} {
			if n <= math.MaxInt64>>(10*i) && (strings.EqualFold(unit, u) || (i > 0 && strings.EqualFold(unit, u[:1]))) {
				return n << (10 * i), nil
			}
		}
	}
	return 0, usage(flag+" "+s, "not a size", "an integer and KiB, MiB or GiB, e.g. 4GiB")
}

// train runs a configuration and tells its story: the plan, the progress, a preview, the report, and where the file is.
func train(ctx context.Context, cfg *node.TrainConfig, f *trainFlags, stdout, stderr io.Writer) error {
	out := stdout
	if f.quiet {
		out = io.Discard
	}
	if f.dryRun {
		p, err := node.Prepare(ctx, cfg)
		if err != nil {
			return err
		}
		return p.Describe(stdout)
	}
	keepLess(cfg.Options.Memory)
	bar := newProgress(stderr, f.quiet)
	defer bar.stop()
	took := newTimings(f.timings)
	cfg.Options.Progress = func(s batch.Stage, rows int64) {
		took.note(s)
		bar.add(s, rows)
	}
	var sample *preview
	cfg.Planned = func(p *node.Prepared) error {
		took.note(planned)
		sample = newPreview(p.Rows.Batch.Rows)
		cfg.Observers = append(cfg.Observers, sample)
		if err := p.Summarize(out); err != nil {
			return err
		}
		return bar.plan(p)
	}
	t, err := node.Train(ctx, cfg)
	bar.stop()
	if err == nil {
		err = took.write()
	}
	if t != nil && t.Report != nil {
		sample.print(out, columnsOf(stdout))
		t.Report.Print(out)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s: %s rows, %d features, %s in %.1fs\n  values   %s\n  manifest %s\n  report   %s\n", cfg.Out, grouped(t.Manifest.Output.Rows),
		len(t.Plan.Outputs), sizeText(t.Manifest.Output.FileSize), time.Since(bar.started).Seconds(), t.Manifest.Output.ValuesChecksum, node.ManifestPath(cfg.Out), node.ReportPath(cfg.Out))
	if n := len(t.Result.Bad); n > 0 {
		fmt.Fprintf(out, "  bad rows %s: %s rows that cannot be read as declared are left out\n", node.BadRowsPath(cfg.Out), grouped(int64(n)))
	}
	return nil
}

func sizeText(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
