package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Size counts bytes. It is written with a unit: B, KiB, MiB, GiB, TiB, or
// the decimal kB (KB), MB, GB, TB.
type Size int64

// A Duration is a time span written with units, as time.ParseDuration reads it.
type Duration time.Duration

// Std gives the span as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes the span with units and without needless zero parts: "1m30s", "24h".
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes what String gives.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

type unit struct {
	name  string
	bytes int64
}

// units returns the spellings of sizes, the largest binary unit first.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
	}
}

// String writes the size in the largest binary unit that divides it: "4MiB", "1000B", "0".
func (s Size) String() string {
	if s == 0 {
		return "0"
	}
	for _, u := range units()[:4] {
		if int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// MarshalText writes what String gives.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

var (
	errSizeForm     = errors.New("not a whole number and a unit")
	errSizeUnit     = errors.New("a size needs a unit")
	errSizeLarge    = errors.New("size too large")
	errDurationForm = errors.New("not a number and a unit")
	errDurationUnit = errors.New("a duration needs a unit")
	errNegative     = errors.New("negative")
)

// parseSize reads a size: digits and a unit, or 0.
func parseSize(text string) (Size, error) {
	if text == "0" {
		return 0, nil
	}
	if strings.HasPrefix(text, "-") {
		return 0, errNegative
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 && text != "" {
		return 0, errSizeUnit
	}
	if end <= 0 {
		return 0, errSizeForm
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	if err != nil {
		return 0, errSizeLarge
	}
	for _, u := range units() {
		if u.name != text[end:] {
			continue
		}
		if n > math.MaxInt64/u.bytes {
			return 0, errSizeLarge
		}
		return Size(n * u.bytes), nil
	}
	return 0, errSizeForm
}

// parseDuration reads a span that is not negative: as time.ParseDuration, or 0.
func parseDuration(text string) (Duration, error) {
	if strings.HasPrefix(text, "-") {
		return 0, errNegative
	}
	if text != "0" && strings.Trim(text, "0123456789.") == "" && text != "" {
		return 0, errDurationUnit
	}
	d, err := time.ParseDuration(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, errDurationForm
	}
	return Duration(d), nil
}
