package meter

import "unicode/utf8"

// reader walks bytes of the binary format. The first fault sticks: every later read returns zero, so that callers check err
// once per item. Positions count from the module's start.
type reader struct {
	buf []byte // the whole module
	pos int
	end int // reading stops here: the end of the section, or of the body
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = malformedf(r.pos, format, args...)
	}
}

// refuse notes a fault that is not one of form.
func (r *reader) refuse(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) more() bool { return r.err == nil && r.pos < r.end }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= r.end {
		r.fail("unexpected end")
		return 0
	}
	b := r.buf[r.pos]
	r.pos++
	return b
}

// peek is the next byte, which stays unread; 0 at the end.
func (r *reader) peek() byte {
	if !r.more() {
		return 0
	}
	return r.buf[r.pos]
}

func (r *reader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > r.end-r.pos {
		r.fail("%d bytes wanted where %d are left", n, r.end-r.pos)
		return nil
	}
	b := r.buf[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// u32 reads an unsigned LEB128 of at most 32 bits in at most 5 bytes.
func (r *reader) u32() uint32 {
	var v uint32
	for shift := uint(0); shift < 35; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			r.fail("integer of more than 32 bits")
			return 0
		}
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail("integer of more than 5 bytes")
	return 0
}

// signed reads a signed LEB128 of at most bits bits: 32, 33 or 64.
func (r *reader) signed(bits uint) int64 {
	var v int64
	for shift := uint(0); shift < bits; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if left := bits - shift; left < 7 {
			// The bits beyond the width must repeat the sign.
			if rest := int8(b<<1) >> left; b >= 0x80 || rest != 0 && rest != -1 {
				r.fail("integer of more than %d bits", bits)
				return 0
			}
		}
		if b < 0x80 {
			if shift+7 < 64 && b&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.fail("integer of more than %d bits", bits)
	return 0
}

// count reads the number of entries of a vector and refuses what cannot fit in the bytes left, so that no loop and no
// allocation is larger than the module.
func (r *reader) count(what string, limit int) int {
	n := r.u32()
	switch {
	case r.err != nil:
		return 0
	case int64(n) > int64(limit):
		r.refuse(limitf("%d %s, more than %d", n, what, limit))
		return 0
	case int64(n) > int64(r.end-r.pos):
		r.fail("%d %s in %d bytes", n, what, r.end-r.pos)
		return 0
	}
	return int(n)
}

// name reads a string of UTF-8.
func (r *reader) name() string {
	b := r.bytes(int(r.u32()))
	if r.err == nil && !utf8.Valid(b) {
		r.fail("a name is not UTF-8")
	}
	return string(b)
}

func appendU32(dst []byte, v uint32) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func appendS64(dst []byte, v int64) []byte {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(dst, b)
		}
		dst = append(dst, b|0x80)
	}
}

func appendName(dst []byte, name string) []byte {
	return append(appendU32(dst, uint32(len(name))), name...)
}
