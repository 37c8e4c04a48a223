package plugin

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"weir/host/signal/phrase"
	"weir/sdk/abi"
)

// pattern is a compiled list of phrases.
type pattern struct {
	set   *phrase.Set
	bytes int // of the list
}

const (
	// piece is how much text, and batch how many matches, lie between two looks at fuel and clock. A list and a text made for it cost half a
	// microsecond a match.
	piece = 16 << 10
	batch = 1 << 10
	// keptMatches bounds the scratch space that an instance keeps between scans.
	keptMatches = 2 * batch
)

// hostPatternCompile: (list, list_len) → i32, a handle. The list is compiled as one; the quota is for all lists of an instance.
func hostPatternCompile(i *instance, stack []uint64) {
	i.charge(fuelPattern)
	room := abi.PatternBytes
	for _, p := range i.patterns {
		room -= p.bytes
	}
	list, ok := i.view(stack[0], stack[1], uint32(room))
	stack[0] = refused
	if !ok || i.phase == serving || len(i.patterns) == abi.Patterns {
		i.refuse(refusedPattern, "pattern_compile")
		return
	}
	set, err := i.grant.shared.set(string(list), phrases)
	if err != nil {
		if i.refuse(refusedPattern, "pattern_compile") {
			i.grant.log.host("a list of patterns cannot be compiled", err)
		}
		return
	}
	i.patterns = append(i.patterns, pattern{set: set, bytes: len(list)})
	stack[0] = uint64(len(i.patterns) - 1)
}

// phrases are the lines of a list, empty ones left out.
func phrases(list string) []string {
	lines := strings.FieldsFunc(list, func(r rune) bool { return r == '\n' || r == '\r' })
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

// hostPatternScan: (handle, text, text_len, out, cap) → i32, how many matches were written to out, at most cap.
func hostPatternScan(i *instance, stack []uint64) {
	i.charge(fuelPattern)
	handle, most := uint32(stack[0]), uint32(stack[4])
	text, ok := i.mem.Read(uint32(stack[1]), uint32(stack[2]))
	if int(handle) >= len(i.patterns) || most > abi.MaxMatches || !ok {
		i.refuse(refusedPattern, "pattern_scan")
		stack[0] = refused
		return
	}
	out, ok := i.mem.Read(uint32(stack[3]), most*abi.MatchSize)
	if !ok {
		i.refuse(refusedPattern, "pattern_scan")
		stack[0] = refused
		return
	}
	found := i.scan(i.patterns[handle].set, text, int(most))
	for _, m := range found {
		binary.LittleEndian.PutUint32(out, uint32(m.Phrase))
		binary.LittleEndian.PutUint32(out[4:], uint32(m.Start))
		binary.LittleEndian.PutUint32(out[8:], uint32(m.End))
		out = out[abi.MatchSize:]
	}
	stack[0] = uint64(len(found))
	i.matches = found[:0]
	if cap(found) > keptMatches {
		i.matches = nil
	}
}

// scan finds the first most matches, in the order of their start and then their phrase. They are the instance's until the next scan.
func (i *instance) scan(set *phrase.Set, text []byte, most int) []phrase.Match {
	found, at, limit := i.matches[:0], 0, batch
	for at < len(text) && len(found) < most {
		// Matches that begin in the piece may end behind it.
		window := text[at:min(at+piece+set.Longest()-1, len(text))]
		i.charge(int64(len(window)) * fuelPerByte)
		before := len(found)
		found = set.AppendMost(found, window, limit)
		got := found[before:]
		i.charge(int64(len(got)) * fuelPerMatch)
		next := piece
		switch full := len(got) == limit; {
		case full && got[0].Start == got[limit-1].Start:
			limit *= 2 // all begin at one character, and there may be more of them
			found = found[:before]
			continue
		case full: // those that begin where the last one does may not be all
			next = int(got[limit-1].Start)
		}
		keep, _ := slices.BinarySearchFunc(got, int32(next), func(m phrase.Match, start int32) int { return cmp.Compare(m.Start, start) })
		for n := range got[:keep] {
			got[n].Start += int32(at)
			got[n].End += int32(at)
		}
		found, at, limit = found[:before+keep], at+next, batch
	}
	return found[:min(len(found), most)]
}
