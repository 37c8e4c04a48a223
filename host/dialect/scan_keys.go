package dialect

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"unicode/utf8"
)

// keyRef is one key of an open object. Up to fewKeys an object's keys are compared one by one, print being their first
// eight bytes; beyond, print is a hash under a seed drawn for this text, so nobody can send keys that
// collide on purpose. Equal prints are settled by comparing the bytes: two spellings of one key are duplicates, two
// keys of one hash are not.
type keyRef struct {
	print uint64
	at    int32 // offset in data; ^offset in unescaped for a key spelt with escapes
	size  int32
}

const (
	fewKeys    = 16
	firstTable = 4 * fewKeys // slots; tables stay at most half full
)

// readKey reads the key at the cursor, which stands on its quote. It gives the key's first eight bytes.
func (s *scanner) readKey() (head uint64) {
	d, from := s.data, s.pos+1
	s.keyAt = s.pos
	i := from
	if i >= 0 && i <= len(d)-8 {
		if head = load8(d, i); mark(head)&highs != 0 {
			i += bits.TrailingZeros64(mark(head)&highs) >> 3
		} else {
			i = plain(d, i+8)
		}
	}
	if i >= len(d) || d[i] != '"' {
		s.readKeySlowly(i)
		return s.prefix()
	}
	s.key, s.keyEscaped = d[from:i], false
	s.pos = i + 1
	if n := i - from; n < 8 {
		head &= 1<<(8*n) - 1
	}
	return head
}

// readKeySlowly reads a key that is plain up to i, perhaps further.
func (s *scanner) readKeySlowly(i int) {
	if i = s.stop(i); i < 0 {
		return
	}
	if s.keyEscaped = s.data[i] == '\\'; !s.keyEscaped {
		s.key = s.data[s.pos+1 : i]
		s.pos = i + 1
		return
	}
	from, controls := len(s.unescaped), s.controls
	s.unescaped = s.appendString(s.unescaped)
	s.controls = controls
	s.key = s.unescaped[from:]
}

// addKey adds the key just read, whose first eight bytes are head, to those of o. It is false, and the text at fault, if the object has it
// already or has too many.
func (s *scanner) addKey(o *members, head uint64) bool {
	ref := keyRef{at: int32(s.keyAt + 1), size: int32(len(s.key))}
	if s.keyEscaped {
		ref.at = ^int32(len(s.unescaped) - len(s.key))
	}
	own := s.keys[o.keys:]
	switch {
	case len(own) < fewKeys:
		ref.print = head
		for i := range own {
			if own[i].print == ref.print && s.same(own[i]) {
				s.fail(faultDuplicate, s.keyAt)
				return false
			}
		}
	case len(own) == maxMembers:
		s.fail(faultMembers, s.keyAt)
		return false
	default:
		if len(own) == fewKeys {
			s.hashKeys(own)
		}
		ref.print = maphash.Bytes(s.seed, s.key)
		if 2*len(own) >= len(s.table)-o.table {
			s.growTable(o, own)
		}
		if !s.insert(s.table[o.table:], own, ref.print) {
			s.fail(faultDuplicate, s.keyAt)
			return false
		}
	}
	s.keys = append(s.keys, ref)
	return true
}

// prefix packs the first eight bytes of the key just read.
func (s *scanner) prefix() (head uint64) {
	for i, c := range s.key[:min(len(s.key), 8)] {
		head |= uint64(c) << (8 * i)
	}
	return head
}

// same reports whether ref is the key just read.
func (s *scanner) same(ref keyRef) bool {
	return int(ref.size) == len(s.key) && bytes.Equal(s.bytes(ref), s.key)
}

func (s *scanner) bytes(ref keyRef) []byte {
	if ref.at < 0 {
		return s.unescaped[^ref.at:][:ref.size]
	}
	return s.data[ref.at:][:ref.size]
}

// hashKeys turns the prints of an object that outgrew fewKeys into hashes.
func (s *scanner) hashKeys(own []keyRef) {
	if !s.seeded {
		s.seed, s.seeded = maphash.MakeSeed(), true
	}
	for i := range own {
		own[i].print = maphash.Bytes(s.seed, s.bytes(own[i]))
	}
}

// growTable makes the first table of o or doubles it. No object inside o is open, so o's table is the last one.
func (s *scanner) growTable(o *members, own []keyRef) {
	size := max(2*(len(s.table)-o.table), firstTable)
	s.table = s.table[:o.table]
	if cap(s.table)-o.table < size {
		s.table = append(make([]uint32, 0, o.table+2*size), s.table...)
	}
	s.table = s.table[:o.table+size]
	slots := s.table[o.table:]
	clear(slots)
	for i := range own {
		at := own[i].print & uint64(size-1)
		for slots[at] != 0 {
			at = (at + 1) & uint64(size-1)
		}
		slots[at] = uint32(i + 1)
	}
}

// insert enters the key just read, whose hash is print and whose index in own will be len(own). It is false if own has it.
func (s *scanner) insert(slots []uint32, own []keyRef, print uint64) bool {
	mask := uint64(len(slots) - 1)
	at := print & mask
	for ; slots[at] != 0; at = (at + 1) & mask {
		if ref := own[slots[at]-1]; ref.print == print && s.same(ref) {
			return false
		}
	}
	slots[at] = uint32(len(own) + 1)
	return true
}

// folded gives the key just read as readers that ignore case would see it, nil if that is the key itself. Besides ASCII it
// folds what encoding/json folds (U+017F to s, U+212A to k) and what Java's equalsIgnoreCase does
// (U+0130 and U+0131 to i). The result lives until the next call.
func (s *scanner) folded() []byte {
	for i, c := range s.key {
		if 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf {
			return s.foldFrom(i)
		}
	}
	return nil
}

func (s *scanner) foldFrom(i int) []byte {
	s.fold = append(s.fold[:0], s.key[:i]...)
	changed := false
	for i < len(s.key) {
		r, n := utf8.DecodeRune(s.key[i:])
		i += n
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case r == '\u017F':
			r = 's'
		case r == '\u212A':
			r = 'k'
		case r == '\u0130' || r == '\u0131':
			r = 'i'
		default:
			s.fold = utf8.AppendRune(s.fold, r)
			continue
		}
		changed = true
		s.fold = utf8.AppendRune(s.fold, r)
	}
	if !changed {
		return nil
	}
	return s.fold
}
