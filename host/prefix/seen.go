package prefix

import (
	"math/bits"
	"sync/atomic"
)

// DefaultSeen is the usual size of a Seen: 65,536 keys, the traces of 16 MiB of prompts, in 512 KiB.
const DefaultSeen = 1 << 16

const (
	ways = 4 // slots of a bucket; a key has two buckets

	// A slot holds the lower 60 bits of a key and, below them, the generation of its last use, modulo 16.
	generationBits = 4
	generationMask = 1<<generationBits - 1

	// A generation is an eighth of the set's size in new keys, so ages run to twice the size before they wrap. By then a key that was not used is
	// long overwritten.
	generationShift = 3

	minSeen = 64
	maxSeen = 1 << 28
)

// Seen remembers the keys of recent prompts, to tell how much of the traffic begins like something before: what a provider's prompt cache could save at
// best, to hold against the cached tokens it reports.
//
// It is a cache of fixed size without locks: each key has two buckets of four slots, and when all eight are taken the one unused for longest goes. A working set of half
// its size is kept practically whole. Concurrent calls may lose keys, never make them up. A key counts as known wrongly when a remembered one agrees in 60 bits: for
// a full set of n entries, with probability n/2⁶⁰, 2⁻⁴⁴ at the default size.
//
// All methods are safe for concurrent use and do not allocate.
type Seen struct {
	// Every thins out what is remembered: of the keys of blocks only every so
	// many-th, and those of message ends. What was seen is then told to Every blocks,
	// and the set holds as many times the prompts at as many times less work. 0 and 1
	// mean all. Set it before use.
	Every int

	buckets []bucket
	shift   uint8 // new keys to a generation, as a power of two
	_       [64]byte
	added   atomic.Uint64 // new keys so far; on a line of its own, apart from what every call reads
	_       [64]byte
}

// bucket is half a cache line. An empty slot is 0: generation 0, and so older than all others, until all slots are taken.
type bucket [ways]atomic.Uint64

// NewSeen makes a set for so many keys of 8 bytes each: rounded up to a power of two, at least 64, at most 2²⁸; 0 or less means DefaultSeen. A
// prompt of more keys than the set holds is not found again.
func NewSeen(entries int) *Seen {
	if entries <= 0 {
		entries = DefaultSeen
	}
	entries = min(max(entries, minSeen), maxSeen)
	log := bits.Len(uint(entries - 1))
	s := &Seen{buckets: make([]bucket, 1<<log/ways), shift: uint8(log - generationShift)}
	s.added.Store(1 << s.shift) // generation 0 is that of empty slots
	return s
}

// Observe says how many leading bytes of the prompt were seen before, as counted by Ends, and remembers its keys, all or as Every says.
//
// A key stands for everything before it, so the last known key decides, also where an earlier one has been dropped since: the figure does not
// fall with every key that is lost.
func (s *Seen) Observe(c *Chain) (bytes int32) {
	start := s.added.Load()
	added, last := start, -1
	// An atomic write makes the processor wait for what it has begun to read; so a batch is read first and written after.
	var batch [16]update
	n, bound := 0, 0
	for i, key := range c.Keys {
		if s.Every > 1 {
			if bound < len(c.Boundaries) && int(c.Boundaries[bound]) == i {
				bound++
			} else if i%s.Every != s.Every-1 {
				continue
			}
		}
		value := key<<generationBits | added>>s.shift&generationMask
		a, b := s.pair(key)
		d := min(
			a[0].Load()^value, a[1].Load()^value, a[2].Load()^value, a[3].Load()^value,
			b[0].Load()^value, b[1].Load()^value, b[2].Load()^value, b[3].Load()^value,
		)
		if d == 0 {
			last = i
			continue
		}
		u := &batch[n]
		n++
		u.value = value
		if d <= generationMask {
			// Known, but last used in an earlier generation. So keys in steady use are written once a generation, not by all cores all the time.
			last = i
			u.locate(a, b, value)
		} else {
			added++
			u.evict(a, b, added>>s.shift)
		}
		if n == len(batch) {
			s.writeAll(batch[:], added)
			n = 0
		}
	}
	s.writeAll(batch[:n], added)
	if added != start {
		s.added.Add(added - start)
	}
	if last < 0 {
		return 0
	}
	return c.Ends[last]
}

func (s *Seen) writeAll(batch []update, added uint64) {
	for i := range batch {
		if u := &batch[i]; !u.write() {
			s.retry(u, added>>s.shift)
		}
	}
}

// pair are the buckets of a key, of which it looks at the lower 60 bits. They are never the same, and in the same page of memory.
func (s *Seen) pair(key uint64) (a, b *bucket) {
	mask := uint64(len(s.buckets) - 1)
	i := key & mask
	return &s.buckets[i], &s.buckets[(i^(key>>32&126|1))&mask]
}

// update is a slot to write.
type update struct {
	slot       *atomic.Uint64
	old, value uint64
}

// write fails when the slot was written meanwhile.
func (u *update) write() bool { return u.slot.CompareAndSwap(u.old, u.value) }

// retry looks once more for a place of a key whose slot was taken, by a key of the same batch or by another goroutine; after that the key is lost.
func (s *Seen) retry(u *update, generation uint64) {
	a, b := s.pair(u.value >> generationBits)
	for _, half := range [...]*bucket{a, b} {
		for w := range half {
			if half[w].Load()^u.value <= generationMask {
				return
			}
		}
	}
	u.evict(a, b, generation)
	u.write()
}

// locate finds the slot in which the key of value stands. When it was overwritten since, the update does nothing.
func (u *update) locate(a, b *bucket, value uint64) {
	u.slot, u.old = &a[0], value
	for _, half := range [...]*bucket{a, b} {
		for w := range half {
			if v := half[w].Load(); v^value <= generationMask {
				u.slot, u.old = &half[w], v
				return
			}
		}
	}
}

// evict chooses the slot to overwrite: the oldest, and of equally old ones in the bucket that is older in sum. So fresh keys spread evenly over the buckets,
// which is what makes two choices better than twice as many ways.
func (u *update) evict(a, b *bucket, generation uint64) {
	x, y := a.oldest(generation), b.oldest(generation)
	half := [...]*bucket{a, b}[(x-y)>>63] // b when y is larger; which it is, is chance: no branch
	u.slot = &half[max(x, y)%ways]
	u.old = u.slot.Load()
}

// oldest gives, from the upper bits to the lower, the age in generations of the oldest slot, the sum of all ages, and the number of the oldest slot.
func (b *bucket) oldest(generation uint64) uint64 {
	v0, v1 := (generation-b[0].Load())&generationMask, (generation-b[1].Load())&generationMask
	v2, v3 := (generation-b[2].Load())&generationMask, (generation-b[3].Load())&generationMask
	return max(v0<<8, v1<<8|1, v2<<8|2, v3<<8|3) + (v0+v1+v2+v3)<<2
}
