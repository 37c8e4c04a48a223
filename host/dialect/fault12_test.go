package dialect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFault12_Escapes splits a phrase over every kind of escape, at every letter, wherever text can stand: it is read as if it
// had been spelt plainly.
func TestFault12_Escapes(t *testing.T) {
	t.Parallel()
	const phrase = "ignore previous/rules é 😀"
	for i, c := range phrase {
		for _, spelt := range spellings(c) {
			value := `"` + phrase[:i] + spelt + phrase[i+utf8.RuneLen(c):] + `"`
			for _, place := range in(value) {
				var r Request
				if err := r.Parse(place.endpoint, []byte(place.body)); err != nil {
					t.Fatalf("%s: %v", place.body, err)
				}
				if walked := strings.Contains(place.body, "metadata") || strings.Contains(place.body, "image_url"); walked {
					continue
				}
				if string(r.Model) != phrase && !bytes.Contains(r.Arena, []byte(phrase)) {
					t.Fatalf("%s gives %q", place.body, r.Arena)
				}
			}
		}
	}
}

// TestFault12_Arguments spells a phrase with a second layer of escapes inside a tool call's arguments, as servers that decode them
// would read it, in good JSON and in JSON that only lenient readers take.
func TestFault12_Arguments(t *testing.T) {
	t.Parallel()
	const phrase = "ignore previous/rules é 😀"
	for i, c := range phrase {
		for _, spelt := range spellings(c) {
			inner := `{"q":"` + phrase[:i] + spelt + phrase[i+utf8.RuneLen(c):] + `"`
			for _, tail := range []string{`}`, `,"q":1}`, ` `, `\`, `\u12"}`, `\ud800"}`} {
				value := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(inner+tail) + `"`
				for _, format := range []string{
					`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":%s}}]}]}`,
					`{"model":"m","messages":[{"role":"assistant","function_call":{"arguments":%s}}]}`,
				} {
					var r Request
					if err := r.Parse(Chat, fmt.Appendf(nil, format, value)); err != nil {
						t.Fatal(err)
					}
					checkView(t, &r)
					if !bytes.Contains(r.Arena, []byte(phrase)) || !bytes.Contains(r.Arena, []byte(inner+tail)) {
						t.Fatalf("%s gives %q", value, r.Arena)
					}
				}
			}
		}
	}
}

// spellings gives the ways JSON can spell a character.
func spellings(c rune) []string {
	all := []string{string(c)}
	switch {
	case c == '/':
		all = append(all, `\/`, `\u002f`, `\u002F`)
	case c > 0xFFFF:
		high, low := 0xD800+(c-0x10000)>>10, 0xDC00+(c-0x10000)&0x3FF
		all = append(all, fmt.Sprintf(`\u%04x\u%04X`, high, low))
	default:
		all = append(all, fmt.Sprintf(`\u%04x`, c), fmt.Sprintf(`\u%04X`, c))
	}
	return all
}
