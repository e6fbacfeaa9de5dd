// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"strconv"
	"strings"
	"time"

	"selfsame"
)

// clock evaluates the expressions of now() that the oracle knows: sums of products of numbers and of hour, day_of_week, date and is_weekend.
type clock struct {
	tokens []string
	at     int64
	failed bool
}

// atClock is the value of an expression of now() at a moment, false where it is beyond the oracle.
func atClock(text string, at int64) (selfsame.Value, bool) {
	c := &clock{tokens: tokenPattern.FindAllString(text, -1), at: at}
	v := c.sum()
	return v, !c.failed && len(c.tokens) == 0
}

func (c *clock) next() string {
	if len(c.tokens) == 0 {
		c.failed = true
		return ""
	}
	t := c.tokens[0]
	c.tokens = c.tokens[1:]
	return t
}

func (c *clock) accept(t string) bool {
	if len(c.tokens) == 0 || c.tokens[0] != t {
		return false
	}
	c.tokens = c.tokens[1:]
	return true
}

func (c *clock) sum() selfsame.Value {
	v := c.product()
	for c.accept("+") {
		v = integer(v.Int + c.product().Int)
	}
	return v
}

func (c *clock) product() selfsame.Value {
	v := c.atom()
	for c.accept("*") {
		v = integer(v.Int * c.atom().Int)
	}
	return v
}

func (c *clock) atom() selfsame.Value {
	t := c.next()
	if n, err := strconv.ParseInt(t, 10, 64); err == nil {
		return integer(n)
	}
	zone := time.UTC
	for _, want := range []string{"(", "now", "(", ")"} {
		c.failed = c.failed || !c.accept(want)
	}
	if c.accept(",") {
		var err error
		if zone, err = time.LoadLocation(strings.Trim(c.next(), "'")); err != nil {
			c.failed = true
			zone = time.UTC
		}
	}
	c.failed = c.failed || !c.accept(")")
	local := time.UnixMicro(c.at).In(zone)
	day := (int64(local.Weekday())+6)%7 + 1
	switch t {
	case "hour":
		return integer(int64(local.Hour()))
	case "day_of_week":
		return integer(day)
	case "is_weekend":
		return truth(day > 5)
	case "date":
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Date), Int: dateOf(local).Unix() / 86400}
	}
	c.failed = true
	return null()
}
