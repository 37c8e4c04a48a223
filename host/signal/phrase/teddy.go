package phrase

import "math/bits"

// teddyPlaces is how many places find returns at most.
const teddyPlaces = 128

// teddy is the filter of that name from Hyperscan (Wang et al., "Hyperscan: A Fast
// Multi-pattern Regex Matcher for Modern CPUs", NSDI 2019; also the `packed`
// searcher of Rust's aho-corasick): each of up to 8 buckets of windows is a bit, and
// a table of 16 bytes for each half of each of the window's first 4 bytes says
// in which buckets a window can have that half. A place where one bucket has all
// eight halves is worth looking at. Tables are 32 bytes: the same 16 for
// both lanes of a vector. Both cases of a letter are in them: text is not folded.
type teddy struct {
	low, high [teddyBytes][32]uint8
}

const (
	teddyBytes   = 4
	teddyBuckets = 8
)

// bucket is the union of some windows, as sets of half bytes.
type bucket struct {
	low, high [teddyBytes]uint16
	cost      float32 // the probability that it lets a place through
}

// with returns the bucket that holds key too, its cost unchanged. size is how many
// bytes of the key count.
func (b bucket) with(key uint64, size int) bucket {
	for i := range min(size, teddyBytes) {
		c := byte(key >> (8 * i))
		b.low[i] |= 1 << (c & 15)
		b.high[i] |= 1 << (c >> 4)
	}
	return b
}

// through returns cost: a chain of pairs of classes over the bytes let through.
func (b *bucket) through(size int, f *frequency) float32 {
	var before, now chain
	for i := range min(size, teddyBytes) {
		now = chain{}
		b.accept(i, &now, f)
		for _, c := range now.in[:now.n] {
			p := f.one[c]
			if i > 0 {
				p = 0
				for _, d := range before.in[:before.n] {
					p += before.weight[d] * f.pair[d][c]
				}
			}
			now.weight[c] *= p
		}
		before = now
	}
	sum := float32(0)
	for _, c := range now.in[:now.n] {
		sum += now.weight[c]
	}
	return sum
}

// chain is the classes that bytes at one place can be of, and how likely.
type chain struct {
	in     [classes]uint8
	n      int
	weight [classes]float32
}

// accept puts the classes let through at byte i in c, weighted by the share of
// each that is.
func (b *bucket) accept(i int, c *chain, f *frequency) {
	for highs := b.high[i]; highs != 0; highs &= highs - 1 {
		for lows := b.low[i]; lows != 0; lows &= lows - 1 {
			k := class(byte(bits.TrailingZeros16(highs)<<4 | bits.TrailingZeros16(lows)))
			if c.weight[k] == 0 {
				c.in[c.n] = uint8(k)
				c.n++
			}
			c.weight[k] = min(c.weight[k]+f.single[k], 1)
		}
	}
}

// newTeddy makes the tables of buckets.
func newTeddy(buckets *[teddyBuckets]bucket, size int) *teddy {
	t := &teddy{}
	for i := range teddyBytes {
		for half := range 16 {
			var low, high uint8
			for n, b := range buckets {
				// A byte folded by fold8 stands for itself and for what has that bit clear.
				if i >= size || b.low[i]>>half&1 != 0 {
					low |= 1 << n
				}
				if i >= size || b.high[i]>>(half|fold8>>4)&1 != 0 {
					high |= 1 << n
				}
			}
			t.low[i][half], t.low[i][half+16] = low, low
			t.high[i][half], t.high[i][half+16] = high, high
		}
	}
	return t
}
