// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"bytes"
	"encoding/json"

	"github.com/invopop/jsonschema"
)

const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// JSONSchema returns the JSON Schema of a definition file, for completion in editors. It holds the keys, shapes and words of
// the language; names and expressions are checked by Load only.
func JSONSchema() ([]byte, error) {
	root := objectSchema(projectKeys)
	root.Version, root.Title = schemaDialect, "Selfsame definitions"
	root.Definitions = jsonschema.Definitions{}
	for name, s := range schemaForms() {
		root.Definitions[name] = s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func refTo(form string) *jsonschema.Schema { return &jsonschema.Schema{Ref: "#/$defs/" + form} }

// objectSchema is a closed object of known keys.
func objectSchema(keys []key) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, k := range keys {
		p := refTo(k.form)
		p.Description = k.doc
		s.Properties.Set(k.name, p)
	}
	return s
}

// mapSchema is an object of names and values of one form.
func mapSchema(form string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: refTo(form)}
}

func namedSchema(form string) *jsonschema.Schema {
	s := mapSchema(form)
	s.PropertyNames = &jsonschema.Schema{Pattern: namePattern.String()}
	return s
}

func wordSchema(words ...any) *jsonschema.Schema { return &jsonschema.Schema{Enum: words} }

func textSchema(pattern string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern}
}

func eitherSchema(list ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: list}
}

func listSchema(form string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: refTo(form)}
}

// anyScalar is what a YAML reader may make of a plain scalar: no and 1% are strings to us and maybe not to it.
func anyScalar() *jsonschema.Schema {
	return eitherSchema(&jsonschema.Schema{Type: "string"}, &jsonschema.Schema{Type: "number"}, &jsonschema.Schema{Type: "boolean"})
}

// schemaForms are the forms of values that keys name.
func schemaForms() map[string]*jsonschema.Schema {
	const durationPattern = `^[0-9]+(us|ms|s|m|h|d|w)$`
	const typePattern = `^(bool|int64|float64|decimal\( *[0-9]+ *, *[0-9]+ *\)|string|bytes|timestamp|date|list<.+>|map< *string *,.+>)`
	long := objectSchema(featureKeys)
	long.Required = []string{"value"}
	entry := objectSchema(entryKeys)
	return map[string]*jsonschema.Schema{
		"name":        textSchema(namePattern.String()),
		"names":       eitherSchema(refTo("name"), listSchema("name")),
		"text":        anyScalar(),
		"texts":       mapSchema("text"),
		"anytext":     &jsonschema.Schema{Type: "string"},
		"duration":    textSchema(durationPattern),
		"percent":     textSchema(percentPattern.String()),
		"integer":     {Type: "integer", Minimum: "1"},
		"boolean":     {Type: "boolean"},
		"expression":  anyScalar(),
		"expressions": mapSchema("expression"),
		"value":       {},
		"setting":     {},
		"floor":       wordSchema("floor"),
		"nan":         wordSchema("to_null", "keep"),
		"on_bad_row":  wordSchema("fail", "skip"),
		"format":      wordSchema("parquet", "arrow", "avro", "csv", "jsonl", "ics"),
		"closed":      wordSchema("both", "left"),
		"cast":        wordSchema("float32", "int32"),
		"on_failure":  wordSchema("warn", "block"),
		"meaning":     wordSchema("event_time", "snapshot"),
		"partition":   mapSchema("meaning"),
		"type":        textSchema(typePattern + "$"),
		"types":       namedSchema("type"),
		"requesttype": textSchema(typePattern + `\??$`),
		"request":     namedSchema("requesttype"),
		"entity":      objectSchema(entityKeys),
		"entities":    namedSchema("entity"),
		"source":      objectSchema(sourceKeys),
		"sources":     namedSchema("source"),
		"batch":       objectSchema(batchKeys),
		"stream":      objectSchema(streamKeys),
		"view":        objectSchema(viewKeys),
		"views":       namedSchema("view"),
		"input":       objectSchema(inputKeys),
		"inputs":      namedSchema("input"),
		"feature":     eitherSchema(anyScalar(), long),
		"features":    eitherSchema(namedSchema("feature"), listSchema("name")),
		"expect":      objectSchema(expectKeys),
		"service":     objectSchema(serviceKeys),
		"services":    namedSchema("service"),
		"entry":       eitherSchema(&jsonschema.Schema{Type: "string"}, entry),
		"entries":     listSchema("entry"),
	}
}
