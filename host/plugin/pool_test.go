package plugin

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// gate is a frame whose encoding waits: the instance is busy for as long as the test likes.
type gate struct {
	text
	entered, leave chan struct{}
}

func newGate() *gate {
	return &gate{text: *newText(abi.HookRequest, nil), entered: make(chan struct{}), leave: make(chan struct{})}
}

func (g *gate) Encode(dst []byte) {
	close(g.entered)
	<-g.leave
	g.text.Encode(dst)
}

// occupy calls with a gate and answers when the instance is taken; free lets the call end and waits for it.
func occupy(t *testing.T, p *Pool) (free func()) {
	t.Helper()
	g, done := newGate(), make(chan struct{})
	go func() {
		defer close(done)
		if f := p.Call(&frame.Call{Hook: abi.HookRequest, Frame: g}); f != nil && f.Class != frame.Deadline {
			t.Errorf("a call that was held up: %v", f)
		}
	}()
	<-g.entered
	return func() {
		close(g.leave)
		<-done
	}
}

func TestPoolIsLastInFirstOut(t *testing.T) {
	t.Parallel()
	p := configure(t, open(t, Options{}), "noop", Limits{}, Setting{}).For("a")
	first, second := occupy(t, p), occupy(t, p)
	first()
	second()
	if len(p.idle) != 2 {
		t.Fatalf("%d idle instances, want 2", len(p.idle))
	}
	last := p.idle[1]
	for range 3 {
		if f := request(p); f != nil {
			t.Fatal(f)
		}
		if p.idle[1] != last {
			t.Error("a call took another instance than the one used last")
		}
	}
}

func TestPoolIsBusy(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	plugin := configure(t, r, "noop", Limits{Pool: 2, Wait: time.Millisecond}, Setting{})
	p := plugin.For("a")
	if err := p.Warm(context.Background()); err != nil {
		t.Fatal(err)
	}
	first := occupy(t, p)
	var second func()
	for { // the second instance takes its time to be made
		if f := request(p); f == nil {
			second = occupy(t, p)
			break
		} else if f.Class != frame.Busy {
			t.Fatal(f)
		}
	}
	f := request(p)
	if f == nil || f.Class != frame.Busy || !strings.Contains(f.Detail, "limits.wait") || !strings.Contains(f.Detail, "limits.pool") {
		t.Errorf("a call beyond the pool: %v", f)
	}
	if other := request(plugin.For("b")); other != nil && other.Class != frame.Busy {
		t.Errorf("another tenant's call: %v", other)
	}
	first()
	if f := request(p); f != nil {
		t.Errorf("after one came back: %v", f)
	}
	second()
}

// A call whose budget is used up does not wait.
func TestPoolWaitIsWithinTheBudget(t *testing.T) {
	t.Parallel()
	p := configure(t, open(t, Options{}), "noop", Limits{Pool: 1}, Setting{}).For("a")
	free := occupy(t, p)
	defer free()
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, nil), Budget: time.Millisecond}
	if f := p.Call(&c); f == nil || f.Class != frame.Busy || c.Took() < c.Budget || c.Took() > 10*time.Second {
		t.Errorf("%v after %s", f, c.Took())
	}
}

func TestPoolServesWaitersInOrder(t *testing.T) {
	t.Parallel()
	p := configure(t, open(t, Options{}), "noop", Limits{Pool: 1}, Setting{}).For("a")
	free := occupy(t, p)
	const waiting = 8
	var mu sync.Mutex
	var order []int
	var all sync.WaitGroup
	for n := range waiting {
		all.Go(func() {
			g := newGate()
			close(g.leave)
			f := p.Call(&frame.Call{Hook: abi.HookRequest, Frame: encoder{g.text.Size(), func(dst []byte) {
				mu.Lock()
				order = append(order, n)
				mu.Unlock()
				g.text.Encode(dst)
			}}})
			if f != nil {
				t.Error(f)
			}
		})
		for queued(p) != n+1 { // one after the other
			runtime.Gosched()
		}
	}
	free()
	all.Wait()
	for n, got := range order {
		if n != got {
			t.Fatalf("served in the order %v", order)
		}
	}
}

// encoder is a frame made of functions.
type encoder struct {
	size   int
	encode func(dst []byte)
}

func (e encoder) Size() int         { return e.size }
func (e encoder) Encode(dst []byte) { e.encode(dst) }

func queued(p *Pool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := p.waiters.first; w != nil; w = w.next {
		n++
	}
	return n
}

// A panic of whoever writes the frame is theirs; the pool loses the instance and nothing else.
func TestPoolSurvivesAPanickingFrame(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "noop", Limits{Pool: 1}, Setting{})
	p := plugin.For("a")
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic went missing")
				}
			}()
			p.Call(&frame.Call{Hook: abi.HookRequest, Frame: encoder{64, func([]byte) { panic("host") }}})
		}()
		if f := request(p); f != nil {
			t.Fatal(f)
		}
	}
	if s := plugin.Stats(); s.Discarded != 3 || s.Instances != 1 {
		t.Errorf("%+v", s)
	}
}

func TestPoolManyCallers(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "noop", Limits{Pool: 3}, Setting{})
	var all sync.WaitGroup
	var calls atomic.Int64
	for n := range 16 {
		all.Go(func() {
			p := plugin.For([]string{"a", "b"}[n%2])
			for range 200 {
				if f := request(p); f != nil {
					t.Error(f)
					return
				}
				calls.Add(1)
			}
		})
	}
	all.Wait()
	if s := plugin.Stats(); s.Instances > 6 || s.Made != s.Instances {
		t.Errorf("%+v", s)
	}
}

// A frame that is too large for the plugin costs neither the guest nor the instance.
func TestPoolFrameTooLarge(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "noop", Limits{Memory: 1 << 20}, Setting{})
	p := plugin.For("a")
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, make([]byte, 1<<20))}
	if f := p.Call(&c); f == nil || f.Class != frame.Unreadable || !strings.Contains(f.Detail, "limits.memory") {
		t.Error(f)
	}
	if s := plugin.Stats(); s.Discarded != 0 {
		t.Errorf("%+v", s)
	}
	if f := request(p); f != nil {
		t.Error(f)
	}
}

// Larger frames get a larger buffer, and smaller ones fit it; what the instance grew by is counted.
func TestPoolFramesOfAllSizes(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "noop", Limits{}, Setting{})
	p := plugin.For("a")
	before := plugin.Stats().Bytes
	for _, size := range []int{0, 100, 16 << 10, 100 << 10, 1 << 20, 3 << 20, 5} {
		c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, make([]byte, size))}
		if f := p.Call(&c); f != nil {
			t.Errorf("%d bytes: %v", size, f)
		}
	}
	if grown := plugin.Stats().Bytes - before; grown < 3<<20 || grown > 4<<20 {
		t.Errorf("it grew by 3 MiB and counts %d", grown)
	}
	if p.plugin.runtime.bytes.Load() != plugin.Stats().Bytes {
		t.Errorf("the runtime counts %d bytes, its one plugin %d", p.plugin.runtime.bytes.Load(), plugin.Stats().Bytes)
	}
}

func TestCallDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p := configure(t, open(t, Options{}), "noop", Limits{}, Setting{}).For("a")
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, make([]byte, 1<<10))}
	var fault *frame.Fault
	allocs := testing.AllocsPerRun(1000, func() {
		c.Begin = 0
		if f := p.Call(&c); f != nil {
			fault = f
		}
	})
	if allocs != 0 || fault != nil {
		t.Errorf("a call makes %v allocations; fault %v", allocs, fault)
	}
}
