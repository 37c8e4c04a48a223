package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"reflect"
	"strings"
	"testing"
)

// The oracle is net/http: strictness may refuse what it reads, but what is
// accepted here must be the same message there.

func FuzzRequestHead(f *testing.F) {
	for _, s := range []string{
		line + host + "Content-Length: 5\r\n\r\nhello", line + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"GET /v1/models?x=%zz HTTP/1.0\r\nConnection: keep-alive, x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nhost:\r\nExpect: 100-continue\r\n\r\n",
		"HEAD //a/%2F;b HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: a,,close\r\nX: \xff\t y \r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		line + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", line + host + "X: a\r\n b\r\n\r\n",
		line + host + "Trailer: a\r\nPragma: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
		line + host + "Transfer_Encoding: chunked\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		end, _, err := HeadEnd(p, 0)
		sameInPieces(t, p, end, err)
		if err != nil || end == 0 {
			return
		}
		var h Head
		if h.ParseRequest(p[:end]) != nil {
			return
		}
		req, rerr := http.ReadRequest(bufio.NewReader(bytes.NewReader(p)))
		if rerr != nil {
			if strings.Contains(rerr.Error(), "trailer key") {
				return // net/http reads Trailer; here it is dropped with all trailers
			}
			t.Fatalf("net/http refuses: %v", rerr)
		}
		defer req.Body.Close()
		if req.Method != string(h.Method) || req.RequestURI != string(h.Target) || req.ProtoMajor != 1 || req.ProtoMinor != h.Minor || req.Close != h.Close {
			t.Fatalf("net/http reads %s %s %s, close %t", req.Method, req.RequestURI, req.Proto, req.Close)
		}
		if req.Host != string(h.Get("host")) {
			t.Fatalf("net/http reads host %q", req.Host)
		}
		if len(req.TransferEncoding) > 0 != (h.Framing == Chunked) || h.Framing == Length && req.ContentLength != h.Length || h.Framing == NoBody && req.ContentLength != 0 {
			t.Fatalf("framing %d, length %d; net/http reads %v, %d", h.Framing, h.Length, req.TransferEncoding, req.ContentLength)
		}
		req.Header.Add("Host", req.Host)
		sameFields(t, &h, req.Header, "Content-Length", "Transfer-Encoding", "Trailer", "Cache-Control")
		sameBody(t, &h, p[end:], req.Body)
	})
}

func FuzzResponseHead(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nuntil close", "HTTP/1.1 204 \r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 304 a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 500 x\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nHost: a\r\nHost: b\r\nTrailer: c\r\nPragma: no-cache\r\n\r\n", "HTTP/1.1 299 \xff\r\nConnection: close\r\n\r\n",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, p []byte, head bool) {
		end, _, err := HeadEnd(p, 0)
		sameInPieces(t, p, end, err)
		if err != nil || end == 0 {
			return
		}
		var h Head
		if h.ParseResponse(p[:end], head) != nil {
			return
		}
		method := "GET"
		if head {
			method = "HEAD"
		}
		resp, rerr := http.ReadResponse(bufio.NewReader(bytes.NewReader(p)), &http.Request{Method: method})
		if rerr != nil {
			if strings.Contains(rerr.Error(), "trailer key") {
				return
			}
			t.Fatalf("net/http refuses: %v", rerr)
		}
		defer resp.Body.Close()
		if resp.StatusCode != h.Status || resp.ProtoMajor != 1 || resp.ProtoMinor != h.Minor || resp.Close != h.Close {
			t.Fatalf("net/http reads %s %s, close %t", resp.Proto, resp.Status, resp.Close)
		}
		sameFields(t, &h, resp.Header, "Content-Length", "Transfer-Encoding", "Trailer", "Cache-Control", "Connection")
		sameBody(t, &h, p[end:], resp.Body)
	})
}

// sameInPieces holds HeadEnd to its answer however the bytes come.
func sameInPieces(t *testing.T, p []byte, end int, err *Error) {
	t.Helper()
	from := 0
	for n := range len(p) + 1 {
		e, next, perr := HeadEnd(p[:n], from)
		if e > 0 || perr != nil {
			if e != end || perr != err {
				t.Fatalf("in pieces: %d, %v, at once: %d, %v", e, perr, end, err)
			}
			return
		}
		from = next
	}
	if end != 0 || err != nil {
		t.Fatalf("in pieces: nothing, at once: %d, %v", end, err)
	}
}

// sameFields compares the fields with net/http's, apart from those it takes out
// or puts in.
func sameFields(t *testing.T, h *Head, got http.Header, but ...string) {
	t.Helper()
	want := http.Header{}
	for _, f := range h.Fields {
		want.Add(string(f.Name), string(f.Value))
	}
	for _, name := range but {
		want.Del(name)
		got.Del(name)
	}
	if want.Get("Host") == "" && len(want["Host"]) < 2 {
		want.Del("Host")
		got.Del("Host")
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("fields %q, net/http reads %q", want, got)
	}
}

// sameBody compares the body with net/http's.
func sameBody(t *testing.T, h *Head, p []byte, body io.Reader) {
	t.Helper()
	theirs, rerr := io.ReadAll(body)
	ours, _, done, err := decode(h.Framing, h.Length, p, len(p)+1, len(p)+1)
	if err != nil {
		return
	}
	if h.Framing == UntilClose {
		done = true
	}
	if done != (rerr == nil) || !bytes.Equal(ours, theirs) {
		t.Fatalf("body %q, complete %t; net/http reads %q, %v", ours, done, theirs, rerr)
	}
}

func FuzzDecoder(f *testing.F) {
	for _, s := range append(brokenChunks, "5\r\nhello\r\n0\r\n\r\n", "5;a=\"b\"\r\nhello\r\n1 \r\nx\r\n0\r\nA: b\r\n\r\nrest") {
		f.Add([]byte(s), byte(0), byte(3), byte(5))
		f.Add([]byte(s), byte(1), byte(255), byte(255))
	}
	f.Fuzz(func(t *testing.T, p []byte, framing, in, out byte) {
		fr, length := Framing(framing%4), int64(framing)
		if framing%4 == 0 {
			fr = Chunked
		}
		body, rest, done, err := decode(fr, length, p, len(p)+1, len(p)+1)
		small, smallRest, smallDone, smallErr := decode(fr, length, p, int(in)+1, int(out)+1)
		if !bytes.Equal(body, small) || done != smallDone || err != smallErr || !bytes.Equal(rest, smallRest) {
			t.Fatalf("at once %q, left %q, %t, %v; in pieces %q, left %q, %t, %v", body, rest, done, err, small, smallRest, smallDone, smallErr)
		}
		inPlace(t, fr, length, p, int(in)+1, body, rest, done, err)
		if fr != Chunked {
			return
		}
		theirs, rerr := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(p)))
		// net/http's reader is done at the last chunk's size, before the trailers.
		if err == nil && ((done || inTrailers(p)) != (rerr == nil) || !bytes.Equal(body, theirs)) {
			t.Fatalf("body %q, complete %t; net/http reads %q, %v", body, done, theirs, rerr)
		}
	})
}

// inTrailers tells whether p ends behind the last chunk's size.
func inTrailers(p []byte) bool {
	var d Decoder
	d.Reset(Chunked, 0)
	_, _, _ = d.Decode(make([]byte, len(p)), p)
	return d.state >= trailerStart && d.state < chunkBroken
}

// inPlace decodes p in memory of its own, piece by piece.
func inPlace(t *testing.T, f Framing, length int64, p []byte, in int, body, rest []byte, done bool, err *Error) {
	t.Helper()
	var d Decoder
	var got []byte
	d.Reset(f, length)
	left := bytes.Clone(p)
	for len(left) > 0 && !d.Done() {
		n := min(in, len(left))
		nd, ns, derr := d.Decode(left[:n], left[:n])
		got, left = append(got, left[:nd]...), left[ns:]
		if derr != nil {
			if derr != err {
				t.Fatalf("in place: %v, else %v", derr, err)
			}
			break
		}
		if ns < n && !d.Done() {
			t.Fatalf("in place: %d of %d bytes consumed", ns, n)
		}
	}
	if !bytes.Equal(got, body) || len(left) != len(rest) || d.Done() != done {
		t.Fatalf("in place %q, %d left, done %t; else %q, %d left, done %t", got, len(left), d.Done(), body, len(rest), done)
	}
}
