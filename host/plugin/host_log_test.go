package plugin

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"weir/sdk/abi"
)

func TestFault22_LogFlood(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, n := b.put(64, "a line")
	for range 1000 {
		b.call(hostLog, 1, p, n)
	}
	if lines := strings.Count(b.log.String(), "\n"); lines != abi.LogLines {
		t.Errorf("%d lines in one call, the most is %d", lines, abi.LogLines)
	}
	for range 1000 {
		b.again()
		b.call(hostLog, 1, p, n)
	}
	if lines := strings.Count(b.log.String(), "\n"); lines < linesBurst || lines > 2*linesBurst {
		t.Errorf("%d lines in a thousand calls at once, want about %d", lines, linesBurst)
	}
	if b.observed.refused["acme|log"] != 1 {
		t.Errorf("refused: %v", b.observed.refused)
	}
}

// The credit of lines comes back with time, and the first line after a drought says how many were lost.
func TestLinesAreSteady(t *testing.T) {
	t.Parallel()
	l := newLines(logger(nil), "p", "t")
	now := l.seen
	for range linesBurst {
		if _, ok := l.take(now); !ok {
			t.Fatal("a line of the burst was dropped")
		}
	}
	for range 7 {
		if _, ok := l.take(now); ok {
			t.Fatal("a line beyond the burst was written")
		}
	}
	now += perLine
	if dropped, ok := l.take(now); !ok || dropped != 7 {
		t.Errorf("after a while: %v, %d dropped", ok, dropped)
	}
	if _, ok := l.take(now); ok {
		t.Error("one line's time gave two")
	}
}

func TestFault40_LogLines(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"plain", "plain"},
		{"two\nlines\tand a tab", "two lines and a tab"},
		{"a\rb\x00c\x1b[31md\x7fe\u0085f", "a\ufffdb\ufffdc\ufffd[31md\ufffde\ufffdf"},
		{"bidi \u202e\u2066\u200f end", "bidi \ufffd\ufffd\ufffd end"},
		{"line\u2028separators\u2029", "line\ufffdseparators\ufffd"},
		{"not \xff\xfe UTF-8", "not \ufffd UTF-8"},
		{strings.Repeat("é", 40), strings.Repeat("é", 16) + "…"},
	}
	for _, test := range tests {
		if got := clean(test.text, 33); got != test.want {
			t.Errorf("clean(%q) is %q, want %q", test.text, got, test.want)
		}
	}
	b := newBench(t)
	p, n := b.put(0, "x\nlevel=ERROR msg=\"forged\" plugin=other")
	b.call(hostLog, 3, p, n)
	if got := b.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "plugin=noop tenant=acme") || !strings.HasPrefix(got, "time=") {
		t.Errorf("log: %s", got)
	}
}

func checkClean(t *testing.T, text, got string, most int) {
	t.Helper()
	if !utf8.ValidString(got) || len(got) > 3*most+len("…") {
		t.Errorf("clean(%q, %d) is %q", text, most, got)
	}
	for _, r := range got {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			t.Errorf("clean(%q, %d) has %U", text, most, r)
		}
	}
}
