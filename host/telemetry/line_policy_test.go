package telemetry

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestLineOfPolicy(t *testing.T) {
	t.Parallel()
	r := sampleRecord()
	r.Verdicts = []Verdict{
		{Plugin: "injection", Digest: "0123456789ab", Hook: "request", Action: "deny", Score: .75, Took: 1250 * time.Nanosecond, Fuel: 1234, Calls: 1, Fault: "none"},
		{Plugin: "acme/own", Digest: "fedcba987654", Hook: "delta", Action: "none", Score: math.NaN(), Took: -1, Calls: 12, Ignored: 2, Observe: true, Fault: "deadline"},
		{Plugin: "gone", Hook: "request", Action: "none", Score: math.Inf(1), Fault: "load"},
	}
	r.Tags = []Tag{{"team", []byte("search")}, {"odd\"\n", []byte("\x1b[0m")}, {"team", []byte("another plugin's")}}
	r.Variant, r.Action = "b", "deny"
	want := `"finish":"stop","verdicts":[` +
		`{"plugin":"injection","digest":"0123456789ab","hook":"request","action":"deny","score":0.75,"us":1.250,"fuel":1234},` +
		`{"plugin":"acme/own","digest":"fedcba987654","hook":"delta","action":"none","score":null,"us":0.000,"fuel":0,"fault":"deadline","calls":12,"ignored":2,"observe":true},` +
		`{"plugin":"gone","digest":"","hook":"request","action":"none","score":null,"us":0.000,"fuel":0,"fault":"load","calls":0}],` +
		`"tags":{"team":"search","odd\"\n":"\u001b[0m"},"variant":"b","action":"deny"}` + "\n"
	line := string(r.appendLine(nil, false))
	if !strings.HasSuffix(line, want) {
		t.Errorf("got %s\nwant %s", line, want)
	}
	parse(t, []byte(line))
	r.Reset()
	if len(r.Verdicts)+len(r.Tags) != 0 || cap(r.Verdicts) < 3 || r.Action != "" || r.Verdicts[:3][0] != (Verdict{}) {
		t.Error("Reset leaves verdicts, or lets their room go")
	}
}

// Whatever plugins say, the line stays bounded and valid, and no name stands twice.
func TestFault40_PolicyInjection(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a\r\n{\"time\":1}", "\u202e\x1b[2J", "\xff\xfe", `","tenant":"root`, strings.Repeat("\x00", 1<<16), strings.Repeat("\u202e", 1<<16)} {
		r := sampleRecord()
		for i := range 500 {
			r.Verdicts = append(r.Verdicts, Verdict{Plugin: s, Digest: s, Hook: s, Action: s, Fault: s, Score: -math.MaxFloat64, Took: math.MaxInt64, Fuel: math.MinInt64, Calls: -9, Ignored: math.MaxInt32, Observe: true})
			r.Tags = append(r.Tags, Tag{fmt.Sprint(i%20, s), []byte(s)})
		}
		r.Variant, r.Action = s, s
		line := r.appendLine(nil, true)
		if len(line) > 256<<10 {
			t.Errorf("%.20q: %d bytes", s, len(line))
		}
		if p := parse(t, line); p.Tenant != "acme" {
			t.Errorf("%.20q changed the record", s)
		}
		var lists struct {
			Verdicts []json.RawMessage
			Tags     map[string]string
		}
		if err := json.Unmarshal(line, &lists); err != nil || len(lists.Verdicts) != maxVerdicts || len(lists.Tags) != 20 {
			t.Errorf("%.20q: %v, %d verdicts, %d tags", s, err, len(lists.Verdicts), len(lists.Tags))
		}
	}
}

func TestPolicyLineAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := sampleRecord()
	r.Verdicts, r.Tags = []Verdict{{Plugin: "p", Calls: 1}}, []Tag{{"a", []byte("b")}, {"c", nil}}
	buf := r.appendLine(nil, false)
	if n := testing.AllocsPerRun(100, func() { buf = r.appendLine(buf[:0], false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
