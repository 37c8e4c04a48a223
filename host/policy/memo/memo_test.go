package memo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
)

func mustNew(t testing.TB, bytes int) *Memo {
	t.Helper()
	m, err := New(bytes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// find asks for one message.
func find(m *Memo, k Key) (Scores, bool) {
	var scores [1]Scores
	var known [1]bool
	m.Find([]Key{k}, scores[:], known[:])
	return scores[0], known[0]
}

// number is a key that lies anywhere.
func number(i uint64) Key { return Key{i * 0x9e3779b97f4a7c15, i<<1 ^ i<<40} }

func scoresOf(t testing.TB, pairs ...any) *Scores {
	t.Helper()
	s := new(Scores)
	for i := 0; i < len(pairs); i += 2 {
		if !s.Add([]byte(pairs[i].(string)), pairs[i+1].(float64)) {
			t.Fatalf("no room for %v", pairs[i:])
		}
	}
	return s
}

func (s *Scores) String() string {
	var b strings.Builder
	for i := range s.Len() {
		name, value := s.At(i)
		fmt.Fprintf(&b, "%s=%v ", name, value)
	}
	return b.String()
}

func TestScores(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1)
	long := strings.Repeat("n", MaxNames)
	for i, want := range []*Scores{
		{},
		scoresOf(t, "risk", 0.5),
		scoresOf(t, "", math.Inf(1), "", -0.5),
		scoresOf(t, "a", 1.0, "bb", 2.0, "ccc", 3.0, "dddd", 4.0),
		scoresOf(t, long, -1e300),
		scoresOf(t, long[:20], 1.0, long[:20], 2.0, long[:20], 3.0, long[:MaxNames-60], 4.0),
		{},
	} {
		k := number(7)
		m.Put(k, want)
		got, known := find(m, k)
		if !known || got.String() != want.String() {
			t.Errorf("%d: %v %v, want %v", i, known, &got, want)
		}
	}
	full := scoresOf(t, "a", 1.0, "b", 2.0, "c", 3.0, "d", 4.0)
	if full.Add(nil, 5) {
		t.Error("a fifth score has room")
	}
	if s := scoresOf(t, long[:MaxNames-1], 1.0); s.Add([]byte("xy"), 2) || s.Len() != 1 {
		t.Error("names have room that have none")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1<<20)
	if m.Bytes() > 1<<20 || m.Bytes() < 1<<20-bucketSize || m.Entries() != m.Bytes()/bucketSize*ways {
		t.Errorf("%d bytes, %d entries", m.Bytes(), m.Entries())
	}
	s := m.Scope("", "", "")
	h := m.Hasher()
	defer h.Release()
	n := 4 * m.Entries()
	keys := make([]Key, n)
	var message [8]byte
	for i := range keys {
		binary.LittleEndian.PutUint64(message[:], uint64(i))
		keys[i] = key(h, s, message[:])
		m.Put(keys[i], &Scores{})
	}
	known := make([]bool, n)
	got := m.Find(keys, make([]Scores, n), known)
	// Every bucket is full, so what is known is what there is room for.
	if got != m.Entries() || m.Hits() != int64(got) || m.Misses() != int64(n-got) {
		t.Errorf("%d of %d are known, there is room for %d; %d hits, %d misses", got, n, m.Entries(), m.Hits(), m.Misses())
	}
	for i, k := range known[n-m.Entries()/16:] {
		if !k {
			t.Errorf("message %d from the end is forgotten", m.Entries()/16-i)
		}
	}
}

// TestLeastRecentlyUsed: in one bucket, what is asked for stays.
func TestLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1)
	m.puts.Store(math.MaxUint32 - 20) // the clock wraps on the way
	for i := range uint64(100) {
		m.Put(number(i), scoresOf(t, "n", float64(i)))
		if got, known := find(m, number(0)); !known || got.String() != "n=0 " {
			t.Fatalf("after %d others: %v %v", i, known, &got)
		}
	}
	for i := range uint64(100) {
		if _, known := find(m, number(i)); known != (i == 0 || i > 100-ways) {
			t.Errorf("message %d is known: %v", i, known)
		}
	}
}

// TestSameMark: two keys of one bucket with the same mark are two keys.
func TestSameMark(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1)
	a, b, c := Key{1, 7}, Key{2, 7}, Key{1, 7 | 1<<40}
	m.Put(a, scoresOf(t, "a", 1.0))
	m.Put(b, scoresOf(t, "b", 2.0))
	for k, want := range map[Key]string{a: "a=1 ", b: "b=2 "} {
		if got, known := find(m, k); !known || got.String() != want {
			t.Errorf("%v %v, want %v", known, &got, want)
		}
	}
	if got, known := find(m, c); known {
		t.Errorf("a message nobody put is %v", &got)
	}
}

// TestConcurrent: whatever is found is whole, and of the message it is found for.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 2*bucketSize)
	names := []string{"", "risk", strings.Repeat("long", 8)}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range uint64(20_000) {
				n := (i*7 + uint64(g)) % 64
				got, known := find(m, number(n))
				want := fmt.Sprintf("%s=%d n=%d ", names[n%3], n, n)
				if known && got.String() != want {
					t.Errorf("message %d is %v", n, &got)
					return
				}
				if !known {
					m.Put(number(n), scoresOf(t, names[n%3], float64(n), "n", float64(n)))
				}
			}
		})
	}
	all.Wait()
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	m := mustNew(t, 1<<20)
	s := m.Scope("acme", "digest", "config")
	list := conversation(20)
	list[3] = bytes.Repeat([]byte("long"), pieceSize)
	keys, found, known := make([]Key, 20), make([]Scores, 20), make([]bool, 20)
	scores := scoresOf(t, "risk", 0.5)
	if n := testing.AllocsPerRun(100, func() {
		h := m.Hasher()
		for i, text := range list {
			keys[i] = key(h, s, text)
			h.Begin(s)
			h.ContextKey(keys[i])
			h.Key()
		}
		h.Release()
		m.Find(keys, found, known)
		m.Put(keys[19], scores)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRedacted: nothing that prints a key or a memo tells what it is.
func TestRedacted(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %x", number(3), number(3), number(3), number(3)), fmt.Sprintf("%v %+v %#v", m, m, m)} {
		if strings.Count(text, "redacted") < 3 || len(text) > 100 {
			t.Errorf("printed: %s", text)
		}
	}
}
