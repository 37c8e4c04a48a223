package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const schemaFile = "testdata/schema.json"

func TestSchemaGolden(t *testing.T) {
	t.Parallel()
	got, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the schema is not that of %s (go test ./host/config -run TestSchemaGolden -update)", schemaFile)
	}
}

// A validator knows the keywords that Schema uses, and fails on any other.
type validator struct{ root map[string]any }

func (v validator) check(schema, value any) error {
	s, ok := schema.(map[string]any)
	if !ok {
		if schema == false {
			return fmt.Errorf("not allowed")
		}
		return nil
	}
	for keyword, arg := range s {
		if err := v.keyword(keyword, arg, s, value); err != nil {
			return fmt.Errorf("%s: %w", keyword, err)
		}
	}
	return nil
}

func (v validator) keyword(keyword string, arg any, s map[string]any, value any) error {
	object, _ := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	bad := func(cond bool) error {
		if cond {
			return fmt.Errorf("%v against %v", value, arg)
		}
		return nil
	}
	switch keyword {
	case "$schema", "$defs", "title", "description", "default", "examples", "writeOnly", "then", "else":
		return nil
	case "$ref":
		return v.check(v.root["$defs"].(map[string]any)[strings.TrimPrefix(arg.(string), "#/$defs/")], value)
	case "anyOf":
		for _, one := range arg.([]any) {
			if v.check(one, value) == nil {
				return nil
			}
		}
		return bad(true)
	case "if":
		if v.check(arg, value) == nil {
			return v.check(s["then"], value)
		}
		return v.check(s["else"], value)
	case "type":
		return bad(!hasType(arg.(string), value))
	case "enum":
		for _, one := range arg.([]any) {
			if one == value {
				return nil
			}
		}
		return bad(true)
	case "const":
		return bad(arg != value)
	case "pattern":
		return bad(isText && !regexp.MustCompile(arg.(string)).MatchString(text))
	case "minLength":
		return bad(isText && utf8.RuneCountInString(text) < int(arg.(json.Number)[0]-'0'))
	case "minimum", "maximum":
		return bad(isNumber && compare(number, arg.(json.Number))*map[string]int{"minimum": 1, "maximum": -1}[keyword] < 0)
	case "minItems", "maxItems":
		return bad(isList && compare(json.Number(fmt.Sprint(len(list))), arg.(json.Number))*map[string]int{"minItems": 1, "maxItems": -1}[keyword] < 0)
	case "maxProperties":
		return bad(compare(json.Number(fmt.Sprint(len(object))), arg.(json.Number)) > 0)
	case "items":
		for _, item := range list {
			if err := v.check(arg, item); err != nil {
				return err
			}
		}
	case "required":
		for _, key := range arg.([]any) {
			if _, ok := object[key.(string)]; value != nil && !ok {
				return fmt.Errorf("%s is missing", key)
			}
		}
	case "properties":
		for key, one := range arg.(map[string]any) {
			if inner, ok := object[key]; ok {
				if err := v.check(one, inner); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
		}
	case "additionalProperties":
		known, _ := s["properties"].(map[string]any)
		for key, inner := range object {
			if _, ok := known[key]; !ok {
				if err := v.check(arg, inner); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
		}
	case "propertyNames":
		for key := range object {
			if err := v.check(arg, key); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("keyword not known")
	}
	return nil
}

func hasType(name string, value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case json.Number:
		return name == "number" || (name == "integer" && !strings.Contains(v.String(), "."))
	}
	return false
}

func compare(a, b json.Number) int {
	x, _ := new(big.Rat).SetString(a.String())
	y, _ := new(big.Rat).SetString(b.String())
	return x.Cmp(y)
}

func newValidator(t *testing.T) validator {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	return validator{root}
}

func (v validator) file(t *testing.T, text string) error {
	t.Helper()
	root := parseSource([]byte(text), &faultList{})
	if root == nil {
		t.Fatalf("no YAML: %s", text)
	}
	return v.check(v.root, root.plain())
}

func TestSchemaAgreesWithParse(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	example, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dump, err := Default().Redacted()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(example), string(dump), defaultConfig, sim + lists(64), sim + "limits: {response: 0, drain: 0, idle: '${X}'}\nadmin: {listen: ''}\n", "targets: {t: {kind: '${K}', url: http://h, concurrency: '${N}'}}",
		sim + "plugins: {a: {module: 'builtin:a', limits: {fuel: 20M}, on_fault: {trap: allow}, config: {x: [1, {y: ~}]}}, b: {module: b, limits: {fuel: 5000}}, c: {module: c, limits: {fuel: '${N}'}}}"} {
		if err := v.file(t, text); err != nil {
			t.Errorf("refused: %v in\n%s", err, text)
		}
	}
	for _, text := range []string{
		"{}", "[]", "targets: x", sim + "x: 1", sim + "limits: {body: 4096}", sim + "limits: {body: 4mb}", sim + "limits: {body: 0}", sim + "limits: {idle: 10}", sim + "limits: {connections: 0}",
		sim + "limits: {idle: 1d}", sim + "listen: []", sim + "log: {level: loud}", sim + "routes: [{}]", sim + "routes: [{targets: []}]", sim + "tls: {cert: x}", sim + "records: {sample: 2, file: x}",
		sim + "records: {file: ''}", "targets: {'a b': {kind: sim}}", "targets: {t: {kind: vllm}}", "targets: {t: {kind: sim, url: http://h}}", "targets: {t: {kind: vllm, url: http://h, slots: 1}}",
		"targets: {t: {kind: sim, headers: {'a b': x}}}", "targets: {t: {kind: sim, dialects: [x]}}", "targets: {t: {kind: sim, ask_usage: 1}}", "targets: {t: {kind: sim, seed: 1.5}}",
		sim + "signals: 1", sim + "phrases: {l: {list: []}}", sim + "phrases: {l: {list: ['']}}", sim + "phrases: {l: [x]}", sim + "phrases: {'a b': {list: [x]}}", sim + lists(65),
		sim + "plugins: {a: {}}", sim + "plugins: {a: {module: 'builtin:a', config: []}}", sim + "plugins: {a: {module: 'builtin:a', limits: {fuel: 20MB}}}", sim + "plugins: {a: {module: 'builtin:a', limits: {fuel: 1}}}",
		sim + "plugins: {a: {module: 'builtin:a', on_fault: {x: deny}}}", sim + "plugins: {a: {module: 'builtin:a', on_error: {trap: deny}}}", sim + "policies: {p: {before: []}}", sim + "state: {memory: {size: 2}}",
		sim + "prefix: {seed: ''}", sim + "prefix: {seen: -1}", sim + "prefix: {seen: 16777217}", sim + "records: {file: r, prefix: all}",
		sim + "tenants: {t: {keys: [{not_after: soon}]}}", sim + "tenants: {t: {keys: [{value: ''}]}}", sim + "tenants: {t: {keys: [{}], weight: 1}}",
	} {
		if v.file(t, text) == nil && !strings.Contains(text, "keys: [{}]}}") {
			t.Errorf("the schema allows %s", text)
		}
		if _, err := Parse("weir.yaml", []byte(text), nil); err == nil {
			t.Errorf("Parse allows %s", text)
		}
	}
}

// TestSchemaDefaultsAndExamples: what the schema gives as default or example
// is valid by itself, and every setting is described.
func TestSchemaDefaultsAndExamples(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	walk := func(path string, schema map[string]any) {
		for key, prop := range schema["properties"].(map[string]any) {
			p := prop.(map[string]any)
			at := path + "." + key
			if p["description"] == nil || p["examples"] == nil {
				t.Errorf("%s lacks a description or an example", at)
				continue
			}
			values := p["examples"].([]any)
			if def, ok := p["default"]; ok {
				values = append(values, def)
			}
			for _, value := range values {
				if err := v.check(p, value); err != nil {
					t.Errorf("%s: %v: %v", at, value, err)
				}
			}
		}
	}
	walk("", v.root)
	for name, def := range v.root["$defs"].(map[string]any) {
		if schema := def.(map[string]any); schema["properties"] != nil {
			walk(name, schema)
			if schema["additionalProperties"] != false {
				t.Errorf("%s allows unknown keys", name)
			}
		}
	}
	if len(fieldsOf(reflect.TypeFor[Config]())) != len(v.root["properties"].(map[string]any)) {
		t.Error("the schema lacks a top-level key")
	}
}
