package config

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseUpload(t *testing.T) {
	t.Parallel()
	p, err := ParseUpload([]byte("{\n\t\"mode\": \"observe\", \"on_error\": \"deny\", \"on_fault\": {\"deadline\": \"allow\"}, \"sample\": 0.5,\n" +
		`"limits": {"deadline": "1ms", "fuel": "1M", "memory": "1MiB", "pool": 2},` +
		`"config": {"word": "${HOME} $$ ` + "\ufdd0" + `", "list": [1, 2.5e3, true, null, {"b": 1, "a": []}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	l := p.Limits
	if p.Mode != ModeObserve || p.OnError != Deny || p.OnFault["deadline"] != Allow || p.Sample != 0.5 {
		t.Errorf("%+v", p)
	}
	if l.Deadline.Std() != time.Millisecond || l.Fuel != 1e6 || l.Memory != 1<<20 || l.Pool != 2 || l.Wait.Std() != 10*time.Millisecond {
		t.Errorf("%+v", l)
	}
	want := `{"word":"${HOME} $$ ` + "\ufdd0" + `","list":[1,2.5e3,true,null,{"b":1,"a":[]}]}`
	if got := string(p.Config.JSON()); got != want {
		t.Errorf("config is %s, want %s", got, want)
	}
}

// Without a word a plugin is what one of the file is without a word.
func TestParseUploadDefaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", " {\r\n} "} {
		p, err := ParseUpload([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want := new(Plugin)
		setDefaults(reflect.ValueOf(want).Elem())
		if !reflect.DeepEqual(p, want) {
			t.Errorf("%q: %v, want %v", text, p, want)
		}
	}
}

func TestParseUploadFaults(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"{\n  \"mode\": \"enforced\"}", "settings:2:11: mode: \"enforced\" is not known, did you mean enforce?; "},
		{`{"modes": "off"}`, `settings:1:2: unknown key "modes" in the settings; did you mean mode?`},
		{`{"module": "x"}`, "unknown key"},
		{`{"tenant": "x"}`, "unknown key"},
		{`{"capabilities": ["clock"]}`, "unknown key"},
		{`{"sha256": "x"}`, "unknown key"},
		{`{"on_load_error": "allow"}`, "unknown key"},
		{`{"on_fault": {"traps": "deny"}}`, "did you mean trap?"},
		{`{"sample": 2}`, "settings:1:12: sample"},
		{`{"sample": "1"}`, "sample is a string"},
		{`{"limits": {"deadline": "3ms"}}`, "settings:1:25: limits.deadline is above what a tenant may have: 2ms; lower limits.deadline"},
		{`{"limits": {"fuel": 20000001}}`, "limits.fuel is above what a tenant may have: 20M"},
		{`{"limits": {"memory": "9MiB"}}`, "limits.memory is above"},
		{`{"limits": {"stack": "1MiB"}}`, "limits.stack is above"},
		{`{"limits": {"pool": 5}}`, "limits.pool is above"},
		{`{"limits": {"wait": "11ms"}}`, "limits.wait is above"},
		{`{"limits": {"start": "3s"}}`, "limits.start is above"},
		{`{"limits": {"deadline": 5}}`, "limits.deadline"},
		{`{"limits": null}`, "limits has no value"},
		{`{"config": []}`, "config is a list"},
		{`{"mode": "off", "mode": "off"}`, "a name is given twice"},
		{`{"config": {"a": 1, "a": 2}}`, "a name is given twice"},
		{`{"config": "` + "\xff" + `"}`, "not valid JSON"},
		{`{"config": {"a": "\ud800"}}`, "not valid JSON"},
		{`{"config": {"a": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`, "more than 32 levels"},
		{`[]`, "the settings are a list"},
		{`null`, "the settings are nothing"},
		{`{"mode": "off"`, "it ends too early"},
		{` `, "it ends too early"},
		{`{} {}`, "something follows"},
		{`mode: off`, "not valid JSON: at byte"},
		{`{"config": {"a": "` + strings.Repeat("x", MaxUploadSettings) + `"}}`, "longer than 1MiB"},
	}
	for _, test := range tests {
		p, err := ParseUpload([]byte(test.text))
		if p != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60s: %v, want %q", test.text, err, test.want)
		}
	}
}

// FuzzParseUpload: any settings are read or refused without a panic, faults are clean lines, and what is read lies within what a tenant may have.
func FuzzParseUpload(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"mode":"off","on_error":"allow","on_fault":{"trap":"deny"},"sample":0.1,"limits":{"fuel":"1k","wait":"1ms"},"config":{"a":[1,{"b":null}]}}`,
		"{\n\"limits\": {\"memory\": \"1TiB\"}}", `{"config":{"$":"${A}"}}`, `{"a":1e999}`, `{"sample":-0}`, `[[[`, "\ufeff{}", `{"config":{"\u0000":"\ud83d\ude42"}}`,
	} {
		f.Add([]byte(seed))
	}
	most, err := ParseUpload(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseUpload(text)
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 || p != nil {
				t.Fatalf("%v, %v", p, err)
			}
			for _, fault := range faults {
				if s := fault.String(); strings.ContainsAny(s, "\n\r\x1b") || !utf8.ValidString(s) || fault.Line < 1 || fault.Column < 1 {
					t.Errorf("not one clean line: %q", s)
				}
			}
			return
		}
		if len(text) > 0 && !json.Valid(text) {
			t.Fatal("not JSON, and read")
		}
		if !json.Valid(p.Config.JSON()) || len(p.Capabilities) > 0 || p.Module != "" || p.Tenant != "" {
			t.Fatalf("%v", p)
		}
		a, b := reflect.ValueOf(p.Limits), reflect.ValueOf(most.Limits)
		for i := range a.NumField() {
			if n := a.Field(i).Int(); n <= 0 || n > b.Field(i).Int() {
				t.Fatalf("%+v", p.Limits)
			}
		}
	})
}
