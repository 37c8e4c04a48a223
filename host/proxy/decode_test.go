package proxy

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"weir/host/http1"
)

// codings compress; each is a way in which a client may.
var codings = map[string]func(io.Writer) io.WriteCloser{
	"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
	"zstd": func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
		if err != nil {
			panic(err)
		}
		return z
	},
}

func compress(t testing.TB, coding string, text io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := codings[coding](&b)
	if _, err := io.Copy(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zeros is n zero bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// decoding is an exchange whose client sent body with these header lines.
func decoding(t testing.TB, limit int, body []byte, lines ...string) *exchange {
	t.Helper()
	head := request("POST / HTTP/1.1", lines...)
	x := &exchange{st: &State{Limits: Limits{Body: limit}}, conn: &conn{}, body: body}
	if err := x.conn.head.ParseRequest([]byte(head)); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for coding := range codings {
		for _, size := range []int{0, 1, 1000, 100_000} {
			text := make([]byte, size)
			_, _ = rand.Read(text)
			body := compress(t, coding, bytes.NewReader(text))
			for _, name := range []string{coding, strings.ToUpper(coding)} {
				x := decoding(t, max(size, 1), body, "Content-Encoding: "+name)
				if err := x.decode(); err != nil || !bytes.Equal(x.body, text) || !x.decodedH {
					t.Errorf("%s of %d bytes: %v, %d bytes", name, size, err, len(x.body))
				}
			}
			if size == 0 {
				continue
			}
			x := decoding(t, size-1, body, "Content-Encoding: "+coding)
			if err := x.decode(); err == nil || err.Kind.Status() != 413 {
				t.Errorf("%s of one byte more than the limit of %d: %v", coding, size-1, err)
			}
			for _, cut := range []int{1, len(body) / 2, len(body) - 1} {
				x := decoding(t, size, body[:cut], "Content-Encoding: "+coding)
				if err := x.decode(); err == nil || err.Kind.Status() != 400 {
					t.Errorf("%s of %d bytes, cut at %d of %d: %v", coding, size, cut, len(body), err)
				}
			}
		}
		x := decoding(t, 1000, []byte(`{"model":"m"}`), "Content-Encoding: "+coding)
		if err := x.decode(); err == nil || err.Kind.Status() != 400 {
			t.Errorf("plain text as %s: %v", coding, err)
		}
	}
}

func TestDecodeRefusesOtherCodings(t *testing.T) {
	t.Parallel()
	text := []byte(`{"model":"m"}`)
	for _, lines := range [][]string{
		{"Content-Encoding: gzip, gzip"}, {"Content-Encoding: gzip, identity"}, {"Content-Encoding: compress"}, {"Content-Encoding: gzip;q=1"}, {"Content-Encoding: aws-chunked"},
		{"Content-Encoding: gzip", "content-encoding: gzip"}, {"Content-Encoding: identity", "Content-Encoding: gzip"}, {"Content-Encoding:", "Content-Encoding: deflate"},
	} {
		x := decoding(t, 1000, text, lines...)
		if err := x.decode(); err == nil || err.Kind.Status() != 415 {
			t.Errorf("%q: %v", lines, err)
		}
	}
	for _, lines := range [][]string{nil, {"Content-Encoding: identity"}, {"Content-Encoding:"}} {
		x := decoding(t, 1000, text, lines...)
		if err := x.decode(); err != nil || !bytes.Equal(x.body, text) || x.decodedH != (lines != nil) {
			t.Errorf("%q: %v", lines, err)
		}
	}
}

// What a bomb makes Weir allocate is bounded by limits.body and by the window of
// its coding, whatever it would unfold to.
func TestFault07_BombsAllocateLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const limit, bomb = 1 << 20, 32 << 20
	for coding := range codings {
		body := compress(t, coding, zeros(bomb))
		x := decoding(t, limit, body, "Content-Encoding: "+coding)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := x.decode()
		runtime.ReadMemStats(&after)
		took := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d bytes sent for %d, %d bytes allocated", coding, len(body), bomb, took)
		if err == nil || err.Kind.Status() != 413 {
			t.Errorf("%s: %v", coding, err)
		}
		if took > 24<<20 {
			t.Errorf("%s: %d bytes allocated", coding, took)
		}
	}
}

// A frame may ask for a large window although its text is short.
func TestDecodeWindow(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1 << 20, 8 << 20} {
		var b bytes.Buffer
		z, err := zstd.NewWriter(&b, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprint(z, `{"model":`)
		_ = z.Flush() // from here on the frame's size is unknown
		_, _ = fmt.Fprint(z, `"m"}`)
		_ = z.Close()
		x := decoding(t, 1000, b.Bytes(), "Content-Encoding: zstd")
		if err := x.decode(); err != nil || string(x.body) != `{"model":"m"}` {
			t.Errorf("window of %d: %v %q", window, err, x.body)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for coding := range codings {
		f.Add(coding, compress(f, coding, strings.NewReader(`{"model":"m","messages":[]}`)))
		f.Add(coding, compress(f, coding, zeros(100_000)))
	}
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		if !http1.IsValue([]byte(coding)) {
			return
		}
		const limit = 10_000
		x := decoding(t, limit, body, "Content-Encoding: "+strings.TrimSpace(coding))
		if err := x.decode(); err == nil && len(x.body) > limit && !http1.EqualFold([]byte(strings.TrimSpace(coding)), "identity") && strings.TrimSpace(coding) != "" {
			t.Fatalf("%d bytes", len(x.body))
		}
	})
}
