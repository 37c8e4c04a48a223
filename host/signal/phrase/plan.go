package phrase

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// What scanning costs, in nanoseconds, measured on a Sapphire Rapids core; only
// the ratios matter.
const (
	probeCost     = 0.9  // one window probed
	largeCost     = 1.8  // one window probed in a large bitmap
	placeCost     = 15.0 // one place whose groups are compared, mispredicted branches most of it
	teddyCost     = 0.13 // one byte of text through Teddy
	teddyHitCost  = 5.5  // one place that Teddy lets through
	automatonCost = 5.0  // one byte of text through the automaton
)

const (
	teddyGroups = 512 // more take long to fit into 8 buckets
	sampled     = 128 // groups by which a tier's cost is estimated

	// How much likelier than by its pairs alone the third and fourth byte of a window,
	// and each one after them, are, since text is made of words. Measured.
	wordBegins = 3.0
	wordGoesOn = 5.0
)

// planner chooses a set's tiers. One short phrase narrows the stride of its tier
// to nothing, so groups are divided in two by their length where that pays.
type planner struct {
	set       *Set
	vector    bool
	frequency *frequency
	byLength  []uint32 // groups, shortest first
}

// proposal is how one tier could be made.
type proposal struct {
	groups       []uint32
	size, stride int
	teddy        bool
	cost         float64 // ns per byte of text
}

// plan returns s's tiers; none when the automaton is the best that can be had.
func plan(s *Set, vector bool) []tier {
	n := len(s.groups) - 1
	if n == 0 {
		return nil
	}
	p := &planner{set: s, vector: vector, frequency: newFrequency(), byLength: make([]uint32, n)}
	for g := range p.byLength {
		p.byLength[g] = uint32(g)
	}
	slices.SortStableFunc(p.byLength, func(a, b uint32) int { return cmp.Compare(p.length(a), p.length(b)) })
	proposals := p.divide()
	if proposals == nil {
		return nil
	}
	var tiers []tier
	for _, o := range proposals {
		t, ok := p.build(o)
		if !ok {
			return nil
		}
		tiers = append(tiers, t)
	}
	return tiers
}

// length is the fewest bytes that a match of g can span: the canonical form has
// the shortest encoding of each character.
func (p *planner) length(g uint32) int { return len(p.set.canonical(g)) }

// divide returns the cheapest one or two tiers, or nil for none.
func (p *planner) divide() []proposal {
	best, cost := []proposal(nil), automatonCost
	if whole := p.propose(p.byLength); whole.cost < cost {
		best, cost = []proposal{whole}, whole.cost
	}
	tried, before := 0, p.length(p.byLength[0])
	for i, g := range p.byLength {
		if p.length(g) == before {
			continue
		}
		if before = p.length(g); before > 2*maxStride || tried == 16 {
			break
		}
		tried++
		short := p.propose(p.byLength[:i])
		if short.cost >= cost {
			continue
		}
		if long := p.propose(p.byLength[i:]); short.cost+long.cost < cost {
			best, cost = []proposal{short, long}, short.cost+long.cost
		}
	}
	return best
}

// propose returns the cheapest tier for groups, which are in order of length.
func (p *planner) propose(groups []uint32) proposal {
	best := proposal{cost: math.Inf(1)}
	least := p.length(groups[0])
	for size := 1; size <= min(least, maxWindow); size++ {
		widest := min(least-size+1, maxStride)
		for _, stride := range [...]int{widest, (2*widest + 2) / 3, (widest + 1) / 2} {
			o := proposal{groups: groups, size: size, stride: stride}
			probe, filled := probeCost, float64(len(groups)*stride)/(1<<smallBits)
			if len(groups)*stride > smallFilled {
				probe, filled = largeCost, float64(len(groups)*stride)/(1<<largeBits)
			}
			o.cost = (probe + placeCost*(filled+p.through(groups, size, stride))) / float64(stride)
			if o.cost < best.cost {
				best = o
			}
		}
	}
	if size := min(least, maxWindow); p.vector && len(groups) <= teddyGroups && teddyCost < best.cost {
		cost := teddyCost + teddyHitCost*teddyHits(len(groups), size)
		if cost < best.cost {
			best = proposal{groups: groups, size: size, stride: 1, teddy: true, cost: cost}
		}
	}
	return best
}

// teddyHits estimates how often Teddy lets a place through, as measured: half
// bytes of a bucket's windows mix, but more groups also
// offer more windows that fit together.
func teddyHits(groups, size int) float64 {
	missing := float64(max(teddyBytes-size, 0))
	return 0.010 * math.Pow(float64(groups)/50, 0.6) * math.Pow(6, missing)
}

// through estimates how often a place looked at holds a window of groups.
func (p *planner) through(groups []uint32, size, stride int) float64 {
	step := (len(groups) + sampled - 1) / sampled
	sum, n := 0.0, 0
	for i := 0; i < len(groups); i += step {
		_, q := p.segment(groups[i], size, stride)
		sum += q
		n++
	}
	return sum * float64(len(groups)) / float64(n)
}

// segment returns where in g's canonical form stride neighbouring windows are
// rarest, and the probability that text at some place holds one of them.
func (p *planner) segment(g uint32, size, stride int) (at int, probability float64) {
	canon := p.set.canonical(g)
	words := math.Pow(wordBegins, float64(min(max(size-2, 0), 2))) * math.Pow(wordGoesOn, float64(max(size-4, 0)))
	probability = math.Inf(1)
	var rates [maxStride]float64 // of the last stride windows
	sum := 0.0
	last := len(canon) - size
	for i := 0; i <= last; i++ {
		rate := words * float64(p.frequency.window(canon[i:i+size]))
		sum += rate - rates[i%stride]
		rates[i%stride] = rate
		begin := i - stride + 1
		if begin >= 0 && utf8.RuneStart(canon[begin]) && sum < probability {
			at, probability = begin, sum
		}
	}
	return at, max(probability, 0)
}

// build makes the tier proposed, or one with narrower windows where those have
// too many variants.
func (p *planner) build(o proposal) (tier, bool) {
	if o.teddy {
		buckets := p.fill(o)
		t, ok := newTier(p.set, o.groups, o.size, 1)
		t.teddy = newTeddy(buckets, o.size)
		return t, ok
	}
	for {
		for _, g := range o.groups {
			at, _ := p.segment(g, o.size, o.stride)
			p.set.groups[g].segment = uint16(at)
		}
		if t, ok := newTier(p.set, o.groups, o.size, o.stride); ok || o.size == 1 {
			return t, ok
		}
		o.size, o.stride = (o.size+1)/2, (o.stride+1)/2
	}
}
