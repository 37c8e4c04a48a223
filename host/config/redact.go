package config

import (
	"bytes"
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Redacted writes the configuration in effect, defaults included, as YAML
// without secrets: of credentials it shows length and hash, or the file they
// come from. Without credentials in it, Parse reads it back as it was.
func (c *Config) Redacted() ([]byte, error) {
	w := yamlWriter{}
	if err := w.structure(reflect.ValueOf(c).Elem(), 0); err != nil {
		return nil, fmt.Errorf("config dump: %w", err)
	}
	return w.Bytes(), nil
}

// A yamlWriter writes settings in block style.
type yamlWriter struct{ bytes.Buffer }

func (w *yamlWriter) indent(level int) {
	for range level {
		w.WriteString("  ")
	}
}

// structure writes the settings of a struct, or {} when all are absent; the
// caller has indented the first line.
func (w *yamlWriter) structure(v reflect.Value, level int) error {
	fields := fieldsOf(v.Type())
	first := true
	for _, f := range fields {
		value := v.Field(f.index)
		if absent(v, fields, f) {
			continue
		}
		if !first {
			w.indent(level)
		}
		first = false
		w.WriteString(f.key + ":")
		if err := w.value(value, f, level); err != nil {
			return err
		}
	}
	if first {
		w.WriteString("{}\n")
	}
	return nil
}

// absent says whether a setting is left out: one that is not given and has no
// default, one that means nothing for the target's kind, or a secret that
// came from a file.
func absent(parent reflect.Value, fields []field, f field) bool {
	if t, ok := parent.Interface().(Target); ok && f.only != "" && (f.only == "sim") != (t.Kind == KindSim) {
		return true
	}
	if i := indexOf(fields, f.instead); i >= 0 && !parent.Field(fields[i].index).IsZero() {
		return true
	}
	value := parent.Field(f.index)
	switch value.Kind() {
	case reflect.Struct:
		return isScalar(value.Type()) && value.IsZero()
	case reflect.Int, reflect.Int64, reflect.Float64, reflect.Bool:
		return false
	case reflect.Slice, reflect.Map:
		return value.Len() == 0
	}
	return value.IsZero() && f.format != "optional"
}

// value writes what follows "key:" or "-", line end included.
func (w *yamlWriter) value(v reflect.Value, f field, level int) error {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if isScalar(v.Type()) {
		text, err := scalarText(v, f)
		w.WriteString(" " + text + "\n")
		return err
	}
	switch v.Kind() {
	case reflect.Slice:
		w.WriteByte('\n')
		for i := range v.Len() {
			w.indent(level + 1)
			w.WriteByte('-')
			if v.Index(i).Kind() == reflect.Struct && !isScalar(v.Index(i).Type()) {
				w.WriteByte(' ')
				if err := w.structure(v.Index(i), level+2); err != nil {
					return err
				}
				continue
			}
			if err := w.value(v.Index(i), f.element(), level+1); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		w.WriteByte('\n')
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			w.indent(level + 1)
			w.WriteString(quote(key.String()) + ":")
			if err := w.value(v.MapIndex(key), f.element(), level+1); err != nil {
				return err
			}
		}
		return nil
	}
	return w.nested(v, level)
}

// nested writes a struct as the value of a key.
func (w *yamlWriter) nested(v reflect.Value, level int) error {
	inner := yamlWriter{}
	if err := inner.structure(v, level+1); err != nil {
		return err
	}
	if inner.String() == "{}\n" {
		w.WriteString(" {}\n")
		return nil
	}
	w.WriteByte('\n')
	w.indent(level + 1)
	_, err := inner.WriteTo(w)
	return err
}

func scalarText(v reflect.Value, f field) (string, error) {
	switch x := v.Interface().(type) {
	case time.Time:
		return quote(x.Format(time.RFC3339Nano)), nil
	case netip.Prefix:
		return quote(x.String()), nil
	case Address:
		if x == "" {
			return "off", nil
		}
	case Settings:
		return dollars(x.String()), nil
	case Size:
		return x.String(), nil
	case Duration:
		return x.String(), nil
	case encoding.TextMarshaler: // secrets, redacted
		text, err := x.MarshalText()
		return quote(dollars(string(text))), err
	}
	switch v.Kind() {
	case reflect.String:
		return quote(dollars(v.String())), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	}
	return "", fmt.Errorf("%s: no text for %s", f.key, v.Type())
}

// dollars keeps a $ from being read as the beginning of a variable.
func dollars(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// quote writes a string as YAML: plain where nobody could read it as anything
// else, in double quotes otherwise.
func quote(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r < 0x7f && r != '$': // ${ in a key would be refused
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isPlain accepts words, names, addresses and paths that begin with a letter
// or a slash, and that YAML gives no other meaning.
func isPlain(s string) bool {
	if s == "" || !(s[0] == '/' || (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')) || s[len(s)-1] == ':' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && strings.IndexByte("-_./:", s[i]) < 0 {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return false
	}
	return true
}
