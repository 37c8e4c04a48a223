package memo

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// ways is the number of entries of a bucket.
const ways = 8

// bucketSize is what a bucket takes, in bytes.
const bucketSize = int(unsafe.Sizeof(bucket{}))

// Memo is the table of all scopes.
type Memo struct {
	secret  [32]byte
	buckets []bucket
	hashers sync.Pool

	puts         atomic.Uint32 // the clock of stamps
	hits, misses atomic.Int64
}

// bucket is a set of entries that compete for room. Readers take no lock: marks say where to look, and an entry is read between two looks
// at its version.
type bucket struct {
	marks   [ways]atomic.Uint32 // of the keys; 0: free
	stamps  [ways]atomic.Uint32 // puts at the last use
	entries [ways]entry
	writer  sync.Mutex
	_       [56]byte // so that marks and stamps are one line of the processor's cache
}

// entry is 128 bytes.
type entry struct {
	version atomic.Uint64 // odd while it is being written
	a, b    atomic.Uint64 // the key
	values  [MaxScores]atomic.Uint64
	packed  [scoreWords]atomic.Uint64
}

// New makes a table of at most that many bytes, at least one bucket. It fails where the process may not use AES-GCM with a fixed nonce
// (GODEBUG=fips140=only).
func New(bytes int) (*Memo, error) {
	m := &Memo{buckets: make([]bucket, max(bytes/bucketSize, 1))}
	if _, err := newScope(m.secret[:]); err != nil {
		return nil, fmt.Errorf("%w: run without message memos, or without GODEBUG=fips140=only", err)
	}
	_, _ = rand.Read(m.secret[:]) // never fails
	m.hashers.New = func() any { return &Hasher{memo: m} }
	return m, nil
}

// Format keeps the secret out of logs and errors.
func (m *Memo) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "memo.Memo(redacted)") }

// Bytes is the size of the table.
func (m *Memo) Bytes() int { return len(m.buckets) * bucketSize }

// Entries is how many messages there is room for.
func (m *Memo) Entries() int { return len(m.buckets) * ways }

// Hits is how many messages Find knew.
func (m *Memo) Hits() int64 { return m.hits.Load() }

// Misses is how many messages Find did not know.
func (m *Memo) Misses() int64 { return m.misses.Load() }

// bucket is where a key lives: keys are uniform, and so is the high half of their product with a number.
func (m *Memo) bucket(k Key) *bucket {
	i, _ := bits.Mul64(k.a, uint64(len(m.buckets)))
	return &m.buckets[i]
}

// mark is what a bucket shows of a key, never 0.
func (k Key) mark() uint32 { return uint32(k.b) | 1 }

// Find looks for the messages of keys. It sets known[i] where message i is remembered, and writes what is remembered to scores[i], which
// means nothing elsewhere; both are as long as keys, or longer. It gives how many are known.
//
// The table is larger than the processor's cache. All buckets are asked for before the first is looked at, then all
// entries, so that the waits for memory overlap.
func (m *Memo) Find(keys []Key, scores []Scores, known []bool) (n int) {
	scores, known = scores[:len(keys)], known[:len(keys)]
	for len(keys) > 0 {
		k := min(len(keys), batch)
		n += m.find(keys[:k], scores[:k], known[:k])
		keys, scores, known = keys[k:], scores[k:], known[k:]
	}
	return n
}

// batch is how many messages are looked for at once: a processor keeps no more loads under way.
const batch = 32

func (m *Memo) find(keys []Key, scores []Scores, known []bool) (n int) {
	for _, k := range keys {
		m.bucket(k).marks[0].Load()
	}
	for _, k := range keys {
		b := m.bucket(k)
		if w := b.way(k.mark(), 0); w < ways {
			b.entries[w].version.Load()
			b.entries[w].packed[0].Load() // the entry's other line
		}
	}
	now := m.puts.Load()
	for i, k := range keys {
		known[i] = m.bucket(k).read(k, now, &scores[i])
		if known[i] {
			n++
		}
	}
	m.hits.Add(int64(n))
	m.misses.Add(int64(len(keys) - n))
	return n
}

// way is the first way from w on with that mark; ways when there is none.
func (b *bucket) way(mark uint32, w int) int {
	for ; w < ways; w++ {
		if b.marks[w].Load() == mark {
			break
		}
	}
	return w
}

// read reads the entry of k, if there is one and nobody is writing it.
func (b *bucket) read(k Key, now uint32, dst *Scores) bool {
	mark := k.mark()
	for w := b.way(mark, 0); w < ways; w = b.way(mark, w+1) {
		e := &b.entries[w]
		version := e.version.Load()
		if version&1 == 1 || e.a.Load() != k.a || e.b.Load() != k.b {
			continue
		}
		dst.load(e)
		if e.version.Load() != version {
			continue
		}
		if b.stamps[w].Load() != now {
			b.stamps[w].Store(now)
		}
		return true
	}
	return false
}

// Put remembers what was said of a message, in place of what was remembered.
func (m *Memo) Put(k Key, s *Scores) {
	now := m.puts.Add(1)
	b := m.bucket(k)
	b.writer.Lock()
	defer b.writer.Unlock()
	w := b.own(k)
	if w == ways {
		w = b.oldest(now)
	}
	e := &b.entries[w]
	e.version.Add(1)
	e.a.Store(k.a)
	e.b.Store(k.b)
	s.store(e)
	e.version.Add(1)
	b.stamps[w].Store(now)
	b.marks[w].Store(k.mark())
}

// own is the way that holds k; ways when none does. The caller is the writer.
func (b *bucket) own(k Key) int {
	mark := k.mark()
	w := b.way(mark, 0)
	for w < ways && (b.entries[w].a.Load() != k.a || b.entries[w].b.Load() != k.b) {
		w = b.way(mark, w+1)
	}
	return w
}

// oldest is the way that makes room: a free one, or the one used least recently. The clock may wrap: ages stay right.
func (b *bucket) oldest(now uint32) int {
	oldest, most := 0, uint32(0)
	for w := range ways {
		if b.marks[w].Load() == 0 {
			return w
		}
		if age := now - b.stamps[w].Load(); age >= most {
			oldest, most = w, age
		}
	}
	return oldest
}
