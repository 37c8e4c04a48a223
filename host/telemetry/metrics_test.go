package telemetry

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func done(m *Metrics, r *Record) {
	s := NewSink(m, nil, SinkOptions{})
	s.Begin()
	s.Done(r)
}

func TestFreshMetrics(t *testing.T) {
	t.Parallel()
	e := scrape(t, NewMetrics(Build{Version: `1.0"x\`, Revision: "abc"}, Limits{}))
	e.want(t, map[string]float64{
		`weir_build_info{version="1.0\"x\\",revision="abc",go_version="` + runtime.Version() + `"}`: 1,
		`weir_connections`:                                  0,
		`weir_requests_in_flight`:                           0,
		`weir_connections_shed_total`:                       0,
		`weir_records_written_total`:                        0,
		`weir_records_dropped_total`:                        0,
		`weir_client_left_total{phase="before_first_byte"}`: 0,
		`weir_client_left_total{phase="in_stream"}`:         0,
		`weir_reloads_total{result="ok"}`:                   0,
		`weir_reloads_total{result="failed"}`:               0,
		`weir_uninspected_total{kind="images"}`:             0,
		`weir_config_last_reload_success_timestamp_seconds`: 0,
	})
	if e.samples["process_start_time_seconds"] == 0 && runtime.GOOS == "linux" {
		t.Error("no figures of the process")
	}
}

func TestRequestMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	done(m, sampleRecord())
	e := scrape(t, m)
	op := `operation_name="chat",provider_name="openai",request_model="gpt-x",response_model="gpt-x-2026-01-01"`
	e.want(t, map[string]float64{
		`weir_requests_total{tenant="acme",route="gpt-*",endpoint="chat",outcome="ok"}`:       1,
		`weir_request_duration_seconds_count{route="gpt-*",endpoint="chat"}`:                  1,
		`weir_request_duration_seconds_sum{route="gpt-*",endpoint="chat"}`:                    1.2,
		`weir_request_duration_seconds_bucket{route="gpt-*",endpoint="chat",le="1"}`:          0,
		`weir_request_duration_seconds_bucket{route="gpt-*",endpoint="chat",le="2.5"}`:        1,
		`weir_overhead_seconds_sum{endpoint="chat"}`:                                          40e-6,
		`weir_upstream_attempts_total{target="local",result="refused"}`:                       1,
		`weir_upstream_attempts_total{target="cloud",result="ok"}`:                            1,
		`weir_retries_total{target="cloud",reason="refused"}`:                                 1,
		`weir_tokens_total{tenant="acme",route="gpt-*",type="input",source="reported"}`:       1200,
		`weir_tokens_total{tenant="acme",route="gpt-*",type="cached",source="reported"}`:      1024,
		`weir_tokens_total{tenant="acme",route="gpt-*",type="cache_write",source="reported"}`: 10,
		`weir_tokens_total{tenant="acme",route="gpt-*",type="output",source="reported"}`:      101,
		`weir_tokens_total{tenant="acme",route="gpt-*",type="reasoning",source="reported"}`:   40,
		`gen_ai_client_token_usage_sum{` + op + `,token_type="input"}`:                        1200,
		`gen_ai_client_token_usage_sum{` + op + `,token_type="output"}`:                       101,
		`gen_ai_client_operation_duration_seconds_sum{` + op + `,error_type=""}`:              1.2,
		`gen_ai_server_time_to_first_token_seconds_sum{` + op + `}`:                           .2,
		`gen_ai_server_time_per_output_token_seconds_sum{` + op + `}`:                         .01,
		`weir_requests_in_flight`: 0,
	})
	for name, kind := range map[string]string{"weir_requests_total": "counter", "weir_connections": "gauge", "gen_ai_client_token_usage": "histogram"} {
		if e.types[name] != kind {
			t.Errorf("%s is a %q, want %s", name, e.types[name], kind)
		}
	}
}

func TestOutcomeMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	for o := OK; o < outcomes; o++ {
		for _, ttft := range []time.Duration{0, time.Second} {
			r := sampleRecord()
			r.Outcome, r.TTFT, r.Attempts, r.Estimated = o, ttft, nil, o != OK
			done(m, r)
		}
	}
	e := scrape(t, m)
	op := `operation_name="chat",provider_name="openai",request_model="gpt-x",response_model="gpt-x-2026-01-01"`
	e.want(t, map[string]float64{
		`weir_client_left_total{phase="before_first_byte"}`:                                    1,
		`weir_client_left_total{phase="in_stream"}`:                                            1,
		`weir_stream_errors_total{target="cloud",reason="upstream_cut"}`:                       1,
		`weir_stream_errors_total{target="cloud",reason="upstream_timeout"}`:                   1,
		`weir_stream_errors_total{target="cloud",reason="upstream_error"}`:                     1,
		`weir_tokens_total{tenant="acme",route="gpt-*",type="input",source="estimated"}`:       20 * 1200,
		`gen_ai_client_token_usage_count{` + op + `,token_type="input"}`:                       2, // estimates do not count
		`gen_ai_server_time_to_first_token_seconds_count{` + op + `}`:                          1, // nor failures
		`gen_ai_client_operation_duration_seconds_count{` + op + `,error_type="upstream_cut"}`: 2,
	})
	if n := e.count("weir_stream_errors_total"); n != 3 {
		t.Errorf("%d kinds of stream errors", n)
	}
	for o := OK; o < outcomes; o++ {
		e.want(t, map[string]float64{fmt.Sprintf(`weir_requests_total{tenant="acme",route="gpt-*",endpoint="chat",outcome="%s"}`, o): 2})
	}
}

func TestOtherMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	m.ConnOpened()
	m.ConnOpened()
	m.ConnClosed()
	m.ConnShed()
	m.BadRequest("duplicate_content_length")
	m.RetryBudgetExhausted("local")
	m.Degraded("log", true)
	m.Degraded("records", true) // not for others to say
	m.Degraded("cache", true)
	m.Degraded("cache", false)
	m.Reloaded(true, time.UnixMilli(1_750_000_000_500))
	m.Reloaded(false, time.UnixMilli(1_760_000_000_000))
	r := sampleRecord()
	r.Uninspected, r.Endpoint = Uninspected{Images: 3, Tokens: 1}, "models"
	NewSink(m, nil, SinkOptions{}).Begin()
	done(m, r)
	e := scrape(t, m)
	e.want(t, map[string]float64{
		`weir_connections`:            1,
		`weir_connections_shed_total`: 1,
		`weir_requests_in_flight`:     1,
		`weir_bad_requests_total{reason="duplicate_content_length"}`: 1,
		`weir_retry_budget_exhausted_total{target="local"}`:          1,
		`weir_degraded{part="log"}`:                                  1,
		`weir_degraded{part="records"}`:                              0,
		`weir_degraded{part="cache"}`:                                0,
		`weir_reloads_total{result="ok"}`:                            1,
		`weir_reloads_total{result="failed"}`:                        1,
		`weir_config_last_reload_success_timestamp_seconds`:          1_750_000_000.5,
		`weir_uninspected_total{kind="images"}`:                      3,
		`weir_uninspected_total{kind="tokens"}`:                      1,
	})
	if m.Connections() != 1 || m.InFlight() != 1 {
		t.Errorf("connections %d, in flight %d", m.Connections(), m.InFlight())
	}
	if n := e.count("gen_ai_client_operation_duration_seconds_count"); n != 0 {
		t.Error("a list of models is no operation of a model")
	}
}

func TestAttemptResult(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]Attempt{
		"ok": {Status: 200}, "status_429": {Status: 429}, "status_4xx": {Status: 404}, "status_5xx": {Status: 503}, "no_answer": {}, "reset": {Status: 200, Reason: "reset"},
	} {
		if got := a.result(); got != want {
			t.Errorf("%+v: %s, want %s", a, got, want)
		}
	}
}

// Nothing is counted twice, or lost, when many end at once and meet new labels.
func TestConcurrentDone(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	s := NewSink(m, nil, SinkOptions{})
	found := []Count{{"zero_width", 2}, {"tags", 1}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := sampleRecord()
			for i := range 2000 {
				s.Begin()
				name := fmt.Sprint("t", i%50)
				r.done, r.Tenant, r.Model, r.Outcome = false, name, name, Outcome(i%2)
				r.Signals, r.Phrases, r.PromptBytes, r.PromptSeen = found, found[:1], 10, 4
				s.Done(r)
			}
		})
	}
	wg.Wait()
	e := scrape(t, m)
	total := e.sum("weir_requests_total")
	if total != 16_000 || e.count("weir_requests_total") != 50 {
		t.Errorf("%v requests in %d series, want 16000 in 50", total, e.count("weir_requests_total"))
	}
	e.want(t, map[string]float64{"weir_requests_in_flight": 0, `weir_request_duration_seconds_count{route="gpt-*",endpoint="chat"}`: 16_000})
	for name, want := range map[string]float64{"weir_signal_requests_total": 32_000, "weir_phrase_requests_total": 16_000, "weir_prompt_bytes_total": 160_000} {
		if got := e.sum(name); got != want {
			t.Errorf("%s adds up to %v, want %v", name, got, want)
		}
	}
}

var readmeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]*) \\| ([^|]*) \\| ([^|]*) \\|")

// The README's table is the catalogue: every family with its labels and its unit, and nothing else.
func TestReadmeListsEveryMetric(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	for _, row := range readmeRow.FindAllStringSubmatch(string(text), -1) {
		listed[row[1]] = row[2:]
	}
	m := NewMetrics(Build{}, Limits{})
	for _, f := range m.all {
		row := listed[f.name]
		delete(listed, f.name)
		labels := "—"
		if len(f.labels) > 0 {
			labels = "`" + strings.Join(f.labels, "`, `") + "`"
		}
		if want := []string{f.kind, labels, f.unit}; fmt.Sprint(row) != fmt.Sprint(want) {
			t.Errorf("README.md lists %s as %q, want %q", f.name, row, want)
		}
	}
	for name := range listed {
		if strings.HasPrefix(name, "weir_") || strings.HasPrefix(name, "gen_ai_") {
			t.Errorf("README.md lists %s, which is not exposed", name)
		}
	}
	r := sampleRecord()
	r.Signals, r.Phrases, r.PromptBytes = []Count{{"tags", 1}}, []Count{{"leaks", 1}}, 1
	done(m, r)
	for key := range scrape(t, m).samples {
		name, _, _ := strings.Cut(key, "{")
		if !process(name) && !strings.Contains(string(text), "`"+familyOf(name, "histogram")+"`") && !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("%s is exposed and not in README.md", name)
		}
	}
}
