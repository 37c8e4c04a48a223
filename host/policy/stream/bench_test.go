package stream

import (
	"fmt"
	"runtime"
	"testing"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
)

// usual is a chunk as a server sends it.
const usual = `data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}]}` + "\n\n"

// mute is a Chain whose plugins hold back some bytes and say nothing else; it allocates nothing.
type mute struct {
	watchers []policy.Watcher
	hold     int
	calls    int
}

func (m *mute) Watchers() int                { return len(m.watchers) }
func (m *mute) Watcher(i int) policy.Watcher { return m.watchers[i] }
func (m *mute) Delta(int, *policy.Batch) policy.Reply {
	m.calls++
	return policy.Reply{Hold: m.hold}
}

func (m *mute) Fail(int, *frame.Fault) *policy.Refusal { return nil }

// TestStreamAllocates: an event on its way through plugins that say nothing takes no memory.
func TestStreamAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, hold := range []int{0, 20} {
		for _, observe := range []bool{false, true} {
			for ep, ev := range map[dialect.Endpoint]string{dialect.Chat: usual, dialect.Messages: anthropic("hello"), dialect.Responses: outputText("hello")} {
				m := &mute{watchers: make([]policy.Watcher, 3), hold: hold}
				m.watchers[1].Observe = observe
				var s Stream
				s.Begin(m, Options{Endpoint: ep})
				event, dst, now := []byte(ev), []byte(nil), int64(1)
				step := func() {
					if err := s.Event(event); err != nil {
						t.Fatal(err)
					}
					now++
					dst, _ = s.Flush(dst[:0], now, false)
				}
				for range 100 {
					step()
				}
				if n := testing.AllocsPerRun(500, step); n != 0 {
					t.Errorf("%s, hold %d, observe %v: %v allocations", ep, hold, observe, n)
				}
				s.Close()
			}
		}
	}
}

// TestStreamMemory: what an open stream costs between events, idle and with text held back.
func TestStreamMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const streams = 5000
	for _, c := range []struct{ hold, most int }{{0, 1 << 10}, {64, 16 << 10}} {
		m := &mute{watchers: make([]policy.Watcher, 3), hold: c.hold}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		all := make([]Stream, streams)
		var dst []byte
		for range 20 {
			for i := range all {
				if all[i].chain == nil {
					all[i].Begin(m, Options{Endpoint: dialect.Chat})
				}
				if err := all[i].Event([]byte(usual)); err != nil {
					t.Fatal(err)
				}
				dst, _ = all[i].Flush(dst[:0], 1, false)
			}
		}
		runtime.GC()
		runtime.GC() // pools keep what they have for two cycles
		runtime.ReadMemStats(&after)
		per := int(after.HeapAlloc-before.HeapAlloc) / streams
		t.Logf("hold %d: %d bytes a stream, %d of them events that wait", c.hold, per, all[0].Waiting())
		if per > c.most {
			t.Errorf("hold %d: %d bytes a stream", c.hold, per)
		}
		for i := range all {
			all[i].Close()
		}
	}
}

// BenchmarkStream: one event in, what may leave out.
func BenchmarkStream(b *testing.B) {
	for _, plugins := range []int{0, 1, 3} {
		for _, hold := range []int{0, 20} {
			if plugins == 0 && hold > 0 {
				continue
			}
			b.Run(fmt.Sprintf("plugins=%d/hold=%d", plugins, hold), func(b *testing.B) {
				b.ReportAllocs()
				m := &mute{watchers: make([]policy.Watcher, plugins), hold: hold}
				var s Stream
				s.Begin(m, Options{Endpoint: dialect.Chat})
				event, dst, now := []byte(usual), []byte(nil), int64(1)
				for b.Loop() {
					if err := s.Event(event); err != nil {
						b.Fatal(err)
					}
					now++
					dst, _ = s.Flush(dst[:0], now, false)
				}
			})
		}
	}
}

// BenchmarkReplace: every event is edited.
func BenchmarkReplace(b *testing.B) {
	b.ReportAllocs()
	edit := &plugin{delta: func(*policy.Batch) policy.Reply {
		return policy.Reply{Edits: edits}
	}}
	var s Stream
	s.Begin(chain{edit}, Options{Endpoint: dialect.Chat})
	event, dst, now := []byte(usual), []byte(nil), int64(1)
	for b.Loop() {
		if err := s.Event(event); err != nil {
			b.Fatal(err)
		}
		now++
		dst, _ = s.Flush(dst[:0], now, false)
		edit.batches = edit.batches[:0]
	}
}

var edits = []policy.Replacement{{Item: 0, Offset: 1, Length: 5, Text: []byte("world")}}

// BenchmarkManyEdits: as many edits as a verdict may have, of a string that thousands of events make up.
func BenchmarkManyEdits(b *testing.B) {
	const n = 4096
	edit := &plugin{delta: func(b *policy.Batch) policy.Reply {
		r := policy.Reply{Hold: 1 << 16}
		for i := range uint32(min(n, len(b.Text))) {
			r.Edits = append(r.Edits, policy.Replacement{Offset: i, Length: 1, Text: []byte("z")})
		}
		return r
	}}
	var s Stream
	s.Begin(chain{edit}, Options{Endpoint: dialect.Chat, Pending: 1 << 24})
	defer s.Close()
	for range 4 * n {
		if err := s.Event([]byte(said("ab"))); err != nil {
			b.Fatal(err)
		}
	}
	now := int64(1)
	for b.Loop() {
		if err := s.Event([]byte(said("c"))); err != nil {
			b.Fatal(err)
		}
		now++
		if _, refusal := s.Flush(nil, now, false); refusal != nil {
			b.Fatal(refusal)
		}
	}
}
