package signal

import (
	"encoding/binary"
	"math/bits"
)

// decode returns the code point at text[i], which must be a byte ≥ 0x80, and its
// length, or -1 and 1 where no valid UTF-8 sequence begins there, exactly as
// utf8.DecodeRune does.
func decode(text []byte, i int) (r rune, size int) {
	b := text[i]
	rest := text[i+1:]
	switch {
	case b < 0xC2:
	case b < 0xE0:
		if len(rest) >= 1 && rest[0]&0xC0 == 0x80 {
			return rune(b&31)<<6 | rune(rest[0]&63), 2
		}
	case b < 0xF0:
		if len(rest) >= 2 && rest[0]&0xC0 == 0x80 && rest[1]&0xC0 == 0x80 {
			r = rune(b&15)<<12 | rune(rest[0]&63)<<6 | rune(rest[1]&63)
			if r >= 0x800 && r&^0x7FF != 0xD800 {
				return r, 3
			}
		}
	case b < 0xF5:
		if len(rest) >= 3 && rest[0]&0xC0 == 0x80 && rest[1]&0xC0 == 0x80 && rest[2]&0xC0 == 0x80 {
			r = rune(b&7)<<18 | rune(rest[0]&63)<<12 | rune(rest[1]&63)<<6 | rune(rest[2]&63)
			if 0x10000 <= r && r <= 0x10FFFF {
				return r, 4
			}
		}
	}
	return -1, 1
}

// A word is where the scan stands among letters of the confusable scripts.
type word struct {
	end     int  // where the last run of non-ASCII bytes ended, if in a word; -1: none
	counted bool // the word has been counted as mixed
}

// foreign reads the run of non-ASCII bytes that begins at text[i] and returns
// its end. Single ASCII bytes that are no marks, spaces for the most part, do not
// end the run.
func (s *scanner) foreign(i int) int {
	text, begin, hidden, ascii, t := s.text, i, 0, 0, table
	last := s.join(i) // script of the letter before; scriptNone where no word goes on
	for i < len(text) {
		b := text[i]
		if b > 0xE0 && last == scriptNone {
			if j := t.skipOther(text, i); j > i {
				hidden += (j - i) / 3 * 2
				i = j
				continue
			}
		}
		var c uint8
		var size int
		switch {
		case b < 0x80:
			if allRules.wants[b] != 0 || i+1 >= len(text) || text[i+1] < 0x80 {
				return s.leave(i, last, i-begin-ascii, hidden)
			}
			ascii++
			c, size = latin[b], 1
		case b-0xC2 < 0x1E && i+1 < len(text) && text[i+1]&0xC0 == 0x80:
			c, size = t.of[t.page[b&31]][text[i+1]&63], 2
			hidden++
			if last == scriptCyrillic && c == scriptCyrillic {
				j, spaces := s.cyrillic(i + 2)
				hidden += (j - i - 2 - spaces) / 2
				ascii += spaces
				i = j
				continue
			}
		case b-0xE1 < 12 && i+2 < len(text) && text[i+1]&0xC0 == 0x80 && text[i+2]&0xC0 == 0x80:
			c, size = t.of[t.page[uint(b&15)<<6|uint(text[i+1]&63)]][text[i+2]&63], 3
			hidden += 2
		default:
			var r rune
			if r, size = decode(text, i); r >= 0 {
				c = class(r)
				hidden += size - 1
			} else if b&0xC0 == 0x80 {
				hidden++
			}
		}
		if c != last { // else the word, or what is no word, goes on
			last = s.turn(last, c, i, size)
		}
		i += size
	}
	return s.leave(i, last, i-begin-ascii, hidden)
}

// turn handles a code point of class c after a letter of script last and returns
// the script of the last letter then, scriptNone where it ends the word.
func (s *scanner) turn(last, c uint8, i, size int) uint8 {
	if c >= 16 {
		s.count(c>>4, i, size)
	}
	script := c & 15
	switch {
	case script != scriptNone:
		s.mix(last, script)
		return script
	case neutral>>(c>>4)&1 != 0:
		return last
	}
	s.word.counted = false
	return scriptNone
}

// leave ends a run at text[i] with the letter last before it, length non-ASCII
// bytes and hidden continuation bytes, and returns i.
func (s *scanner) leave(i int, last uint8, length, hidden int) int {
	s.word.end = -1
	if last != scriptNone {
		s.word.end = i
		if i < len(s.text) {
			s.mix(last, latin[s.text[i]])
		}
	}
	s.v[NonASCII] += uint32(length)
	s.continuations += hidden
	return i
}

// cyrillic returns the end of the letters U+0400–047F that begin at text[i] and
// follow such a letter, going over single spaces, and how many of those there
// are. It may stop early.
func (s *scanner) cyrillic(i int) (end, spaces int) {
	const form, letters = 0xC0FE_C0FE_C0FE_C0FE, 0x80D0_80D0_80D0_80D0 // D0 or D1, then 80–BF
	text := s.text
	for i+8 <= len(text) {
		x := binary.LittleEndian.Uint64(text[i:])
		n := bits.TrailingZeros64(x&form^letters) / 16
		i += 2 * n
		if n < 4 {
			if i+3 > len(text) || text[i] != ' ' || text[i+1]&0xFE != 0xD0 || text[i+2]&0xC0 != 0x80 {
				break
			}
			i++
			spaces++
			s.word.counted = false
		}
	}
	return i, spaces
}

// neutral has the bits of the categories that neither end a word nor are letters.
const neutral = 1<<catZeroWidth | 1<<catJoiner | 1<<catSelector | 1<<catMark

// join returns the script of the ASCII letter before text[i], if there is one.
// The word that it belongs to may have begun before the last ASCII letters; where
// it is another one, it has not been counted.
func (s *scanner) join(i int) uint8 {
	last := scriptNone
	if i > 0 {
		last = latin[s.text[i-1]]
	}
	j := s.word.end
	if last == scriptNone || j < 0 {
		s.word.counted = false
		return last
	}
	for j < i && latin[s.text[j]] != scriptNone {
		j++
	}
	if j < i {
		s.word.counted = false
	}
	return last
}

// mix counts the word as mixed when letters of scripts a and b do not go together.
func (s *scanner) mix(a, b uint8) {
	if mixes[a&15]>>(b&15)&1 != 0 && !s.word.counted {
		s.word.counted = true
		s.v[MixedWords]++
	}
}

// latin gives the script of ASCII bytes.
var latin = func() (t [256]uint8) {
	for b := 'a'; b <= 'z'; b++ {
		t[b], t[b-32] = scriptLatinLower, scriptLatinUpper
	}
	return t
}()

// kindOf is the counter of a category; Bytes where it has none of its own.
var kindOf = [16]Kind{
	catZeroWidth: ZeroWidth, catJoiner: ZeroWidth, catBidi: Bidi, catTag: Tags, catSelector: Selectors, catMark: Marks,
	catSpace: UnicodeSpaces, catCompatibility: Compatibility, catStyled: Styled, catStyledCompatibility: Styled,
	catPrivate: PrivateUse, catControl: Controls,
}

// count counts a code point of the category at text[i:i+size].
func (s *scanner) count(category uint8, i, size int) {
	kind := kindOf[category]
	switch category {
	case catJoiner:
		if s.joins(i) {
			kind = Joiners
		}
	case catStyledCompatibility:
		s.v[Compatibility]++
	case catSelector:
		if s.selectorEnd == i && i > 0 {
			s.v[SelectorRuns]++
		}
		s.selectorEnd = i + size
	case catMark:
		if s.markEnd != i {
			s.stack = 0
		}
		s.stack, s.markEnd = s.stack+1, i+size
		if s.stack > 2 {
			s.v[StackedMarks]++
		}
	}
	s.v[kind]++
}

// joins says whether the joiner or non-joiner at text[i:i+3] is used as scripts
// and emoji do: between bytes of other non-ASCII characters, and beside none of
// U+200B, U+200C, U+200D.
func (s *scanner) joins(i int) bool {
	t := s.text
	if i == 0 || t[i-1] < 0x80 || i+3 >= len(t) || t[i+3] < 0x80 {
		return false
	}
	return !(i >= 3 && isJoiner(t[i-3:])) && !isJoiner(t[i+3:])
}

// isJoiner says whether t begins with U+200B, U+200C or U+200D.
func isJoiner(t []byte) bool {
	return len(t) >= 3 && t[0] == 0xE2 && t[1] == 0x80 && 0x8B <= t[2] && t[2] <= 0x8D
}
