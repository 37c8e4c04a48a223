package telemetry

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func TestTable(t *testing.T) {
	t.Parallel()
	table := newTable[string, int](3)
	values := []int{0, 1, 2, 3, 4}
	for i, key := range []string{"a", "b", "c"} {
		if got := table.put(key, &values[i]); got != &values[i] {
			t.Fatalf("put %s: %v", key, got)
		}
	}
	if got := table.put("a", &values[4]); got != &values[0] {
		t.Error("a second value replaced the first")
	}
	if got := table.put("d", &values[3]); got != nil || table.get("d") != nil {
		t.Error("more than the bound")
	}
	if *table.get("b") != 1 || table.get("") != nil {
		t.Error("lookup")
	}
}

func TestTableConcurrently(t *testing.T) {
	t.Parallel()
	table := newTable[int, int](500)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				value := i
				if got := table.put(i, &value); got != nil && *got != i {
					t.Errorf("%d: %d", i, *got)
				}
				if got := table.get(i); got != nil && *got != i {
					t.Errorf("%d: %d", i, *got)
				}
			}
		})
	}
	wg.Wait()
	if n := table.n.Load(); n != 500 {
		t.Errorf("%d entries", n)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	v := newValues(100)
	tests := []struct{ raw, want string }{
		{"", ""},
		{"gpt-x", "gpt-x"},
		{`a"b\c`, `a"b\c`},
		{"a\nb\x1b[0m", "a_b_[0m"},
		{"a\u202eb\u2028", "a_b_"},
		{"a\xffb", "a_b"},
		{"模型", "模型"},
		{strings.Repeat("x", 500), strings.Repeat("x", 128)},
		{strings.Repeat("é", 500), strings.Repeat("é", 64)},
		{"x" + strings.Repeat("é", 500), "x" + strings.Repeat("é", 63)},
	}
	for _, test := range tests {
		if got := v.label(test.raw, true); got != test.want {
			t.Errorf("%.20q: got %q, want %q", test.raw, got, test.want)
		}
	}
	if got := v.label("new", false); got != other {
		t.Errorf("a value that is not to be admitted: %q", got)
	}
	if got := v.label("gpt-x", false); got != "gpt-x" {
		t.Errorf("a known value: %q", got)
	}
}

// A label value aliases a buffer that is used again: what was kept must not change.
func TestLabelsOwnTheirMemory(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	buf := []byte("acme gpt-y")
	r := sampleRecord()
	r.Tenant, r.Model = view(buf[:4]), view(buf[5:])
	done(m, r)
	copy(buf, "evil gpt-z")
	r.done = false
	done(m, r)
	e := scrape(t, m)
	for _, tenant := range []string{"acme", "evil"} {
		e.want(t, map[string]float64{`weir_requests_total{tenant="` + tenant + `",route="gpt-*",endpoint="chat",outcome="ok"}`: 1})
	}
}

// Labels with a million values: the series stay bounded, the rest is "other", and nothing is lost.
func TestFault29_LabelFlood(t *testing.T) {
	m := NewMetrics(Build{}, Limits{Operations: 100})
	s := NewSink(m, nil, SinkOptions{})
	r := sampleRecord()
	n := 1_000_000
	if raceEnabled {
		n = 50_000
	}
	before := heap()
	buf := make([]byte, 0, 64)
	found := []Count{{"", 1}, {"zero_width", 7}}
	for i := range n {
		buf = fmt.Appendf(buf[:0], "name-that-nobody-has-seen-before-%d", i)
		r.done = false
		r.Tenant, r.Model, r.ModelReturned, r.Route, r.Endpoint = view(buf), view(buf), view(buf), "r", "chat"
		r.ErrorType, r.Target = view(buf), view(buf)
		r.Attempts[0].Target, r.Attempts[1].Reason = view(buf), view(buf)
		r.Signals, r.Phrases = found, found[:1]
		found[0].Name, r.PromptBytes, r.PromptSeen = view(buf), 3, 1
		s.Done(r)
		if i%8 == 0 {
			m.BadRequest(view(buf))
		}
	}
	if grown := int64(heap()) - int64(before); grown > 24<<20 {
		t.Errorf("a million names left %d KiB behind", grown>>10)
	}
	e := scrape(t, m)
	for name, most := range map[string]int{
		"weir_requests_total": 1001, "weir_bad_requests_total": maxReasons + 1, "weir_upstream_attempts_total": 8*maxReasons + 1,
		"weir_signal_requests_total": 10_001, "weir_phrase_requests_total": 10_001, "weir_prompt_bytes_total": 2 * 1001,
		"gen_ai_client_operation_duration_seconds_count": 101, "gen_ai_client_token_usage_count": 2 * 101,
	} {
		if got := e.count(name); got > most || got < 2 {
			t.Errorf("%s has %d series, bound is %d", name, got, most)
		}
	}
	e.want(t, map[string]float64{
		`weir_requests_total{tenant="other",route="r",endpoint="chat",outcome="ok"}`: float64(n - 1000),
		`weir_request_duration_seconds_count{route="r",endpoint="chat"}`:             float64(n),
		`weir_signal_requests_total{tenant="other",signal="zero_width"}`:             float64(n - 1000),
		`weir_prompt_bytes_total{tenant="other",seen="true"}`:                        float64(n - 1000),
		`weir_prompt_bytes_total{tenant="other",seen="false"}`:                       float64(2 * (n - 1000)),
	})
	if got := e.sum("weir_signal_requests_total"); got != float64(2*n) {
		t.Errorf("%v signals counted, want %d", got, 2*n)
	}
	if got := e.sum("weir_phrase_requests_total"); got != float64(n) {
		t.Errorf("%v lists counted, want %d", got, n)
	}
}

// Names of models that no answer has confirmed take no place: a client cannot push the real ones out by asking for others.
func TestFault29_MadeUpModels(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{Models: 3})
	r := sampleRecord()
	for i := range 1000 {
		r.Reset()
		*r = *sampleRecord()
		r.Model, r.ModelReturned, r.Outcome = fmt.Sprint("made-up-", i), "", ClientError
		done(m, r)
	}
	done(m, sampleRecord())
	e := scrape(t, m)
	e.want(t, map[string]float64{
		`gen_ai_client_operation_duration_seconds_count{operation_name="chat",provider_name="openai",request_model="other",response_model="",error_type="client_error"}`:     1000,
		`gen_ai_client_operation_duration_seconds_count{operation_name="chat",provider_name="openai",request_model="gpt-x",response_model="gpt-x-2026-01-01",error_type=""}`: 1,
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// FuzzSeries holds: whatever a label's value, the exposition stays readable.
func FuzzSeries(f *testing.F) {
	for _, seed := range []string{"", "a", `\`, `"`, `\"`, `"} 1`, "a\nb 1", "\xff", strings.Repeat("é", 100), "\u202e{x=\"y\"}"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, tenant, model string) {
		m := NewMetrics(Build{Version: tenant}, Limits{})
		r := sampleRecord()
		r.Tenant, r.Model, r.Target = tenant, model, model
		done(m, r)
		m.BadRequest(model)
		var page bytes.Buffer
		m.writeFamilies(&page)
		readExposition(t, page.String())
		if l := clean(clip(tenant)); len(l) > maxLabel || !utf8.ValidString(l) || clean(l) != l {
			t.Fatalf("label %q", l)
		}
	})
}

func TestDoneAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	m := NewMetrics(Build{}, Limits{Tenants: 1})
	s := NewSink(m, nil, SinkOptions{})
	r := sampleRecord()
	r.Uninspected.Images = 1
	for _, change := range []func(){
		func() {},
		func() { r.Tenant = "beyond the bound" },
		func() { r.Outcome, r.TTFT = UpstreamCut, 1 },
		func() { r.Outcome = ClientLeft },
		func() { r.Estimated = true },
		func() { r.Signals, r.Phrases = []Count{{"zero_width", 1}, {"odd\x01", 2}}, []Count{{"leaks", 1}} },
		func() { r.PromptBytes, r.PromptSeen = 1000, 10 },
		func() { r.Tenant = "acme" },
		func() { r.Attempts[0].Reason, r.Endpoint = "odd\x01", "odd\u202e" },
		func() { r.Target, r.Attempts = "", nil },
	} {
		change()
		again := func() { r.done = false; s.Begin(); s.Done(r) }
		fresh := func() { r.recent = recent{}; again() } // of a pool that was empty
		fresh()
		if n := testing.AllocsPerRun(100, again) + testing.AllocsPerRun(100, fresh); n != 0 {
			t.Errorf("%v allocations for %+v", n, r)
		}
	}
	m.Degraded("log", false)
	m.BadRequest("why")
	m.RetryBudgetExhausted("cloud")
	if n := testing.AllocsPerRun(100, func() {
		m.BadRequest("why")
		m.RetryBudgetExhausted("cloud")
		m.ConnOpened()
		m.ConnClosed()
		m.ConnShed()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
