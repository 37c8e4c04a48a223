package sim

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

var jsonSeeds = []string{
	``, ` `, `null`, `true`, `false`, `0`, `-0`, `01`, `-`, `1.`, `.5`, `1.5e+10`, `1e`, `1E-3`, `"a"`, `"a\nb"`, `"\u00e9"`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83dx"`, `"\q"`, `"\u12g4"`, "\"\x01\"", "\"\x7f\"", `"`, `"\`, `"\"`, `"\\"`,
	"\"\xff\"", "\ufeff{}", `[]`, `[1,2,3]`, `[1,]`, `[,1]`, `[1 2]`, `{}`, `{"a":1}`, `{"a":1,"a":2}`, `{"a":{"b":[{}]}}`, `{"a"}`,
	`{"a":1,}`, `{1:2}`, `{"a":1}x`, "\t\r\n {\"a\" : [ 1 , \"b\" ] }\n", `tru`, `nullx`, `{"a\u0062":1}`, `["0123456789abcdef0123456789\t"]`,
	strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat(`\\`, 33), `"` + strings.Repeat(`\\`, 33) + `"`,
}

// decode makes of a value what encoding/json makes of its text.
func (v value) decode() any {
	switch v.kind() {
	case kindTrue, kindFalse:
		return v.bool()
	case kindNumber:
		f, _ := v.float()
		return f
	case kindString:
		return v.text()
	case kindArray:
		list := []any{}
		for e := range v.items() {
			list = append(list, e.decode())
		}
		return list
	case kindObject:
		m := map[string]any{}
		for k, e := range v.members() {
			m[k.text()] = e.decode()
		}
		return m
	}
	return nil
}

// FuzzJSON holds the parser to encoding/json: the same texts, the same values.
func FuzzJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d document
		err := d.parse(b)
		if deep := strings.Count(string(b), "[")+strings.Count(string(b), "{") > maxDepth; deep {
			return
		}
		if want := json.Valid(b) && utf8.Valid(b); (err == nil) != want {
			t.Fatalf("%q: %v, encoding/json says %v", b, err, want)
		}
		if err != nil {
			return
		}
		var want any
		if json.Unmarshal(b, &want) != nil {
			return // a number out of range
		}
		if got := d.root().decode(); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %#v, want %#v", b, got, want)
		}
		compact := appendCompact(nil, d.root())
		var buf bytes.Buffer
		if err := json.Compact(&buf, b); err != nil || !bytes.Equal(compact, buf.Bytes()) {
			t.Fatalf("%q: compact %q, want %q", b, compact, buf.Bytes())
		}
	})
}

func TestJSONDepth(t *testing.T) {
	t.Parallel()
	var d document
	if err := d.parse([]byte(strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1))); err != nil {
		t.Error(err)
	}
	if err := d.parse([]byte(strings.Repeat(`{"a":`, 1_000_000))); err == nil {
		t.Error("a depth of a million accepted")
	}
}

// A megabyte of escapes takes linear time: quadratic time would outlast the test.
func TestJSONEscapesAreLinear(t *testing.T) {
	t.Parallel()
	body := []byte(`"` + strings.Repeat(`\n`, 1<<20) + `"`)
	var d document
	if err := d.parse(body); err != nil {
		t.Fatal(err)
	}
	if n := len(d.root().text()); n != 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

func TestValueAccess(t *testing.T) {
	t.Parallel()
	var d document
	if err := d.parse([]byte(`{"a":1,"\u0061":{"b":[true,"x"]},"n":null,"i":1.6e1,"f":1.5,"big":1e300,"s":"16"}`)); err != nil {
		t.Fatal(err)
	}
	root := d.root()
	if got := root.get("a").get("b"); got.len() != 2 || !got.first().bool() || string(got.raw()) != `[true,"x"]` {
		t.Errorf("the last of duplicate keys: %q", got.raw())
	}
	if root.get("n").given() || root.get("n").kind() != kindNull || root.get("x").kind() != kindAbsent {
		t.Error("null and absent")
	}
	if n, ok := root.get("i").int(); n != 16 || !ok {
		t.Errorf("1.6e1 is %d", n)
	}
	for _, name := range []string{"f", "big", "s", "x"} {
		if n, ok := root.get(name).int(); ok {
			t.Errorf("%s is %d", name, n)
		}
	}
	var none value
	if none.get("a").first().text() != "" || none.raw() != nil || none.len() != 0 || (&document{}).root().given() {
		t.Error("an absent value has something")
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b\\c", "\x00\x1f\x7f", "é😀\u2028", strings.Repeat("x", 50) + "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		var back string
		if b := appendString(nil, s); json.Unmarshal(b, &back) != nil || back != s {
			t.Fatalf("%q: %q, back %q", s, b, back)
		}
	})
}

func TestAppendFloat32(t *testing.T) {
	t.Parallel()
	for _, f := range []float32{0, 1, -0.5, 1e-30, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.NaN()), float32(math.Inf(1))} {
		var back float32
		if b := appendFloat32(nil, f); json.Unmarshal(b, &back) != nil || back != f && !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) {
			t.Errorf("%v: %s", f, b)
		}
	}
}
