package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Edits collects changes to the body of a parsed Request, all of them in terms of that Request, and makes the body that has
// them. What no edit touches stays byte for byte, and in order. The zero value is ready for Begin; an Edits is reused, and
// after warm-up it allocates nothing but errors.
//
// The errors are for whoever asked for the change: a plugin and its author. A change that is refused leaves the others as they
// were.
type Edits struct {
	r    *Request
	list []change
	text []byte // of all changes
	last place  // edits of a part in ascending order take one walk over it

	// What was changed that can be changed once, or in another way the second time.
	wrapped  bool // an input that was a string, or absent
	listed   bool // an array of messages that was empty
	blocked  bool // a system prompt that was an empty array
	systemed bool // a system prompt that was absent or null
	bounded  bool
	tempered bool
}

// place is where the last edit of a text ended.
type place struct {
	part        int // its index and 1
	offset, raw int // in its text, and in the inside of its string token
}

// change is an Edit whose text is e.text[from:to]. Of changes at one place the lower rank comes first, then the earlier.
type change struct {
	start, end, rank int
	from, to         int
}

// Ranks of insertions at one place.
const (
	rankOuter = iota
	rankUsual
	rankInner
)

// Begin forgets all changes and starts over with r, which must not be parsed again or Reset before Append.
func (e *Edits) Begin(r *Request) {
	const keep = 64 << 10
	*e = Edits{r: r, list: trim(e.list, keep/32), text: trim(e.text, keep)}
}

// Len is how many places of the body are changed.
func (e *Edits) Len() int { return len(e.list) }

// Text replaces length bytes at offset of the text of part i by text: bytes of the unescaped text, as Request.Text
// shows it. The spelling of the rest of the string stays. Only a PartString can be edited; the range must not cut a
// character. In the body that results the part reads text in that place and is otherwise as it was, provided that other
// parts are not edited to tell something else about it.
func (e *Edits) Text(i, offset, length int, text []byte) error {
	r := e.r
	if i < 0 || i >= len(r.Parts) {
		return fmt.Errorf("edit part %d: the request has %d parts", i, len(r.Parts))
	}
	p := &r.Parts[i]
	switch p.Kind {
	case PartJoined:
		return fmt.Errorf("edit part %d: it shows the texts of an object or array joined, which are not one string", i)
	case PartDecoded:
		return fmt.Errorf("edit part %d: it shows part %d decoded once more; edit that one", i, i-1)
	}
	old := r.Text(i)
	if offset < 0 || length < 0 || offset > len(old) || length > len(old)-offset {
		return fmt.Errorf("edit part %d: %d bytes at %d are not inside its %d", i, length, offset, len(old))
	}
	if !boundary(old, offset) || !boundary(old, offset+length) {
		return fmt.Errorf("edit part %d: %d bytes at %d cut a character", i, length, offset)
	}
	if !utf8.Valid(text) {
		return fmt.Errorf("edit part %d: the replacement is not valid UTF-8", i)
	}
	if e.becomesWord(p, old, offset, length, text) {
		return fmt.Errorf("edit part %d: the text would become a word of the API and mean something else", i)
	}
	raw := r.Body[p.Start+1 : p.End-1]
	if e.last.part != i+1 || e.last.offset > offset {
		e.last = place{part: i + 1}
	}
	start := e.last.raw + rawOffset(raw[e.last.raw:], offset-e.last.offset)
	end := start + rawOffset(raw[start:], length)
	e.last = place{i + 1, offset + length, end}
	from := len(e.text)
	e.text = appendEscaped(e.text, text)
	e.add(int(p.Start)+1+start, int(p.Start)+1+end, rankUsual, from)
	return nil
}

// add adds a change whose text is what was appended to e.text since from.
func (e *Edits) add(start, end, rank, from int) {
	e.list = append(e.list, change{start, end, rank, from, len(e.text)})
}

// boundary tells whether a character of the valid text s begins at i, or s ends there.
func boundary(s []byte, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }

// becomesWord tells whether an edit would turn a parameter that a model may be shown into one of the words by which
// bodies are read: a role, a type, a setting. The part would then be none, and the request another.
func (e *Edits) becomesWord(p *Part, old []byte, offset, length int, text []byte) bool {
	const longest = 64
	if p.Channel != ChannelParameter && p.Channel != ChannelToolDefinition || len(old)-length+len(text) > longest {
		return false
	}
	for _, key := range []string{"name", "description", "title"} {
		if keyBefore(e.r.Body, int(p.Start), key) >= 0 {
			return false
		}
	}
	var room [longest]byte
	word := append(append(append(room[:0], old[:offset]...), text...), old[offset+length:]...)
	if isWord(word) || typeOf(word) != typeUnknown {
		return true
	}
	switch string(word) {
	case "system", "developer", "user", "assistant", "mcp":
		return true
	}
	return false
}

// rawOffset is where, in the inside of a valid string token, the character begins that is at offset n of its text; n
// must not cut one.
func rawOffset(s []byte, n int) int {
	i := 0
	for n > 0 {
		plain := bytes.IndexByte(s[i:min(len(s), i+n)], '\\')
		if plain < 0 {
			return i + n
		}
		r, size := unescape(s[i+plain:])
		n -= plain + utf8.RuneLen(r)
		i += plain + size
	}
	return i
}

// appendEscaped appends the valid text s as the inside of a JSON string, spelt as appendString spells it.
func appendEscaped(dst, s []byte) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < 0x7f || c > 0x7f && c != "\u2028"[0] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = appendASCII(append(dst, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if r == '\u2028' || r == '\u2029' {
			dst = append(append(dst, s[from:i]...), '\\', 'u', '2', '0', '2', hexDigits[r&15])
			from = i + size
		}
		i += size
	}
	return append(dst, s[from:]...)
}

// MaxTokens bounds the tokens of the answer by n: every bound the body states becomes n, or it gets the one that the
// endpoint documents. It can be asked for once.
func (e *Edits) MaxTokens(n int64) error {
	r := e.r
	var name string
	switch r.Endpoint {
	case Chat:
		name = boundNames[1]
	case Completions, Messages:
		name = boundNames[0]
	case Responses:
		name = boundNames[2]
	default:
		return fmt.Errorf("set the most tokens of the answer: %s does not have such a bound", r.Endpoint)
	}
	if n < 1 || n > maxInteger {
		return fmt.Errorf("set the most tokens of the answer: %d is not between 1 and %d", n, int64(maxInteger))
	}
	if e.bounded {
		return errors.New("set the most tokens of the answer: it was set before")
	}
	e.bounded = true
	var room [32]byte
	value := strconv.AppendInt(room[:0], n, 10)
	stated := false
	for _, at := range r.at.bounds {
		if at.End > 0 {
			stated = true
			e.replace(at, value)
		}
	}
	if !stated {
		e.member(name, value)
	}
	return nil
}

// Temperature sets the sampling temperature, which must be finite and not negative. It can be asked for once.
func (e *Edits) Temperature(t float64) error {
	r := e.r
	switch r.Endpoint {
	case Chat, Completions, Messages, Responses:
	default:
		return fmt.Errorf("set the temperature: %s does not have one", r.Endpoint)
	}
	if math.IsNaN(t) || math.IsInf(t, 0) || t < 0 {
		return fmt.Errorf("set the temperature: %g is none", t)
	}
	if e.tempered {
		return errors.New("set the temperature: it was set before")
	}
	e.tempered = true
	var room [32]byte
	value := strconv.AppendFloat(room[:0], t, 'g', -1, 64)
	if at := r.at.temperature; at.End > 0 {
		e.replace(at, value)
	} else {
		e.member("temperature", value)
	}
	return nil
}

func (e *Edits) replace(at Span, value []byte) {
	from := len(e.text)
	e.text = append(e.text, value...)
	e.add(at.Start, at.End, rankUsual, from)
}

// member puts a member in front of all others.
func (e *Edits) member(name string, value []byte) {
	from := len(e.text)
	e.text = append(append(append(append(e.text, '"'), name...), '"', ':'), value...)
	e.addMember(from)
}

// addMember adds a member whose text was appended since from. A body of an endpoint that can be edited has others.
func (e *Edits) addMember(from int) {
	e.text = append(e.text, ',')
	e.add(e.r.opened, e.r.opened, rankUsual, from)
}

// Append appends the changed body to dst. It fails, with dst as it was, if changes overlap.
func (e *Edits) Append(dst []byte) ([]byte, error) {
	slices.SortStableFunc(e.list, func(a, b change) int {
		switch {
		case a.start != b.start:
			return a.start - b.start
		case a.end != b.end:
			return a.end - b.end
		}
		return a.rank - b.rank
	})
	body, at := e.r.Body, 0
	for i := range e.list {
		c := &e.list[i]
		if c.start < at {
			return dst, fmt.Errorf("edits overlap: one ends at byte %d of the body and another begins at byte %d", at, c.start)
		}
		at = c.end
	}
	at = 0
	for i := range e.list {
		c := &e.list[i]
		dst = append(append(dst, body[at:c.start]...), e.text[c.from:c.to]...)
		at = c.end
	}
	return append(dst, body[at:]...), nil
}
