package plugin

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// tagsOf calls on_request and gives the tags of the verdict, by name.
func tagsOf(t *testing.T, p *Pool, f frame.Encoder) map[string]string {
	t.Helper()
	c := frame.Call{Hook: abi.HookRequest, Frame: f}
	if f := p.Call(&c); f != nil {
		t.Fatal(f)
	}
	tags := make(map[string]string)
	v := frame.ReadVerdict(c.Verdict)
	for a, ok := v.Next(); ok; a, ok = v.Next() {
		if a.Kind == abi.ActionTag {
			tags[string(a.Name)] = string(a.Text)
		}
	}
	if f := v.Err(); f != nil {
		t.Fatal(f)
	}
	return tags
}

// One tenant's instances leave their secret wherever they can; no other instance finds any of it, also not in memory that
// was theirs.
func TestFault24_NothingLeaks(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	limits := patient
	limits.Memory = 1 << 20
	plugin := configure(t, r, "leak", limits, Setting{})
	empty := newText(abi.HookRequest, nil)
	for n := range 40 {
		p := plugin.For([]string{"a", "b"}[n/4%2])
		switch tags := tagsOf(t, p, empty); {
		case n%4 == 0 && tags["leak"] != "00000000":
			t.Fatalf("round %d: a fresh instance found %s words of somebody", n, tags["leak"])
		case n%4 != 0 && tags["leak"] == "00000000":
			t.Fatalf("round %d: a used instance finds nothing: the test shows nothing", n)
		}
		if n%4 == 3 {
			for _, c := range p.appendIdle(nil) {
				p.evict(c.i, c.lastUse)
			}
		}
	}
	c := plugin.For("c")
	if tags := tagsOf(t, c, empty); tags["leak"] != "00000000" {
		t.Errorf("the first call found %s", tags["leak"])
	}
}

// State is the tenant's and the plugin's: a key is another one for anybody else.
func TestFault24_StateIsTheTenants(t *testing.T) {
	t.Parallel()
	store := &memoryStore{}
	r := open(t, Options{State: store})
	operator := configure(t, r, "count", patient, Setting{})
	own := configure(t, r, "count", patient, Setting{Tenant: "a"}) // the same name as the operator's
	empty := newText(abi.HookRequest, nil)
	for _, step := range []struct {
		pool  *Pool
		count string
		first string
	}{
		{operator.For("a"), "1", "1"},
		{operator.For("a"), "2", "0"},
		{operator.For("b"), "1", "1"},
		{own.For("a"), "1", "1"},
		{own.For("b"), "2", "0"},
		{operator.For("b"), "2", "0"},
	} {
		tags := tagsOf(t, step.pool, empty)
		if tags["count"] != step.count || tags["first"] != step.first {
			t.Errorf("count %s, first %s; want %s, %s", tags["count"], tags["first"], step.count, step.first)
		}
	}
	for name := range store.spaces {
		if name != "a|count" && name != "b|count" && name != "a|a/count" && name != "|count" {
			t.Errorf("a namespace %q", name)
		}
	}
}

// A self-test sees blank state and leaves nothing in the real one, and what it saw is not served to anybody.
func TestSelfTestLeavesNoState(t *testing.T) {
	t.Parallel()
	store, observed := &memoryStore{}, &recorder{}
	r := open(t, Options{State: store, Observer: observed})
	plugin := configure(t, r, "count", patient, Setting{SelfTest: newText(abi.HookRequest, nil)})
	for name, s := range store.spaces {
		if len(s.counts)+len(s.values) != 0 {
			t.Errorf("the self-test left %v and %v in %q", s.counts, s.values, name)
		}
	}
	if len(observed.counts) != 0 {
		t.Errorf("the self-test counted: %v", observed.counts)
	}
	if s := plugin.Stats(); s.Instances != 0 {
		t.Errorf("the instance that saw blank state is kept: %+v", s)
	}
	if tags := tagsOf(t, plugin.For("a"), newText(abi.HookRequest, nil)); tags["count"] != "1" || tags["first"] != "1" {
		t.Errorf("the first request: %v", tags)
	}
	if observed.counts["count|a|requests"].Load() != 1 {
		t.Errorf("counted: %v", observed.counts)
	}
}

// The call says when a verdict is not the frame's alone.
func TestCallStateful(t *testing.T) {
	t.Parallel()
	r := open(t, Options{State: &memoryStore{}})
	for guest, want := range map[string]bool{"noop": false, "scan": false, "count": true, "reconfigure": false} {
		c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, []byte("text"))}
		if f := configure(t, r, guest, patient, Setting{}).For("a").Call(&c); f != nil || c.Stateful != want {
			t.Errorf("%s: stateful %v, want %v; fault %v", guest, c.Stateful, want, f)
		}
	}
}

// The same frame costs the same fuel, in fresh instances and in used ones.
func TestFuelIsExact(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "scan", patient, Setting{})
	f := newText(abi.HookRequest, []byte(strings.Repeat("sixteen bytes... ", 20_000)))
	var want int64
	for n := range 6 {
		c := frame.Call{Hook: abi.HookRequest, Frame: f}
		if f := plugin.For([]string{"a", "b"}[n%2]).Call(&c); f != nil {
			t.Fatal(f)
		}
		if n == 0 {
			want = c.Fuel
		}
		if c.Fuel != want || want < 2*firstSlice {
			t.Errorf("call %d: %d units, the first %d", n, c.Fuel, want)
		}
	}
	least := Limits{Wait: time.Minute, Deadline: time.Minute, Fuel: want}
	enough := configure(t, plugin.runtime, "scan", least, Setting{}).For("a")
	c := frame.Call{Hook: abi.HookRequest, Frame: f}
	if f := enough.Call(&c); f != nil {
		t.Errorf("with exactly what it needs: %v", f)
	}
	least.Fuel -= mostSlice // the last stretch of code is paid for without a look
	if f := configure(t, plugin.runtime, "scan", least, Setting{}).For("a").Call(&c); f == nil || f.Class != frame.Fuel {
		t.Errorf("with a slice less: %v", f)
	}
}

// on_tick is called on one idle instance of every pool in use; what fails there is told, and tried ever more rarely.
func TestTick(t *testing.T) {
	t.Parallel()
	observed := &recorder{}
	r := open(t, Options{Observer: observed, State: &memoryStore{}})
	plugin := configure(t, r, "count", patient, Setting{})
	c := frame.Call{Hook: abi.HookTick, Frame: newBare(abi.HookTick)}
	idle, used := plugin.For("idle"), plugin.For("used")
	tagsOf(t, used, newText(abi.HookRequest, nil))
	used.tick(&c)
	idle.tick(&c)
	if n := len(observed.ticks); n != 1 || observed.ticks[0] != nil {
		t.Fatalf("ticks: %v", observed.ticks)
	}
	if observed.counts["count|used|ticks"].Load() != 1 {
		t.Errorf("counted: %v", observed.counts)
	}
	used.lastUse -= int64(2 * tickFor)
	used.tick(&c)
	if n := len(observed.ticks); n != 1 {
		t.Error("a pool that is not in use was called")
	}
}

func TestFault23_TickKeepsFailing(t *testing.T) {
	t.Parallel()
	observed := &recorder{}
	r := open(t, Options{Observer: observed})
	p := configure(t, r, "trap-tick", patient, Setting{}).For("a")
	c := frame.Call{Hook: abi.HookTick, Frame: newBare(abi.HookTick)}
	var failed []int
	for round := range 40 {
		if f := request(p); f != nil { // requests go on
			t.Fatal(f)
		}
		before := len(observed.ticks)
		p.tick(&c)
		if len(observed.ticks) > before {
			failed = append(failed, round)
		}
	}
	want := []int{0, 2, 6, 14, 30}
	if len(failed) != len(want) {
		t.Fatalf("it failed in rounds %v, want %v", failed, want)
	}
	for n := range want {
		if failed[n] != want[n] || observed.ticks[n] == nil || observed.ticks[n].Class != frame.Trap {
			t.Errorf("it failed in rounds %v, want %v; %v", failed, want, observed.ticks[n])
		}
	}
}

// panicky is state with a bug in it.
type panicky struct{ blank }

func (panicky) Add(key []byte, _ int64, _ time.Duration) int64 {
	return make([]int64, len(key))[len(key)]
}

func (p panicky) Namespace(_, _ string) State { return p }

// A bug in what host functions call costs the call and is in the log; the process goes on.
func TestFault36_HostFunctionPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := open(t, Options{State: panicky{}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	plugin := configure(t, r, "count", Limits{}, Setting{})
	for range 2 {
		if f := request(plugin.For("a")); f == nil || f.Class != frame.Trap || !strings.Contains(f.Detail, "host function") {
			t.Errorf("fault %v", f)
		}
	}
	if !strings.Contains(log.String(), "a host function panicked") || !strings.Contains(log.String(), "panicky") {
		t.Errorf("the log lacks the panic and its stack: %s", &log)
	}
	if s := plugin.Stats(); s.Discarded != 2 {
		t.Errorf("%+v", s)
	}
}
