package telemetry

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// other is the label value of everything beyond a bound.
const other = "other"

// maxLabel is the longest label value, in bytes.
const maxLabel = 128

// values knows the values one label may take: the first so many that are seen, then [other].
type values struct {
	known *table[string, string] // as it came (cut to maxLabel) → as it is shown
}

func newValues(limit int) *values { return &values{known: newTable[string, string](limit)} }

// label returns the shown form of raw. A value not seen before takes a place if admit is set and there is one, else it is "other". The empty
// value stays empty, which for Prometheus is the same as no label. raw is not kept.
func (v *values) label(raw string, admit bool) string {
	if raw == "" {
		return ""
	}
	raw = clip(raw)
	if l := v.known.get(raw); l != nil {
		return *l
	}
	if !admit || v.known.full() {
		return other
	}
	shown := clean(raw)
	if l := v.known.put(strings.Clone(raw), &shown); l != nil {
		return *l
	}
	return other
}

// clip cuts s to maxLabel bytes.
func clip(s string) string { return prefix(s, maxLabel) }

// prefix returns the first bytes of s, at most limit and not ending inside a character. The result shares s's memory.
func prefix(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > limit-utf8.UTFMax && end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// clean returns a copy of s that is valid UTF-8 and shows as it reads: controls, directional controls and separators become "_".
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || hidden(r) {
			return '_'
		}
		return r
	}, strings.Clone(s))
}

// series returns the name of one series in the text format: family{label="value",…}. Values are clean already; only \ and " are left to escape.
func series(family string, labels []string, shown ...string) string {
	var b strings.Builder
	b.WriteString(family)
	for i, name := range labels {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(name)
		b.WriteString(`="`)
		for _, c := range []byte(shown[i]) {
			if c == '\\' || c == '"' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
		b.WriteByte('"')
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}
