// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// Off is the address of a listener that is not wanted.
const Off = "off"

// validate checks what no setting alone can tell.
func (l *loading) validate() {
	c := l.c
	l.listener("http.addr", c.HTTP)
	l.listener("grpc.addr", c.GRPC)
	if c.HTTP == c.GRPC && c.HTTP != Off && !strings.HasSuffix(c.HTTP, ":0") {
		l.problem(selfsame.Pos{}, "http.addr and grpc.addr", "both are "+c.HTTP, "give each a port of its own")
	}
	l.scheme("registry.url", c.Registry, "sqlite", "postgres", "postgresql")
	l.scheme("online.url", c.Online, "pebble", "redis", "dynamodb", "cassandra", "postgres")
}

// place names where a setting came from.
func (l *loading) place(name string) (selfsame.Pos, string) {
	if from := l.from[name]; from != "" {
		return l.given[name], from
	}
	return selfsame.Pos{}, name
}

// listener checks an address: it can be listened on, and reaches no further than this machine unless that is asked for.
func (l *loading) listener(name, addr string) {
	if addr == Off {
		return
	}
	pos, ref := l.place(name)
	host, port, err := net.SplitHostPort(addr)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		l.problem(pos, ref, addr+" is not host:port", "such as 127.0.0.1:8620, or off")
		return
	}
	if !l.c.Insecure && !Loopback(host) {
		l.problem(pos, ref, addr+" can be reached from other machines, and there is no access control",
			"listen on 127.0.0.1 behind a proxy that authenticates, or say --insecure where the network is trusted")
	}
}

// Loopback reports whether a host is this machine for itself only.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func (l *loading) scheme(name, raw string, known ...string) {
	if raw == "" {
		return
	}
	scheme, _, found := strings.Cut(raw, ":")
	if found && slices.Contains(known, scheme) {
		return
	}
	pos, ref := l.place(name)
	hint := "known: " + strings.Join(known, ":, ") + ":"
	if near := selfsame.Nearest(scheme, known); near != "" {
		hint = "did you mean " + near + ":?"
	}
	l.problem(pos, ref, Redact(raw)+" names no store that Selfsame knows", hint)
}

// Redact hides the password of a URL and the values of its parameters, for logs and messages. Text that holds neither is returned as it is.
func Redact(raw string) string {
	if !strings.ContainsAny(raw, "@?") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		scheme, _, found := strings.Cut(raw, ":")
		if !found {
			return "…"
		}
		return scheme + ":…"
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), "xxxxx")
	}
	if u.RawQuery != "" {
		query := u.Query()
		for k := range query {
			query.Set(k, "xxxxx")
		}
		u.RawQuery = query.Encode()
	}
	return u.String()
}

// Lines prints every setting as name=value, secrets hidden, in the order of the documents: what a process says when it starts.
func (c *Config) Lines() []string {
	var out []string
	for _, s := range settings(c) {
		out = append(out, s.Name+"="+s.show())
	}
	return out
}
