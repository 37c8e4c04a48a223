package phrase

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

const (
	teddyRounds   = 2 // times that each window is chosen, with the others known from the second on
	teddyChoice   = 8 // places of a phrase considered as Teddy's window
	teddyVariants = 8 // from so many on a window is considered only if there is no other
)

// fill chooses a window of each group and puts it in the bucket where it adds
// least to what is let through.
func (p *planner) fill(o proposal) *[teddyBuckets]bucket {
	v := newVariants(p.set, o.size)
	options := make([][]teddyOption, len(o.groups))
	order := make([]int, len(o.groups))
	for i, g := range o.groups {
		options[i], order[i] = p.options(v, g), i
	}
	// Those that have only frequent windows go first: the others can go round them.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(options[b][0].rate, options[a][0].rate) })
	c := chooser{frequency: p.frequency, size: o.size, placed: make([]teddyOption, 0, len(order)), in: make([][]int, len(order))}
	for round := range teddyRounds {
		for at, i := range order {
			if round == 0 {
				c.placed = append(c.placed, teddyOption{})
			} else {
				c.remove(at)
			}
			c.place(at, options[i])
			p.set.groups[o.groups[i]].segment = uint16(c.placed[at].segment)
		}
	}
	return &c.buckets
}

// teddyOption is one window that Teddy could look for.
type teddyOption struct {
	segment int
	rate    float32
	keys    []uint64
}

// options returns g's rarest windows, at least one. Those that many variants make
// frequent come last.
func (p *planner) options(v *variants, g uint32) []teddyOption {
	canon := p.set.canonical(g)
	seen := min(v.size, teddyBytes)
	var all []teddyOption
	for at := 0; at+v.size <= len(canon); at++ {
		if utf8.RuneStart(canon[at]) {
			all = append(all, teddyOption{segment: at, rate: p.frequency.window(canon[at : at+seen])})
		}
	}
	slices.SortStableFunc(all, func(a, b teddyOption) int { return cmp.Compare(a.rate, b.rate) })
	all = all[:min(len(all), 2*teddyChoice)]
	for i := range all {
		v.each(g, all[i].segment, 1, func(a anchor) bool {
			if key := a.key & windowMask(seen); !slices.Contains(all[i].keys, key) {
				all[i].keys = append(all[i].keys, key)
			}
			return true
		})
	}
	slices.SortStableFunc(all, func(a, b teddyOption) int { return cmp.Compare(len(a.keys)/teddyVariants, len(b.keys)/teddyVariants) })
	if len(all[0].keys) >= teddyVariants {
		return all[:1]
	}
	return all[:min(len(all), teddyChoice)]
}

// chooser fills Teddy's buckets.
type chooser struct {
	frequency *frequency
	size      int
	buckets   [teddyBuckets]bucket
	placed    []teddyOption
	in        [][]int // the bucket of each key of what is placed
}

// place puts the best of options in the buckets, as number at.
func (c *chooser) place(at int, options []teddyOption) {
	var best [teddyBuckets]bucket
	cost := float32(math.Inf(1))
	for _, o := range options {
		trial, in, added := c.buckets, make([]int, len(o.keys)), float32(0)
		for i, key := range o.keys {
			var more float32
			in[i], more = c.add(&trial, key)
			added += more
		}
		if added < cost {
			best, cost = trial, added
			c.placed[at], c.in[at] = o, in
		}
	}
	c.buckets = best
}

// add puts key in the bucket where it adds least, and returns which and how much.
func (c *chooser) add(buckets *[teddyBuckets]bucket, key uint64) (into int, least float32) {
	least = float32(math.Inf(1))
	var changed bucket
	for i := range buckets {
		b := buckets[i].with(key, c.size)
		if b != buckets[i] {
			b.cost = b.through(c.size, c.frequency)
		}
		if more := b.cost - buckets[i].cost; more < least {
			into, least, changed = i, more, b
		}
	}
	buckets[into] = changed
	return into, least
}

// remove takes number at out of the buckets.
func (c *chooser) remove(at int) {
	var touched [teddyBuckets]bool
	for _, b := range c.in[at] {
		touched[b], c.buckets[b] = true, bucket{}
	}
	for i, o := range c.placed {
		for k, b := range c.in[i] {
			if touched[b] && i != at {
				c.buckets[b] = c.buckets[b].with(o.keys[k], c.size)
			}
		}
	}
	for b := range c.buckets {
		if touched[b] {
			c.buckets[b].cost = c.buckets[b].through(c.size, c.frequency)
		}
	}
}
