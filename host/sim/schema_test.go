package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type schema = map[string]any

// conforms is a validator for the keywords that instance understands, written on
// its own from the specification (JSON Schema 2020-12).
func conforms(s, root schema, v any) error {
	if ref, ok := s["$ref"].(string); ok {
		at := any(root)
		for _, step := range strings.Split(strings.TrimPrefix(ref, "#"), "/") {
			if step != "" {
				at = at.(schema)[step]
			}
		}
		return conforms(at.(schema), root, v)
	}
	if c, ok := s["const"]; ok && !reflect.DeepEqual(c, v) {
		return fmt.Errorf("%v is not %v", v, c)
	}
	if list, ok := s["enum"].([]any); ok && !among(list, v) {
		return fmt.Errorf("%v is not among %v", v, list)
	}
	for _, sub := range elements(s["allOf"]) {
		if err := conforms(sub.(schema), root, v); err != nil {
			return err
		}
	}
	for _, name := range []string{"anyOf", "oneOf"} {
		alternatives := elements(s[name])
		fits := len(alternatives) == 0
		for _, sub := range alternatives {
			fits = fits || conforms(sub.(schema), root, v) == nil
		}
		if !fits {
			return fmt.Errorf("%v fits no alternative", v)
		}
	}
	types := elements(s["type"])
	if one, ok := s["type"].(string); ok {
		types = []any{one}
	}
	if len(types) > 0 && !among(types, typeName(v)) && !(typeName(v) == "integer" && among(types, "number")) {
		return fmt.Errorf("%v is no %v", v, types)
	}
	return conformsInside(s, root, v)
}

func conformsInside(s, root schema, v any) error {
	number := func(name string, def float64) float64 {
		if f, ok := s[name].(float64); ok {
			return f
		}
		return def
	}
	switch v := v.(type) {
	case float64:
		step := number("multipleOf", 0)
		if v < number("minimum", v) || v > number("maximum", v) || v <= number("exclusiveMinimum", math.Inf(-1)) ||
			v >= number("exclusiveMaximum", math.Inf(1)) || step > 0 && math.Mod(v, step) != 0 {
			return fmt.Errorf("%v is out of bounds", v)
		}
	case string:
		if n := float64(len(v)); n < number("minLength", n) || n > number("maxLength", n) {
			return fmt.Errorf("%q has a wrong length", v)
		}
		if s["format"] == "date-time" {
			_, err := time.Parse(time.RFC3339, v)
			return err
		}
	case []any:
		if n := float64(len(v)); n < number("minItems", n) || n > number("maxItems", n) {
			return fmt.Errorf("%v has a wrong length", v)
		}
		for i, e := range v {
			if s["uniqueItems"] == true && among(v[:i], e) {
				return fmt.Errorf("%v twice", e)
			}
			sub := s["items"]
			if prefix := elements(s["prefixItems"]); i < len(prefix) {
				sub = prefix[i]
			}
			if sub, ok := sub.(schema); ok {
				if err := conforms(sub, root, e); err != nil {
					return err
				}
			}
		}
	case schema:
		for _, name := range elements(s["required"]) {
			if _, ok := v[name.(string)]; !ok {
				return fmt.Errorf("%v is missing", name)
			}
		}
		properties, _ := s["properties"].(schema)
		for name, e := range v {
			if sub, ok := properties[name].(schema); ok {
				if err := conforms(sub, root, e); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return nil
}

func elements(v any) []any { l, _ := v.([]any); return l }

func among(l []any, v any) bool {
	for _, e := range l {
		if reflect.DeepEqual(e, v) {
			return true
		}
	}
	return false
}

func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

var schemas = []string{
	`{}`, `{"type":"string"}`, `{"type":"string","minLength":30}`, `{"type":"string","maxLength":3}`, `{"type":"string","minLength":7,"maxLength":7}`,
	`{"type":"string","format":"date-time"}`, `{"type":"string","format":"uuid"}`, `{"type":"boolean"}`, `{"type":"null"}`,
	`{"enum":["a",5,null,{"b":[]}]}`, `{"const":{"x":1}}`, `{"type":["null","integer"]}`, `{"type":["null"]}`,
	`{"type":"integer"}`, `{"type":"integer","minimum":-5,"maximum":-5}`, `{"type":"integer","exclusiveMinimum":3,"exclusiveMaximum":5}`,
	`{"type":"integer","minimum":1000}`, `{"type":"integer","maximum":-1000}`, `{"type":"integer","multipleOf":7,"minimum":10,"maximum":20}`,
	`{"type":"integer","multipleOf":5,"exclusiveMinimum":5,"maximum":10}`, `{"type":"integer","minimum":1.2,"maximum":2.9}`,
	`{"type":"number","minimum":0.1,"maximum":0.2}`, `{"type":"number","exclusiveMinimum":0,"maximum":0.3}`, `{"type":"number","minimum":1e300}`,
	`{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}`, `{"type":"number"}`,
	`{"type":"array"}`, `{"type":"array","items":{"type":"integer"},"minItems":3}`, `{"type":"array","maxItems":0}`,
	`{"type":"array","items":{"enum":["a","b","c"]},"minItems":3,"uniqueItems":true}`,
	`{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":{"type":"boolean"},"minItems":4}`,
	`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"object","properties":{"c":{"type":"array","items":{"type":"number"}}},"required":["c"]}},"required":["a","b"]}`,
	`{"properties":{"a":{"items":{"minimum":3}}}}`,
	`{"anyOf":[{"type":"null"},{"type":"object","properties":{"a":{"const":1}},"required":["a"]}]}`, `{"oneOf":[{"type":"integer"},{"type":"string"}]}`,
	`{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}`,
	`{"$defs":{"leaf":{"type":"integer","maximum":9}},"type":"object","properties":{"l":{"$ref":"#/$defs/leaf"}},"required":["l"]}`,
	`{"$defs":{"tree":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"required":["v"]}},"$ref":"#/$defs/tree"}`,
	`{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]},"a":{"type":"string"}},"required":["a"]}`,
	`{"type":"object","properties":{"a\u0062\n":{"type":"string"}},"required":["ab\n"]}`,
}

func TestInstancesConform(t *testing.T) {
	t.Parallel()
	for _, text := range schemas {
		var d document
		if err := d.parse([]byte(text)); err != nil {
			t.Fatal(text, err)
		}
		var root schema
		if err := json.Unmarshal([]byte(text), &root); err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(50) {
			in := instance{rand: random{seed}, root: d.root()}
			b := in.append(nil, d.root(), 0)
			var v any
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatalf("%s: %q: %v", text, b, err)
			}
			if err := conforms(root, root, v); err != nil {
				t.Errorf("%s: %s: %v", text, b, err)
			}
		}
	}
}

// Whatever the schema says, the instance is JSON of bounded size.
func FuzzInstance(f *testing.F) {
	for _, s := range schemas {
		f.Add([]byte(s), uint64(1))
	}
	f.Add([]byte(`{"$ref":"#"}`), uint64(1))
	f.Add([]byte(`{"allOf":[{"$ref":"#"},{"$ref":"#"}]}`), uint64(1))
	f.Add([]byte(`{"type":"array","minItems":1000000000,"items":{"$ref":"#"}}`), uint64(1))
	f.Add([]byte(`{"type":"string","minLength":1000000000}`), uint64(1))
	f.Add([]byte(`{"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}},"required":["a","b"]}`), uint64(1))
	f.Add([]byte(`{"type":"number","minimum":1e308,"exclusiveMinimum":1e308,"multipleOf":1e-308}`), uint64(1))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		var d document
		if len(text) > 1<<12 || d.parse(text) != nil {
			return
		}
		in := instance{rand: random{seed}, root: d.root()}
		if b := in.append(nil, d.root(), 0); !json.Valid(b) || len(b) > 64<<20 {
			t.Fatalf("%s: %d bytes, %.200q", text, len(b), b)
		}
	})
}
