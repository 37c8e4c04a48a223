package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"github.com/invopop/jsonschema"
)

// Schema gives the JSON schema (draft 2020-12) of the configuration file,
// generated from the structs and their tags. It describes one value at a time;
// what Parse checks beyond that, such as that a route's targets exist, no
// schema can say.
func Schema() ([]byte, error) {
	r := jsonschema.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true, // none is; see describer
		Mapper:                     scalarSchema,
	}
	root := r.Reflect(&Config{})
	root.Title = "Weir configuration"
	root.Definitions["Variable"] = &jsonschema.Schema{
		Type: "string", Pattern: `\$\{[A-Za-z_][A-Za-z0-9_]*\}`,
		Description: "A value that holds ${NAME}, replaced by that environment variable.",
	}
	d := describer{root: root, done: map[reflect.Type]bool{}}
	if err := d.structure(root, reflect.TypeFor[Config]()); err != nil {
		return nil, err
	}
	target := root.Definitions["Target"]
	target.If = &jsonschema.Schema{Properties: jsonschema.NewProperties(), Required: []string{"kind"}}
	target.If.Properties.Set("kind", &jsonschema.Schema{Const: string(KindSim)})
	target.Then, target.Else = kindSchemas()
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("config schema: %w", err)
	}
	return append(out, '\n'), nil
}

// scalarSchema gives the schemas of the types that are written as one value.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	one := uint64(1)
	switch t {
	case reflect.TypeFor[Size]():
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$`}
	case reflect.TypeFor[Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`}
	case reflect.TypeFor[Listen]():
		address := &jsonschema.Schema{Type: "string", MinLength: &one}
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{address, {Type: "array", Items: address, MinItems: &one}}}
	case reflect.TypeFor[Settings]():
		return &jsonschema.Schema{Type: "object"}
	case reflect.TypeFor[Secret]():
		return &jsonschema.Schema{Type: "string", WriteOnly: true}
	case reflect.TypeFor[ProxyURL]():
		return &jsonschema.Schema{Type: "string", WriteOnly: true}
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$`}
	case reflect.TypeFor[netip.Prefix]():
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$`}
	}
	return nil
}

// A describer puts what the tags say into a reflected schema.
type describer struct {
	root *jsonschema.Schema
	done map[reflect.Type]bool
}

// structure completes the schema of a struct and of the structs inside it.
func (d *describer) structure(s *jsonschema.Schema, t reflect.Type) error {
	if d.done[t] {
		return nil
	}
	d.done[t] = true
	for _, f := range fieldsOf(t) {
		prop, ok := s.Properties.Get(f.key)
		if !ok {
			return fmt.Errorf("config schema: %s has no property %s", t.Name(), f.key)
		}
		ft := t.Field(f.index).Type
		if inner := elementOf(ft); d.root.Definitions[inner.Name()] != nil {
			if err := d.structure(d.root.Definitions[inner.Name()], inner); err != nil {
				return err
			}
		}
		s.Properties.Set(f.key, f.schema(ft, prop))
		if f.required {
			s.Required = append(s.Required, f.key)
		}
	}
	return nil
}

// elementOf follows pointers, lists and maps to the type of what they hold.
func elementOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// schema completes the schema of one setting.
func (f field) schema(t reflect.Type, s *jsonschema.Schema) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	one := uint64(1)
	switch t.Kind() {
	case reflect.Slice:
		if t != reflect.TypeFor[Listen]() {
			s.MinItems, s.Items = &one, f.scalar(t.Elem(), s.Items)
			s.MaxItems = new(uint64)
			*s.MaxItems = uint64(f.most)
		}
	case reflect.Map:
		s.PropertyNames = f.propertyNames()
		if f.most > 0 {
			s.MaxProperties = new(uint64)
			*s.MaxProperties = uint64(f.most)
		}
	default:
		s = f.scalar(t, s)
	}
	s.Description = f.doc
	if t == reflect.TypeFor[Size]() || t == reflect.TypeFor[Duration]() {
		s.Description += " From " + f.low + " to " + f.high + "."
	}
	if f.hasDef {
		s.Default = plain(f.def)
	}
	s.Examples = []any{plain(f.example)}
	return s
}

// scalar completes the schema of one value, and allows a variable in its place
// where its text alone would not.
func (f field) scalar(t reflect.Type, s *jsonschema.Schema) *jsonschema.Schema {
	if !isScalar(t) || t == reflect.TypeFor[Settings]() {
		return s
	}
	variable := &jsonschema.Schema{Ref: "#/$defs/Variable"}
	one := uint64(1)
	switch {
	case f.low == "0" && t == reflect.TypeFor[Size](), f.low == "0s" && t == reflect.TypeFor[Duration]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Const: 0}, variable}} // zero needs no unit
	case len(f.enum) > 0:
		for _, value := range f.enum {
			s.Enum = append(s.Enum, value)
		}
	case f.format == "count":
		s.Minimum, s.Maximum = json.Number(digits(f.low)), json.Number(digits(f.high))
		short := &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+[kMGT]?$`}
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, short, variable}}
	case s.Type == "integer" || s.Type == "number":
		s.Minimum, s.Maximum = json.Number(f.low), json.Number(f.high)
	case f.format == "glob" || (t.Kind() == reflect.String && !mayBeEmpty(t, f)):
		s.MinLength = &one
		return s
	case t.Kind() == reflect.String: // any text will do
		return s
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, variable}}
}

// digits writes a count without its unit.
func digits(count string) string {
	n, err := parseCount(count)
	if err != nil {
		panic("config: range " + count + ": " + err.Error()) // a tag of this package is wrong
	}
	return strconv.FormatInt(n, 10)
}

func (f field) propertyNames() *jsonschema.Schema {
	one := uint64(1)
	switch f.format {
	case "fault":
		names := &jsonschema.Schema{}
		for _, class := range faultClasses() {
			names.Enum = append(names.Enum, class)
		}
		return names
	case "name":
		return &jsonschema.Schema{Pattern: `^[A-Za-z0-9._:-]{1,128}$`}
	case "header":
		return &jsonschema.Schema{Pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}
	}
	return &jsonschema.Schema{MinLength: &one}
}

// kindSchemas gives what holds for targets of kind sim, and for all others.
func kindSchemas() (sim, others *jsonschema.Schema) {
	sim = &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	others = &jsonschema.Schema{Properties: jsonschema.NewProperties(), Required: []string{"url"}}
	for _, f := range fieldsOf(reflect.TypeFor[Target]()) {
		switch f.only {
		case "sim":
			others.Properties.Set(f.key, jsonschema.FalseSchema)
		case "!sim":
			sim.Properties.Set(f.key, jsonschema.FalseSchema)
		}
	}
	return sim, others
}

// plain reads a value as a tag writes it into what encoding/json writes.
func plain(text string) any {
	root := parseSource([]byte(text), &faultList{})
	if root == nil {
		return text
	}
	return root.plain()
}

func (n *node) plain() any {
	switch n.kind {
	case kindMapping:
		out := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			out[e.key] = e.value.plain()
		}
		return out
	case kindSequence:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = item.plain()
		}
		return out
	case kindInteger, kindFloat:
		return json.Number(n.text)
	case kindBool:
		return n.text == "true"
	}
	return unmask(n.text)
}
