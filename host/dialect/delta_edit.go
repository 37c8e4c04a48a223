package dialect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Replacement is the new text of item Item of a Deltas.
type Replacement struct {
	Item int
	Text []byte
}

// cut is a range of the source that does not stay: an item, or with item -1 a shadow.
type cut struct{ start, end, item int }

// AppendEdited appends source, the event or body that d has just read, with the texts of some items replaced. The list is
// in ascending order of items; items that say the Same go along. Within a string what both texts begin and end with keeps its
// spelling; log probabilities of what is replaced give way to none; all else stays byte for byte, but that several data lines become
// one.
//
// It fails, with dst as it was, if a text is not valid UTF-8, or one for a Raw item is not the same kind of JSON.
func (d *Deltas) AppendEdited(dst, source []byte, list []Replacement) ([]byte, error) {
	for i := range list {
		if err := d.Check(&list[i]); err != nil {
			return dst, err
		}
	}
	d.findCuts(list)
	if !d.Joined {
		return d.appendCut(dst, source, list), nil
	}
	return d.appendJoined(dst, source, list), nil
}

// Check tells why AppendEdited would refuse r, nil if it would not.
func (d *Deltas) Check(r *Replacement) error {
	switch {
	case r.Item < 0 || r.Item >= len(d.Items):
		return fmt.Errorf("edit item %d of an answer: it has %d", r.Item, len(d.Items))
	case !utf8.Valid(r.Text):
		return fmt.Errorf("edit item %d of an answer: the text is not valid UTF-8", r.Item)
	case d.Items[r.Item].Raw && !sameJSON(r.Text, d.Text(r.Item)):
		return fmt.Errorf("edit item %d of an answer: its value is JSON and has to stay so, %q in brackets", r.Item, d.Text(r.Item)[0])
	}
	return nil
}

// sameJSON tells whether p is an object or array as old is one.
func sameJSON(p, old []byte) bool {
	i := skipBlanks(p, 0)
	return i < len(p) && p[i] == old[0] && skipBlanks(p, max(skipNested(p, i), 0)) == len(p)
}

// findCuts lists what gives way, in order.
func (d *Deltas) findCuts(list []Replacement) {
	d.cuts = d.cuts[:0]
	for i := range d.Items {
		t := &d.Items[i]
		if replacement(list, i, t) == nil {
			continue
		}
		d.cuts = append(d.cuts, cut{int(t.Start), int(t.End), i})
		if t.Shadow.End > 0 {
			d.cuts = append(d.cuts, cut{t.Shadow.Start, t.Shadow.End, -1})
		}
	}
	slices.SortFunc(d.cuts, func(a, b cut) int { return cmp.Compare(a.start, b.start) })
	d.cuts = slices.Compact(d.cuts)
}

// replacement is what the list has for item i, directly or for the one it says the Same as; nil if nothing.
func replacement(list []Replacement, i int, t *Delta) *Replacement {
	for _, want := range [...]int{i, int(t.Same)} {
		k, ok := slices.BinarySearchFunc(list, want, func(r Replacement, item int) int { return cmp.Compare(r.Item, item) })
		if ok {
			return &list[k]
		}
	}
	return nil
}

// appendCut appends what the spans of the items refer to, edited.
func (d *Deltas) appendCut(dst, source []byte, list []Replacement) []byte {
	at := 0
	for _, c := range d.cuts {
		dst = append(dst, source[at:c.start]...)
		at = c.end
		if c.item < 0 {
			if d.endpoint == Responses {
				dst = append(dst, "[]"...)
			} else {
				dst = append(dst, "null"...)
			}
			continue
		}
		t := &d.Items[c.item]
		dst = d.appendReplaced(dst, source[c.start:c.end], t, d.Text(c.item), replacement(list, c.item, t).Text)
	}
	return append(dst, source[at:]...)
}

// appendReplaced appends a token whose text becomes another.
func (d *Deltas) appendReplaced(dst, token []byte, t *Delta, old, text []byte) []byte {
	if t.Raw {
		from := len(dst)
		dst = append(dst, text...)
		for i, c := range dst[from:] {
			if c == '\n' || c == '\r' { // blanks between tokens, which would end a line of the event
				dst[from+i] = ' '
			}
		}
		return dst
	}
	dst = append(dst, '"')
	s := quoted(token)
	if halves(s) {
		return append(appendEscaped(dst, text), '"')
	}
	front := sharedFront(old, text)
	back := sharedBack(old[front:], text[front:])
	dst = append(dst, s[:rawOffset(s, front)]...)
	dst = appendEscaped(dst, text[front:len(text)-back])
	dst = append(dst, s[rawOffset(s, len(old)-back):]...)
	return append(dst, '"')
}

// halves tells whether the inside of a string token has a surrogate without its partner. Whether it has one depends on what
// stands beside it, so its spelling cannot be kept.
func halves(s []byte) bool {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return false
		}
		r, n := unescape(s[i:])
		if r == utf8.RuneError && hex4(s[i:], 2)&0xF800 == 0xD800 {
			return true
		}
		s = s[i+n:]
	}
}

// sharedFront is the length of what two valid texts both begin with, in whole characters.
func sharedFront(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && !(boundary(a, n) && boundary(b, n)) {
		n--
	}
	return n
}

// sharedBack is the length of what two valid texts both end with, in whole characters.
func sharedBack(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	for n > 0 && !(boundary(a, len(a)-n) && boundary(b, len(b)-n)) {
		n--
	}
	return n
}

// appendJoined appends an event of several data lines with one, edited, in place of the first.
func (d *Deltas) appendJoined(dst, ev []byte, list []Replacement) []byte {
	if rest, ok := bytes.CutPrefix(ev, []byte(bom)); ok {
		dst, ev = append(dst, bom...), rest
	}
	data := false
	for len(ev) > 0 {
		key, _, rest, _ := field(ev)
		line := ev[:len(ev)-len(rest)]
		ev = rest
		if string(key) != "data" {
			dst = append(dst, line...)
			continue
		}
		if data {
			continue
		}
		data = true
		dst = append(dst, "data: "...)
		from := len(dst)
		dst = d.appendCut(dst, d.source, list)
		for i, c := range dst[from:] {
			if c == '\n' { // what joined the lines
				dst[from+i] = ' '
			}
		}
		dst = append(dst, lineBreak(line)...)
	}
	return dst
}

// lineBreak is how a line ends.
func lineBreak(line []byte) []byte {
	n := len(line)
	for n > 0 && (line[n-1] == '\n' || line[n-1] == '\r') {
		n--
	}
	return line[n:]
}
