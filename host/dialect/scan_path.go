package dialect

import (
	"fmt"
	"strconv"
	"strings"
)

// step is one level of a path: an array's index or an object's key.
type step struct {
	array bool
	index int
	keyAt int // offset of the key's quote, -1 while the key is to come
	key   string
}

type path []step

// pathAt gives the path of the value at offset at, or of the object if a key begins there. It walks data again from
// the start, once and only for a refused body, so that parsing need not keep track. Data up to at has been accepted;
// hence the few checks.
func pathAt(data []byte, at int) path {
	var p path
	text := -1 // offset of the last string, as long as nothing else follows it
	for i := 0; i < at; i++ {
		top := len(p) - 1
		switch data[i] {
		case '{', '[':
			p = append(p, step{array: data[i] == '[', keyAt: -1})
		case '}', ']':
			p = p[:max(top, 0)]
		case ',':
			if top >= 0 {
				p[top].index++
				p[top].keyAt = -1
			}
		case ':':
			if top >= 0 {
				p[top].keyAt = text
			}
		case '"':
			text = i
			i = stringEnd(data[:at], i)
		}
	}
	if top := len(p) - 1; top >= 0 && !p[top].array && p[top].keyAt < 0 {
		p = p[:top]
	}
	for i := range p {
		if !p[i].array && p[i].keyAt >= 0 {
			p[i].key = keyText(data, p[i].keyAt)
		}
	}
	return p
}

// stringEnd gives the index of the closing quote of the string that begins at i.
func stringEnd(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// keyText unescapes the key whose quote is at i.
func keyText(data []byte, i int) string {
	s := scanner{data: data, pos: i}
	return string(s.text())
}

// format writes "messages[3].content[0].text" for OpenAI, "messages.3.content.0.text" for Anthropic.
func (p path) format(d Dialect) string {
	var b strings.Builder
	for _, level := range p {
		switch {
		case level.array && d != Anthropic:
			fmt.Fprintf(&b, "[%d]", level.index)
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		switch {
		case level.array:
			b.WriteString(strconv.Itoa(level.index))
		case simpleKey(level.key):
			b.WriteString(level.key)
		default:
			b.WriteString(quoteKey(level.key))
		}
	}
	return b.String()
}

// simpleKey reports whether a key can stand in a path without quotes.
func simpleKey(key string) bool {
	for _, c := range []byte(key) {
		if c != '_' && c != '-' && c != '$' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z') {
			return false
		}
	}
	return key != "" && len(key) <= maxKeyShown
}
