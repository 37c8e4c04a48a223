package plugin

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
	"weir/testdata/guests"
)

// hostileLimits are small, so that what is stopped by time is stopped soon.
var hostileLimits = Limits{Start: 50 * time.Millisecond, Wait: time.Minute}

// stopped is where and how a hostile guest is stopped.
type stopped struct {
	guest string
	hook  abi.Hook // whose call fails; HookNone: it is refused before any, by Admit or Configure
	class []frame.Class
	words string // in the fault or error
}

// run has a guest stopped as expected, and shows that nothing else was harmed.
func (s stopped) run(t *testing.T) {
	t.Helper()
	limits := hostileLimits
	if !slices.Contains(s.class, frame.Deadline) {
		limits.Deadline = time.Minute // a busy machine must not hide what is looked for
	}
	r := open(t, Options{State: blankStore{}})
	m, err := r.Admit(context.Background(), Source{Name: s.guest, Wasm: guests.Bytes(s.guest), Trusted: true}, limits)
	var p *Plugin
	if err == nil {
		defer m.Close()
		p, err = r.Configure(context.Background(), m, Setting{Name: s.guest, Limits: limits})
	}
	if s.hook == abi.HookNone {
		if err == nil || !strings.Contains(err.Error(), s.words) || !strings.Contains(err.Error(), s.guest) {
			t.Errorf("error %v, want one that names the plugin and says %q", err, s.words)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	pool := p.For("acme")
	const times = 3
	for range times {
		c := frame.Call{Hook: s.hook, Frame: newText(s.hook, []byte("hello"))}
		f := pool.Call(&c)
		if f == nil || !slices.Contains(s.class, f.Class) || !strings.Contains(f.Detail, s.words) {
			t.Fatalf("fault %v, want one of %v that says %q", f, s.class, s.words)
		}
		if c.Verdict != nil {
			t.Errorf("a verdict of %d bytes beside the fault %v", len(c.Verdict), f)
		}
		if took := c.Took(); took > 7*time.Millisecond {
			t.Logf("it took %s", took) // a busy machine; a guest that is not stopped takes minutes
		}
		if c.Took() > 10*time.Second {
			t.Errorf("it took %s", c.Took())
		}
	}
	if s := p.Stats(); s.Discarded != times || s.Instances > 1 {
		t.Errorf("after %d faults: %+v", times, s)
	}
}

// blankStore gives state that keeps nothing.
type blankStore struct{}

func (blankStore) Namespace(_, _ string) State { return blank{} }

var (
	byTime   = []frame.Class{frame.Deadline, frame.Fuel}
	byTrap   = []frame.Class{frame.Trap}
	anyBound = []frame.Class{frame.Deadline, frame.Fuel, frame.Trap}
)

func runAll(t *testing.T, all []stopped) {
	t.Helper()
	for _, s := range all {
		t.Run(s.guest, func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}

func TestFault18_Loops(t *testing.T) {
	t.Parallel()
	runAll(t, []stopped{
		{"loop-start", abi.HookNone, nil, "limits.start"},
		{"loop-initialize", abi.HookNone, nil, "limits.start"},
		{"loop-manifest", abi.HookNone, nil, "limits.start"},
		{"loop-configure", abi.HookNone, nil, "limits.start"},
		{"loop-alloc", abi.HookRequest, byTime, "limits."},
		{"loop-request", abi.HookRequest, byTime, "limits."},
		{"loop-delta", abi.HookDelta, byTime, "limits."},
		{"loop-end", abi.HookEnd, byTime, "limits."},
		{"loop-tick", abi.HookTick, byTime, "limits."},
		{"loop-judge", abi.HookJudge, byTime, "limits."},
		{"loop-feedback", abi.HookFeedback, byTime, "limits."},
		{"loop-import", abi.HookRequest, byTime, "limits."},
		{"loop-work", abi.HookRequest, byTime, "limits."},
	})
}

func TestFault19_Bombs(t *testing.T) {
	t.Parallel()
	runAll(t, []stopped{
		{"memory-bomb", abi.HookRequest, byTime, "limits."},
		{"memory-fill", abi.HookRequest, byTime, "limits."},
		{"memory-copy", abi.HookRequest, byTime, "limits."},
		{"memory-init", abi.HookRequest, byTime, "limits."},
		{"memory-huge", abi.HookNone, nil, "memory"},
		{"memory-above", abi.HookNone, nil, "memory"},
		{"table-bomb", abi.HookRequest, byTime, "limits."},
		{"table-fill", abi.HookRequest, byTime, "limits."},
		{"table-grow", abi.HookRequest, byTime, "limits."},
		{"table-huge", abi.HookNone, nil, "table"},
		{"table-many", abi.HookNone, nil, "table"},
		{"recursion-direct", abi.HookRequest, byTrap, "limits.stack"},
		{"recursion-mutual", abi.HookRequest, byTrap, "limits.stack"},
		{"recursion-indirect", abi.HookRequest, byTrap, "limits.stack"},
		{"recursion-wide", abi.HookRequest, byTrap, "limits.stack"},
		{"recursion-results", abi.HookRequest, byTrap, "limits.stack"},
		{"recursion-import", abi.HookRequest, anyBound, "limits."},
		{"recursion-start", abi.HookNone, nil, "limits.stack"},
	})
}

// A guest that leaks is stopped at its limit of memory, and the fault says which.
func TestFault19_LeakReachesItsLimit(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "memory-leak", Limits{Memory: 1 << 20}, Setting{})
	p := plugin.For("a")
	for n := 0; ; n++ {
		f := request(p)
		if held := plugin.Stats().Bytes; held > 1<<20+bytesPerInstance+8*bytesPerFunction {
			t.Fatalf("%d bytes are held", held)
		}
		if f == nil && n < 100 {
			continue
		}
		if f == nil || f.Class != frame.Trap || !strings.Contains(f.Detail, "limits.memory") {
			t.Errorf("call %d: %v", n, f)
		}
		return
	}
}

func TestFault21_Traps(t *testing.T) {
	t.Parallel()
	runAll(t, []stopped{
		{"trap-start", abi.HookNone, nil, "start"},
		{"trap-segment", abi.HookNone, nil, "out of bounds"},
		{"trap-initialize", abi.HookNone, nil, "_initialize"},
		{"trap-manifest", abi.HookNone, nil, "weir_manifest"},
		{"trap-configure", abi.HookNone, nil, "weir_on_configure"},
		{"trap-unreachable", abi.HookRequest, byTrap, "unreachable"},
		{"trap-div", abi.HookRequest, byTrap, "divide by zero"},
		{"trap-load", abi.HookRequest, byTrap, "out of bounds"},
		{"trap-convert", abi.HookRequest, byTrap, "overflow"},
		{"trap-indirect", abi.HookRequest, byTrap, "indirect call"},
		{"trap-null", abi.HookRequest, byTrap, "table"},
		{"trap-alloc", abi.HookRequest, byTrap, "weir_alloc"},
		{"trap-delta", abi.HookDelta, byTrap, "weir_on_delta"},
		{"trap-end", abi.HookEnd, byTrap, "weir_on_end"},
		{"trap-tick", abi.HookTick, byTrap, "weir_on_tick"},
	})
}

func TestFault21_Pointers(t *testing.T) {
	t.Parallel()
	export, verdict := []frame.Class{frame.BadExport}, []frame.Class{frame.BadVerdict}
	runAll(t, []stopped{
		{"alloc-end", abi.HookRequest, export, "weir_alloc"},
		{"alloc-outside", abi.HookRequest, export, "weir_alloc"},
		{"alloc-wrap", abi.HookRequest, export, "weir_alloc"},
		{"verdict-outside", abi.HookRequest, verdict, "not in its memory"},
		{"verdict-end", abi.HookRequest, verdict, "not in its memory"},
		{"verdict-wrap", abi.HookRequest, verdict, "not in its memory"},
		{"verdict-huge", abi.HookRequest, verdict, "may have"},
		{"manifest-outside", abi.HookNone, nil, "not in its memory"},
		{"manifest-huge", abi.HookNone, nil, "at most"},
	})
}

// A guest without room for a frame answers 0, as allocators do. Its own data must not be overwritten by the frame, or it would judge
// with it.
func TestFault21_AllocatorWithoutRoom(t *testing.T) {
	t.Parallel()
	limits := patient
	limits.Memory = 256 << 10
	plugin := configure(t, open(t, Options{}), "echo", limits, Setting{}) // in C: static data from address 1024
	p := plugin.For("a")
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, make([]byte, 200<<10))}
	if f := p.Call(&c); f == nil || f.Class != frame.BadExport || !strings.Contains(f.Detail, "weir_alloc") {
		t.Errorf("a frame for which there is no room: %v", f)
	}
	if f := request(p); f != nil {
		t.Errorf("a small frame: %v", f)
	}
}

// Whatever a guest of the collection does, in whatever hook: there is an answer or a fault, the host lives, and the next guest is served.
func TestFault21_EveryHostileGuest(t *testing.T) {
	t.Parallel()
	for _, name := range guests.Hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, Options{State: blankStore{}})
			m, err := r.Admit(context.Background(), Source{Name: name, Wasm: guests.Bytes(name), Trusted: true}, hostileLimits)
			if err != nil {
				return
			}
			defer m.Close()
			p, err := r.Configure(context.Background(), m, Setting{Name: name, Limits: hostileLimits})
			if err != nil {
				return
			}
			defer p.Close()
			for h := abi.HookRequest; h < abi.Hooks; h++ {
				for range 3 {
					c := frame.Call{Hook: h, Frame: newText(h, []byte("hello"))}
					if f := p.For("a").Call(&c); !m.Has(h) && (f == nil || f.Class != frame.BadExport) {
						t.Errorf("%s, which it does not export: %v", h, f)
					}
				}
			}
			if f := request(configure(t, r, "noop", Limits{}, Setting{}).For("a")); f != nil {
				t.Errorf("a healthy plugin afterwards: %v", f)
			}
		})
	}
}

// A plugin that fails now and then loses an instance each time, and works on a new one afterwards.
func TestFault23_TrapsNowAndThen(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "trap-nth", Limits{}, Setting{})
	p := plugin.For("a")
	for n := range 12 {
		if f := request(p); (f != nil) != (n%3 == 2) {
			t.Errorf("call %d: %v", n, f)
		}
	}
	if s := plugin.Stats(); s.Discarded != 4 || s.Instances > 1 {
		t.Errorf("%+v", s)
	}
}

func TestFault25_WrongModules(t *testing.T) {
	t.Parallel()
	runAll(t, []stopped{
		{"abi-2", abi.HookNone, nil, "version 2"},
		{"import-env", abi.HookNone, nil, "env"},
		{"import-socket", abi.HookNone, nil, "sock_open"},
		{"import-unknown", abi.HookNone, nil, "http_get"},
		{"reserved-fuel", abi.HookNone, nil, "weir_meter"},
		{"reserved-import", abi.HookNone, nil, "weir_meter"},
		{"hook-signature", abi.HookNone, nil, "weir_on_request"},
		{"proposal-threads", abi.HookNone, nil, "threads"},
	})
}

// What a plugin refuses or breaks while it is configured is an error that names the setting; nothing is left.
func TestFault25_Configure(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	tests := []struct {
		guest   string
		setting Setting
		limits  Limits
		want    []string
	}{
		{"reconfigure", Setting{Config: []byte(`{"bad":true}`)}, Limits{}, []string{"config", "bad: must not be true"}},
		{"reconfigure", Setting{Limits: Limits{Fuel: -1}}, Limits{}, []string{"limits.fuel"}},
		{"trap-unreachable", Setting{SelfTest: newText(abi.HookRequest, nil)}, Limits{}, []string{"self-test", "unreachable"}},
		{"verdict-unknown", Setting{SelfTest: newText(abi.HookRequest, nil)}, Limits{}, []string{"self-test", "action"}},
		{"loop-request", Setting{SelfTest: newText(abi.HookRequest, nil), Limits: Limits{Fuel: 1e6}}, Limits{}, []string{"self-test", "limits.fuel"}},
	}
	for _, test := range tests {
		m := admit(t, r, test.guest, test.limits)
		test.setting.Name = "the-plugin"
		_, err := r.Configure(context.Background(), m, test.setting)
		for _, want := range append(test.want, "the-plugin") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one that names %s", test.guest, err, want)
			}
		}
	}
	if n := r.memory.lent(); n != 0 || len(r.plugins) != 0 {
		t.Errorf("%d memories and %d plugins are left", n, len(r.plugins))
	}
}
