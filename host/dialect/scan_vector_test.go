package dialect

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// FuzzPlain holds the searches on vectors to those on words, which hold to one byte at a time, at every alignment.
func FuzzPlain(f *testing.F) {
	long := bytes.Repeat([]byte("abcdefgh"), 12)
	for _, stop := range []string{``, `"`, `\`, "\x1f", "\x00", "\x7f", "\x80", "\xff", "é", `\"`, "\n\"", "~!#[]", "\x80\"", "\"\x1f"} {
		f.Add([]byte(stop))
		f.Add(append(append(bytes.Clone(long), stop...), long...))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for n := range 40 {
			d := append(bytes.Repeat([]byte{'x'}, n), text...)
			d = d[:len(d):len(d)] // what lies behind must not be read
			for _, from := range []int{0, n, len(d)} {
				checkPlain(t, d, from)
			}
		}
	})
}

func checkPlain(t *testing.T, d []byte, from int) {
	t.Helper()
	stop, skip := from, from
	for stop < len(d) && d[stop] >= ' ' && d[stop] < 0x80 && d[stop] != '"' && d[stop] != '\\' {
		stop++
	}
	for skip < len(d) && d[skip] >= ' ' && d[skip] != '"' && d[skip] != '\\' {
		skip++
	}
	if got := plain(d, from); got != stop {
		t.Fatalf("plain stops at %d, want %d: %q from %d", got, stop, d, from)
	}
	if got := plainWords(d, from); got != stop {
		t.Fatalf("plainWords stops at %d, want %d: %q from %d", got, stop, d, from)
	}
	if got := skipPlain(d, from); got != skip {
		t.Fatalf("skipPlain stops at %d, want %d: %q from %d", got, skip, d, from)
	}
	if got := skipWords(d, from); got != skip {
		t.Fatalf("skipWords stops at %d, want %d: %q from %d", got, skip, d, from)
	}
}

// FuzzEasy holds appendEasy, on vectors and on words, to one character at a time: at every alignment, with any room, and where
// blocks of vectors meet.
func FuzzEasy(f *testing.F) {
	for _, s := range []string{
		``, `"`, `\n`, `\\`, `\"\"\"`, `\t\tx\/`, `\b`, `\f`, `\u0041`, `\x`, `\`, "\x1f", "é", "é ", "naïve café", "§4", " — ", "日本", "日 ", "🙂 ", "🙂🙂",
		"\xc3", "\xc0\x80 ", "\xc1\xbf ", "\xe0\x9f\xbf ", "\xe0\xa0\x80 ", "\xed\xa0\x80 ", "\xed\x9f\xbf ", "\xf0\x8f\xbf\xbf ", "\xf0\xa0\x80\x80 ",
		"\xf4\x8f\xbf\xbf ", "\xf4\x90\x80\x80 ", "\xf5\x80\x80\x80 ", "\xff ", "é\\n", "\\né", "é\x80", "\x80",
	} {
		f.Add([]byte(s), uint8(0), uint8(255))
		f.Add([]byte(s+"abc"+s), uint8(60), uint8(200))
	}
	tail := bytes.Repeat([]byte("tail "), 40)
	f.Fuzz(func(t *testing.T, text []byte, at, room uint8) {
		for n := range 8 {
			d := append(bytes.Repeat([]byte{'x'}, int(at)+n), text...)
			checkEasy(t, d[:len(d):len(d)], 0, int(room))
			checkEasy(t, d[:len(d):len(d)], int(at), int(room))
			d = append(append(d, tail...), text...)
			d = append(d, tail...)
			checkEasy(t, d[:len(d):len(d)], 0, 2*len(d))
			checkEasy(t, d[:len(d):len(d)], int(at)+n, int(room))
		}
	})
}

// checkEasy: what is appended is the value of what is passed, and with enough room and text at hand nothing stays that
// is easy.
func checkEasy(t *testing.T, d []byte, from, room int) {
	t.Helper()
	for name, add := range map[string]func(dst, d []byte, i int) ([]byte, int){"vectors": appendEasy, "words": appendEasyWords} {
		const before = "before"
		want := []byte(before)
		got, end := add(append(make([]byte, 0, len(before)+room), before...), d, from)
		at := from
		for at < end {
			value, n := easyAt(d[at:])
			if n == 0 {
				t.Fatalf("%s pass %q at %d of %q from %d", name, d[at:], at, d, from)
			}
			want = append(want, value...)
			at += n
		}
		if at != end || !bytes.Equal(got, want) {
			t.Fatalf("%s append %q, to %d; want %q, to %d: %q from %d", name, got, end, want, at, d, from)
		}
		if room < 2*len(d) || len(d)-end < blockSpan {
			continue
		}
		if _, n := easyAt(d[end:]); n > 0 && !bytes.ContainsFunc(d[end+1:end+6], func(r rune) bool { return r >= utf8.RuneSelf }) &&
			(d[end] < utf8.RuneSelf || d[end] == 0xC3) {
			t.Fatalf("%s stop at %d of %q from %d", name, end, d, from)
		}
	}
}

// blockSpan is more than any block that appendEasy looks at.
const blockSpan = 200

// easyAt gives the value of the easy character at the start of text and the size of its spelling, 0 if it is none.
func easyAt(text []byte) (value []byte, n int) {
	switch c := text[0]; {
	case c == '\\':
		if len(text) < 2 {
			return nil, 0
		}
		if i := bytes.IndexByte([]byte(`"\/nrt`), text[1]); i >= 0 {
			return []byte{"\"\\/\n\r\t"[i]}, 2
		}
		return nil, 0
	case c < ' ' || c == '"':
		return nil, 0
	}
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError && n < 2 {
		return nil, 0
	}
	return text[:n], n
}
