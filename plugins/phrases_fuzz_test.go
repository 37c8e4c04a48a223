package plugins_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"weir/host/plugin"
	"weir/plugins"
)

// FuzzPhrasesSettings: whatever the settings are, they are taken or refused, and what is taken is JSON of known settings.
func FuzzPhrasesSettings(f *testing.F) {
	for _, seed := range []string{
		`{"deny":["a"],"redact":{"a":"c"},"stop":["b"],"route":{"a":"t"},"tag":["x"],"channels":["user","tool_result"],"message":"m","stop_message":"s"}`,
		`{"deny":["\ud83d\ude42\u00e9\n"]}`, `{}`, ``, `{"deny":[`, `{"deny":["\u12"]}`, "\xff", `{"redact":{"a":"[A]"}}`, `{"x":{}}`, ` { "tag" : [ ] } `,
	} {
		f.Add([]byte(seed))
	}
	r, err := plugin.Open(context.Background(), plugin.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = r.Close() })
	wasm, err := plugins.Module("phrases")
	if err != nil {
		f.Fatal(err)
	}
	m, err := r.Admit(context.Background(), plugin.Source{Name: "phrases", Wasm: wasm, Trusted: true}, patient)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(m.Close)
	f.Fuzz(func(t *testing.T, config []byte) {
		p, err := r.Configure(context.Background(), m, plugin.Setting{Name: "phrases", Config: config, Limits: patient})
		if err != nil {
			if !strings.Contains(err.Error(), "it refuses its settings") {
				t.Fatal(err)
			}
			return
		}
		p.Close()
		known := map[string]any{}
		if err := json.Unmarshal(config, &known); err != nil {
			t.Fatalf("taken, but %v", err)
		}
		for k := range known {
			switch k {
			case "deny", "redact", "stop", "route", "tag", "channels", "message", "stop_message":
			default:
				t.Fatalf("taken with %q", k)
			}
		}
	})
}
