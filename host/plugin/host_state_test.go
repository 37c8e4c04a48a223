package plugin

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"weir/sdk/abi"
)

func TestHostState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	space := b.store.spaces["acme|noop"]
	if b.grant.stateful.Load() {
		t.Error("stateful before it saw any state")
	}
	if b.add("n", 2, 1000) != 2 || b.add("n", 3, 0) != 5 {
		t.Errorf("counts %v", space.counts)
	}
	if space.ttl != abi.MaxTTL*time.Millisecond {
		t.Errorf("ttl 0 came to %s", space.ttl)
	}
	if !b.grant.stateful.Load() {
		t.Error("not stateful after state_add")
	}
	kp, kn := b.put(100, "key")
	if got := b.call(hostStateGet, kp, kn, 200, 8); got != abi.StateMissing {
		t.Errorf("a key that is not there: %d", got)
	}
	vp, vn := b.put(300, "a value")
	if got := b.call(hostStateSet, kp, kn, vp, vn, 5); got != 0 || space.ttl != 5*time.Millisecond {
		t.Errorf("set: %d, ttl %s", got, space.ttl)
	}
	b.put(200, "........")
	if got := b.call(hostStateGet, kp, kn, 200, 3); got != 7 {
		t.Errorf("a value that does not fit: %d", got)
	}
	if v, _ := b.mem.Read(200, 8); string(v) != "........" {
		t.Errorf("a value that does not fit was written: %q", v)
	}
	if got := b.call(hostStateGet, kp, kn, 200, 8); got != 7 {
		t.Errorf("get: %d", got)
	}
	if v, _ := b.mem.Read(200, 8); string(v) != "a value." {
		t.Errorf("got %q", v)
	}
	if first, second := b.call(hostStateOnce, kp, kn, 0), b.call(hostStateOnce, kp, kn, 0); first != 1 || second != 0 {
		t.Errorf("once: %d, %d", first, second)
	}
	if len(b.observed.refused) != 0 {
		t.Errorf("refused: %v", b.observed.refused)
	}
}

func TestFault22_StateIsRefused(t *testing.T) {
	t.Parallel()
	long := uint64(abi.MaxStateKey + 1)
	tests := []struct {
		name   string
		f      hostFunc
		params []uint64
	}{
		{"state_get", hostStateGet, []uint64{0, 0, 0, 8}},                       // no key
		{"state_get", hostStateGet, []uint64{0, long, 0, 8}},                    // a long one
		{"state_get", hostStateGet, []uint64{65530, 8, 0, 8}},                   // that ends outside
		{"state_get", hostStateGet, []uint64{0, 4, 65530, 8}},                   // room that ends outside
		{"state_get", hostStateGet, []uint64{1<<32 - 1, 1<<32 - 1, 0, 8}},       // both wrap
		{"state_set", hostStateSet, []uint64{0, 4, 0, abi.MaxStateData + 1, 0}}, // a long value
		{"state_set", hostStateSet, []uint64{0, 4, 0, 4, 1 << 63}},              // a negative ttl
		{"state_set", hostStateSet, []uint64{0, 4, 0, 4, abi.MaxTTL + 1}},       // one that is too long
		{"state_once", hostStateOnce, []uint64{0, 0, 0}},
		{"state_once", hostStateOnce, []uint64{0, 4, abi.MaxTTL + 1}},
	}
	b := newBench(t)
	for _, test := range tests {
		b.again()
		clear(b.observed.refused)
		if got := b.call(test.f, test.params...); got != abi.StateRefused {
			t.Errorf("%s%v answered %d", test.name, test.params, got)
		}
		b.call(test.f, test.params...)
		if want := map[string]int{"acme|" + test.name: 1}; !maps.Equal(b.observed.refused, want) {
			t.Errorf("%s%v twice is counted as %v", test.name, test.params, b.observed.refused)
		}
	}
	b.again()
	if got := b.add("", 1, 0); got != abi.CounterFailed {
		t.Errorf("state_add without a key answered %d", got)
	}
}

// Beyond its quota a call is refused, in every kind of state function together, and the next call is not.
func TestFault22_StateQuota(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n := range abi.StateCalls {
		if got := b.add("k", 1, 0); got != int64(n+1) {
			t.Fatalf("call %d answered %d", n, got)
		}
	}
	if got := b.add("k", 1, 0); got != abi.CounterFailed {
		t.Errorf("beyond the quota: %d", got)
	}
	if got := b.call(hostStateGet, 0, 1, 0, 8); got != abi.StateRefused {
		t.Errorf("beyond the quota: %d", got)
	}
	b.again()
	if got := b.add("k", 1, 0); got != abi.StateCalls+1 {
		t.Errorf("in the next call: %d", got)
	}
}

func TestHostMetric(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	add := func(name string, value int64) int32 {
		p, n := b.put(64, name)
		return b.call(hostMetricAdd, p, n, uint64(value))
	}
	if add("blocked_total", 3) != 0 || add("blocked_total", 4) != 0 {
		t.Error("refused")
	}
	if got := b.observed.counts["noop|acme|blocked_total"].Load(); got != 7 {
		t.Errorf("counted %d", got)
	}
	for _, name := range []string{"", "1st", "Upper", "a-b", "x\n", "{a=\"b\"}", strings.Repeat("a", abi.MaxName+1)} {
		if add(name, 1) != abi.StateRefused {
			t.Errorf("the name %q is not refused", name)
		}
	}
	if add("blocked_total", -1) != abi.StateRefused {
		t.Error("a counter went down")
	}
}

func TestFault22_MetricNames(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	taken := 0
	for n := range 4 * abi.MetricNames {
		b.again()
		p, l := b.put(64, fmt.Sprint("name_", n))
		if b.call(hostMetricAdd, p, l, 1) == 0 {
			taken++
		}
	}
	if taken != abi.MetricNames || len(b.observed.counts) != taken {
		t.Errorf("%d names were taken, %d counters made; the most is %d", taken, len(b.observed.counts), abi.MetricNames)
	}
	b.again()
	for n := range 2 * abi.MetricCalls {
		p, l := b.put(64, "name_0")
		if got := b.call(hostMetricAdd, p, l, 1); (got == 0) != (n < abi.MetricCalls) {
			t.Fatalf("call %d answered %d", n, got)
		}
	}
}

func TestHostClockAndRandom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.call(hostRandom, 0, 8); got != abi.StateRefused {
		t.Errorf("random without the capability: %d", got)
	}
	stack := []uint64{0}
	hostNow(b.instance, stack)
	if int64(stack[0]) != abi.StateRefused {
		t.Errorf("now without the capability: %d", int64(stack[0]))
	}
	if b.grant.stateful.Load() {
		t.Error("stateful for what it was refused")
	}
	if b.observed.refused["acme|now"] != 1 || b.observed.refused["acme|random"] != 1 {
		t.Errorf("refused: %v", b.observed.refused)
	}

	b = newBench(t, "clock", "random")
	before := time.Now().UnixNano()
	hostNow(b.instance, stack)
	if now := int64(stack[0]); now < before || now > time.Now().UnixNano() {
		t.Errorf("now is %d", now)
	}
	if got := b.call(hostRandom, 0, abi.RandomBytes); got != 0 {
		t.Errorf("random: %d", got)
	}
	if v, _ := b.mem.Read(0, 64); bytes.Equal(v, make([]byte, 64)) {
		t.Error("64 random bytes are zero")
	}
	if got := b.call(hostRandom, 0, 1); got != abi.StateRefused {
		t.Errorf("random beyond the quota: %d", got)
	}
	if got := b.call(hostRandom, 65530, 8); got != abi.StateRefused {
		t.Errorf("random outside: %d", got)
	}
	if !b.grant.stateful.Load() {
		t.Error("not stateful after now and random")
	}
}
