// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package openlineage

import (
	"slices"

	"selfsame/lineage"
)

// The parts of the facets of datasets.
type (
	statistics struct {
		facet
		Rows  *int64 `json:"rowCount,omitempty"`
		Bytes *int64 `json:"size,omitempty"`
		Files *int64 `json:"fileCount,omitempty"`
	}
	schema struct {
		facet
		Fields []schemaField `json:"fields"`
	}
	schemaField struct {
		Name        string `json:"name"`
		Type        string `json:"type,omitempty"`
		Description string `json:"description,omitempty"`
	}
	columnLineage struct {
		facet
		Fields map[string]inputFields `json:"fields"`
	}
	inputFields struct {
		From []inputField `json:"inputFields"`
	}
	inputField struct {
		Namespace       string           `json:"namespace"`
		Name            string           `json:"name"`
		Field           string           `json:"field"`
		Transformations []transformation `json:"transformations,omitempty"`
	}
	transformation struct {
		Type        string `json:"type"`
		Subtype     string `json:"subtype"`
		Description string `json:"description"`
		Masking     bool   `json:"masking"`
	}
)

// dataset is the dataset with the facets that it has.
func (d *Dataset) dataset() dataset {
	out := dataset{Namespace: d.Namespace, Name: d.Name, Facets: map[string]any{}}
	if len(d.Fields) > 0 {
		s := schema{facet: newFacet("1-2-0", "SchemaDatasetFacet")}
		for _, f := range d.Fields {
			s.Fields = append(s.Fields, schemaField{f.Name, f.Type, f.Description})
		}
		out.Facets["schema"] = s
	}
	if slices.ContainsFunc(d.Fields, func(f Field) bool { return len(f.From) > 0 }) {
		c := columnLineage{newFacet("1-2-0", "ColumnLineageDatasetFacet"), map[string]inputFields{}}
		for _, f := range d.Fields {
			if len(f.From) > 0 {
				c.Fields[f.Name] = inputFields{f.inputs()}
			}
		}
		out.Facets["columnLineage"] = c
	}
	if d.URI != "" {
		out.Facets["dataSource"] = struct {
			facet
			Name string `json:"name"`
			URI  string `json:"uri"`
		}{newFacet("1-0-1", "DatasourceDatasetFacet"), d.Name, d.URI}
	}
	if d.Version != "" {
		out.Facets["version"] = struct {
			facet
			Version string `json:"datasetVersion"`
		}{newFacet("1-0-1", "DatasetVersionDatasetFacet"), d.Version}
	}
	return out
}

// statistics are the numbers that are known; nil: none is.
func (d *Dataset) statistics(version, name string) *statistics {
	s := &statistics{facet: newFacet(version, name)}
	for _, n := range []struct {
		value int64
		to    **int64
	}{{d.Rows, &s.Rows}, {d.Bytes, &s.Bytes}, {d.Files, &s.Files}} {
		if n.value >= 0 {
			*n.to = &n.value
		}
	}
	if s.Rows == nil && s.Bytes == nil && s.Files == nil {
		return nil
	}
	return s
}

func (f *Field) inputs() []inputField {
	var out []inputField
	for _, from := range f.From {
		in := inputField{Namespace: from.Namespace, Name: from.Name, Field: from.Field}
		for _, r := range from.Roles {
			in.Transformations = append(in.Transformations, from.transformation(r))
		}
		out = append(out, in)
	}
	return out
}

// indirect are the roles by which a column decides which rows count, and what the specification calls that.
var indirect = map[lineage.Role]string{lineage.RoleKey: "JOIN", lineage.RoleEventTime: "WINDOW", lineage.RoleArrival: "FILTER", lineage.RoleID: "GROUP_BY", lineage.RoleOrder: "SORT",
	lineage.RoleOperation: "FILTER", lineage.RolePrimaryKey: "GROUP_BY", lineage.RoleWhere: "FILTER", lineage.RoleFilter: "FILTER"}

func (f *From) transformation(r lineage.Role) transformation {
	if kind, ok := indirect[r]; ok {
		return transformation{"INDIRECT", kind, string(r), false}
	}
	kind := "TRANSFORMATION"
	switch {
	case f.Aggregate:
		kind = "AGGREGATION"
	case f.Same:
		kind = "IDENTITY"
	}
	return transformation{"DIRECT", kind, string(r), false}
}
