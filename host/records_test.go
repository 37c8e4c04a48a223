package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/host/sim"
)

// line is what a record is read as; names are those of the interface page.
type line struct {
	Time, Tenant, Session, Route, Dialect, Endpoint, Model, Target, Outcome, Finish string
	RequestID                                                                       string `json:"request_id"`
	ModelReturned                                                                   string `json:"model_returned"`
	Attempts                                                                        []struct {
		Target, Reason string
		Status         int
		MS             float64
	}
	Stream, Estimated bool
	Status            int
	Input             int64 `json:"input_tokens"`
	Cached            int64 `json:"cached_tokens"`
	Output            int64 `json:"output_tokens"`
	MS                struct{ Gateway, Queue, TTFT, Total float64 }
	Text              *struct {
		Messages []struct{ Role, Text string }
		Answer   string
	}
}

func readRecords(t testing.TB, path string) []line {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []line
	for l := range strings.Lines(string(b)) {
		var r line
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		out = append(out, r)
	}
	return out
}

func TestRecords(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", models: { mine: theirs }")+"routes: [ { targets: [t], retries: 0 } ]\nrecords: { file: "+path+", content: text }\n")
	c := client(t)
	post(t, c, g.url+"/v1/chat/completions", chat(false, "Say hello."), "x-request-id", "mine-1", "x-weir-session", "s-1")
	post(t, c, g.url+"/v1/chat/completions", strings.Replace(chat(true, "Say hello."), `"sim"`, `"mine"`, 1))
	post(t, c, g.url+"/v1/messages", streamRequests["messages"].body)
	post(t, c, g.url+"/v1/chat/completions", chat(true, "x"), "x-sim-fault", "cut=between:2")
	post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), "x-sim-fault", "status=500")
	post(t, c, g.url+"/v1/chat/completions", `{"model":"sim","model":"b"}`)
	post(t, c, g.url+"/nowhere", `{}`)
	g.stop()
	rs := readRecords(t, path)
	if len(rs) != 7 {
		t.Fatalf("%d records: %+v", len(rs), rs)
	}
	want := []struct {
		endpoint, outcome string
		status            int
	}{
		{"chat", "ok", 200}, {"chat", "ok", 200}, {"messages", "ok", 200}, {"chat", "upstream_cut", 200},
		{"chat", "upstream_error", 500}, {"chat", "client_error", 400}, {"none", "not_found", 404},
	}
	for i, w := range want {
		if r := rs[i]; r.Endpoint != w.endpoint || r.Outcome != w.outcome || r.Status != w.status || r.Tenant != "default" {
			t.Errorf("record %d: %+v, want %+v", i, r, w)
		}
	}
	r := rs[0]
	if r.RequestID != "mine-1" || r.Session != "s-1" || r.Target != "t" || r.Route == "" || r.Finish != "stop" || r.Estimated ||
		r.Input == 0 || r.Output == 0 || len(r.Attempts) != 1 || r.Attempts[0].Status != 200 || r.MS.Total <= 0 || r.MS.Gateway <= 0 || r.MS.TTFT <= 0 {
		t.Errorf("%+v", r)
	}
	if r.Text == nil || len(r.Text.Messages) != 1 || r.Text.Messages[0].Text != "Say hello." || r.Text.Answer == "" {
		t.Errorf("text: %+v", r.Text)
	}
	if s := rs[1]; !s.Stream || s.Model != "mine" || s.ModelReturned != "theirs" || s.Input != r.Input || s.Output == 0 || s.Text.Answer == "" {
		t.Errorf("stream: %+v", s)
	}
	if a := rs[2]; a.Dialect != "anthropic" || a.Input == 0 || a.Output == 0 || a.Estimated {
		t.Errorf("messages: %+v", a)
	}
}

// A full disk costs records, never requests, and shows.
func TestFault31_RecordsOnAFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	g := start(t, simulated+"records: { file: /dev/full }\n")
	c := client(t)
	for range 20 {
		if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	waitStatus(t, g, func(s status) bool { return strings.Contains(s.Records, "no space") })
	wantMetric(t, g, `weir_degraded{part="records"} 1`)
}
