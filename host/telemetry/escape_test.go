package telemetry

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"empty", "", `""`},
		{"plain", "hello", `"hello"`},
		{"quote and backslash", `a"b\c`, `"a\"b\\c"`},
		{"line ends", "a\r\nb\tc", `"a\r\nb\tc"`},
		{"C0", "\x00\x1b[31m", `"\u0000\u001b[31m"`},
		{"DEL", "a\x7f", `"a\u007f"`},
		{"C1: CSI in one character", "\u009b31m", `"\u009b31m"`},
		{"bidi overrides", "\u202eabc\u202c", `"\u202eabc\u202c"`},
		{"bidi isolates", "\u2066abc\u2069", `"\u2066abc\u2069"`},
		{"marks", "\u200e\u200f\u061c", `"\u200e\u200f\u061c"`},
		{"separators", "a\u2028b\u2029c", `"a\u2028b\u2029c"`},
		{"byte order mark", "\ufeffa", `"\ufeffa"`},
		{"other scripts stay", "日本 Ünïcode 🙂 \u00a0", `"日本 Ünïcode 🙂 ` + "\u00a0" + `"`},
		{"HTML stays", "<a&b>", `"<a&b>"`},
		{"not UTF-8", "a\xff\xc3", `"a\ufffd\ufffd"`},
		{"surrogate in UTF-8", "\xed\xa0\x80", `"\ufffd\ufffd\ufffd"`},
		{"U+FFFD itself", "\ufffd", "\"\ufffd\""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, cut := appendString(nil, test.in, 100); string(got) != test.want || cut {
				t.Errorf("got %s (cut %v), want %s", got, cut, test.want)
			}
		})
	}
}

func TestAppendStringCuts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		limit int
		want  string
	}{
		{"abcdef", 6, `"abcdef"`},
		{"abcdefg", 6, `"abcdef…"`},
		{"ab日本", 6, `"ab日…"`},     // 2+3, the next does not fit
		{"ab日本", 4, `"ab…"`},      // not inside a character
		{"abc\ndef", 4, `"abc…"`}, // nor inside an escape
		{"\x00", 5, `"…"`},
		{"\x00", 6, `"\u0000"`},
		{"abc", 0, `"…"`},
		{"", 0, `""`},
	}
	for _, test := range tests {
		got, cut := appendString(nil, test.in, test.limit)
		if string(got) != test.want || cut != strings.Contains(test.want, "…") {
			t.Errorf("%q cut at %d: got %s (cut %v), want %s", test.in, test.limit, got, cut, test.want)
		}
	}
}

// FuzzAppendString holds appendString to encoding/json: what it writes parses to the same text, is bounded, and hides nothing.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\"b\\c\n", "\x00\x1b[0m\u009b", "\u202e\u2066\u2028\ufeff", "\xff\xc3\x28\xed\xa0\x80", "日本🙂", strings.Repeat("é", 300)} {
		f.Add(seed, 64)
		f.Add(seed, 1<<20)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 1<<20)
		line, cut := appendString([]byte("x"), s, limit)
		if line[0] != 'x' {
			t.Fatal("what stood before was overwritten")
		}
		line = line[1:]
		if body := len(line) - 2; body > limit+len(ellipsis) {
			t.Fatalf("%d bytes, limit %d", body, limit)
		}
		checkHarmless(t, line)
		var got string
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		want := string([]rune(s)) // each byte that is no UTF-8 becomes U+FFFD
		if cut {
			got = strings.TrimSuffix(got, ellipsis)
			if !strings.HasPrefix(want, got) || len(got) >= len(want) && len(want) > 0 {
				t.Fatalf("cut to %q, which is no part of %q", got, want)
			}
		} else if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// checkHarmless fails when p holds a byte or a character that acts on a terminal, an editor or a reader of lines.
func checkHarmless(t *testing.T, p []byte) {
	t.Helper()
	if !utf8.Valid(p) {
		t.Fatalf("not UTF-8: %q", p)
	}
	for _, r := range string(p) {
		if r < ' ' || r == 0x7f || hidden(r) {
			t.Fatalf("U+%04X in %.200q", r, p)
		}
	}
}
