// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package textual

import (
	"bytes"
	"unicode/utf8"
)

// cutURL returns the parts of an absolute URL, scheme://authority/path?query#fragment, as they stand.
func cutURL(s []byte) (authority, path, query []byte, ok bool) {
	scheme, rest, ok := bytes.Cut(s, []byte("://"))
	if !ok || !isScheme(scheme) {
		return nil, nil, nil, false
	}
	rest, _, _ = bytes.Cut(rest, []byte("#"))
	rest, query, _ = bytes.Cut(rest, []byte("?"))
	if i := bytes.IndexByte(rest, '/'); i >= 0 {
		return rest[:i], rest[i:], query, true
	}
	return rest, nil, query, true
}

func isScheme(s []byte) bool {
	for i, c := range s {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return len(s) > 0
}

// AppendHost appends the host of an absolute URL, in lower case, without user, port and the brackets of an IPv6 address.
// It reports false where there is none.
func AppendHost(dst, url []byte) ([]byte, bool) {
	host, _, _, ok := cutURL(url)
	if !ok {
		return dst, false
	}
	if i := bytes.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if inside, bracketed := bytes.CutPrefix(host, []byte("[")); bracketed {
		host, _, _ = bytes.Cut(inside, []byte("]"))
	} else {
		host, _, _ = bytes.Cut(host, []byte(":"))
	}
	if len(host) == 0 {
		return dst, false
	}
	return appendLower(dst, host), true
}

// URLPath returns the path of an absolute URL as it stands, which may be empty.
func URLPath(url []byte) (path []byte, ok bool) {
	_, path, _, ok = cutURL(url)
	return path, ok
}

// AppendQueryParam appends the value of the first parameter of that name, percent-decoded, + as a space. It reports false where
// there is none.
func AppendQueryParam(dst, url, name []byte) ([]byte, bool) {
	_, _, query, ok := cutURL(url)
	var key []byte
	for ok && len(query) > 0 {
		var pair []byte
		pair, query, _ = bytes.Cut(query, []byte("&"))
		if len(pair) == 0 {
			continue
		}
		k, v, _ := bytes.Cut(pair, []byte("="))
		if key = unquote(key[:0], k); bytes.Equal(key, name) {
			start := len(dst)
			if dst = unquote(dst, v); !utf8.Valid(dst[start:]) {
				dst = append(dst[:start], bytes.ToValidUTF8(dst[start:], []byte("\uFFFD"))...)
			}
			return dst, true
		}
	}
	return dst, false
}

// unquote appends s percent-decoded; a % before anything but two hexadecimal digits stays.
func unquote(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s):
			hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
			if hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// AppendDomain appends the domain of an e-mail address, in lower case: what is behind the last @. It reports false where nothing
// stands before or behind it, or white space does behind it.
func AppendDomain(dst, address []byte) ([]byte, bool) {
	at := bytes.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 || bytes.ContainsAny(address[at:], " \t\r\n<>") {
		return dst, false
	}
	return appendLower(dst, address[at+1:]), true
}

// appendLower appends s with the letters A to Z in lower case.
func appendLower(dst, s []byte) []byte {
	for _, c := range s {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
