// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func replace(name string, with rune) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '_' {
			return with
		}
		return r
	}, name)
}

func upper(s string) string { return strings.ToUpper(s) }

// as gives the setting's flag a name of its own.
func (s Setting) as(flag string) Setting {
	s.flag = flag
	return s
}

// shown says the default in words.
func (s Setting) shown(words string) Setting {
	s.Default = words
	return s
}

// bound is the least value of a count.
type bound int

func least(n int) bound { return bound(n) }

func text(name string, to *string, bounds, doc string) Setting {
	return Setting{Name: name, Bounds: bounds, Doc: doc, show: func() string { return Redact(*to) },
		set: func(s string) string { *to = s; return "" }}
}

func address(name string, to *string, def, doc string) Setting {
	return Setting{Name: name, Default: "`" + def + "`", def: def, Bounds: "host:port, or `off`", Doc: doc, show: func() string { return *to },
		set: func(s string) string { *to = s; return "" }}
}

func boolean(name string, to *bool, doc string) Setting {
	return Setting{Name: name, Default: "`false`", def: "false", Bounds: "`true` or `false`", Doc: doc, show: func() string { return strconv.FormatBool(*to) },
		set: func(s string) string {
			switch s {
			case "true", "false":
				*to = s == "true"
				return ""
			}
			return "is neither true nor false"
		}}
}

func count(name string, to *int, def int, low bound, doc string) Setting {
	text := strconv.Itoa(def)
	return Setting{Name: name, Default: "`" + text + "`", def: text, Bounds: fmt.Sprintf("≥ %d", low), Doc: doc, show: func() string { return strconv.Itoa(*to) },
		set: func(s string) string {
			n, err := strconv.Atoi(s)
			if err != nil {
				return "is not a whole number"
			}
			if n < int(low) && s != text {
				return fmt.Sprintf("is less than %d", low)
			}
			*to = n
			return ""
		}}
}

func share(name string, to *float64, def, doc string) Setting {
	return Setting{Name: name, Default: "`" + def + "`", def: def, Bounds: "0 to 1", Doc: doc, show: func() string { return strconv.FormatFloat(*to, 'g', -1, 64) },
		set: func(s string) string {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || !(v >= 0 && v <= 1) {
				return "is not a number from 0 to 1"
			}
			*to = v
			return ""
		}}
}

func size(name string, to *int64, def, bounds, doc string) Setting {
	return Setting{Name: name, Default: "`" + def + "`", def: def, Bounds: bounds, Doc: doc, show: func() string { return FormatSize(*to) },
		set: func(s string) string {
			n, err := ParseSize(s)
			if err != nil {
				return err.Error()
			}
			if n < 1024 && strings.HasSuffix(bounds, "from 1KiB") {
				return "is less than 1KiB"
			}
			*to = n
			return ""
		}}
}

func span(name string, to *time.Duration, def, doc string) Setting {
	s := age(name, to, def, doc)
	s.Bounds = "duration, > 0"
	read := s.set
	s.set = func(text string) string {
		why := read(text)
		if why == "" && *to == 0 {
			return "is 0"
		}
		return why
	}
	return s
}

// age is a duration that may be 0: for ever.
func age(name string, to *time.Duration, def, doc string) Setting {
	return Setting{Name: name, Default: "`" + def + "`", def: def, Bounds: "duration; 0: for ever", Doc: doc, show: func() string { return formatSpan(*to) },
		set: func(s string) string {
			d, err := ParseDuration(s)
			if err != nil {
				return err.Error()
			}
			*to = d
			return ""
		}}
}

var sizes = []struct {
	unit  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

// ParseSize reads a number of bytes such as 256MiB, 4g or 1048576.
func ParseSize(s string) (int64, error) {
	number, factor := s, int64(1)
	for _, u := range sizes {
		for _, unit := range []string{u.unit, u.unit[:1]} {
			if n := len(s) - len(unit); n > 0 && strings.EqualFold(s[n:], unit) {
				number, factor = strings.TrimSpace(s[:n]), u.bytes
			}
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("is not a size such as 256MiB")
	}
	return n * factor, nil
}

// FormatSize prints a number of bytes as ParseSize reads it.
func FormatSize(n int64) string {
	for i := 3; i >= 0; i-- {
		if u := sizes[i]; n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.unit
		}
	}
	return strconv.FormatInt(n, 10)
}

var spans = []struct {
	unit string
	d    time.Duration
}{
	{"us", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour},
	{"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
}

// ParseDuration reads a duration as definitions write it: a whole number and one of us, ms, s, m, h, d, w.
func ParseDuration(s string) (time.Duration, error) {
	digits := strings.TrimRight(s, "usmhdw")
	n, err := strconv.ParseInt(digits, 10, 64)
	if s == "0" {
		return 0, nil
	}
	for _, u := range spans {
		if err == nil && n >= 0 && s[len(digits):] == u.unit && n <= int64(math.MaxInt64/u.d) {
			return time.Duration(n) * u.d, nil
		}
	}
	return 0, fmt.Errorf("is not a duration such as 2ms, 5s or 10m")
}

func formatSpan(d time.Duration) string {
	for i := len(spans) - 1; i >= 0; i-- {
		if u := spans[i]; d >= u.d && d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.unit
		}
	}
	return "0"
}
