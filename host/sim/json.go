package sim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds nesting of request bodies. encoding/json allows 10,000; model servers refuse far earlier.
const maxDepth = 512

type kind uint8

const (
	kindAbsent kind = iota
	kindNull
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

// node is one JSON value. Objects hold their keys and values as alternating children.
type node struct {
	kind    kind
	escaped bool   // a string with at least one backslash
	lo, hi  uint32 // span in the source; of a string, without its quotes
	next    uint32 // index of the node that follows this one's subtree
}

// document is a parsed JSON text: a flat tape of nodes over the bytes it was
// parsed from. It can be reused; values of an earlier parse are then invalid.
type document struct {
	src   []byte
	nodes []node
}

// syntaxError says where a JSON text stops being one.
type syntaxError struct {
	offset int
	what   string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.what, e.offset) }

var (
	errUTF8  = errors.New("body is not valid UTF-8")
	errEmpty = errors.New("body is empty")
)

// parse reads one JSON text (RFC 8259) and nothing after it. It accepts exactly
// what encoding/json's Valid accepts, less invalid UTF-8 and depths over
// maxDepth. src must stay unchanged while the document is used.
func (d *document) parse(src []byte) error {
	d.src, d.nodes = src, d.nodes[:0]
	if len(src) == 0 {
		return errEmpty
	}
	if !utf8.Valid(src) {
		return errUTF8
	}
	i, err := d.value(d.blank(0), 0)
	if err != nil {
		return err
	}
	if i = d.blank(i); i != len(src) {
		return &syntaxError{i, "unexpected text after the JSON value"}
	}
	return nil
}

// root is the whole text as a value; absent before a successful parse.
func (d *document) root() value {
	if len(d.nodes) == 0 {
		return value{}
	}
	return value{d, 0}
}

// reset drops the source, so that a pooled document does not keep a body alive.
func (d *document) reset() {
	d.src, d.nodes = nil, d.nodes[:0]
}

func (d *document) blank(i int) int {
	for i < len(d.src) {
		switch d.src[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

func (d *document) value(i, depth int) (int, error) {
	if i >= len(d.src) {
		return i, &syntaxError{i, "unexpected end of JSON"}
	}
	if depth > maxDepth {
		return i, &syntaxError{i, "JSON nested too deeply"}
	}
	switch c := d.src[i]; {
	case c == '{':
		return d.object(i, depth)
	case c == '[':
		return d.array(i, depth)
	case c == '"':
		return d.str(i)
	case c == '-' || c >= '0' && c <= '9':
		return d.number(i)
	case c == 't':
		return d.literal(i, "true", kindTrue)
	case c == 'f':
		return d.literal(i, "false", kindFalse)
	case c == 'n':
		return d.literal(i, "null", kindNull)
	}
	return i, &syntaxError{i, "expected a JSON value"}
}

func (d *document) leaf(k kind, lo, hi int) {
	d.nodes = append(d.nodes, node{kind: k, lo: uint32(lo), hi: uint32(hi), next: uint32(len(d.nodes) + 1)})
}

func (d *document) literal(i int, word string, k kind) (int, error) {
	end := i + len(word)
	if end > len(d.src) || string(d.src[i:end]) != word {
		return i, &syntaxError{i, "expected " + word}
	}
	d.leaf(k, i, end)
	return end, nil
}

func (d *document) object(i, depth int) (int, error) {
	at := len(d.nodes)
	d.leaf(kindObject, i, 0)
	i = d.blank(i + 1)
	if i < len(d.src) && d.src[i] == '}' {
		return d.close(at, i+1), nil
	}
	for {
		if i >= len(d.src) || d.src[i] != '"' {
			return i, &syntaxError{i, "expected an object key"}
		}
		var err error
		if i, err = d.str(i); err != nil {
			return i, err
		}
		if i = d.blank(i); i >= len(d.src) || d.src[i] != ':' {
			return i, &syntaxError{i, "expected a colon after the object key"}
		}
		if i, err = d.value(d.blank(i+1), depth+1); err != nil {
			return i, err
		}
		i = d.blank(i)
		switch {
		case i < len(d.src) && d.src[i] == ',':
			i = d.blank(i + 1)
		case i < len(d.src) && d.src[i] == '}':
			return d.close(at, i+1), nil
		default:
			return i, &syntaxError{i, "expected a comma or the end of the object"}
		}
	}
}

func (d *document) array(i, depth int) (int, error) {
	at := len(d.nodes)
	d.leaf(kindArray, i, 0)
	i = d.blank(i + 1)
	if i < len(d.src) && d.src[i] == ']' {
		return d.close(at, i+1), nil
	}
	for {
		var err error
		if i, err = d.value(i, depth+1); err != nil {
			return i, err
		}
		i = d.blank(i)
		switch {
		case i < len(d.src) && d.src[i] == ',':
			i = d.blank(i + 1)
		case i < len(d.src) && d.src[i] == ']':
			return d.close(at, i+1), nil
		default:
			return i, &syntaxError{i, "expected a comma or the end of the array"}
		}
	}
}

func (d *document) close(at, end int) int {
	d.nodes[at].hi, d.nodes[at].next = uint32(end), uint32(len(d.nodes))
	return end
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// control finds the first control character; -1 if there is none. Eight bytes at
// a time: x-0x20 borrows from the high bit of a byte below 0x20 that had it clear.
func control(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		if (x-ones*0x20)&^x&highs != 0 { // the lowest mark is true, those above it need not be
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 {
			return i
		}
	}
	return -1
}

func (d *document) str(i int) (int, error) {
	i++
	lo, quote, escaped := i, -1, false
	for {
		if quote < i { // an escape went past the last one found, or none was sought yet
			n := bytes.IndexByte(d.src[i:], '"')
			if n < 0 {
				return i, &syntaxError{len(d.src), "unexpected end of a string"}
			}
			quote = i + n
		}
		end := quote
		if n := bytes.IndexByte(d.src[i:quote], '\\'); n >= 0 {
			end = i + n
		}
		if n := control(d.src[i:end]); n >= 0 {
			return i, &syntaxError{i + n, "raw control character in a string"}
		}
		if end == quote {
			d.leaf(kindString, lo, quote)
			d.nodes[len(d.nodes)-1].escaped = escaped
			return quote + 1, nil
		}
		n := escapeLen(d.src[end:])
		if n == 0 {
			return i, &syntaxError{end, "bad escape in a string"}
		}
		i, escaped = end+n, true
	}
}

// escapeLen is the length of the escape sequence that b starts with, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (d *document) number(i int) (int, error) {
	lo := i
	if d.src[i] == '-' {
		i++
	}
	switch digits := d.digits(i); {
	case digits == i:
		return i, &syntaxError{i, "bad number"}
	case d.src[i] == '0':
		i++ // no digit may follow a leading zero; what follows is judged by the caller
	default:
		i = digits
	}
	if i < len(d.src) && d.src[i] == '.' {
		end := d.digits(i + 1)
		if end == i+1 {
			return i, &syntaxError{i, "bad number"}
		}
		i = end
	}
	if i < len(d.src) && d.src[i]|0x20 == 'e' {
		i++
		if i < len(d.src) && (d.src[i] == '+' || d.src[i] == '-') {
			i++
		}
		end := d.digits(i)
		if end == i {
			return i, &syntaxError{i, "bad number"}
		}
		i = end
	}
	d.leaf(kindNumber, lo, i)
	return i, nil
}

// digits is the index after the run of digits that starts at i.
func (d *document) digits(i int) int {
	for i < len(d.src) && d.src[i] >= '0' && d.src[i] <= '9' {
		i++
	}
	return i
}
