package dialect

import (
	"bytes"
	"testing"
)

// FuzzPlain holds the searches on vectors to those on words, which hold to one byte at a time, at every alignment.
func FuzzPlain(f *testing.F) {
	long := bytes.Repeat([]byte("abcdefgh"), 12)
	for _, stop := range []string{``, `"`, `\`, "\x1f", "\x00", "\x7f", "\x80", "\xff", "é", `\"`, "\n\"", "~!#[]", "\x80\"", "\"\x1f"} {
		f.Add([]byte(stop), uint8(0))
		f.Add(append(append(bytes.Clone(long), stop...), long...), uint8(len(long)))
	}
	f.Fuzz(func(t *testing.T, text []byte, room uint8) {
		for n := range 40 {
			d := append(bytes.Repeat([]byte{'x'}, n), text...)
			d = d[:len(d):len(d)] // what lies behind must not be read
			for _, from := range []int{0, n, len(d)} {
				checkPlain(t, d, from, int(room))
			}
		}
	})
}

func checkPlain(t *testing.T, d []byte, from, room int) {
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
	const before = "before"
	want := before + string(d[from:stop])
	for _, add := range []func(dst, d []byte, i int) ([]byte, int){appendPlain, appendWords} {
		dst, at := add(append(make([]byte, 0, len(before)+room), before...), d, from)
		if at != stop || string(dst) != want {
			t.Fatalf("%q appended, to %d; want %q, to %d", dst, at, want, stop)
		}
	}
}
