package phrase

import (
	"slices"
	"unicode/utf8"
	"unsafe"
)

// automaton is the Aho–Corasick automaton over folded characters (Aho and
// Corasick, "Efficient string matching", CACM 18(6), 1975). Its time is linear
// in text and matches whatever both hold, so it bounds what the filters' worst
// case costs; it also serves sets for which no filter is worth while.
//
// States are numbered breadth first, so that the children of state s are
// states[s].first to states[s+1].first, in the order of their runes. The first
// states, where a scan mostly is, have a row that says at once where each ASCII
// character leads.
type automaton struct {
	states  []state // and one sentinel
	tallies []tally // what state.tally points to

	column  [utf8.RuneSelf]uint8 // by character of either case; 0 if no phrase has it
	columns uint32
	rows    []uint32 // columns of state 0, columns of state 1, …; column 0 leads to state 0
	dense   uint32   // states that have a row
}

// rowCells is how many cells the rows have at most: they fit a first-level cache.
const rowCells = 1 << 12

type state struct {
	rune  rune   // the edge from the parent
	first uint32 // first child
	fail  uint32 // longest proper suffix that is a state
	group uint32 // group that ends here plus 1, or 0
	chain uint32 // nearest state on the fail path, this one included, where a group ends, or 0
	tally uint32 // matches per list of the whole chain: tallies[tally:states[s+1].tally]
}

// builder holds the trie while it grows depth first.
type builder struct {
	rune        []rune
	child, next []uint32 // first child, next sibling; 0 is none
	group       []uint32
}

func (b *builder) node(r rune) uint32 {
	b.rune = append(b.rune, r)
	b.child = append(b.child, 0)
	b.next = append(b.next, 0)
	b.group = append(b.group, 0)
	return uint32(len(b.rune) - 1)
}

// newAutomaton builds the automaton of s's groups, which are sorted.
func newAutomaton(s *Set) automaton {
	b := &builder{}
	b.node(0)
	path := []uint32{0}
	var previous []rune
	for g := range s.groups[:len(s.groups)-1] {
		runes := []rune(string(s.canonical(uint32(g))))
		same := 0
		for same < min(len(runes), len(previous)) && runes[same] == previous[same] {
			same++
		}
		// What the last phrase grew beyond the shared prefix has no more children;
		// the branch starts beside it.
		elder := uint32(0)
		if same+1 < len(path) {
			elder = path[same+1]
		}
		path = path[:same+1]
		for _, r := range runes[same:] {
			n := b.node(r)
			if elder != 0 {
				b.next[elder] = n
			} else {
				b.child[path[len(path)-1]] = n
			}
			elder = 0
			path = append(path, n)
		}
		b.group[path[len(path)-1]] = uint32(g) + 1
		previous = runes
	}
	return b.automaton(s)
}

// automaton numbers the trie breadth first and adds the fail links.
func (b *builder) automaton(s *Set) automaton {
	n := len(b.rune)
	a := automaton{states: make([]state, n+1)}
	order := make([]uint32, 1, n) // trie node of each state
	parent := make([]uint32, 1, n)
	for i := 0; i < len(order); i++ {
		node := order[i]
		a.states[i] = state{rune: b.rune[node], first: uint32(len(order)), group: b.group[node]}
		for c := b.child[node]; c != 0; c = b.next[c] {
			order = append(order, c)
			parent = append(parent, uint32(i))
		}
	}
	a.states[n].first = uint32(n)
	a.addColumns(b.rune)
	a.addRow(0)
	for i := 1; i < n; i++ {
		st := &a.states[i]
		if parent[i] != 0 {
			st.fail = a.step(a.states[parent[i]].fail, st.rune)
		}
		a.addRow(uint32(i))
		st.chain = a.states[st.fail].chain
		if st.group != 0 {
			st.chain = uint32(i)
		}
		st.tally = uint32(len(a.tallies))
		if st.group != 0 {
			a.sum(s, st)
		}
	}
	a.states[n].tally = uint32(len(a.tallies))
	a.tallies = slices.Clone(a.tallies)
	return a
}

// sum appends the matches per list of st's group and of its fail path.
func (a *automaton) sum(s *Set, st *state) {
	g := st.group - 1
	a.tallies = append(a.tallies, s.tallies[s.groups[g].tally:s.groups[g+1].tally]...)
	rest := a.states[st.fail].chain
	if rest == 0 {
		return
	}
	for _, t := range a.tallies[a.states[rest].tally:a.states[rest+1].tally] {
		own := a.tallies[st.tally:]
		if i := slices.IndexFunc(own, func(o tally) bool { return o.list == t.list }); i >= 0 {
			own[i].matches += t.matches
		} else {
			a.tallies = append(a.tallies, t)
		}
	}
}

// addColumns numbers the ASCII characters among runes.
func (a *automaton) addColumns(runes []rune) {
	a.columns = 1
	for _, r := range runes[1:] {
		if r < utf8.RuneSelf && a.column[r] == 0 {
			a.column[r] = uint8(a.columns)
			if 'a' <= r && r <= 'z' {
				a.column[r-'a'+'A'] = uint8(a.columns)
			}
			a.columns++
		}
	}
	a.rows = make([]uint32, 0, min(rowCells/a.columns, uint32(len(runes)))*a.columns)
}

// addRow gives state at its row, if there is place. Those before it have theirs.
func (a *automaton) addRow(at uint32) {
	if len(a.rows) == cap(a.rows) {
		return
	}
	row := a.rows[len(a.rows) : len(a.rows)+int(a.columns)]
	if at != 0 {
		copy(row, a.rows[a.states[at].fail*a.columns:][:a.columns])
	}
	for c := a.states[at].first; c < a.states[at+1].first; c++ {
		if r := a.states[c].rune; r < utf8.RuneSelf {
			row[a.column[r]] = c
		}
	}
	a.rows = a.rows[:len(a.rows)+int(a.columns)]
	a.dense = at + 1
}

// step follows r from state at.
func (a *automaton) step(at uint32, r rune) uint32 {
	if r < utf8.RuneSelf {
		column := uint32(a.column[r])
		if column == 0 {
			return 0
		}
		for at >= a.dense {
			if to := a.child(at, r); to != 0 {
				return to
			}
			at = a.states[at].fail
		}
		return a.rows[at*a.columns+column]
	}
	for {
		if to := a.child(at, r); to != 0 || at == 0 {
			return to
		}
		at = a.states[at].fail
	}
}

func (a *automaton) child(at uint32, r rune) uint32 {
	lo, hi := a.states[at].first, a.states[at+1].first
	for hi-lo > 4 {
		mid := (lo + hi) / 2
		if a.states[mid].rune <= r {
			lo = mid
		} else {
			hi = mid
		}
	}
	for ; lo < hi; lo++ {
		if a.states[lo].rune == r {
			return lo
		}
	}
	return 0
}

// scan sends every match in text to k.
func (a *automaton) scan(s *Set, text []byte, k *sink) {
	// Where the last MaxLen characters begin, by their number modulo MaxLen.
	var begins [MaxLen]int32
	at, number := uint32(0), uint(0)
	for i := 0; i < len(text); number++ {
		begins[number%MaxLen] = int32(i)
		if b := text[i]; b < utf8.RuneSelf && at < a.dense {
			at = a.rows[at*a.columns+uint32(a.column[b])]
			i++
		} else if r, size := s.fold.first(text[i:]); r == none {
			at = 0
			i += size
			continue
		} else {
			at = a.step(at, r)
			i += size
		}
		chain := a.states[at].chain
		if chain == 0 {
			continue
		}
		if k.what == wantCount {
			k.found = true
			k.count(a.tallies[a.states[chain].tally:a.states[chain+1].tally])
			continue
		}
		if k.done(i - s.longest) {
			return
		}
		for ; chain != 0; chain = a.states[a.states[chain].fail].chain {
			g := a.states[chain].group - 1
			first := number + 1 - uint(s.groups[g].runes)
			if _, stop := k.add(s, g, int(begins[first%MaxLen]), i); stop {
				return
			}
		}
	}
}

func (a *automaton) size() int {
	return cap(a.states)*int(unsafe.Sizeof(state{})) + cap(a.tallies)*int(unsafe.Sizeof(tally{})) + 4*cap(a.rows)
}
