package dialect

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A token is a JSON value as it stands in the text, as walker.skip and sonic's raw messages give it: valid, without
// blanks around it, nil when absent.

// quoted is the inside of a string token, still escaped; nil for any other value.
func quoted(token []byte) []byte {
	if len(token) < 2 || token[0] != '"' {
		return nil
	}
	return token[1 : len(token)-1]
}

// stated tells whether a token is there and says something: not null, false or "". Clients test errors the same way.
func stated(token []byte) bool {
	return len(token) > 0 && token[0] != 'n' && token[0] != 'f' && string(token) != `""`
}

// maxFigure bounds the numbers taken from an answer: what a float64 holds exactly, far above any count, and safe to
// add.
const maxFigure = 1 << 53

// tokenNumber is the value of a number token, fractions cut; -1 if it is none or negative.
func tokenNumber(token []byte) int64 {
	if len(token) == 0 || len(token) > 32 || token[0]-'0' > 9 {
		return -1
	}
	var n int64
	for _, c := range token {
		if c-'0' > 9 {
			f, err := strconv.ParseFloat(string(token), 64)
			if err != nil || f > maxFigure {
				return maxFigure
			}
			return int64(f)
		}
		if n = n*10 + int64(c-'0'); n > maxFigure {
			return maxFigure
		}
	}
	return n
}

// unescaped is the text of the inside of a valid string token. A surrogate without its partner becomes U+FFFD.
func unescaped(s []byte) []byte { return appendUnescaped(nil, s) }

// appendUnescaped appends what unescaped gives.
func appendUnescaped(dst, s []byte) []byte {
	for {
		plain := bytes.IndexByte(s, '\\')
		if plain < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:plain]...)
		r, n := unescape(s[plain:])
		dst = utf8.AppendRune(dst, r)
		s = s[plain+n:]
	}
}

// textLen is the length in bytes of what unescaped gives.
func textLen(s []byte) int {
	total := 0
	for {
		plain := bytes.IndexByte(s, '\\')
		if plain < 0 {
			return total + len(s)
		}
		if s[plain+1] != 'u' { // nearly all of them: one character for two
			total += plain + 1
			s = s[plain+2:]
			continue
		}
		r, n := unescape(s[plain:])
		total += plain + utf8.RuneLen(r)
		s = s[plain+n:]
	}
}

// unescape reads the escape at the start of s, which is valid: the character and the length of the escape. Surrogates
// that do not pair are read one by one as U+FFFD.
func unescape(s []byte) (rune, int) {
	if s[1] != 'u' {
		return rune(escapes[s[1]]), 2
	}
	r := hex4(s, 2)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(s) > 7 && s[6] == '\\' && s[7] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(s, 8)); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// maxWord bounds the names taken from an answer (model, id, finish reason), in bytes as they stand there.
const maxWord = 256

// word keeps the last few values of a name that comes with many events: what is known is neither decoded nor
// allocated again, also over a Reset of the Answer.
type word struct {
	known [4]struct {
		token []byte
		text  string
	}
	oldest int
}

// names are the words of an answer.
type names struct {
	model, id, finish word
}

// read is the text of a string token, "" for any other value. Over-long names are cut.
func (w *word) read(token []byte) string {
	s := quoted(token)
	if len(s) == 0 {
		return ""
	}
	for i := range w.known {
		if bytes.Equal(w.known[i].token, s) {
			return w.known[i].text
		}
	}
	if len(s) > maxWord {
		return string(clipText(unescaped(s), maxWord))
	}
	k := &w.known[w.oldest]
	w.oldest = (w.oldest + 1) % len(w.known)
	k.token = append(k.token[:0], s...)
	if bytes.IndexByte(s, '\\') < 0 {
		k.text = string(s)
	} else {
		k.text = string(unescaped(s))
	}
	return k.text
}

// clipText cuts s to at most n bytes, between characters.
func clipText(s []byte, n int) []byte {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
