package meter

import "math/bits"

// liveness finds which locals may still be read at the places where ways through a body meet. Only those get a value of their own there.
// It walks a body backwards, again and again while what is known of loops grows; structured control makes one walk enough between
// loops.
type liveness struct {
	words  int      // of a set of locals
	live   []uint64 // at hand
	heads  []uint64 // at the head of each loop, by ordinal
	blocks []join
	arena  []uint64 // sets of open blocks
}

// join is a block whose end has been passed, backwards. Its sets lie in the arena from base on: at its end and, after its else has been passed, at the
// beginning of that.
type join struct {
	base int
	loop int // ordinal, -1: none
}

// Bounds of the analysis; beyond them all locals are taken to be live everywhere.
const (
	liveBody  = 256 << 10 // bytes of a body
	liveHeads = 1 << 17   // words for all loops
	liveWalks = 10
)

// joins is how many values may be needed where the ways of the scanned body meet.
func (v *liveness) joins(s *scanner) int {
	v.words = (s.frame.locals + 63) / 64
	if size := len(s.loops) * v.words; size > liveHeads {
		return s.frame.joins
	} else if len(v.heads) < size {
		v.heads = make([]uint64, size)
	} else {
		clear(v.heads[:size])
	}
	if len(v.live) < v.words {
		v.live = make([]uint64, v.words)
	}
	for range liveWalks {
		if joins, settled := v.walk(s); settled {
			return joins
		}
	}
	return s.frame.joins
}

func (v *liveness) walk(s *scanner) (joins int, settled bool) {
	v.blocks, v.arena = v.blocks[:0], v.arena[:0]
	clear(v.live[:v.words])
	settled = true
	for k := len(s.instrs) - 1; k >= 0; k-- {
		i := &s.instrs[k]
		switch i.op {
		case opLocalGet:
			v.live[i.a/64] |= 1 << (i.a % 64)
		case opLocalSet, opLocalTee:
			v.live[i.a/64] &^= 1 << (i.a % 64)
		case opEnd:
			if i.b > 0 {
				joins += min(int(i.b), v.count())
			}
			v.open(int(i.a) - 1)
		case opElse:
			top := &v.blocks[len(v.blocks)-1]
			v.arena = append(v.arena, v.live[:v.words]...)
			copy(v.live, v.arena[top.base:top.base+v.words])
		case opLoop:
			head := v.head(int(i.b))
			for w, bits := range v.live[:v.words] {
				settled = settled && bits&^head[w] == 0
				head[w] |= bits
			}
			copy(v.live, head)
			joins += min(s.loops[i.b].sets, v.count())
			v.close()
		case opIf:
			// The way past the first arm goes to the second or, without one, to the end: the set kept last.
			v.join(v.arena[len(v.arena)-v.words:])
			v.close()
		case opBlock:
			v.close()
		case opBr, opBrIf, opBrTable, opReturn, opUnreachable:
			v.branch(s, i)
		}
	}
	return joins + s.frame.results, settled
}

func (v *liveness) head(loop int) []uint64 { return v.heads[loop*v.words : (loop+1)*v.words] }

func (v *liveness) open(loop int) {
	v.blocks = append(v.blocks, join{base: len(v.arena), loop: loop})
	v.arena = append(v.arena, v.live[:v.words]...)
}

func (v *liveness) close() {
	last := len(v.blocks) - 1
	v.arena = v.arena[:v.blocks[last].base]
	v.blocks = v.blocks[:last]
}

func (v *liveness) join(set []uint64) {
	for w, bits := range set {
		v.live[w] |= bits
	}
}

func (v *liveness) count() int {
	n := 0
	for _, w := range v.live[:v.words] {
		n += bits.OnesCount64(w)
	}
	return n
}

// label is what is live where a branch leads.
func (v *liveness) label(l uint32) []uint64 {
	b := v.blocks[len(v.blocks)-1-int(l)]
	if b.loop >= 0 {
		return v.head(b.loop)
	}
	return v.arena[b.base : b.base+v.words]
}

func (v *liveness) branch(s *scanner, i *instr) {
	if i.op != opBrIf {
		clear(v.live[:v.words])
	}
	switch i.op {
	case opBr, opBrIf:
		v.join(v.label(i.a))
	case opBrTable:
		for _, l := range s.tables[i.a : i.a+s.tables[i.a-1]] {
			v.join(v.label(l))
		}
	}
}
