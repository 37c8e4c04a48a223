package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Settings are free-form: what a plugin is configured with. They are kept as JSON, in the order of the file, with variables
// expanded. Whatever prints, encodes or logs them shows the values of variables redacted; JSON gives them all.
type Settings struct {
	json  string
	shown string // without what variables held
}

// JSON is what the plugin gets; "{}" when nothing is configured.
func (s Settings) JSON() []byte {
	if s.json == "" {
		return []byte("{}")
	}
	return []byte(s.json)
}

// String is the settings as JSON, redacted.
func (s Settings) String() string {
	if s.shown == "" {
		return "{}"
	}
	return s.shown
}

// Format redacts under every verb of package fmt.
func (s Settings) Format(f fmt.State, verb rune) { formatRedacted(f, verb, s.String()) }

// GoString redacts, for callers that use it without package fmt.
func (s Settings) GoString() string { return fmt.Sprintf("config.Settings(%q)", s.String()) }

// MarshalJSON redacts.
func (s Settings) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// MarshalText redacts; encoding/xml uses it.
func (s Settings) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML redacts.
func (s Settings) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue redacts.
func (s Settings) LogValue() slog.Value { return slog.StringValue(s.String()) }

// maxSettings bounds the JSON of one plugin's settings, in bytes.
const maxSettings = 1 << 20

// settings decodes free-form values.
func (d *decoder) settings(n *node, path string) (s Settings) {
	if !d.expect(n, kindMapping, path, "a mapping (key: value)") {
		return s
	}
	w := settingsWriter{d: d}
	w.value(n, path)
	if w.json.Len() > maxSettings {
		d.faults.add(n.place, fmt.Sprintf("%s is longer than %s as JSON", path, Size(maxSettings)), "shorten "+path+", or let the plugin hold its data itself")
		return s
	}
	return Settings{json: w.json.String(), shown: w.shown.String()}
}

// settingsWriter writes values as JSON twice: as they are, and as they may be shown.
type settingsWriter struct {
	d           *decoder
	json, shown strings.Builder
}

func (w *settingsWriter) both(s string) {
	w.json.WriteString(s)
	w.shown.WriteString(s)
}

func (w *settingsWriter) value(n *node, path string) {
	switch n.kind {
	case kindMapping:
		w.both("{")
		for i, e := range n.entries {
			if i > 0 {
				w.both(",")
			}
			w.key(e.key)
			w.value(e.value, join(path, e.key))
		}
		w.both("}")
	case kindSequence:
		w.both("[")
		for i, item := range n.items {
			if i > 0 {
				w.both(",")
			}
			w.value(item, index(path, i))
		}
		w.both("]")
	case kindNull:
		w.both("null")
	case kindBool:
		w.both(strconv.FormatBool(strings.EqualFold(n.text, "true")))
	case kindInteger, kindFloat:
		w.number(n, path)
	case kindString:
		text, expanded, _ := w.d.expand(n, path)
		shown := text
		if expanded {
			shown = Secret(text).String()
		}
		w.text(text, shown)
	}
}

// key writes a key. A $ is escaped where it is shown: a dump doubles those of values, and in keys two would stay two.
func (w *settingsWriter) key(s string) {
	w.json.WriteString(quoted(s) + ":")
	w.shown.WriteString(visible(quoted(s), "$") + ":")
}

func (w *settingsWriter) text(s, shown string) {
	w.json.WriteString(quoted(s))
	w.shown.WriteString(visible(quoted(shown), ""))
}

// number writes a number as it stands, which has to be as JSON spells it: YAML's other spellings mean different things to different readers.
func (w *settingsWriter) number(n *node, path string) {
	if json.Valid([]byte(n.text)) {
		w.both(n.text)
		return
	}
	w.d.faults.add(n.place, path+" is not a number as JSON has it", "write "+path+" in plain decimal digits, or put it in quotes")
	w.both("null")
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""` // strings always marshal
	}
	return string(b)
}

// visible escapes what does not show in a JSON string (controls, directional controls, noncharacters and the like), and the ASCII characters named.
func visible(quoted, escaped string) string {
	odd := func(r rune) bool {
		return r >= 0x7f && !strconv.IsPrint(r) || r < 0x7f && strings.ContainsRune(escaped, r)
	}
	if strings.IndexFunc(quoted, odd) < 0 {
		return quoted
	}
	var b strings.Builder
	for _, r := range quoted {
		switch {
		case !odd(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.String()
}

// index adds the place in a list to a path.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// suggest says what to write in place of a name that nothing has.
func (c *checker) suggest(name string, known []string, where string) string {
	if near, ok := nearest(name, known[:min(len(known), 100)]); ok {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 {
		return "add it under " + where
	}
	return "add it under " + where + ", or name one of " + strings.Join(known[:min(len(known), 10)], ", ")
}
