package prefix

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMixLetsTheOtherThrough(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, a := range []uint64{0, 1, 2, 3, 1 << 32, 1 << 63, 1<<64 - 1, 1<<63 - 1, random.Uint64()} {
		results := map[uint64]bool{}
		for range 1 << 14 {
			results[mix(a, random.Uint64())] = true
		}
		if len(results) < 1<<14-2 {
			t.Errorf("factor %#x leaves %d of %d results", a, len(results), 1<<14)
		}
	}
}

func TestChainEndsFitInt32(t *testing.T) {
	t.Parallel()
	c := Chain{MaxKeys: math.MaxInt}
	c.Reset(1)
	if c.limit != 8_388_607 || c.limit*Block > math.MaxInt32 || (c.limit+1)*Block <= math.MaxInt32 {
		t.Errorf("at most %d keys", c.limit)
	}
}

func TestNewSeenSize(t *testing.T) {
	t.Parallel()
	for entries, want := range map[int]int{
		-1: DefaultSeen, 0: DefaultSeen, 1: 64, 63: 64, 64: 64, 65: 128, 1000: 1024, 1024: 1024, DefaultSeen + 1: 2 * DefaultSeen,
	} {
		s := NewSeen(entries)
		if got := len(s.buckets) * ways; got != want {
			t.Errorf("NewSeen(%d) has %d entries, want %d", entries, got, want)
		}
		if 1<<s.shift*8 != want {
			t.Errorf("NewSeen(%d) has generations of %d keys", entries, 1<<s.shift)
		}
	}
}

func TestSeenBucketsOfAKeyDiffer(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	s := NewSeen(64)
	for range 10_000 {
		if a, b := s.pair(random.Uint64()); a == b {
			t.Fatal("a key's buckets are one")
		}
	}
}

// A key that was dropped in the middle of a prompt does not hide what comes after it.
func TestSeenSurvivesALostKey(t *testing.T) {
	t.Parallel()
	for lost := range 3 {
		s := NewSeen(64)
		c := Chain{Keys: []uint64{0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc}, Ends: []int32{256, 512, 600}}
		s.Observe(&c)
		for i := range s.buckets {
			for w := range s.buckets[i] {
				if s.buckets[i][w].Load()>>generationBits == c.Keys[lost]<<generationBits>>generationBits {
					s.buckets[i][w].Store(0)
				}
			}
		}
		want := []int32{600, 600, 512}[lost]
		if got := s.Observe(&c); got != want {
			t.Errorf("key %d lost: %d bytes, want %d", lost, got, want)
		}
		if got := s.Observe(&c); got != 600 {
			t.Errorf("key %d lost and observed again: %d bytes", lost, got)
		}
	}
}

// Keys of one batch that want the same slot, or whose slot another goroutine takes, find another.
func TestSeenKeysOfOneBucketInOneBatch(t *testing.T) {
	t.Parallel()
	s := NewSeen(64)
	c := Chain{Keys: []uint64{1 << 8, 2 << 8, 3 << 8, 4 << 8}, Ends: []int32{1, 2, 3, 4}} // bucket 0 and bucket 1, all of them
	a, b := s.pair(c.Keys[0])
	for _, key := range c.Keys {
		if x, y := s.pair(key); x != a || y != b {
			t.Fatal("the keys were to have the same buckets")
		}
	}
	for range 8 { // each round at least one of those that remain finds a place
		s.Observe(&c)
	}
	for i := range c.Keys {
		one := Chain{Keys: c.Keys[i : i+1], Ends: c.Ends[i : i+1]}
		if s.Observe(&one) == 0 {
			t.Errorf("key %d was lost", i)
		}
	}
}

func TestSeenUpdateOfATakenSlot(t *testing.T) {
	t.Parallel()
	s := NewSeen(64)
	const other = 99<<10<<generationBits | 1
	a, b := s.pair(5)
	u := update{value: 5<<generationBits | 1}
	u.evict(a, b, 1)
	u.slot.Store(other)
	if u.write() || u.slot.Load() != other {
		t.Fatal("another key was overwritten")
	}
	taken := u.slot
	s.retry(&u, 1)
	if u.slot == taken || u.slot.Load() != u.value || taken.Load() != other {
		t.Error("the retry did not find another slot")
	}
	u.old = other // as if decided before the key came
	s.retry(&u, 1)
	if n := standing(a, u.value) + standing(b, u.value); n != 1 {
		t.Errorf("the key stands in %d slots", n)
	}
	gone := update{}
	gone.value = 7<<generationBits | 1
	gone.locate(a, b, gone.value)
	if gone.write() {
		t.Error("a key that is gone was located")
	}
}

func standing(b *bucket, value uint64) (n int) {
	for w := range b {
		if b[w].Load() == value {
			n++
		}
	}
	return n
}
