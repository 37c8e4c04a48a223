package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxLogLine is the longest log line, newline included.
const maxLogLine = 64 << 10

// LogOptions say what a log looks like.
type LogOptions struct {
	Level   slog.Leveler    // least level that is logged; nil = info
	Text    bool            // key=value lines instead of JSON
	OnWrite func(err error) // told how each write of a line ended, if set; for weir_degraded{part="log"}. It must not log.
}

// NewLogHandler returns a slog handler that writes one line a record to w. Whatever stands in messages and attributes, a line is one valid JSON object
// (or one line of text) of at most 64 KiB, without control characters or directional controls; strings are cut at 4 KiB, and what is or looks
// like a credential is masked. Lines are written one at a time in the caller's goroutine: w should not block for long.
func NewLogHandler(w io.Writer, o LogOptions) slog.Handler {
	lines := &lineWriter{w: w, onWrite: o.OnWrite, text: o.Text}
	options := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: harmless}
	if o.Text {
		return slog.NewTextHandler(lines, options)
	}
	return slog.NewJSONHandler(lines, options)
}

// harmless masks credentials in an attribute and bounds it.
func harmless(_ []string, a slog.Attr) slog.Attr {
	a.Key = clip(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(harmlessText(a.Key, a.Value.String()))
	case slog.KindFloat64:
		if f := a.Value.Float64(); math.IsInf(f, 0) || math.IsNaN(f) { // not in JSON
			a.Value = slog.StringValue(strconv.FormatFloat(f, 'g', -1, 64))
		}
	case slog.KindAny:
		a.Value = harmlessAny(a.Key, a.Value.Any())
	}
	return a
}

func harmlessText(name, s string) string {
	if secretName(name) {
		return mask(s)
	}
	s = Redact(cut(s, 2*maxField)) // more than is kept, so that no credential is split unseen
	return cut(s, maxField)
}

// secretName reports whether what goes by that name is a secret, whoever put it there.
func secretName(name string) bool {
	switch strings.ToLower(name) {
	case "token", "password", "secret", "credential":
		return true
	}
	return SecretHeader(name)
}

// harmlessAny turns values other than slog's own kinds into text or JSON that has been looked through: nested strings and fields could hold anything.
func harmlessAny(key string, v any) (shown slog.Value) {
	defer func() {
		if recover() != nil { // a nil pointer with an Error or String method, most often
			shown = slog.StringValue(fmt.Sprintf("%T cannot be shown", v))
		}
	}()
	switch v := v.(type) {
	case nil, slog.Level, *slog.Source:
		return slog.AnyValue(v)
	case error:
		return slog.StringValue(harmlessText(key, v.Error()))
	case []byte:
		return slog.StringValue(harmlessText(key, string(v)))
	case fmt.Stringer:
		return slog.StringValue(harmlessText(key, v.String()))
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("%T cannot be shown: %s", v, harmlessText("", err.Error())))
	}
	if encoded, err = harmlessJSON(key, encoded); err != nil {
		return slog.StringValue(fmt.Sprintf("%T cannot be shown", v))
	}
	if len(encoded) > maxField {
		return slog.StringValue(cut(string(encoded), maxField))
	}
	return slog.AnyValue(json.RawMessage(encoded))
}

// harmlessJSON masks credentials in a JSON value: whatever stands under a name that holds secrets, and what looks like one elsewhere.
func harmlessJSON(key string, encoded []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(harmlessValue(key, v))
}

func harmlessValue(key string, v any) any {
	switch v := v.(type) {
	case string:
		return harmlessText(key, v)
	case []any:
		for i := range v {
			v[i] = harmlessValue(key, v[i])
		}
	case map[string]any:
		shown := make(map[string]any, len(v))
		for name, value := range v {
			under := name
			if secretName(key) {
				under = key
			}
			shown[harmlessText("", name)] = harmlessValue(under, value)
		}
		return shown
	}
	return v
}

// cut shortens s to limit bytes and marks that it did.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return prefix(s, limit) + ellipsis
}

// lineWriter is below slog's handlers, which hand it one line a call, one call at a time. slog escapes what JSON and logfmt demand; this escapes
// what a terminal or an editor would act on, and holds the bound.
type lineWriter struct {
	w       io.Writer
	onWrite func(error)
	text    bool
	buf     []byte
}

func (l *lineWriter) Write(line []byte) (int, error) {
	l.buf = appendHarmless(l.buf[:0], bytes.TrimSuffix(line, newline))
	if len(l.buf) >= maxLogLine {
		l.buf = l.shorten(l.buf)
	}
	l.buf = append(l.buf, '\n')
	_, err := l.w.Write(l.buf)
	if l.onWrite != nil {
		l.onWrite(err)
	}
	if cap(l.buf) > 2*maxLogLine {
		l.buf = nil
	}
	return len(line), err
}

// shorten makes of a line beyond the bound one that says who it was.
func (l *lineWriter) shorten(line []byte) []byte {
	if l.text {
		return append(line[:len(prefix(view(line), maxLogLine-len(ellipsis)-1))], ellipsis...)
	}
	var head struct{ Time, Level, Msg string }
	_ = json.Unmarshal(line, &head) // what cannot be read stays empty
	short := field(nil, `{"time":`, head.Time)
	short = field(short, `,"level":`, head.Level)
	short = field(short, `,"msg":`, head.Msg)
	short = integer(short, `,"truncated_bytes":`, int64(len(line)))
	return append(short, '}')
}

// appendHarmless appends a line with its hidden characters escaped, invalid UTF-8 replaced, and raw control characters (only text made by others can
// hold some) turned into blanks. In valid JSON the first two occur in strings only, where \uXXXX means the same.
func appendHarmless(dst, line []byte) []byte {
	start := 0
	for i := 0; i < len(line); {
		c := line[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(line[i:])
		if r >= utf8.RuneSelf && !hidden(r) && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		dst = append(dst, line[start:i]...)
		if r < ' ' {
			dst = append(dst, ' ')
		} else {
			dst = appendEscape(dst, r)
		}
		i += size
		start = i
	}
	return append(dst, line[start:]...)
}
