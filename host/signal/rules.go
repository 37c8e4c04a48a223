package signal

import (
	"encoding/binary"
	"math/bits"
)

// One bit per mark that must be looked at only between certain bytes.
const (
	wantAlways = 1 << iota
	wantPercent
	wantBackslash
	wantReference
	wantTag
	wantBracket
	wantImage
	wantLink
	wantFence
	wantTilde
	wantHeading
	wantURL
	wantColon
)

// rules say which marks are looked at: wants has the bits of a mark, goes those of
// the marks that a byte may follow, comes of those that it may stand before. Most
// marks in honest text are dismissed by these, without a branch that depends on
// which mark it is.
type rules struct {
	wants, goes, comes [256]uint16
}

var (
	allRules     = newRules(asciiMarks, wantURL)
	notableRules = newRules(notableMarks, 0)
)

// newRules wants the printable marks; url is wantURL if URLs are.
func newRules(marks string, url uint16) (r rules) {
	of := [256]uint16{
		':': wantColon | url, '%': wantPercent, '\\': wantBackslash, '&': wantReference, '<': wantTag,
		'[': wantBracket, '!': wantImage, ']': wantLink, '`': wantFence, '~': wantTilde, '#': wantHeading,
	}
	for i := range len(marks) {
		r.wants[marks[i]] = of[marks[i]]
	}
	const atLine = wantFence | wantTilde | wantHeading
	for b := range 256 {
		if b < 0x20 && !isWhite(byte(b)) || b >= 0x7F {
			r.wants[b] = wantAlways
		}
		r.goes[b] = wantAlways | wantColon
		r.comes[b] = ^uint16(atLine | wantURL)
	}
	const hex, letters = "0123456789abcdefABCDEF", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	set(&r.goes, hex, wantPercent)
	set(&r.goes, "uUx", wantBackslash)
	set(&r.goes, letters+"#", wantReference)
	set(&r.goes, letters+"/!|<", wantTag)
	set(&r.goes, "/IAST", wantBracket)
	set(&r.goes, "[", wantImage)
	set(&r.goes, "(:", wantLink)
	set(&r.goes, "`", wantFence)
	set(&r.goes, "~", wantTilde)
	set(&r.goes, "# \t", wantHeading)
	set(&r.goes, "/", wantURL)
	set(&r.comes, letters, wantURL)
	set(&r.comes, "\n\r", atLine)
	set(&r.comes, " ", wantFence|wantTilde)
	return r
}

func set(t *[256]uint16, bytes string, bit uint16) {
	for i := range len(bytes) {
		t[bytes[i]] |= bit
	}
}

// beforeColon has bit a&31 of word b&31 where a colon after the bytes a and b may
// be the end of a role, a key of JSON, a property of a style or "data:". It folds
// letters, and takes in a few bytes more.
var beforeColon = func() (t [32]uint32) {
	for _, end := range [...]string{
		"em", "nt", "er", "an", "ai", "pt", "de", "on", "ns", "se", "ol", // roles
		`e"`, `\"`, "ay", "ty", "ze", "ta",
	} {
		t[end[1]&31] |= 1 << (end[0] & 31)
	}
	t['*'&31], t['_'&31] = ^uint32(0), ^uint32(0)
	return t
}()

// marked handles the marks of the block at base.
func (s *scanner) marked(mark uint64, base int) {
	if s.done > base {
		if s.done >= base+block {
			return
		}
		mark &= ^uint64(0) << ((s.done - base) & 63)
	}
	text := s.text
	for mark != 0 {
		i := base + bits.TrailingZeros64(mark)
		mark &= mark - 1
		b := text[i]
		if b < 0x80 {
			if s.wanted(b, i) {
				s.mark(b, i)
			}
			continue
		}
		if n := s.harmless(i); n > 0 {
			s.done = i + n
			mark &^= (1<<(n&3) - 1) << ((i - base) & 63)
			continue
		}
		if s.done = s.foreign(i); s.done >= base+block {
			return
		}
		mark &= ^uint64(0) << ((s.done - base) & 63)
	}
}

// wanted says whether the mark b at text[i] has to be looked at.
func (s *scanner) wanted(b byte, i int) bool {
	text, r := s.text, s.rules
	if i < 2 || i+1 >= len(text) {
		before := byte('\n')
		if i > 0 {
			before = text[i-1]
		}
		return r.wants[b]&r.goes[s.at(i+1)]&r.comes[before] != 0
	}
	around := text[i-2 : i+2 : i+2]
	before := around[1]
	want := r.wants[b] & r.goes[around[3]] & r.comes[before]
	colon := beforeColon[before&31] >> (around[0] & 31) & 1
	return want&(uint16(colon)*wantColon|^uint16(wantColon)) != 0
}

// lead is the length of the UTF-8 sequences of two and three bytes that any
// continuation bytes make valid, by their first byte.
var lead = func() (t [256]uint8) {
	for b := 0xC2; b < 0xE0; b++ {
		t[b] = 2
	}
	for b := 0xE1; b < 0xF0; b++ {
		t[b] = 3
	}
	t[0xED] = 0 // surrogates
	return t
}()

// follows[n] are the bits of what follows the first of n bytes, as they have to
// be: continuation bytes, then an ASCII byte.
var follows = [4]struct{ bits, are uint32 }{2: {0x80C0_00, 0x80_00}, 3: {0x80C0_C000, 0x80_8000}}

// harmless is the length of the character at text[i] if it is alone between ASCII
// bytes, is no letter or one of Latin, and counts as nothing else, as é, ’ and — do;
// otherwise 0. What it changes is done.
func (s *scanner) harmless(i int) int {
	if i+4 > len(s.text) || s.word.counted {
		return 0
	}
	x := binary.LittleEndian.Uint32(s.text[i:])
	n := lead[x&255] & 3
	page := x & 31
	if n == 3 {
		page = x&15<<6 | x>>8&63
	}
	last := x >> ((n - 1) * 8 & 31) & 63
	class := table.of[table.page[page]][last]
	if x&follows[n].bits != follows[n].are || n == 0 || class > scriptLatinLower {
		return 0
	}
	s.v[NonASCII] += uint32(n)
	s.continuations += int(n) - 1
	return int(n)
}
