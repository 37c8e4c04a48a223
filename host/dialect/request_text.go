package dialect

import (
	"bytes"
	"unicode/utf8"
)

// The methods here turn the value at the cursor into parts. ChannelNone stands for "to be seen": the type of the block or
// the role of the message, which may come after the text, decides; see resolve.

// add adds a part over the arena from offset on and the body from start on.
func (r *Request) add(kind PartKind, ch Channel, offset, start int) {
	if len(r.Parts) == maxParts {
		r.scan.fail(faultParts, start)
		return
	}
	r.Parts = append(r.Parts, Part{
		Kind: kind, Channel: ch, Message: r.message,
		Offset: int32(offset), Length: int32(len(r.Arena) - offset),
		Start: int32(start), End: int32(r.scan.pos),
	})
}

// resolve gives the parts from index first on the channel ch and the role where they have none yet.
func (r *Request) resolve(first int, ch Channel, role Role) {
	parts := r.Parts[first:]
	for i := range parts {
		p := &parts[i]
		if p.Channel == ChannelNone {
			p.Channel = ch
		}
		if p.Role == RoleNone {
			p.Role = role
		}
	}
}

// text adds the string at the cursor.
func (r *Request) text(ch Channel) {
	s := &r.scan
	start, offset := s.pos, len(r.Arena)
	r.Arena = s.appendString(r.Arena)
	if !s.failed() {
		r.add(PartString, ch, offset, start)
	}
}

// value adds whatever text stands at the cursor: a string as it is, an object or array joined, of a bare number or literal
// nothing.
func (r *Request) value(ch Channel) {
	switch s := &r.scan; s.next() {
	case '"':
		r.text(ch)
	case '{', '[':
		r.joined(ch)
	default:
		s.skipScalar()
	}
}

// values adds the elements of an array one by one; anything else like value.
func (r *Request) values(ch Channel) {
	s := &r.scan
	if s.next() != '[' {
		r.value(ch)
		return
	}
	if !s.openArray() {
		return
	}
	for i := 0; s.element(i); i++ {
		r.value(ch)
	}
}

// optional adds the string at the cursor, takes null for nothing and refuses the rest.
func (r *Request) optional(ch Channel) {
	switch s := &r.scan; s.next() {
	case '"':
		r.text(ch)
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantString)
	}
}

// joined adds the object or array at the cursor as one part. Text that a scanner or a reader of prompts wants is neither
// raw JSON, where escapes and punctuation tear phrases, nor a part for each of a schema's hundred strings.
// Keys are in it because models read them.
func (r *Request) joined(ch Channel) {
	start, offset := r.scan.pos, len(r.Arena)
	r.join(ch != ChannelParameter && ch != ChannelToolDefinition)
	if len(r.Arena) > offset && !r.scan.failed() {
		r.Arena = r.Arena[:len(r.Arena)-1]
		r.add(PartJoined, ch, offset, start)
	}
}

// join appends the texts of the value at the cursor, an LF behind each. Numbers count where values are content (a card
// number in a tool's arguments) and not where they are settings.
func (r *Request) join(numbers bool) {
	s := &r.scan
	switch c := s.next(); {
	case c == '"':
		r.Arena = append(s.appendString(r.Arena), '\n')
	case c == '{':
		var o members
		if !s.openObject(&o) {
			return
		}
		for s.member(&o) {
			if s.keyEscaped {
				r.countControls(s.key)
			}
			r.Arena = append(append(r.Arena, s.key...), '\n')
			r.join(numbers)
		}
	case c == '[':
		if !s.openArray() {
			return
		}
		for i := 0; s.element(i); i++ {
			r.join(numbers)
		}
	case numbers && (c == '-' || '0' <= c && c <= '9'):
		r.Arena = append(append(r.Arena, s.number()...), '\n')
	default:
		s.skipScalar()
	}
}

func (r *Request) countControls(text []byte) {
	for _, c := range text {
		r.scan.countControl(rune(c))
	}
}

// arguments adds what the model passed to a tool: JSON in a string (OpenAI), an object (Anthropic), or free text. Some
// servers decode the string before it reaches the model (vLLM hands its chat templates the object), so what
// a second layer of escapes spells is added as well.
func (r *Request) arguments() {
	s := &r.scan
	if s.next() != '"' {
		r.value(ChannelToolArguments)
		return
	}
	start, offset := s.pos, len(r.Arena)
	r.text(ChannelToolArguments)
	if s.failed() {
		return
	}
	end := len(r.Arena)
	if bytes.IndexByte(r.Arena[offset:], '\\') < 0 {
		return
	}
	r.Arena = r.appendDecoded(r.Arena, r.Arena[offset:end])
	r.add(PartDecoded, ChannelToolArguments, end, start)
	r.Decoded++
}

// appendDecoded appends text with the escapes of JSON decoded wherever they stand, be text well-formed JSON or not: what the
// server accepts is not known here. A lone surrogate becomes U+FFFD, no escape at all stays.
func (r *Request) appendDecoded(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		c, n := decodeLoosely(text[i:])
		if n == 0 {
			dst, text = append(dst, text[i]), text[i+1:]
			continue
		}
		if c < utf8.RuneSelf {
			r.scan.countControl(c)
		}
		dst, text = utf8.AppendRune(dst, c), text[i+n:]
	}
}

// decodeLoosely decodes the escape that text begins with; its length is 0 if it is none.
func decodeLoosely(text []byte) (c rune, n int) {
	if text[1] != 'u' {
		if c = rune(escapes[text[1]]); c == 0 {
			return 0, 0
		}
		return c, 2
	}
	high := hex4(text, 2)
	if high < 0 {
		return 0, 0
	}
	if high&^0x3FF == 0xD800 && len(text) >= 12 && text[6] == '\\' && text[7] == 'u' {
		if low := hex4(text, 8); low&^0x3FF == 0xDC00 {
			return 0x10000 + (high-0xD800)<<10 + (low - 0xDC00), 12
		}
	}
	return high, 6
}

// word reads a setting. The words providers document carry nothing and are no parts; any other string might reach a
// model through some server's template and is a parameter.
func (r *Request) word() {
	s := &r.scan
	if s.next() != '"' {
		r.value(ChannelParameter)
		return
	}
	if at := s.pos; !isWord(s.text()) && !s.failed() {
		s.pos = at
		r.text(ChannelParameter)
	}
}

// isWord lists the settings that stand in most requests. It spares parts; it decides nothing.
func isWord(w []byte) bool {
	switch string(w) {
	case "text", "function", "custom", "auto", "none", "required", "any", "tool", "json_object", "json_schema", "content",
		"enabled", "disabled", "adaptive", "minimal", "low", "medium", "high", "xhigh", "max", "concise", "detailed",
		"in_progress", "completed", "incomplete", "failed", "ephemeral", "url", "file", "base64", "object", "default":
		return true
	}
	return false
}
