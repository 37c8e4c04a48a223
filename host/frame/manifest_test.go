package frame

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"weir/sdk/abi"
)

func all(abi.Hook) bool { return true }

func only(hooks ...abi.Hook) func(abi.Hook) bool {
	return func(h abi.Hook) bool {
		for _, k := range hooks {
			if h == k {
				return true
			}
		}
		return false
	}
}

func TestParseManifest(t *testing.T) {
	t.Parallel()
	defaults := DefaultManifest(all)
	set := func(change func(*Manifest)) *Manifest {
		m := *defaults
		change(&m)
		return &m
	}
	tests := map[string]struct {
		json string
		want *Manifest
	}{
		"empty":   {`{}`, defaults},
		"blanks":  {" \n{ } \n", defaults},
		"name":    {`{"name":"pii-guard","version":"1.2.0"}`, set(func(m *Manifest) { m.Name, m.Version = "pii-guard", "1.2.0" })},
		"escaped": {`{"n\u0061me":"\u0061b"}`, set(func(m *Manifest) { m.Name = "ab" })},
		"sections": {`{"sections":{"request":["messages","text","signals"],"delta":["text"],"end":["usage"]}}`, set(func(m *Manifest) {
			m.Sections[abi.HookRequest] = sections(abi.SectionMessages, abi.SectionText, abi.SectionSignals)
			m.Sections[abi.HookDelta] = sections(abi.SectionText)
		})},
		"sections as a list": {`{"sections":["tools"]}`, set(func(m *Manifest) { m.Sections[abi.HookRequest] = sections(abi.SectionTools) })},
		"no sections":        {`{"sections":[]}`, set(func(m *Manifest) { m.Sections[abi.HookRequest] = 0 })},
		"headers": {`{"headers":["user-agent","x-session"],"set_headers":["x-team"]}`, set(func(m *Manifest) {
			m.Headers, m.SetHeaders = []string{"user-agent", "x-session"}, []string{"x-team"}
		})},
		"capabilities": {`{"capabilities":["clock","random"]}`, set(func(m *Manifest) { m.Capabilities = []string{"clock", "random"} })},
		"allow":        {`{"on_error":"allow","guard":false}`, set(func(m *Manifest) { m.OnError, m.Guard = OnErrorAllow, false })},
		"deny":         {`{"on_error":"deny","guard":true}`, set(func(m *Manifest) { m.OnError = OnErrorDeny })},
		"scope":        {`{"scope":"plugin"}`, set(func(m *Manifest) { m.SharedState = true })},
		"delta": {`{"delta":{"bytes":256,"every":"50ms"}}`, set(func(m *Manifest) {
			m.DeltaBytes, m.DeltaEvery = 256, 50*time.Millisecond
		})},
		"per message": {`{"per_message":{"context":"tail"}}`, set(func(m *Manifest) { m.PerMessage = ContextTail })},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseManifest([]byte(test.json))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

// Every error says which key it is about, and what may stand there.
func TestParseManifestFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                         "ends here",
		`{`:                        "ends here",
		`[]`:                       "it is a list, and it is an object",
		`null`:                     "it is null, and it is an object",
		`{} {}`:                    "something follows",
		`{} x`:                     "something follows",
		`{"name":"a","name":"b"}`:  `duplicate`,
		`{"Name":"a"}`:             `"Name": not a key of the manifest; the keys here are capabilities, delta, guard,`,
		`{"names":"a"}`:            `"names": not a key`,
		`{"name":"Ab"}`:            `name: "Ab" is no name`,
		`{"name":""}`:              `name: "" is no name`,
		`{"name":7}`:               "name: it is a number, and it is a string",
		`{"name":null}`:            "name: it is null",
		"{\"name\":\"a\xff\"}":     "name: ",
		`{"name":"\ud800"}`:        "name: ",
		`{"version":"a\n"}`:        "version: ",
		`{"sections":"text"}`:      "sections: it is a string, and it is an object",
		`{"sections":["mesages"]}`: `sections: "mesages" is no section; those of weir_on_request are request, tenant,`,
		`{"sections":["usage"]}`:   "sections: usage does not come with weir_on_request",
		`{"sections":{"request":["text","text"]}}`:   `sections.request: "text" is in it twice`,
		`{"sections":{"request":[7]}}`:               "sections.request: it holds a number",
		`{"sections":{"request":{}}}`:                "sections.request: it is an object, and it is a list",
		`{"sections":{"requests":[]}}`:               `sections."requests": not a key`,
		`{"sections":{"none":[]}}`:                   `sections."none": not a key`,
		`{"headers":["Accept"]}`:                     `headers: "Accept": write names of headers in lower case`,
		`{"headers":["a b"]}`:                        `headers: "a b" is no name of a header`,
		`{"headers":["authorization"]}`:              "headers: authorization carries credentials",
		`{"set_headers":["x-api-key"]}`:              "set_headers: x-api-key carries credentials",
		`{"set_headers":["content-length"]}`:         "set_headers: content-length is the host's own",
		`{"set_headers":["x-weir-tenant"]}`:          "set_headers: x-weir-tenant is the host's own",
		`{"capabilities":["network"]}`:               `capabilities: "network" is not known; it is one of clock, random, load, price`,
		`{"on_error":"ignore"}`:                      `on_error: "ignore" is not known; it is one of deny, allow`,
		`{"guard":"yes"}`:                            "guard: it is a string, and it is true or false",
		`{"scope":"global"}`:                         "scope: ",
		`{"delta":{"bytes":-1}}`:                     "delta.bytes: \"-1\" is no whole number from 0 to 1048576",
		`{"delta":{"bytes":1.5}}`:                    "delta.bytes: ",
		`{"delta":{"bytes":1e9}}`:                    "delta.bytes: ",
		`{"delta":{"every":"50"}}`:                   `delta.every: "50" is no duration from 0s to 10s, such as 50ms`,
		`{"delta":{"every":"1h"}}`:                   "delta.every: ",
		`{"delta":{"evry":"1s"}}`:                    `delta."evry": not a key of the manifest; the keys here are bytes, every`,
		`{"delta":7}`:                                "delta: it is a number, and it is an object",
		`{"per_message":{"context":"all"}}`:          `per_message.context: "all" is not known`,
		`{"name":"a"`:                                "ends here",
		`{"name":`:                                   "name: the JSON ends here",
		`{"a":` + strings.Repeat("[", 100_000):       "at most 65536",
		`{"sections":` + strings.Repeat("[", 20_000): "sections: ",
	} {
		t.Run(text[:min(40, len(text))], func(t *testing.T) {
			t.Parallel()
			m, err := ParseManifest([]byte(text))
			if err == nil || m != nil || !strings.HasPrefix(err.Error(), "manifest: ") || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("control bytes in %q", err)
			}
		})
	}
}

func TestManifestBounds(t *testing.T) {
	t.Parallel()
	names := make([]string, maxManifestHeaders+1)
	for i := range names {
		names[i] = `"x-` + strings.Repeat("a", i+1) + `"`
	}
	if _, err := ParseManifest([]byte(`{"headers":[` + strings.Join(names[:maxManifestHeaders], ",") + `]}`)); err != nil {
		t.Error(err)
	}
	_, err := ParseManifest([]byte(`{"headers":[` + strings.Join(names, ",") + `]}`))
	if err == nil || !strings.Contains(err.Error(), "headers: more than 64 entries") {
		t.Error(err)
	}
	_, err = ParseManifest([]byte(`{"` + strings.Repeat("é", 1000) + `":1}`))
	if err == nil || len(err.Error()) > 600 {
		t.Errorf("%d bytes of error", len(err.Error()))
	}
}

func TestDefaultManifest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hooks []abi.Hook
		guard bool
		want  map[abi.Hook]abi.Set
	}{
		"request": {[]abi.Hook{abi.HookRequest}, true, map[abi.Hook]abi.Set{
			abi.HookRequest: sections(abi.SectionRequest, abi.SectionTenant, abi.SectionModel, abi.SectionMessages, abi.SectionText)}},
		"delta": {[]abi.Hook{abi.HookDelta}, true, map[abi.Hook]abi.Set{
			abi.HookDelta: sections(abi.SectionDelta, abi.SectionText, abi.SectionStreamState)}},
		"end":     {[]abi.Hook{abi.HookEnd, abi.HookTick}, false, map[abi.Hook]abi.Set{abi.HookEnd: sections(abi.SectionUsage)}},
		"nothing": {nil, false, nil},
	} {
		m := DefaultManifest(only(test.hooks...))
		if m.Guard != test.guard || m.OnError != OnErrorUnset {
			t.Errorf("%s: guard %t, on_error %d", name, m.Guard, m.OnError)
		}
		for h := range abi.Hooks {
			if m.Sections[h] != test.want[h] {
				t.Errorf("%s: sections %b for %s, want %b", name, m.Sections[h], h, test.want[h])
			}
		}
	}
}

// What plugins get by default is what they could ask for.
func TestSectionsOf(t *testing.T) {
	t.Parallel()
	var every abi.Set
	for h := range abi.Hooks {
		if beyond := defaultSections[h] &^ SectionsOf(h); beyond != 0 {
			t.Errorf("%s: %s by default, and not to be had", h, sectionNames(beyond))
		}
		every |= SectionsOf(h)
	}
	for k := abi.SectionNone + 1; k < abi.Sections; k++ {
		if !every.Has(k) {
			t.Errorf("no hook has the section %s", k)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"name":"x","version":"1","sections":{"request":["messages","text","signals"],"delta":["text"],"end":["usage"]},` +
		`"headers":["user-agent"],"set_headers":["x-team"],"capabilities":["clock"],"on_error":"deny","guard":true,"scope":"plugin",` +
		`"delta":{"bytes":256,"every":"50ms"},"per_message":{"context":"tail"}}`))
	f.Add([]byte(`{"sections":["text"],"name":"\u0061"}`))
	f.Add([]byte(`{"delta":{"bytes":1e3}}`))
	f.Add([]byte(`{"headers":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseManifest(text)
		if err != nil {
			if m != nil || !strings.HasPrefix(err.Error(), "manifest: ") || len(err.Error()) > 2000 {
				t.Fatalf("%v, %q", m, err)
			}
			return
		}
		if m.Name != "" && pluginName(m.Name) != nil || m.DeltaBytes < 0 || m.DeltaBytes > maxDeltaBytes ||
			m.DeltaEvery < 0 || m.DeltaEvery > maxDeltaEvery || len(m.Headers) > maxManifestHeaders ||
			len(m.SetHeaders) > maxManifestHeaders || len(m.Capabilities) > len(capabilities) {
			t.Fatalf("%+v", m)
		}
		for h := range abi.Hooks {
			if m.Sections[h]&^SectionsOf(h) != 0 {
				t.Fatalf("%s has sections %b", h, m.Sections[h])
			}
		}
		for _, name := range m.SetHeaders {
			if settableHeader(name) != nil {
				t.Fatalf("sets %q", name)
			}
		}
	})
}
