// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

// key is one key of a mapping of the language. The readers refuse a key that is not listed; JSONSchema offers those that are.
type key struct {
	name string
	form string // of the value: the name of an entry of schemaForms
	doc  string // one sentence, shown by editors
}

var fileKeys = []key{
	{"project", "name", "Name of the project; in selfsame.yaml only."},
	{"entities", "entities", "Things that features describe, with their typed keys."},
	{"sources", "sources", "Where raw rows come from."},
	{"views", "views", "Groups of features computed from a source, or on demand."},
	{"services", "services", "Named feature vectors that models consume."},
}

// projectKeys are the keys of selfsame.yaml: those of every file, and settings of the server, which belong to another reader.
var projectKeys = append(fileKeys[:len(fileKeys):len(fileKeys)], []key{
	{"data", "setting", "Settings of the data directory: dir."},
	{"http", "setting", "Settings of HTTP: addr, connections."},
	{"grpc", "setting", "Settings of gRPC: addr."},
	{"insecure", "setting", "Whether to listen beyond loopback without access control."},
	{"threads", "setting", "Goroutines of batch work. Default: number of cores."},
	{"memory", "setting", "Bytes of batch work, beyond which it spills. Default: no bound."},
	{"cache", "setting", "Settings of the cache of hot entities: bytes."},
	{"request", "setting", "Limits of reads: max_rows, max_bytes, timeout, running, waiting."},
	{"ingest", "setting", "Limits of events: max_events, queue."},
	{"journal", "setting", "Settings of the journal: sample, durable."},
	{"archive", "setting", "Settings of the archive: every."},
	{"log", "setting", "Settings of the event log: retention."},
	{"refused", "setting", "Settings of the side log of refused events: retention."},
	{"warm", "setting", "Entities that are loaded before the server is ready."},
	{"registry", "setting", "Where applied definitions are: url."},
	{"lineage", "setting", "Where OpenLineage events go: file, url."},
	{"online", "setting", "Where online state is: url."},
	{"offline", "setting", "Where the archive and training sets are: url."},
}...)

var aboutKeys = []key{
	{"description", "text", "What it is, in words. It changes no value."},
	{"owner", "text", "Who answers for it. It changes no value."},
	{"tags", "texts", "Free labels. They change no value."},
}

var entityKeys = append([]key{
	{"key", "types", "Key fields and their types, in order. A composite key is never joined by a separator."},
}, aboutKeys...)

var sourceKeys = append([]key{
	{"schema", "types", "Fields of the source and their types."},
	{"event_time", "name", "Field that says when a row happened. Without it the source is static."},
	{"arrival", "name", "Field that says when a row became known (a created column)."},
	{"knowledge_delay", "duration", "How long after its event time a row becomes known, for files without an arrival column. Default 0."},
	{"id", "name", "Field that makes a row known again when it is sent twice."},
	{"order", "name", "Field that orders rows of one event time, such as a sequence number."},
	{"operation", "name", "Field that holds insert, delete or upsert."},
	{"primary_key", "names", "Fields that identify the live row that an upsert replaces."},
	{"lateness", "duration", "How much later than its event time a row may arrive. Default: files unlimited, pushed rows 7d."},
	{"skew", "duration", "How much earlier than its event time a row may arrive. Default 1m for pushed rows."},
	{"corrections", "duration", "Takes the place of lateness for deletes and upserts. Default 30d for pushed rows."},
	{"history", "duration", "How far back questions reach online. Default 0."},
	{"timezone", "text", "Zone of timestamps that carry none. Default UTC."},
	{"time_format", "text", "How timestamps are written: s, ms, us or a pattern. Default RFC 3339 or an ISO date with optional time."},
	{"precision", "floor", "floor drops digits below a microsecond, which are refused otherwise."},
	{"nan", "nan", "Whether NaN is read as null (to_null, the default) or kept."},
	{"on_bad_row", "on_bad_row", "Whether a row that cannot be read stops the run (fail, the default) or is skipped and reported."},
	{"rename", "texts", "Column in the file: field of the schema."},
	{"batch", "batch", "History files."},
	{"stream", "stream", "Rows that are pushed."},
}, aboutKeys...)

var batchKeys = []key{
	{"path", "text", "File, glob or folder relative to the project, or an object-store URL."},
	{"format", "format", "Format of the files where their name does not say it."},
	{"partition", "partition", "What the date in a folder's name means: the event's date, or a daily snapshot."},
}

var streamKeys = []key{
	{"push", "boolean", "Whether rows are pushed over the API."},
}

var viewKeys = append([]key{
	{"entity", "name", "What the features describe. Without it there is one row for the whole world."},
	{"source", "names", "Source of the rows, or several read as one stream. Without it the view is on demand."},
	{"where", "expression", "Selects rows before any window is applied."},
	{"season", "expression", "Windowed views: an event counts where this expression of now() has the value at its time that it has at T, such as hour(now())."},
	{"key", "expressions", "Entity key field: expression over fields of the source."},
	{"ttl", "duration", "As-of views: greatest age of a row. Default unlimited."},
	{"closed", "closed", "As-of views: whether a row stamped with the very moment T counts (both, the default) or not (left)."},
	{"as_of", "duration", "How long rows must have been known before they count. Enforced online too. Default 0."},
	{"max_values", "integer", "Most values that an exact aggregate keeps in one window. Default 100000."},
	{"online", "boolean", "Whether the view is served. Default true."},
	{"request", "request", "On-demand views: fields of the request and their types; a ? marks one that may be absent."},
	{"inputs", "inputs", "Other views in roles, each with its own key mapping. On-demand views read them at T, windowed views as of each event."},
	{"features", "features", "Name and expression of each feature, or a list of columns."},
}, aboutKeys...)

var inputKeys = []key{
	{"view", "name", "View that plays the role."},
	{"key", "texts", "Entity key field: label or request column, in a windowed view field of the source; or an expression over those and now(), such as date(now())."},
}

var featureKeys = append([]key{
	{"value", "expression", "Expression that gives the value."},
	{"default", "value", "Replaces null and not_found."},
	{"expect", "expect", "Bounds that values are checked against."},
	{"cast", "cast", "Type in files and answers, narrower than the type of the value."},
	{"version", "version", "Version as its author names it, such as 1.1.0."},
}, aboutKeys...)

var expectKeys = []key{
	{"min", "value", "Least value, inclusive."},
	{"max", "value", "Greatest value, inclusive."},
	{"nulls", "percent", "Greatest share of rows without a value, such as 1%."},
	{"on_failure", "on_failure", "Whether a broken bound only warns (the default) or blocks publication."},
}

var serviceKeys = append([]key{
	{"features", "entries", "References to features: view.feature, view.*, view.feature@2, or the long form."},
}, aboutKeys...)

var entryKeys = []key{
	{"view", "name", "View whose features are all taken."},
	{"feature", "text", "Reference to one feature."},
	{"key", "texts", "Entity key field: label or request column."},
	{"prefix", "anytext", "Takes the place of view__ in the names of outputs."},
	{"as", "name", "Name of the output, for one feature."},
}
