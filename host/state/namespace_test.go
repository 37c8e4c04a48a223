package state

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCounters(t *testing.T) {
	t.Parallel()
	c := newClock()
	n := open(t, Options{Now: c.now}).Namespace("acme", "limits")
	key := []byte("k")
	for i, step := range []struct {
		delta   int64
		ttl     time.Duration
		advance time.Duration
		want    int64
	}{
		{delta: 0, want: 0},                                  // reading makes no counter: the next one's time to live counts
		{delta: 5, ttl: time.Minute, want: 5},                // a window begins
		{delta: 2, ttl: time.Hour, want: 7},                  // and is not prolonged
		{delta: -10, advance: 59 * time.Second, want: -3},    //
		{delta: 0, advance: time.Second, want: 0},            // it has ended
		{delta: 1, ttl: time.Second, want: 1},                // the next, in the same slot
		{delta: 1, advance: time.Second, ttl: 0, want: 1},    // and one without end
		{delta: 1, advance: 1000 * time.Hour, want: 2},       //
		{delta: math.MaxInt64, want: math.MaxInt64},          // saturated
		{delta: 1, want: math.MaxInt64},                      //
		{delta: math.MinInt64, want: -1},                     //
		{delta: math.MinInt64, want: math.MinInt64},          //
		{delta: -1, ttl: math.MaxInt64, want: math.MinInt64}, //
	} {
		c.advance(step.advance)
		if got := n.Add(key, step.delta, step.ttl); got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := open(t, Options{Now: c.now})
	n := m.Namespace("acme", "p")
	if _, ok := get(n, "k"); ok {
		t.Error("a value out of nothing")
	}
	for _, v := range []string{"", "a", strings.Repeat("b", 33), "c", strings.Repeat("d", MaxValue), "e"} {
		if !n.Set([]byte("k"), []byte(v), time.Second) {
			t.Fatal("refused")
		}
		if got, ok := get(n, "k"); !ok || got != v {
			t.Errorf("got %q, want %q", got, v)
		}
		check(t, m)
	}
	var short [1]byte
	n.Set([]byte("k"), []byte("xyz"), 0)
	if size, ok := n.Get([]byte("k"), short[:]); size != 3 || !ok || short[0] != 'x' {
		t.Errorf("%d %v %q", size, ok, short)
	}
	n.Set([]byte("k"), []byte("z"), 2*time.Second)
	c.advance(2*time.Second - 1)
	if _, ok := get(n, "k"); !ok {
		t.Error("gone too soon")
	}
	c.advance(1)
	if _, ok := get(n, "k"); ok {
		t.Error("still there")
	}
	if !n.Set([]byte("k"), nil, 0) {
		t.Error("refused")
	}
	if got, ok := get(n, "k"); got != "" || !ok {
		t.Errorf("%q %v", got, ok)
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := open(t, Options{Now: c.now})
	n, same := m.Namespace("acme", "p"), m.Namespace("acme", "p")
	for i, step := range []struct {
		n       *Namespace
		ttl     time.Duration
		advance time.Duration
		want    bool
	}{
		{n, time.Second, 0, true}, {same, time.Hour, 0, false}, {n, 0, time.Second - 1, false}, {same, time.Second, 1, true}, {n, 0, time.Second, true},
		{n, 0, 1000 * time.Hour, false},
	} {
		c.advance(step.advance)
		if got := step.n.Once([]byte("k"), step.ttl); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

// The three kinds have keys of their own.
func TestKindsAreApart(t *testing.T) {
	t.Parallel()
	n := open(t, Options{}).Namespace("acme", "p")
	key := []byte("k")
	n.Add(key, 7, 0)
	n.Set(key, []byte("v"), 0)
	if !n.Once(key, 0) || n.Once(key, 0) {
		t.Error("once")
	}
	if got, _ := get(n, "k"); got != "v" {
		t.Errorf("value %q", got)
	}
	if got := n.Add(key, 0, 0); got != 7 {
		t.Errorf("counter %d", got)
	}
}

// What cannot be kept is answered as if it had been forgotten at once.
func TestKeysAndValuesOutOfBounds(t *testing.T) {
	t.Parallel()
	m := open(t, Options{})
	n := m.Namespace("acme", "p")
	long := make([]byte, MaxKey+1)
	for _, key := range [][]byte{nil, {}, long} {
		if n.Add(key, 3, 0) != 3 || n.Add(key, 4, 0) != 4 || n.Set(key, nil, 0) || n.Once(key, 0) {
			t.Errorf("a key of %d bytes is kept", len(key))
		}
		if _, ok := n.Get(key, nil); ok {
			t.Error("and found")
		}
	}
	if n.Set([]byte("k"), make([]byte, MaxValue+1), 0) {
		t.Error("a value that is too long is kept")
	}
	if n.Add(long[:MaxKey], 1, 0) != 1 || n.Add(long[:MaxKey], 1, 0) != 2 || !n.Set(long[:1], make([]byte, MaxValue), 0) {
		t.Error("the longest are refused")
	}
	if s := m.Stats(); s.Entries != 2 || s.Namespaces != 1 {
		t.Errorf("%+v", s)
	}
}

// Row 24: whose a namespace is, the host says, and no name or key looks like another's.
func TestFault24_NamespacesAreApart(t *testing.T) {
	t.Parallel()
	m := open(t, Options{})
	pairs := [][2]string{{"a", "b"}, {"a/b", ""}, {"", "a/b"}, {"ab", ""}, {"", "ab"}, {"a", "b\x00"}, {"a\x00", "b"}, {"", ""}, {"b", "a"}}
	keys := []string{"k", "b/k", "a\x00b\x00k", "\x00", "../b/k", strings.Repeat("k", MaxKey)}
	for i, p := range pairs {
		n := m.Namespace(p[0], p[1])
		for _, k := range keys {
			if n.Add([]byte(k), int64(i+1), 0) != int64(i+1) || !n.Once([]byte(k), 0) {
				t.Errorf("%q of %q is another's", k, p)
			}
			if _, ok := get(n, k); ok {
				t.Errorf("%q of %q is another's", k, p)
			}
			n.Set([]byte(k), fmt.Appendf(nil, "%d", i), 0)
		}
	}
	for i, p := range pairs {
		for _, k := range keys {
			if got, _ := get(m.Namespace(p[0], p[1]), k); got != fmt.Sprint(i) {
				t.Errorf("%q of %q holds %s", k, p, got)
			}
		}
	}
	check(t, m)
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	n := open(t, Options{}).Namespace("acme", "p")
	key, data, dst := []byte("user:0123456789"), []byte("twenty bytes of data"), make([]byte, 64)
	n.Add(key, 1, time.Minute)
	n.Set(key, data, time.Minute)
	n.Once(key, time.Minute)
	for name, f := range map[string]func(){
		"Add": func() { n.Add(key, 1, time.Minute) }, "Get": func() { n.Get(key, dst) }, "Set": func() { n.Set(key, data, time.Minute) },
		"Once": func() { n.Once(key, time.Minute) }, "missing": func() { n.Get(data, dst); n.Add(data, 0, 0) },
	} {
		if got := testing.AllocsPerRun(1000, f); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
