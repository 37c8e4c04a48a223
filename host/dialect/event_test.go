package dialect

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// framed reads a stream as the relay does: it comes cut at the given lengths, events leave as soon as they are
// complete. It returns the events and what was left at the end.
func framed(stream []byte, cuts ...int) (events [][]byte, rest []byte) {
	var buf []byte
	from, at := 0, 0
	for _, cut := range append(cuts, len(stream)) {
		cut = min(cut, len(stream))
		if cut < at {
			continue
		}
		buf, at = append(buf, stream[at:cut]...), cut
		for {
			end, next := EventEnd(buf, from)
			if from = next; end == 0 {
				break
			}
			events = append(events, slices.Clone(buf[:end]))
			buf = buf[end:]
		}
	}
	return events, buf
}

// dispatched is the standard's own reading of a stream, line by line: what a client is given.
func dispatched(stream []byte) (events []string) {
	s := strings.ReplaceAll(strings.ReplaceAll(string(stream), "\r\n", "\n"), "\r", "\n")
	var name string
	var data []string
	lines := strings.Split(s, "\n")
	for _, line := range lines[:len(lines)-1] {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != nil {
				events = append(events, name+"|"+strings.Join(data, "\n"))
			}
			name, data = "", nil
		case field == "data":
			data = append(data, value)
		case field == "event":
			name = value
		}
	}
	return events
}

func TestEventEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stream string
		events       []string
		rest         string
	}{
		{"LF", "data: a\n\ndata: b\n\n", []string{"data: a\n\n", "data: b\n\n"}, ""},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"data: a\r\n\r\n", "data: b\r\n\r\n"}, ""},
		{"CR", "data: a\r\rdata: b\r\r", []string{"data: a\r\r", "data: b\r\r"}, ""},
		{"LF then CRLF", "data: a\n\r\ndata: b\r\n\n", []string{"data: a\n\r\n", "data: b\r\n\n"}, ""},
		{"LF then CR", "data: a\n\rdata: b\n\n", []string{"data: a\n\r", "data: b\n\n"}, ""},
		{"CR then CRLF", "data: a\r\r\ndata: b\n\n", []string{"data: a\r\r", "\n", "data: b\n\n"}, ""},
		{"CR then LF is one line end", "data: a\r\ndata: b\n\n", []string{"data: a\r\ndata: b\n\n"}, ""},
		{"several lines", "event: x\ndata: a\ndata: b\n\n", []string{"event: x\ndata: a\ndata: b\n\n"}, ""},
		{"blank lines", "\n\r\n\n", []string{"\n", "\r\n", "\n"}, ""},
		{"comments", ": hi\n\n:\n\n", []string{": hi\n\n", ":\n\n"}, ""},
		{"BOM", "\ufeffdata: a\n\n", []string{"\ufeffdata: a\n\n"}, ""},
		{"unfinished", "data: a\n\ndata: b\n", []string{"data: a\n\n"}, "data: b\n"},
		{"unfinished line", "data: a", nil, "data: a"},
		{"CR that may become CRLF", "data: a\n\r", nil, "data: a\n\r"},
		{"CRLF cut in two", "data: a\r\n\r", nil, "data: a\r\n\r"},
		{"lone CR", "\r", nil, "\r"},
		{"empty", "", nil, ""},
	}
	for _, tt := range tests {
		events, rest := framed([]byte(tt.stream))
		var got []string
		for _, ev := range events {
			got = append(got, string(ev))
		}
		if !slices.Equal(got, tt.events) || string(rest) != tt.rest {
			t.Errorf("%s: events %q, rest %q; want %q, %q", tt.name, got, rest, tt.events, tt.rest)
		}
	}
}

// checkFraming holds the framing of one stream to what is promised of it, for cuts at every byte, at none, and
// everywhere in turn.
func checkFraming(t *testing.T, stream []byte) {
	t.Helper()
	events, rest := framed(stream)
	if joined := append(bytes.Join(events, nil), rest...); !bytes.Equal(joined, stream) {
		t.Fatalf("joined events are not the stream: %q from %q", joined, stream)
	}
	var seen []string
	for _, ev := range events {
		if got, _ := EventEnd(ev[:len(ev)-1], 0); got != 0 {
			t.Fatalf("event %q is complete before its end", ev)
		}
		seen = append(seen, dispatched(ev)...)
	}
	if want := dispatched(stream[:len(stream)-len(rest)]); !slices.Equal(seen, want) {
		t.Fatalf("events dispatch %q, the stream %q: %q", seen, want, stream)
	}
	if left := dispatched(rest); len(left) > 1 || len(left) == 1 && rest[len(rest)-1] != '\r' {
		t.Fatalf("events left in the rest %q of %q", rest, stream)
	}
	same := func(cuts ...int) {
		t.Helper()
		got, gotRest := framed(stream, cuts...)
		if !slices.EqualFunc(got, events, bytes.Equal) || !bytes.Equal(gotRest, rest) {
			t.Fatalf("cut at %v: %q + %q, whole: %q + %q", cuts, got, gotRest, events, rest)
		}
	}
	every := make([]int, 0, len(stream))
	for i := range stream {
		same(i)
		every = append(every, i)
	}
	same(every...)
}

func FuzzEventEnd(f *testing.F) {
	for _, s := range []string{
		"data: a\n\ndata: b\n\n", "data: a\r\n\r\n: c\r\n\r\n", "event: x\rdata: y\r\r", "\ufeffdata: a\n\r\n\r", "\r\r\n\n\r", "a\r\nb\n\rc\r\r\nd",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) > 256 {
			stream = stream[:256]
		}
		checkFraming(t, stream)
	})
}

// TestEventEndExhaustive frames every stream of up to seven bytes of those that matter.
func TestEventEndExhaustive(t *testing.T) {
	t.Parallel()
	var grow func(prefix []byte)
	grow = func(prefix []byte) {
		checkFraming(t, prefix)
		if len(prefix) == 7 {
			return
		}
		for _, c := range []byte("\n\ra") {
			grow(append(prefix[:len(prefix):len(prefix)], c))
		}
	}
	grow(nil)
}

// TestEventEndLinear: with any of these in quadratic time the test would run for minutes.
func TestEventEndLinear(t *testing.T) {
	t.Parallel()
	const size = 4 << 20
	for name, line := range map[string]string{"LF": "data: x\n", "CRLF": "data: x\r\n", "CR": "data: x\r", "no line end": "data: x "} {
		event := append([]byte(strings.Repeat(line, size/len(line))), '\n', '\n')
		if end, _ := EventEnd(event, 0); end == 0 || end < len(event)-1 {
			t.Errorf("%s, at once: end %d of %d", name, end, len(event))
		}
		from, end := 0, 0
		for n := 1; n <= len(event) && end == 0; n++ {
			if end, from = EventEnd(event[:n], from); end != 0 && n < len(event)-1 {
				t.Errorf("%s, byte by byte: end %d of %d", name, end, len(event))
			}
		}
	}
	events := []byte(strings.Repeat("data: x\r\r", size/9))
	n := 0
	for p := events; len(p) > 0; n++ {
		end, _ := EventEnd(p, 0)
		if end == 0 {
			break
		}
		p = p[end:]
	}
	if n != size/9 {
		t.Errorf("%d events, want %d", n, size/9)
	}
}
