package config

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A field is one setting: a struct field with its tags.
type field struct {
	index    int
	key      string
	doc      string
	def      string // default, as written; see hasDef
	hasDef   bool
	low      string // range, as written
	high     string
	enum     []string
	most     int
	format   string
	only     string // "sim", "!sim", or "" for every kind of target
	instead  string // key of the setting that may be given instead
	example  string
	required bool
}

// fieldsOf lists the settings of a struct in their order.
func fieldsOf(t reflect.Type) []field {
	out := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		key, ok := tag.Lookup("yaml")
		if !ok {
			continue
		}
		f := field{index: i, key: key, doc: tag.Get("doc"), enum: strings.Fields(tag.Get("enum")), format: tag.Get("format"),
			only: tag.Get("only"), instead: tag.Get("instead"), example: tag.Get("example")}
		f.def, f.hasDef = tag.Lookup("default")
		f.low, f.high, _ = strings.Cut(tag.Get("range"), "..")
		f.most, _ = strconv.Atoi(tag.Get("most"))
		_, f.required = tag.Lookup("required")
		out = append(out, f)
	}
	return out
}

// element gives the description of a field's list items or map values.
func (f field) element() field {
	return field{key: f.key, enum: f.enum, format: f.format}
}

// isPath says whether a field's text is a path, which is made absolute.
func (f field) isPath() bool { return f.format == "path" || f.format == "folder" }

// isScalar says whether values of a type are written as one YAML scalar.
func isScalar(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Prefix](), reflect.TypeFor[Settings]():
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int64, reflect.Float64, reflect.Bool:
		return true
	}
	return false
}

// shape says how a scalar of a type is written, for faults and the reference.
func (f field) shape(t reflect.Type) string {
	span := ""
	if f.low != "" {
		span = " from " + f.low + " to " + f.high
	}
	switch t {
	case reflect.TypeFor[Size]():
		return "a size" + span + ", such as 64KiB or 4MiB"
	case reflect.TypeFor[Duration]():
		return "a duration" + span + ", such as 250ms or 1m30s"
	case reflect.TypeFor[Address]():
		return "HOST:PORT or unix:PATH"
	case reflect.TypeFor[Listen]():
		return "HOST:PORT, unix:PATH, or a list of those"
	case reflect.TypeFor[time.Time]():
		return "a date such as 2027-01-31, or an RFC 3339 time such as 2027-01-31T12:00:00Z"
	case reflect.TypeFor[netip.Prefix]():
		return "an address such as 169.254.169.254, or a prefix such as 169.254.0.0/16"
	case reflect.TypeFor[Secret]():
		return "a string"
	case reflect.TypeFor[Settings]():
		return "a mapping (key: value)"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		if f.format == "count" {
			return "a whole number" + span + ", such as 500000 or 20M"
		}
		return "a whole number" + span
	case reflect.Float64:
		return "a number" + span
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a mapping (key: value)"
	}
	if len(f.enum) > 0 {
		return "one of " + strings.Join(f.enum, ", ")
	}
	switch f.format {
	case "path":
		return "the path of a file"
	case "folder":
		return "the path of a folder"
	}
	return "a string"
}
