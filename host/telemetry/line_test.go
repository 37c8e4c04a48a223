package telemetry

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	t.Parallel()
	r := sampleRecord()
	want := `{"time":"2026-03-01T12:00:00.123456Z","request_id":"req-0123456789abcdef","tenant":"acme","session":"s-1","route":"gpt-*",` +
		`"dialect":"openai","endpoint":"chat","model":"gpt-x","model_returned":"gpt-x-2026-01-01","target":"cloud","provider":"openai",` +
		`"attempts":[{"target":"local","status":0,"reason":"refused","ms":1.000},{"target":"cloud","status":200,"reason":"","ms":120.000}],` +
		`"stream":true,"status":200,"outcome":"ok","error_type":"",` +
		`"input_tokens":1200,"cached_tokens":1024,"cache_write_tokens":10,"output_tokens":101,"reasoning_tokens":40,"estimated":false,` +
		`"ms":{"gateway":0.040,"queue":1.500,"ttft":200.000,"total":1200.000},"tokens_per_s":100.000,"finish":"stop"}` + "\n"
	if got := string(r.appendLine(nil, true)); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestLineOfNothing(t *testing.T) {
	t.Parallel()
	r := &Record{Outcome: Unauthorized, Status: 401, Total: 12 * time.Microsecond, Gateway: -time.Second}
	want := `{"time":"0001-01-01T00:00:00.000000Z","request_id":"","tenant":"","session":"","route":"",` +
		`"dialect":"","endpoint":"","model":"","model_returned":"","target":"","provider":"","attempts":[],` +
		`"stream":false,"status":401,"outcome":"unauthorized","error_type":"unauthorized",` +
		`"input_tokens":0,"cached_tokens":0,"cache_write_tokens":0,"output_tokens":0,"reasoning_tokens":0,"estimated":false,` +
		`"ms":{"gateway":0.000,"queue":0.000,"ttft":null,"total":0.012},"tokens_per_s":null,"finish":""}` + "\n"
	if got := string(r.appendLine(nil, true)); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestLineOptionalParts(t *testing.T) {
	t.Parallel()
	r := sampleRecord()
	r.Uninspected = Uninspected{Images: 2, Other: 1}
	r.Messages = []TextMessage{{"system", []byte("Be brief.")}, {"user", []byte("Hi\n\"there\"")}}
	r.Answer = []byte("Hello.")
	r.Signals, r.Phrases = []Count{{"zero_width", 3}, {"role_markers", 1}}, []Count{{"leaks", 1}}
	r.Prefix, r.PromptBytes, r.PromptSeen = []uint64{0x0123456789abcdef, 0, math.MaxUint64}, 900, 512
	if line := string(r.appendLine(nil, false)); strings.Contains(line, `"text"`) || strings.Contains(line, "Hello") {
		t.Errorf("texts without being asked for: %s", line)
	}
	line := string(r.appendLine(nil, true))
	for _, want := range []string{
		`"finish":"stop","uninspected":{"images":2,"other":1},"signals":{"zero_width":3,"role_markers":1},"phrases":{"leaks":1},` +
			`"prompt_bytes":900,"prompt_seen":512,"prefix":["0123456789abcdef","0000000000000000","ffffffffffffffff"],"text":{`,
		`"text":{"messages":[{"role":"system","text":"Be brief."},{"role":"user","text":"Hi\n\"there\""}],"answer":"Hello."}}`,
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	parse(t, []byte(line))
}

func TestTokensPerSecond(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		r    Record
		want time.Duration // per token
	}{
		{"stream: the first token does not count", Record{Stream: true, Output: 11, TTFT: time.Second, Total: 2 * time.Second}, 100 * time.Millisecond},
		{"stream of one token", Record{Stream: true, Output: 1, TTFT: time.Second, Total: 2 * time.Second}, 0},
		{"stream that never began", Record{Stream: true, Output: 5, Total: time.Second}, 0},
		{"whole answer: waiting does not count", Record{Output: 10, Gateway: time.Second, Queue: time.Second, Total: 3 * time.Second}, 100 * time.Millisecond},
		{"no output", Record{Total: time.Second}, 0},
		{"clock stepped", Record{Stream: true, Output: 11, TTFT: 2 * time.Second, Total: time.Second}, 0},
	}
	for _, test := range tests {
		if got := test.r.perOutputToken(); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// Whatever stands in the fields, a record is one line of valid JSON, bounded, and nothing in it acts on a terminal.
func TestFault40_RecordInjection(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"a\r\n{\"time\":\"forged\",\"tenant\":\"root\"}\r\n", "\x1b]0;title\x07\x1b[2J", "\u009b2J\u0085", "\u202e\u2066gpj.exe\u2069", "\u2028\u2029",
		"\xff\xfe\xc0\xaf\xed\xa0\x80", `","tenant":"root`, strings.Repeat("\x00", 1<<20), strings.Repeat("\u202e", 1<<20), strings.Repeat("x", 1<<20),
	}
	for _, s := range hostile {
		r := &Record{
			RequestID: s, Tenant: s, Session: s, Route: s, Dialect: s, Endpoint: s, Model: s, ModelReturned: s, Target: s, Provider: s, Finish: s, ErrorType: s,
			Attempts: slices.Repeat([]Attempt{{Target: s, Reason: s}}, 1000), Outcome: 200,
			Signals: slices.Repeat([]Count{{s, math.MaxUint32}}, 1000), Phrases: slices.Repeat([]Count{{s, math.MaxUint32}}, 1000),
			Prefix: slices.Repeat([]uint64{math.MaxUint64}, 100_000), PromptBytes: math.MaxInt64, PromptSeen: math.MaxInt64,
		}
		line := r.appendLine(nil, true)
		if len(line) > 512<<10 {
			t.Errorf("%.20q: %d bytes without texts", s, len(line))
		}
		got := parse(t, line)
		if got.Tenant == "root" || got.RequestID == "" || got.Outcome != "internal" || len(got.Attempts) != maxAttempts || len(got.Prefix) != maxPrefix {
			t.Errorf("%.20q changed the record: %.200s", s, line)
		}
		if raceEnabled && len(s) >= 1<<20 {
			continue // minutes under the race detector, and nothing concurrent to find
		}
		r.Messages = slices.Repeat([]TextMessage{{s, []byte(s)}}, 3000)
		r.Answer = []byte(s)
		line = r.appendLine(line[:0], true)
		if len(line) > maxLine {
			t.Errorf("%.20q: %d bytes with texts", s, len(line))
		}
		got = parse(t, line)
		if long := len(s) >= 1<<20; long && (!got.Text.Truncated || len(got.Text.Messages) == 3000) {
			t.Errorf("%.20q: cut, but not marked", s)
		}
	}
}

// parsed is a line as any reader of JSON takes it.
type parsed struct {
	Time                          time.Time
	RequestID                     string `json:"request_id"`
	Tenant, Model, Target, Finish string
	Attempts                      []struct {
		Target, Reason string
		Status         int
		MS             float64
	}
	Outcome string
	MS      struct {
		Gateway, Queue, Total float64
		TTFT                  *float64
	}
	TokensPerS  *float64 `json:"tokens_per_s"`
	Signals     map[string]uint32
	Phrases     map[string]uint32
	PromptBytes *int64 `json:"prompt_bytes"`
	PromptSeen  *int64 `json:"prompt_seen"`
	Prefix      []string
	Text        struct {
		Messages  []struct{ Role, Text string }
		Answer    string
		Truncated bool
	}
}

// parse reads exactly one line of JSON.
func parse(t *testing.T, line []byte) parsed {
	t.Helper()
	body, ok := strings.CutSuffix(string(line), "\n")
	if !ok {
		t.Fatal("no newline at the end")
	}
	checkHarmless(t, []byte(body))
	var p parsed
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	return p
}

func FuzzLine(f *testing.F) {
	f.Add("id", "acme", "gpt-x", "hello", int64(5), int64(1e9), true)
	f.Add("\r\n", "\u202e", "\xff", `"}`, int64(-1), int64(-5), false)
	f.Fuzz(func(t *testing.T, id, tenant, model, text string, n, d int64, stream bool) {
		r := &Record{
			Time: time.Unix(n, d), RequestID: id, Tenant: tenant, Model: model, Finish: text, Stream: stream, Status: int(n), Outcome: Outcome(n),
			Attempts: []Attempt{{Target: model, Reason: id, Status: int(d), Took: time.Duration(d)}},
			Input:    n, Output: d, Gateway: time.Duration(n), TTFT: time.Duration(d), Total: time.Duration(n),
			Messages: []TextMessage{{model, []byte(text)}}, Answer: []byte(text), Uninspected: Uninspected{Audio: int32(n)},
			Signals: []Count{{tenant, uint32(n)}}, Phrases: []Count{{text, uint32(d)}}, Prefix: []uint64{uint64(n), uint64(d)}, PromptBytes: n, PromptSeen: d,
		}
		line := r.appendLine(nil, true)
		if year := r.Time.UTC().Year(); year < 0 || year > 9999 {
			t.Skip("RFC 3339 has four digits for the year")
		}
		got := parse(t, line)
		if len(got.Signals) != 1 || len(got.Phrases) != 1 || !slices.Equal(got.Prefix, []string{fmt.Sprintf("%016x", uint64(n)), fmt.Sprintf("%016x", uint64(d))}) {
			t.Fatalf("facts of %s", line)
		}
		if (n > 0) != (got.PromptBytes != nil && got.PromptSeen != nil && *got.PromptBytes == n && *got.PromptSeen >= 0 && *got.PromptSeen <= n) {
			t.Fatalf("prompt of %s", line)
		}
		for _, pair := range [][2]string{{got.RequestID, id}, {got.Tenant, tenant}, {got.Model, model}, {got.Text.Answer, text}} {
			want := string([]rune(pair[1]))
			if kept, cut := strings.CutSuffix(pair[0], ellipsis); pair[0] != want && (!cut || !strings.HasPrefix(want, kept)) {
				t.Fatalf("got %q, want %q", pair[0], want)
			}
		}
	})
}

func TestLineAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := sampleRecord()
	r.Messages, r.Answer = []TextMessage{{"user", []byte("hi\u202e")}}, []byte("hello")
	r.Signals, r.Phrases, r.Prefix, r.PromptBytes = []Count{{"tags", 1}}, []Count{{"leaks", 2}}, []uint64{1, 2}, 300
	buf := r.appendLine(nil, true)
	if n := testing.AllocsPerRun(200, func() { buf = r.appendLine(buf[:0], true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
