package dialect

import "hash/maphash"

const (
	// maxDepth bounds nesting; the body's own object is level 1. Providers' bodies stay below 30.
	maxDepth = 64
	// maxMembers bounds one object's keys, and with them the memory that finding duplicates takes. Schemas and metadata
	// have hundreds; only a logit_bias over a whole vocabulary would have more.
	maxMembers = 1 << 16
	// maxNumber bounds a number's text in bytes: longer than any float64 written out, far below the
	// thousands of digits at which servers fail or slow down.
	maxNumber = 1024
)

// scanner walks one JSON text, RFC 8259 with the strictness of I-JSON (RFC 7493): well-formed UTF-8, no lone
// surrogates, no duplicate keys in any object. It never backtracks over more than one value and keeps no
// state that grows with the text, except the keys of the objects still open.
//
// Methods that read a value expect the cursor on it (next leaves it there) and leave it just behind. The first
// fault sticks: member and element then return false, so loops unwind by themselves.
type scanner struct {
	data  []byte
	pos   int
	depth int
	fault fault

	key        []byte // the key member just read, unescaped; valid until the next call of member
	keyAt      int    // offset of its opening quote
	keyEscaped bool   // it was spelt with escapes

	controls int32 // escaped control characters that appendString decoded; see Request.Controls

	keys      []keyRef // of all open objects, innermost last
	table     []uint32 // hash tables of the open objects that need one, innermost last
	unescaped []byte   // keys spelt with escapes, of all open objects
	short     []byte   // backs text when the string has escapes
	fold      []byte   // backs folded
	seed      maphash.Seed
	seeded    bool
}

// members is the state of a walk over one JSON object's members.
type members struct {
	keys      int // where its keys begin in scanner.keys
	table     int // where its table begins in scanner.table
	unescaped int // where its keys begin in scanner.unescaped
}

// start points the scanner at data and forgets everything but its buffers.
func (s *scanner) start(data []byte) {
	s.data, s.pos, s.depth, s.fault = data, 0, 0, fault{}
	s.key, s.keyAt, s.keyEscaped, s.controls = nil, 0, false, 0
	s.keys, s.table, s.unescaped = s.keys[:0], s.table[:0], s.unescaped[:0]
	s.seeded = false
}

// fail records the first fault.
func (s *scanner) fail(kind faultKind, at int) {
	if s.fault.kind == faultNone {
		s.fault = fault{kind: kind, at: at}
	}
}

func (s *scanner) failed() bool { return s.fault.kind != faultNone }

// next moves over white space and gives the byte there, 0 at the end. A zero byte in the text gives 0 too and
// is refused like any other byte that begins nothing.
func (s *scanner) next() byte {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// unexpected refuses the byte at the cursor.
func (s *scanner) unexpected() {
	if s.pos >= len(s.data) {
		s.fail(faultEnd, len(s.data))
		return
	}
	s.fail(faultByte, s.pos)
}

// enter consumes the opening bracket at the cursor.
func (s *scanner) enter() bool {
	if s.depth == maxDepth {
		s.fail(faultDepth, s.pos)
		return false
	}
	s.depth++
	s.pos++
	return true
}

// openObject consumes the '{' at the cursor.
func (s *scanner) openObject(o *members) bool {
	if !s.enter() {
		return false
	}
	*o = members{keys: len(s.keys), table: len(s.table), unescaped: len(s.unescaped)}
	return true
}

// member moves to the next member of o: s.key is its key and the cursor stands on its value, which the caller has to
// consume before the next call. It is false behind the closing brace and after a fault.
func (s *scanner) member(o *members) bool {
	if s.failed() {
		return false
	}
	c := s.next()
	if c == '}' {
		s.pos++
		s.depth--
		s.keys, s.table, s.unescaped = s.keys[:o.keys], s.table[:o.table], s.unescaped[:o.unescaped]
		return false
	}
	if len(s.keys) > o.keys {
		if c != ',' {
			s.unexpected()
			return false
		}
		s.pos++
		c = s.next()
	}
	if c != '"' {
		s.unexpected()
		return false
	}
	head := s.readKey()
	if s.failed() || !s.addKey(o, head) {
		return false
	}
	i := s.pos
	if i >= len(s.data) || s.data[i] != ':' {
		if s.next() != ':' {
			s.unexpected()
			return false
		}
		i = s.pos
	}
	s.pos = i + 1
	s.next()
	return true
}

// openArray consumes the '[' at the cursor.
func (s *scanner) openArray() bool { return s.enter() }

// element moves to element i of the array, which the caller has to consume before the next call. It is false
// behind the closing bracket and after a fault.
func (s *scanner) element(i int) bool {
	if s.failed() {
		return false
	}
	c := s.next()
	if c == ']' {
		s.pos++
		s.depth--
		return false
	}
	if i == 0 {
		return true
	}
	if c != ',' {
		s.unexpected()
		return false
	}
	s.pos++
	if s.next() == ']' {
		s.unexpected()
		return false
	}
	return true
}

// skip consumes the value at the cursor. It recurses, to maxDepth at most.
func (s *scanner) skip() {
	switch s.next() {
	case '"':
		s.skipString()
	case '{':
		var o members
		if !s.openObject(&o) {
			return
		}
		for s.member(&o) {
			s.skip()
		}
	case '[':
		if !s.openArray() {
			return
		}
		for i := 0; s.element(i); i++ {
			s.skip()
		}
	default:
		s.skipScalar()
	}
}

// skipScalar consumes the number or literal at the cursor and refuses everything else.
func (s *scanner) skipScalar() {
	switch c := s.next(); {
	case c == '-' || '0' <= c && c <= '9':
		s.number()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.unexpected()
	}
}

func (s *scanner) literal(word string) {
	rest := s.data[s.pos:]
	if len(rest) >= len(word) && string(rest[:len(word)]) == word {
		s.pos += len(word)
		return
	}
	for i := range min(len(rest), len(word)) {
		if rest[i] != word[i] {
			s.fail(faultByte, s.pos+i)
			return
		}
	}
	s.fail(faultEnd, len(s.data))
}

// number consumes the number at the cursor and gives its text.
func (s *scanner) number() []byte {
	d, i := s.data, s.pos
	if d[i] == '-' {
		i++
	}
	switch {
	case i < len(d) && d[i] == '0':
		i++
	default:
		i = s.digits(i)
	}
	if i < len(d) && d[i] == '.' {
		i = s.digits(i + 1)
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		i = s.digits(i)
	}
	if i-s.pos > maxNumber {
		s.fail(faultLongNumber, s.pos)
	}
	if s.failed() {
		return nil
	}
	text := d[s.pos:i]
	s.pos = i
	return text
}

// digits moves from i over at least one digit.
func (s *scanner) digits(i int) int {
	from := i
	for i < len(s.data) && '0' <= s.data[i] && s.data[i] <= '9' {
		i++
	}
	switch {
	case i > from:
	case i == len(s.data):
		s.fail(faultEnd, i)
	default:
		s.fail(faultByte, i)
	}
	return i
}

// end consumes white space to the end of the text and refuses anything else.
func (s *scanner) end() {
	if s.next(); s.pos < len(s.data) {
		s.fail(faultTrailing, s.pos)
	}
}
