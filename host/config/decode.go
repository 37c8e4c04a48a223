package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A decoder fills structs from the tree of one file, notes where each setting
// stands, and goes on after a fault so as to find them all.
type decoder struct {
	dir      string // what relative paths start at; "" is the working directory
	env      func(string) (string, bool)
	faults   *faultList
	places   map[string]place // of values, by dotted path
	literals []string         // paths of secrets written out in the file
	plain    bool             // no variables: a $ is a $
}

// join adds a key to a dotted path, quoting keys that would not read as one.
func join(path, key string) string {
	if !isWord(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func isWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

// value decodes n into v, which f describes and path names.
func (d *decoder) value(n *node, path string, v reflect.Value, f field) {
	d.places[path] = n.place
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		p := reflect.New(t.Elem())
		setDefaults(p.Elem())
		v.Set(p)
		v, t = p.Elem(), t.Elem()
	}
	switch {
	case n.kind == kindNull:
		d.faults.add(n.place, path+" has no value", "give "+path+" a value, or remove the key; an empty mapping is written {}")
	case t == reflect.TypeFor[Settings]():
		v.Set(reflect.ValueOf(d.settings(n, path)))
	case isScalar(t):
		d.scalar(n, path, v, f)
	case t == reflect.TypeFor[Listen]() && n.kind == kindString:
		v.Set(reflect.MakeSlice(t, 1, 1))
		d.scalar(n, path, v.Index(0), f)
	case t.Kind() == reflect.Struct:
		if d.expect(n, kindMapping, path, f.shape(t)) {
			d.structure(n, path, v)
		}
	case t.Kind() == reflect.Map:
		if d.expect(n, kindMapping, path, f.shape(t)) {
			d.dictionary(n, path, v, f)
		}
	case t.Kind() == reflect.Slice:
		if d.expect(n, kindSequence, path, f.shape(t)) {
			d.list(n, path, v, f)
		}
	}
}

func (d *decoder) expect(n *node, kind nodeKind, path, shape string) bool {
	if n.kind == kind {
		return true
	}
	d.faults.add(n.place, fmt.Sprintf("%s is %s, not %s", path, n.kind.name(), kind.name()), "write "+path+" as "+shape)
	return false
}

func (d *decoder) structure(n *node, path string, v reflect.Value) {
	fields := fieldsOf(v.Type())
	given := make(map[string]bool, len(n.entries))
	for _, e := range n.entries {
		i := indexOf(fields, e.key)
		if i < 0 {
			d.unknown(e, path, fields)
			continue
		}
		given[e.key] = true
		d.value(e.value, join(path, e.key), v.Field(fields[i].index), fields[i])
	}
	for _, f := range fields {
		if f.required && !given[f.key] {
			at := join(path, f.key)
			d.faults.add(n.place, at+" is missing", "add "+at+", "+f.shape(v.Field(f.index).Type()))
		}
	}
}

func indexOf(fields []field, key string) int {
	for i, f := range fields {
		if f.key == key {
			return i
		}
	}
	return -1
}

func (d *decoder) unknown(e entry, path string, fields []field) {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	where := "the configuration"
	if d.plain {
		where = "the settings"
	}
	if path != "" {
		where = path
	}
	if near, ok := nearest(e.key, keys); ok {
		d.faults.add(e.place, fmt.Sprintf("unknown key %q in %s", e.key, where), fmt.Sprintf("did you mean %s?", join(path, near)))
		return
	}
	d.faults.add(e.place, fmt.Sprintf("unknown %s in %s", describeKey(e.key), where), "remove it; the keys known here are "+strings.Join(keys, ", "))
}

// describeKey names a key the decoder does not know. A key that could be a
// credential in the wrong place is not repeated.
func describeKey(key string) string {
	letters := strings.IndexFunc(key, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) < 0
	if !letters || key == "" || len(key) > 32 {
		return fmt.Sprintf("key (of %d bytes)", len(key))
	}
	return fmt.Sprintf("key %q", key)
}

func (d *decoder) dictionary(n *node, path string, v reflect.Value, f field) {
	if len(n.entries) == 0 {
		if f.required && !n.broken {
			d.faults.add(n.place, path+" is empty", "put something into "+path+", such as "+f.example)
		}
		v.SetZero()
		return
	}
	if f.most > 0 && len(n.entries) > f.most {
		d.faults.add(n.entries[f.most].place, fmt.Sprintf("%s has more than %d keys", path, f.most), "shorten "+path)
		v.SetZero()
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.entries)))
	for _, e := range n.entries {
		at := join(path, e.key)
		if what := checkKey(e.key, f.format); what != "" {
			d.faults.add(e.place, what, "rename the key in "+path)
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(e.value, at, value, f.element())
		v.SetMapIndex(reflect.ValueOf(e.key), value)
	}
}

func (d *decoder) list(n *node, path string, v reflect.Value, f field) {
	if len(n.items) == 0 {
		d.faults.add(n.place, path+" is an empty list", "put something into "+path+", or remove the key")
		v.SetZero()
		return
	}
	if f.most > 0 && len(n.items) > f.most {
		d.faults.add(n.items[f.most].place, fmt.Sprintf("%s has more than %d items", path, f.most), "shorten "+path)
		v.SetZero()
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		setDefaults(v.Index(i))
		d.value(item, fmt.Sprintf("%s[%d]", path, i), v.Index(i), f.element())
	}
}

// scalar decodes one plain or quoted value.
func (d *decoder) scalar(n *node, path string, v reflect.Value, f field) {
	t := v.Type()
	if n.kind == kindMapping || n.kind == kindSequence {
		d.faults.add(n.place, fmt.Sprintf("%s is %s", path, n.kind.name()), "write "+path+" as "+f.shape(t))
		return
	}
	text, expanded := n.text, false
	if n.kind == kindString {
		var ok bool
		if text, expanded, ok = d.expand(n, path); !ok {
			return
		}
	}
	if !expanded && !accepts(t, n.kind) && !(f.format == "count" && n.kind == kindString) {
		setting := "write " + path + " as " + f.shape(t)
		if t.Kind() == reflect.String {
			setting = "put the value of " + path + " in quotes"
		}
		d.faults.add(n.place, fmt.Sprintf("%s is %s", path, n.kind.name()), setting)
		return
	}
	if t == reflect.TypeFor[Secret]() && !expanded && f.format != "header" {
		d.literals = append(d.literals, path)
	}
	if err := d.setText(v, text, f); err != nil {
		d.faults.add(n.place, path+": "+err.Error(), "write "+path+" as "+f.shape(t))
	}
}

// accepts says whether a scalar of a kind may be written for a type without
// quotes: numbers are accepted for sizes and durations only to be told that
// the unit is missing.
func accepts(t reflect.Type, kind nodeKind) bool {
	switch t {
	case reflect.TypeFor[Size](), reflect.TypeFor[Duration]():
		return kind == kindString || kind == kindInteger || kind == kindFloat
	case reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Prefix]():
		return kind == kindString
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return kind == kindInteger
	case reflect.Float64:
		return kind == kindInteger || kind == kindFloat
	case reflect.Bool:
		return kind == kindBool
	}
	return kind == kindString
}

// absolute resolves a path against the folder of the configuration file.
func (d *decoder) absolute(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(d.dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
