// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/plan"
)

// splitVersion cuts the version off a reference, however it is written: view.feature@2, view.feature==1.1.0, view.feature:v2.
func splitVersion(ref string) (name, version string) {
	name, version, pinned := strings.Cut(strings.ReplaceAll(ref, "==", "@"), "@")
	if i := strings.LastIndex(name, ":v"); !pinned && i >= 0 {
		if _, err := strconv.Atoi(name[i+2:]); err == nil {
			name, version = name[:i], name[i+2:]
		}
	}
	return strings.Replace(name, ":", ".", 1), strings.TrimPrefix(version, "v")
}

// versionOf is an item under the version that a reference names, empty for its own: a feature and a service as they were under it.
func (x *Index) versionOf(it *Item, version string) (*Item, error) {
	switch {
	case version == "" || it.Kind == Model: // whose name has its version
		return it, nil
	case it.Kind == Feature:
		return x.featureVersion(it, version)
	case it.Kind == Service:
		return x.serviceVersion(it, version)
	}
	return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: it.Name + "@" + version, Message: "a " + string(it.Kind) + " has no versions", Hint: "features, services and models have: ask for " + it.Name}
}

// featureVersion is a feature under a version, with the definitions that had it.
func (x *Index) featureVersion(it *Item, version string) (*Item, error) {
	name := strings.TrimPrefix(it.Name, it.View+".")
	v, err := x.snapshot.Version(it.View, name, version)
	if err != nil {
		return nil, err
	}
	p, view, f, err := x.snapshot.Resolve(it.View, name, v.Version)
	if err != nil {
		return nil, err
	}
	b := newBuilder(p, x.snapshot)
	if err := b.plan(view); err != nil {
		return nil, err
	}
	then := b.feature(view, f)
	then.Version, then.Stage, then.Removed, then.Services = v.Version, v.Stage, it.Removed, x.pinning(it, v.Version)
	return &then, nil
}

// pinning are the services whose applied version answers with a version of a feature.
func (x *Index) pinning(it *Item, version string) (names []string) {
	for _, svc := range x.project.Services {
		for _, e := range svc.Features {
			if e.View+"."+e.Feature == it.Name && e.Version == version {
				names = append(names, svc.Name)
				break
			}
		}
	}
	return names
}

// serviceVersion is a service as a version of it lists its features.
func (x *Index) serviceVersion(it *Item, version string) (*Item, error) {
	number, err := strconv.ParseInt(version, 10, 64)
	if err != nil || number < 1 {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: it.Name + "@" + version, Message: "this is not a version of a service", Hint: "as " + it.Name + "@1"}
	}
	svc, _, err := x.snapshot.Service(it.Name, number)
	if err != nil {
		return nil, err
	}
	if version == it.Version {
		return it, nil
	}
	pl, err := plan.Build(x.project, plan.Request{Features: svc.Features, Resolver: x.snapshot})
	if err != nil {
		return nil, err
	}
	then := *it
	then.Version, then.Type, then.Sources = version, fmt.Sprintf("%d features", len(svc.Features)), pl.SourceNames()
	return &then, nil
}
