package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weir/host"
	"weir/host/config"
)

// recordOf is a line of records: a chat with this text.
func recordOf(id, tenant, text, answer, verdicts string) string {
	t, _ := json.Marshal(map[string]any{"messages": []any{map[string]any{"role": "user", "text": text}}, "answer": answer})
	return fmt.Sprintf(`{"request_id":%q,"tenant":%q,"endpoint":"chat","model":"m","status":200,"outcome":"ok","verdicts":[%s],"text":%s}`, id, tenant, verdicts, t)
}

// ruled1 is a verdict on a request.
func ruled1(plugin, action string) string {
	return fmt.Sprintf(`{"plugin":%q,"hook":"request","action":%q,"score":null,"us":2.5,"fuel":100}`, plugin, action)
}

func recordsFile(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// parsed is a configuration with the tests' cache.
func parsed(t testing.TB, yaml string) *config.Config {
	t.Helper()
	cfg, err := config.Parse(filepath.Join(t.TempDir(), "weir.yaml"), []byte("cache_dir: "+cacheDir(t)+"\n"+simulated+yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// replayed runs a replay, and gives what changed as line:id:hook=old→new.
func replayed(t testing.TB, o host.ReplayOptions) (changed []string, s *host.ReplaySummary) {
	t.Helper()
	o.Changed = func(c *host.ReplayChange) error {
		for _, h := range c.Hooks {
			changed = append(changed, fmt.Sprintf("%d:%s:%s=%s→%s", c.Line, c.RequestID, h.Hook, h.Old.Word(), h.New.Word()))
		}
		return nil
	}
	s, err := host.Replay(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return changed, s
}

func TestReplay(t *testing.T) {
	t.Parallel()
	path := recordsFile(t,
		recordOf("r1", "a", "a secret", "fine", ruled1("deny", "none")),
		recordOf("r2", "b", "nothing", "", ruled1("deny", "deny")),
		`{"request_id":"torn`,
		``,
		recordOf("r3", "a", "nothing", "its secret", ruled1("deny", "none")),
		`{"request_id":"r4","tenant":"a","endpoint":"chat","model":"m"}`,
		`[1]`,
		strings.Replace(recordOf("r5", "a", "nothing", "", ruled1("other", "deny")), `"answer"`, `"truncated":true,"answer"`, 1),
		`{"request_id":"r6","endpoint":"rerank","model":"m","novelty":{"x":[1]},"status":"fine","text":{"messages":[{"role":"user","text":"x"}]}}`,
		`{"request_id":"r7","endpoint":"chat","model":"m","text":{"messages":"of another shape"}}`,
	)
	cfg := parsed(t, "plugins: { deny: { module: "+guestFile(t, "noop")+", config: { word: secret }, mode: observe, sample: 0 } }\n")
	changed, s := replayed(t, host.ReplayOptions{Records: path, Plugin: guestFile(t, "deny"), Config: cfg, Parallel: 3})
	if want := []string{"1:r1:request=none→deny", "2:r2:request=deny→none", "5:r3:delta=none→stop"}; !slices.Equal(changed, want) {
		t.Errorf("%q", changed)
	}
	if s.Plugin != "deny" || s.Version != "1" || len(s.Digest) != 64 || s.Records != 6 || s.Replayed != 4 || s.Changed != 3 || s.WithoutText != 1 || s.Unreadable != 1 ||
		!strings.Contains(s.WhyUnreadable, "rerank") || s.WithoutVerdict != 1 || s.Truncated != 1 || s.BadLines != 3 || len(s.Faults) != 0 || s.Others != nil {
		t.Errorf("%+v", s)
	}
	if len(s.Bad) != 3 || s.Bad[0].Line != 3 || s.Bad[1].Line != 7 || s.Bad[2].Line != 10 || !strings.Contains(s.Bad[2].Why, "text") {
		t.Errorf("%+v", s.Bad)
	}
	want := []host.ReplayCount{
		{Hook: "request", Old: "deny", New: "none", Records: 1}, {Hook: "request", Old: "none", New: "deny", Records: 1},
		{Hook: "request", Old: "none", New: "none", Records: 2}, {Hook: "delta", Old: "none", New: "stop", Records: 1},
	}
	if !reflect.DeepEqual(s.Verdicts, want) {
		t.Errorf("%+v", s.Verdicts)
	}
	if len(s.Costs) != 2 || s.Costs[0].Old.Calls != 3 || s.Costs[0].Old.Fuel.P50 != 100 || s.Costs[0].New.Calls != 4 || s.Costs[0].New.Fuel.Max <= 0 ||
		s.Costs[0].New.US.P99 < s.Costs[0].New.US.P50 || s.Costs[1].Old != nil {
		b, _ := json.Marshal(s.Costs)
		t.Errorf("%s", b)
	}
	if again, _ := replayed(t, host.ReplayOptions{Records: path, Plugin: guestFile(t, "deny"), Config: cfg, Limit: 2}); len(again) != 2 {
		t.Errorf("of the first two: %q", again)
	}
}

// Which plugin of the records is meant.
func TestReplayName(t *testing.T) {
	t.Parallel()
	line := func(plugins ...string) string {
		verdicts := make([]string, len(plugins))
		for i, p := range plugins {
			verdicts[i] = ruled1(p, "none")
		}
		return recordOf("r", "acme", "x", "", strings.Join(verdicts, ","))
	}
	for name, c := range map[string]struct {
		record, option, yaml string
		want, err            string
		ran                  int64
	}{
		"the only one":        {record: line("filter"), want: "filter", ran: 1},
		"by file or manifest": {record: line("filter", "noop"), want: "noop", ran: 1},
		"chosen":              {record: line("filter", "noop"), option: "filter", want: "filter", ran: 1},
		"ambiguous":           {record: line("filter", "pii"), err: "--name which one"},
		"ambiguous tenants":   {record: line("a/noop", "b/noop"), err: "a/noop, b/noop"},
		"none":                {record: line(), want: "noop", ran: 1},
		"a tenant's":          {record: line("acme/filter"), want: "acme/filter", ran: 1},
		"another tenant's":    {record: line("noop"), option: "beta/filter", want: "beta/filter"},
		"not configured":      {record: line("filter"), yaml: "plugins: { pii: { module: builtin:pii, on_load_error: allow } }", err: "no plugins.filter; it has pii"},
		"none configured":     {record: line(), yaml: "plugins: { pii: { module: builtin:pii, on_load_error: allow } }", err: "--name: pii"},
		"configured tenant's": {record: line("filter"), yaml: "tenants: { acme: { keys: [{ value: aaaaaaaaaaaaaaaa }] } }\nplugins: { filter: { module: x.wasm, tenant: acme, on_load_error: allow } }", want: "acme/filter", ran: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := host.ReplayOptions{Records: recordsFile(t, c.record), Plugin: guestFile(t, "noop"), Name: c.option}
			if c.yaml != "" {
				o.Config = parsed(t, c.yaml+"\n")
			}
			s, err := host.Replay(t.Context(), o)
			switch {
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
			case err != nil:
				t.Error(err)
			case s.Plugin != c.want || s.Replayed != c.ran || s.OtherTenant != 1-c.ran:
				t.Errorf("%+v, want %q", s, c.want)
			}
		})
	}
}

// A plugin that fails does so for every record: no breaker hides what the others would have met.
func TestFault20_Replay(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 12 {
		lines = append(lines, recordOf(fmt.Sprint(i), "a", "x", "an answer", ruled1("p", "none")))
	}
	for guest, class := range map[string]string{"trap-delta": "trap", "loop-delta": "fuel", "verdict-delta-edit": "verdict"} {
		t.Run(guest, func(t *testing.T) {
			t.Parallel()
			cfg := parsed(t, "plugins: { p: { module: x.wasm, limits: { fuel: 1M }, on_load_error: allow } }\n")
			changed, s := replayed(t, host.ReplayOptions{Records: recordsFile(t, lines...), Plugin: guestFile(t, guest), Config: cfg, Parallel: 2})
			if s.Faults[class] != 12 || s.Changed != 12 || changed[0] != "1:0:delta=none→fault:"+class {
				t.Errorf("%q, %+v", changed, s)
			}
		})
	}
}

// What changes is told in the order of the records, however many run at a time.
func TestReplayOrder(t *testing.T) {
	t.Parallel()
	var lines, want []string
	for i := range 600 {
		text := "nothing"
		if i%3 == 0 {
			text = "a secret" + strings.Repeat(" and more", i)
			want = append(want, fmt.Sprintf("%d:r%d:request=none→deny", i+1, i))
		}
		lines = append(lines, recordOf(fmt.Sprintf("r%d", i), fmt.Sprintf("t%d", i%7), text, "", ""))
	}
	cfg := parsed(t, "plugins: { deny: { module: x.wasm, config: { word: secret }, on_load_error: allow } }\n")
	changed, s := replayed(t, host.ReplayOptions{Records: recordsFile(t, lines...), Plugin: guestFile(t, "deny"), Config: cfg, Parallel: 8})
	if !slices.Equal(changed, want) || s.Changed != 200 || s.WithoutVerdict != 600 {
		t.Errorf("%d changes, %+v", len(changed), s)
	}
}

// A replay ends when it is told to, and where what it tells is not taken.
func TestReplayEndsEarly(t *testing.T) {
	t.Parallel()
	var lines []string
	for range 2000 {
		lines = append(lines, recordOf("r", "a", "x", "", ruled1("noop", "deny")))
	}
	o := host.ReplayOptions{Records: recordsFile(t, lines...), Plugin: guestFile(t, "noop"), Config: parsed(t, "plugins: { noop: { module: x.wasm, on_load_error: allow } }\n")}
	ctx, cancel := context.WithCancel(t.Context())
	o.Changed = func(*host.ReplayChange) error { cancel(); return nil }
	if _, err := host.Replay(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	full := errors.New("full")
	o.Changed = func(*host.ReplayChange) error { return full }
	if _, err := host.Replay(t.Context(), o); !errors.Is(err, full) {
		t.Errorf("refused: %v", err)
	}
	for _, bad := range []host.ReplayOptions{{Records: o.Records, Plugin: "nowhere.wasm"}, {Records: "nowhere.jsonl", Plugin: o.Plugin}, {Records: o.Records, Plugin: guestFile(t, "import-env")}} {
		if s, err := host.Replay(t.Context(), bad); err == nil || s != nil {
			t.Errorf("%+v: %v, %+v", bad, err, s)
		}
	}
}

// What a gateway recorded of a plugin, the plugin says again: in every dialect, streamed or not.
func TestReplayOfGateway(t *testing.T) {
	t.Parallel()
	m := guest(t, "deny", "config: { word: hello }")
	records, path := recorded(t)
	yaml := simulated + records + policed(t, "deny", m)
	g := start(t, yaml)
	c := client(t)
	for _, stream := range []bool{false, true} {
		for _, text := range []string{"Say hello.", "Say something."} {
			post(t, c, g.url+"/v1/chat/completions", chat(stream, text))
		}
	}
	for _, s := range surfaces {
		post(t, c, g.url+s.path, s.body)
	}
	g.stop()
	cfg, err := config.Parse(filepath.Join(t.TempDir(), "weir.yaml"), []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	changed, s := replayed(t, host.ReplayOptions{Records: path, Plugin: guestFile(t, "deny"), Config: cfg})
	if len(changed) != 0 || s.Replayed != int64(4+len(surfaces)) || s.WithoutVerdict != 0 || s.Costs[0].Old.Fuel != s.Costs[0].New.Fuel {
		b, _ := json.Marshal(s)
		t.Errorf("%q, %s", changed, b)
	}
}
