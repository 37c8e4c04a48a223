package http1

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// decode reads src in pieces of size in with dst of size out, the way callers
// do; rest is what was not consumed.
func decode(f Framing, length int64, src []byte, in, out int) (body, rest []byte, done bool, err *Error) {
	var d Decoder
	d.Reset(f, length)
	dst := make([]byte, out)
	for avail := min(in, len(src)); ; {
		nd, ns, derr := d.Decode(dst, src[:avail])
		body = append(body, dst[:nd]...)
		src, avail = src[ns:], avail-ns
		switch {
		case derr != nil:
			return body, src, false, derr
		case d.Done():
			return body, src, true, nil
		case nd > 0 || ns > 0:
			continue
		case len(src) == avail:
			return body, src, false, nil
		}
		avail = min(avail+in, len(src))
	}
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		framing    Framing
		length     int64
		src        string
		body, rest string
		done       bool
	}{
		{NoBody, 0, "next", "", "next", true},
		{Length, 0, "next", "", "next", true},
		{Length, 5, "hellonext", "hello", "next", true},
		{Length, 5, "hell", "hell", "", false},
		{UntilClose, 0, "hello", "hello", "", false},
		{Chunked, 0, "0\r\n\r\nnext", "", "next", true},
		{Chunked, 0, "5\r\nhello\r\n0\r\n\r\nnext", "hello", "next", true},
		{Chunked, 0, "2\r\nhe\r\n0003\r\nllo\r\n000\r\n\r\n", "hello", "", true},
		{Chunked, 0, "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", "", true},
		{Chunked, 0, "5 \t\r\nhello\r\n0 \r\n\r\n", "hello", "", true},
		{Chunked, 0, "5;a=b; c=\"d e\"\r\nhello\r\n0;last\r\n\r\n", "hello", "", true},
		{Chunked, 0, "0\r\nDigest: abc\r\nX:\r\n\r\nnext", "", "next", true},
		{Chunked, 0, "5\r\nhello\r\n0\r\n\r", "hello", "", false},
		{Chunked, 0, "5\r\nhello\r\n", "hello", "", false},
		{Chunked, 0, "5\r\nhel", "hel", "", false},
		{Chunked, 0, "fffffffffffffff\r\nhel", "hel", "", false},
	} {
		for in := 1; in <= len(test.src); in++ {
			for out := 1; out <= len(test.src); out++ {
				body, rest, done, err := decode(test.framing, test.length, []byte(test.src), in, out)
				if string(body) != test.body || string(rest) != test.rest || done != test.done || err != nil {
					t.Fatalf("%q, %d bytes into %d: %q, left %q, done %t, %v", test.src, in, out, body, rest, done, err)
				}
			}
		}
	}
}

func TestUntilCloseAlone(t *testing.T) {
	t.Parallel()
	for f := NoBody; f <= UntilClose; f++ {
		var d Decoder
		d.Reset(f, 1)
		if d.UntilClose() != (f == UntilClose) {
			t.Errorf("framing %d: UntilClose is %t", f, d.UntilClose())
		}
	}
}

// brokenChunks are bodies that break the grammar, each behind two good chunks.
var brokenChunks = []string{
	"\r\n", "\n", " 5\r\nhello\r\n", ";a\r\n", "g\r\n", "-5\r\nhello\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n", "5_\r\n",
	"5\nhello\r\n", "5\r\rhello", "5\rhello", "5 \nhello", "5;a\nhello\r\n", "5;a\rb\r\nhello", "5;a\x00\r\n", "5 6\r\nhello", "5 ;a\r\nhello", "5,\r\nhello",
	"5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "5\r\nhel\r\n0\r\n\r\n",
	"1000000000000000\r\n", "ffffffffffffffff\r\n", "0000000000000005\r\nhello", "10000000000000000\r\n", "\x005\r\n",
	"0\r\n\n", "0\n\r\n", "0\r\n\r\r", "0\r\nno colon\r\n\r\n", "0\r\nno-colon\r\n\r\n", "0\r\n: no name\r\n\r\n", "0\r\n folded\r\n\r\n",
	"0\r\nA: b\n\r\n", "0\r\nA: b\rc\r\n\r\n", "0\r\nA: \x00\r\n\r\n", "0\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	"5;" + strings.Repeat("a", maxChunkLine) + "\r\nhello\r\n0\r\n\r\n",
	"5" + strings.Repeat(" ", maxChunkLine) + "\r\nhello\r\n0\r\n\r\n",
	"0\r\nA: " + strings.Repeat("a", maxChunkLine) + "\r\n\r\n",
	"0\r\n" + strings.Repeat("a:\r\n", maxChunkLine/4) + "\r\n",
	strings.Repeat("1;"+strings.Repeat("e", 1000)+"\r\nx\r\n", 20) + "0\r\n\r\n",
}

func TestFault04_BrokenChunks(t *testing.T) {
	t.Parallel()
	const good = "3\r\nabc\r\n2\r\nde\r\n"
	for _, broken := range brokenChunks {
		src := []byte(good + broken)
		for _, in := range []int{1, 2, 3, 7, len(src)} {
			for _, out := range []int{1, 4, len(src)} {
				body, _, done, err := decode(Chunked, 0, src, in, out)
				if err != ErrChunk || done || !bytes.HasPrefix(body, []byte("abcde")) {
					t.Fatalf("%q, %d bytes into %d: %q, done %t, %v", broken, in, out, body, done, err)
				}
			}
		}
	}
}

// A caller that takes the bytes before a fault and asks again gets the fault
// again, whatever it offers then: the byte at fault, or what came later.
func TestFault04_BrokenStaysBroken(t *testing.T) {
	t.Parallel()
	for _, broken := range brokenChunks {
		for _, next := range []string{"", "\n", "\r\n", "\r\n0\r\n\r\n", "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"} {
			var d Decoder
			d.Reset(Chunked, 0)
			dst := make([]byte, len(broken)+len(next))
			_, ns, err := d.Decode(dst, []byte(broken))
			if err == nil {
				t.Fatalf("%q is accepted", broken)
			}
			for _, again := range []string{broken[ns:] + next, next + "\n"} {
				if nd, ns, err := d.Decode(dst, []byte(again)); err != ErrChunk || nd+ns > 0 || d.Done() {
					t.Fatalf("%q, then %q: %d, %d, %v, done %t", broken, again, nd, ns, err, d.Done())
				}
			}
		}
	}
}

// chunked frames body in chunks cut at random, with what the grammar allows
// around them.
func chunked(t *rapid.T, body []byte) []byte {
	var out []byte
	for len(body) > 0 {
		n := rapid.IntRange(1, len(body)).Draw(t, "chunk")
		size := strconv.FormatInt(int64(n), 16)
		if rapid.Bool().Draw(t, "upper") {
			size = strings.ToUpper(size)
		}
		out = append(out, strings.Repeat("0", rapid.IntRange(0, 3).Draw(t, "zeros"))...)
		out = append(append(out, size...), rapid.SampledFrom([]string{"", "", " ", ";a", ";a=\"b;c\""}).Draw(t, "extension")...)
		out = append(append(append(out, "\r\n"...), body[:n]...), "\r\n"...)
		body = body[n:]
	}
	out = append(out, "0\r\n"...)
	out = append(out, rapid.SampledFrom([]string{"", "", "A: b\r\n", "A:\r\nB: \tc\r\n"}).Draw(t, "trailers")...)
	return append(out, "\r\n"...)
}

// Whatever the chunks, the reads and the buffers, the body is the body, nothing
// behind it is touched, and decoding in place gives the same.
func TestDecoderProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "body")
		src := append(chunked(t, body), "HTTP/1.1 200"...)
		in, out := rapid.IntRange(1, len(src)).Draw(t, "in"), rapid.IntRange(1, 64).Draw(t, "out")
		got, rest, done, err := decode(Chunked, 0, src, in, out)
		if err != nil || !done || !bytes.Equal(got, body) || string(rest) != "HTTP/1.1 200" {
			t.Fatalf("body %q, left %q, done %t, %v", got, rest, done, err)
		}
		var d Decoder
		d.Reset(Chunked, 0)
		got = got[:0]
		for p := bytes.Clone(src); !d.Done(); {
			n := min(in, len(p))
			nd, ns, err := d.Decode(p[:n], p[:n])
			if err != nil || ns != n && !d.Done() {
				t.Fatalf("in place: %d of %d consumed, %v", ns, n, err)
			}
			got, p = append(got, p[:nd]...), p[ns:]
		}
		if !bytes.Equal(got, body) {
			t.Fatalf("in place: %q", got)
		}
	})
}

// One byte a chunk is how some servers stream; it is not excess.
func TestOneByteChunks(t *testing.T) {
	t.Parallel()
	src := append(bytes.Repeat([]byte("1\r\nx\r\n"), 1<<17), "0\r\n\r\n"...)
	body, rest, done, err := decode(Chunked, 0, src, 1<<12, 1<<12)
	if len(body) != 1<<17 || len(rest) > 0 || !done || err != nil {
		t.Errorf("%d bytes, %d left, done %t, %v", len(body), len(rest), done, err)
	}
}
