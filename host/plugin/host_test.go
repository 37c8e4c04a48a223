package plugin

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weir/host/frame"
)

// memoryStore is a StateStore that keeps everything.
type memoryStore struct {
	mu     sync.Mutex
	spaces map[string]*memoryState
}

func (s *memoryStore) Namespace(tenant, plugin string) State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spaces == nil {
		s.spaces = make(map[string]*memoryState)
	}
	name := tenant + "|" + plugin
	if s.spaces[name] == nil {
		s.spaces[name] = &memoryState{values: make(map[string][]byte), counts: make(map[string]int64)}
	}
	return s.spaces[name]
}

type memoryState struct {
	mu     sync.Mutex
	values map[string][]byte
	counts map[string]int64
	ttl    time.Duration // of the last call
}

func (s *memoryState) Add(key []byte, delta int64, ttl time.Duration) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ttl = ttl
	s.counts[string(key)] += delta
	return s.counts[string(key)]
}

func (s *memoryState) Get(key, dst []byte) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[string(key)]
	copy(dst, v)
	return len(v), ok
}

func (s *memoryState) Set(key, value []byte, ttl time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ttl = ttl
	s.values[string(key)] = bytes.Clone(value)
	return true
}

func (s *memoryState) Once(key []byte, ttl time.Duration) bool { return s.Add(key, 1, ttl) == 1 }

// recorder is an Observer.
type recorder struct {
	mu      sync.Mutex
	counts  map[string]*atomic.Int64
	refused map[string]int
	ticks   []*frame.Fault
}

type count struct{ *atomic.Int64 }

func (c count) Add(n int64) { c.Int64.Add(n) }

func (r *recorder) Counter(plugin, tenant, name string) Counter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = make(map[string]*atomic.Int64)
	}
	key := plugin + "|" + tenant + "|" + name
	if r.counts[key] == nil {
		r.counts[key] = new(atomic.Int64)
	}
	return count{r.counts[key]}
}

func (r *recorder) Refused(_, tenant, function string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == nil {
		r.refused = make(map[string]int)
	}
	r.refused[tenant+"|"+function]++
}

func (r *recorder) Ticked(_, _ string, _ *frame.Call, f *frame.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ticks = append(r.ticks, f)
}

// bench is an instance whose host functions a test calls itself.
type bench struct {
	*instance
	pool     *Pool
	store    *memoryStore
	observed *recorder
	log      *bytes.Buffer
}

func newBench(t testing.TB, capabilities ...string) *bench {
	t.Helper()
	b := &bench{store: &memoryStore{}, observed: &recorder{}, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r := open(t, Options{State: b.store, Observer: b.observed, Log: log})
	b.pool = configure(t, r, "noop", Limits{Wait: time.Minute}, Setting{Capabilities: capabilities}).For("acme")
	if f := request(b.pool); f != nil {
		t.Fatal(f)
	}
	b.instance = b.pool.take()
	b.log.Reset()
	t.Cleanup(func() { b.pool.give(b.instance, frame.Nanotime(), true) })
	b.again()
	return b
}

// again is the beginning of another call.
func (b *bench) again() {
	b.quota = quota{}
	now := frame.Nanotime()
	b.allow(allowance{fuel: 1 << 40, begin: now, deadline: now + int64(time.Hour)})
}

// put writes to the guest's memory.
func (b *bench) put(ptr uint32, text string) (p, n uint64) {
	if !b.mem.WriteString(ptr, text) {
		panic("outside the guest's memory")
	}
	return uint64(ptr), uint64(len(text))
}

// call calls a host function and gives its i32.
func (b *bench) call(f hostFunc, params ...uint64) int32 {
	stack := make([]uint64, max(len(params), 1))
	copy(stack, params)
	f(b.instance, stack)
	return int32(uint32(stack[0]))
}

func (b *bench) add(key string, delta int64, ttl int64) int64 {
	p, n := b.put(64, key)
	stack := []uint64{p, n, uint64(delta), uint64(ttl)}
	hostStateAdd(b.instance, stack)
	return int64(stack[0])
}
