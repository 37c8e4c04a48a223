package sim

import (
	"bytes"
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// value points at one node of a document; the zero value is an absent one.
// All methods are safe on values of any kind.
type value struct {
	d *document
	i uint32
}

func (v value) kind() kind {
	if v.d == nil {
		return kindAbsent
	}
	return v.d.nodes[v.i].kind
}

// given reports a value that is neither absent nor null.
func (v value) given() bool { return v.kind() > kindNull }

func (v value) bool() bool { return v.kind() == kindTrue }

// raw is the value as it stands in the source.
func (v value) raw() []byte {
	if v.d == nil {
		return nil
	}
	n := &v.d.nodes[v.i]
	if n.kind == kindString {
		return v.d.src[n.lo-1 : n.hi+1]
	}
	return v.d.src[n.lo:n.hi]
}

// get is the member called name of an object. Of duplicates the last counts, as
// in encoding/json and Python's json.
func (v value) get(name string) value {
	var found value
	for k, m := range v.members() {
		if k.is(name) {
			found = m
		}
	}
	return found
}

// members yields the keys and values of an object, in source order.
func (v value) members() iter.Seq2[value, value] {
	return func(yield func(value, value) bool) {
		if v.kind() != kindObject {
			return
		}
		end := v.d.nodes[v.i].next
		for i := v.i + 1; i < end; {
			if !yield(value{v.d, i}, value{v.d, i + 1}) {
				return
			}
			i = v.d.nodes[i+1].next
		}
	}
}

// items yields the elements of an array.
func (v value) items() iter.Seq[value] {
	return func(yield func(value) bool) {
		if v.kind() != kindArray {
			return
		}
		end := v.d.nodes[v.i].next
		for i := v.i + 1; i < end; i = v.d.nodes[i].next {
			if !yield(value{v.d, i}) {
				return
			}
		}
	}
}

// first is the first element of an array.
func (v value) first() value {
	for e := range v.items() {
		return e
	}
	return value{}
}

// len counts the elements of an array, or the members of an object.
func (v value) len() int {
	n := 0
	for range v.items() {
		n++
	}
	for range v.members() {
		n++
	}
	return n
}

// is reports a string equal to s.
func (v value) is(s string) bool { return v.kind() == kindString && string(v.content()) == s }

// text is the content of a string, unescaped; empty for other kinds.
func (v value) text() string { return string(v.content()) }

// content is text without a copy where nothing is escaped: read-only, and valid
// as long as the document.
func (v value) content() []byte {
	if v.kind() != kindString {
		return nil
	}
	n := &v.d.nodes[v.i]
	if !n.escaped {
		return v.d.src[n.lo:n.hi]
	}
	return v.appendText(nil)
}

// appendText appends the content of a string, unescaped, to dst. Lone
// surrogates become U+FFFD.
func (v value) appendText(dst []byte) []byte {
	if v.kind() != kindString {
		return dst
	}
	n := &v.d.nodes[v.i]
	b := v.d.src[n.lo:n.hi]
	if !n.escaped {
		return append(dst, b...)
	}
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\\')
		if n < 0 {
			return append(dst, b[i:]...)
		}
		dst = append(dst, b[i:i+n]...)
		dst, i = appendEscape(dst, b, i+n)
	}
}

// appendEscape appends what the valid escape at b[i] stands for and returns the
// index after it, or after both halves of a surrogate pair.
func appendEscape(dst, b []byte, i int) ([]byte, int) {
	c := b[i+1]
	if c != 'u' {
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		}
		return append(dst, c), i + 2
	}
	r, _ := hex4(b[i+2:])
	i += 6
	if utf16.IsSurrogate(r) {
		pair := rune(utf8.RuneError)
		if i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u' {
			low, _ := hex4(b[i+2:])
			pair = utf16.DecodeRune(r, low)
		}
		if r = pair; r != utf8.RuneError {
			i += 6
		}
	}
	return utf8.AppendRune(dst, r), i
}

// int is the value of a number without a fraction, such as 16 or 1.6e1.
func (v value) int() (int, bool) {
	if v.kind() != kindNumber {
		return 0, false
	}
	if n, err := strconv.Atoi(string(v.raw())); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(v.raw()), 64)
	if err != nil || f != float64(int64(f)) || f > 1<<52 || f < -1<<52 {
		return 0, false
	}
	return int(f), true
}

// float is the value of a number.
func (v value) float() (float64, bool) {
	if v.kind() != kindNumber {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v.raw()), 64)
	return f, err == nil
}
