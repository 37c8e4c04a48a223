package telemetry

import "testing"

func TestFactMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	if e := scrape(t, m); e.count("weir_signal_requests_total")+e.count("weir_phrase_requests_total")+e.count("weir_prompt_bytes_total") != 0 {
		t.Error("series that never counted")
	}
	r := sampleRecord()
	r.Signals, r.Phrases = []Count{{"zero_width", 3}, {"bidi", 1}, {"tags", 0}}, []Count{{"leaks", 9}}
	r.PromptBytes, r.PromptSeen = 1000, 256
	done(m, r)

	r.Reset()
	*r = *sampleRecord()
	r.Route, r.Endpoint = "another", "messages" // the same tenant's counters
	r.Signals = []Count{{"bidi", 40}}
	r.PromptBytes = 50
	done(m, r)

	r.Reset()
	*r = *sampleRecord()
	r.Tenant = "" // not authenticated, nothing read
	done(m, r)

	e := scrape(t, m)
	e.want(t, map[string]float64{
		`weir_signal_requests_total{tenant="acme",signal="zero_width"}`: 1,
		`weir_signal_requests_total{tenant="acme",signal="bidi"}`:       2,
		`weir_phrase_requests_total{tenant="acme",list="leaks"}`:        1,
		`weir_prompt_bytes_total{tenant="acme",seen="true"}`:            256,
		`weir_prompt_bytes_total{tenant="acme",seen="false"}`:           744 + 50,
	})
	for name, want := range map[string]int{"weir_signal_requests_total": 2, "weir_phrase_requests_total": 1, "weir_prompt_bytes_total": 2} {
		if got := e.count(name); got != want {
			t.Errorf("%s has %d series, want %d", name, got, want)
		}
	}
}

// The two counters of a prompt add up to its bytes, whatever the caller says.
func TestPromptSeenIsWithinThePrompt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		bytes, seen            int64
		seenBytes, unseenBytes float64
	}{{100, 0, 0, 100}, {100, 100, 100, 0}, {100, 101, 100, 0}, {100, -1, 0, 100}} {
		m := NewMetrics(Build{}, Limits{})
		r := sampleRecord()
		r.PromptBytes, r.PromptSeen = test.bytes, test.seen
		done(m, r)
		scrape(t, m).want(t, map[string]float64{
			`weir_prompt_bytes_total{tenant="acme",seen="true"}`:  test.seenBytes,
			`weir_prompt_bytes_total{tenant="acme",seen="false"}`: test.unseenBytes,
		})
		if p := parse(t, r.appendLine(nil, false)); *p.PromptBytes != test.bytes || float64(*p.PromptSeen) != test.seenBytes {
			t.Errorf("%+v: line says %d of %d", test, *p.PromptSeen, *p.PromptBytes)
		}
	}
}

// Names of lists come and go with reloads of the configuration, and each is a label: they stay within their bound, and tenants within theirs.
func TestFault29_ListNames(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{Tenants: 2, Requests: 20})
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
	for i := range 1000 {
		r := sampleRecord()
		r.Tenant = names[i%11]
		for _, name := range names {
			r.Phrases = append(r.Phrases, Count{name + "\n", 1})
		}
		done(m, r)
	}
	e := scrape(t, m)
	if n := e.count("weir_phrase_requests_total"); n > 21 {
		t.Errorf("%d series", n)
	}
	if got := e.sum("weir_phrase_requests_total"); got != 11_000 {
		t.Errorf("%v counted, want 11000", got)
	}
	e.want(t, map[string]float64{`weir_phrase_requests_total{tenant="a",list="k_"}`: 91})
}

// Of more keys than a line holds, the last stay: they stand for the most text.
func TestLineKeepsTheLastKeys(t *testing.T) {
	t.Parallel()
	r := sampleRecord()
	for i := range maxPrefix + 10 {
		r.Prefix = append(r.Prefix, uint64(i))
	}
	p := parse(t, r.appendLine(nil, false))
	if len(p.Prefix) != maxPrefix || p.Prefix[0] != "000000000000000a" || p.Prefix[maxPrefix-1] != "0000000000001009" {
		t.Errorf("%d keys, %s to %s", len(p.Prefix), p.Prefix[0], p.Prefix[len(p.Prefix)-1])
	}
	if p.PromptBytes != nil || p.Signals != nil || p.Phrases != nil {
		t.Errorf("facts that are not there: %+v", p)
	}
}
