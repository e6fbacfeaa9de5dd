// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/plan"
)

// Parts is how many parts the keys of an experiment are dealt in.
const Parts = 10_000

func (e *Experiment) subject() string { return e.Service }

// Deal returns the index of the arm that a key is in. key is the text that the hash is of: the experiment's name and, each behind a colon, the values of the key
// columns, an int64 in decimal digits (docs/registry.md). In an expression that is bucket('NAME:' || column, 10000).
func (e *Experiment) Deal(key []byte) int {
	part := int64(xxh3.Hash(key)) % Parts
	if part < 0 {
		part += Parts
	}
	for i := range e.Arms {
		if part -= e.Arms[i].Share; part < 0 {
			return i
		}
	}
	return len(e.Arms) - 1
}

// armsText is the arms in short: control=1:90% new=2:10%.
func (e *Experiment) armsText() string {
	var parts []string
	for _, a := range e.Arms {
		parts = append(parts, fmt.Sprintf("%s=%d:%s%%", a.Name, a.Version, strconv.FormatFloat(float64(a.Share)/(Parts/100), 'f', -1, 64)))
	}
	return strings.Join(parts, " ")
}

// decide starts an experiment, or, with Ended, ends the one that runs on the service.
func (e *Experiment) decide(s *Snapshot) ([]Act, error) {
	running := s.Experiment(e.Service)
	next := *e
	switch {
	case e.Ended && running == nil:
		if _, err := s.service(e.Service); err != nil {
			return nil, err
		}
		return nil, nil
	case e.Ended && e.Name != "" && e.Name != running.Name:
		return nil, e.fault(fmt.Sprintf("the experiment that runs is %s, not %s", running.Name, e.Name), "selfsame experiment show")
	case e.Ended:
		next = *running
		next.Ended = true
	default:
		if err := next.prepare(s); err != nil {
			return nil, err
		}
		if running != nil {
			if running.Name == next.Name && slices.Equal(running.Arms, next.Arms) && slices.Equal(running.Key, next.Key) {
				return nil, nil
			}
			return nil, e.fault(fmt.Sprintf("the experiment %s runs on it", running.Name), "selfsame experiment end "+e.Service)
		}
	}
	a, err := act(KindExperiment, next.subject(), &next)
	return []Act{a}, err
}

func (e *Experiment) fault(message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "experiment on " + e.Service, Message: message, Hint: hint}
}

// prepare checks an experiment and fills in its key.
func (e *Experiment) prepare(s *Snapshot) error {
	if _, _, err := s.Service(e.Service, 0); err != nil {
		return err
	}
	if err := e.checkArms(s); err != nil {
		return err
	}
	var columns [][]selfsame.Field // that each arm takes
	types := map[string]selfsame.Type{}
	for i, a := range e.Arms {
		list, _, err := s.Service(e.Service, a.Version)
		if err != nil {
			return err
		}
		p, err := plan.Build(s.project, plan.Request{Features: list.Features, Resolver: s})
		if err != nil {
			return err
		}
		if i == 0 && len(e.Key) == 0 {
			e.Key = keysOf(p)
		}
		for k := range p.Outputs {
			o := &p.Outputs[k]
			if have, ok := types[o.Name]; ok && !have.Equal(o.EdgeType()) {
				return e.fault(fmt.Sprintf("%s is %s in version %d of the service and %s in an arm before", o.Name, o.EdgeType(), a.Version, have),
					"one answer may hold rows of several arms: give one of the two another name with `as:`")
			}
			types[o.Name] = o.EdgeType()
		}
		columns = append(columns, p.Requests)
	}
	return e.checkKey(columns)
}

// keysOf are the request columns that are keys, in the order in which the plan takes them.
func keysOf(p *plan.Plan) []string {
	var out []string
	for _, f := range p.Requests {
		if slices.ContainsFunc(p.Uses, func(u *plan.Use) bool { return slices.Contains(u.Key, f.Name) }) {
			out = append(out, f.Name)
		}
	}
	return out
}

func (e *Experiment) checkArms(s *Snapshot) error {
	if e.Name == "" || len(e.Name) > 200 || strings.ContainsFunc(e.Name, func(r rune) bool { return r <= ' ' || r == '\'' || r == ':' || r == 0x7f }) {
		return e.fault(fmt.Sprintf("%q cannot be its name", e.Name), "letters, digits and signs but for : and ', no spaces, at most 200")
	}
	if len(e.Arms) < 2 {
		return e.fault("it needs two arms at least", "e.g. --arm control=1:90 --arm new=2:10")
	}
	var all int64
	for i, a := range e.Arms {
		switch {
		case a.Name == "" || strings.ContainsFunc(a.Name, func(r rune) bool { return r <= ' ' || r == 0x7f }):
			return e.fault(fmt.Sprintf("%q cannot be the name of an arm", a.Name), "e.g. --arm control=1:90")
		case slices.ContainsFunc(e.Arms[:i], func(b Arm) bool { return b.Name == a.Name }):
			return e.fault("two arms are named "+a.Name, "give each a name of its own")
		case a.Share < 1:
			return e.fault(fmt.Sprintf("arm %s gets no share", a.Name), "shares are per cent above 0, in steps of 0.01")
		case a.Version < 1:
			return e.fault(fmt.Sprintf("arm %s names no version", a.Name), "e.g. --arm control=1:90, where 1 is a version of the service")
		}
		if _, _, err := s.Service(e.Service, a.Version); err != nil {
			return err
		}
		if err := s.usableService(e.Service, a.Version, "experiment on "+e.Service); err != nil {
			return err
		}
		all += a.Share
	}
	if all != Parts {
		return e.fault(fmt.Sprintf("the arms share %s per cent", strconv.FormatFloat(float64(all)/(Parts/100), 'f', -1, 64)), "all together they are 100")
	}
	return nil
}

// checkKey sees that every arm takes the key, so that a row can be dealt before it is known which arm it is for.
func (e *Experiment) checkKey(columns [][]selfsame.Field) error {
	if len(e.Key) == 0 {
		return e.fault("its service has no key", "name a request column with --key")
	}
	for _, name := range e.Key {
		var kind selfsame.Kind
		for i, fields := range columns {
			at := slices.IndexFunc(fields, func(f selfsame.Field) bool { return f.Name == name })
			if at < 0 {
				var known []string
				for _, f := range fields {
					known = append(known, f.Name)
				}
				return e.fault(fmt.Sprintf("version %d of the service takes no column %s", e.Arms[i].Version, name), "the key is a column that every arm takes; this one takes "+some(known))
			}
			k := fields[at].Type.Kind
			switch {
			case k != selfsame.String && k != selfsame.Int64:
				return e.fault(fmt.Sprintf("column %s is %s", name, fields[at].Type), "the key is a string or an int64")
			case i > 0 && k != kind:
				return e.fault(fmt.Sprintf("column %s has one type in version %d of the service and another in %d", name, e.Arms[0].Version, e.Arms[i].Version), "name another key")
			}
			kind = k
		}
	}
	return nil
}
