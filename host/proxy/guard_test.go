package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"weir/host/telemetry"
)

// script is a client whose bytes arrive in given pieces and who then leaves. It
// fails reads that nothing bounds.
type script struct {
	pieces  [][]byte
	due     time.Time
	written bytes.Buffer
	endless bool // a read without a deadline
	silent  bool // instead of leaving it waits for the deadline
	closed  bool
}

var errEndless = errors.New("read without a deadline")

func (s *script) Read(p []byte) (int, error) {
	if s.due.IsZero() {
		s.endless = true
		return 0, errEndless
	}
	for len(s.pieces) > 0 && len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	if len(s.pieces) == 0 {
		if s.silent {
			return 0, os.ErrDeadlineExceeded
		}
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	s.pieces[0] = s.pieces[0][n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error)       { return s.written.Write(p) }
func (s *script) Close() error                      { s.closed = true; return nil }
func (s *script) SetReadDeadline(t time.Time) error { s.due = t; return nil }
func (*script) SetWriteDeadline(time.Time) error    { return nil }
func (s *script) SetDeadline(t time.Time) error     { s.due = t; return nil }
func (*script) LocalAddr() net.Addr                 { return &net.TCPAddr{} }
func (*script) RemoteAddr() net.Addr                { return &net.TCPAddr{} }

// split cuts b into pieces: of the sizes given, over and over.
func split(b []byte, sizes ...int) [][]byte {
	var out [][]byte
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(sizes) > 0 {
			n = min(max(1, sizes[i%len(sizes)]), len(b))
		}
		out = append(out, bytes.Clone(b[:n]))
		b = b[n:]
	}
	return out
}

func testLimits() Limits {
	return Limits{
		Body: 1 << 20, Headers: 8 << 10, Event: 1 << 20, Response: 1 << 20, Connections: 100,
		HeaderTimeout: time.Second, BodyTimeout: time.Second, Idle: time.Second, Write: time.Second,
	}
}

// newServer is a Server without listeners, watcher and State but for limits.
func newServer(t testing.TB, lim Limits) *Server {
	t.Helper()
	m := telemetry.NewMetrics(telemetry.Build{}, telemetry.Limits{})
	s, err := New(m, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.watcher.Close)
	s.SetState(&State{Limits: lim})
	s.SetSink(telemetry.NewSink(m, nil, telemetry.SinkOptions{}))
	return s
}

// scripted guards a script.
func scripted(s *Server, nc *script) *conn {
	s.open.Add(1)
	return &conn{Conn: nc, raw: nc, srv: s, buf: make([]byte, readBuffer)}
}

// got is a request as it arrived behind the guard.
type got struct {
	method, target, host, body string
	minor                      int
}

// serve lets fasthttp read from the guard what it would serve, and returns what
// its handler got and every byte that fasthttp was given.
func serve(s *Server, nc *script) (reqs []got, given []byte) {
	c := scripted(s, nc)
	tap := &tapped{conn: c}
	server := fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			if len(ctx.Request.Body()) > 0 {
				panic("fasthttp saw a body")
			}
			body, store, ok := c.readBody()
			if !ok {
				return
			}
			if store != nil {
				defer store.release()
			}
			h := &c.head
			reqs = append(reqs, got{string(h.Method), string(h.Target), string(h.Get("host")), string(body), h.Minor})
		},
		ErrorHandler:                 func(*fasthttp.RequestCtx, error) {},
		Logger:                       quiet{},
		NoDefaultServerHeader:        true,
		NoDefaultDate:                true,
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               128,
		WriteBufferSize:              256,
	}
	_ = server.ServeConn(tap)
	return reqs, tap.given.Bytes()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// tapped keeps a copy of what the guard gives.
type tapped struct {
	*conn
	given bytes.Buffer
}

func (t *tapped) Read(p []byte) (int, error) {
	n, err := t.conn.Read(p)
	t.given.Write(p[:n])
	return n, err
}

// reference reads the same bytes as net/http's server does: the requests up to
// the first that it would refuse, or after which it would close.
func reference(in []byte) (reqs []got) {
	br := bufio.NewReader(bytes.NewReader(in))
	for {
		r, err := http.ReadRequest(br)
		if err != nil {
			return reqs
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return reqs
		}
		reqs = append(reqs, got{r.Method, r.RequestURI, r.Host, string(body), r.ProtoMinor})
		if r.Close {
			return reqs
		}
	}
}

// canonical parses what fasthttp was given and checks that it is of Weir's own
// making: nothing of the client's is in it.
func canonical(given []byte) (heads int, err error) {
	br := bufio.NewReader(bytes.NewReader(given))
	for ; ; heads++ {
		if _, err := br.Peek(1); err != nil {
			return heads, nil
		}
		r, err := http.ReadRequest(br)
		if err != nil {
			return heads, err
		}
		for name := range r.Header {
			if name != "Connection" {
				return heads, fmt.Errorf("header %q", name)
			}
		}
		if r.RequestURI != "/" || r.Host != "w" || r.Method != "GET" && r.Method != "HEAD" || r.ContentLength != 0 {
			return heads, fmt.Errorf("%s %s, host %s, body of %d", r.Method, r.RequestURI, r.Host, r.ContentLength)
		}
	}
}

func request(line string, lines ...string) string {
	return line + "\r\nHost: h\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

func TestGuardPassesOneRequestAtATime(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", 20<<10)
	stream := request("POST /first HTTP/1.1", "Content-Length: 5") + "hello" +
		request("GET /second?q=1 HTTP/1.1", "X-Fill: "+strings.Repeat("x", 6000)) +
		"\r\n" + // tolerated between requests
		request("PUT /third HTTP/1.1", "Transfer-Encoding: chunked") + "3;name=value\r\nabc\r\n004\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n" +
		request("HEAD /fourth HTTP/1.1") +
		request("POST /fifth HTTP/1.1", fmt.Sprintf("Content-Length: %d", len(long))) + long +
		request("POST /sixth HTTP/1.1", "Transfer-Encoding: chunked", "X-Fill: "+strings.Repeat("y", 3500)) +
		fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", len(long), long, len(long), long) +
		request("DELETE /seventh HTTP/1.0", "Connection: keep-alive") +
		request("POST /eighth HTTP/1.0", "Content-Length: 3") + "end" +
		"POST /never HTTP/1.1\r\n"
	want := []got{
		{"POST", "/first", "h", "hello", 1},
		{"GET", "/second?q=1", "h", "", 1},
		{"PUT", "/third", "h", "abcdefg", 1},
		{"HEAD", "/fourth", "h", "", 1},
		{"POST", "/fifth", "h", long, 1},
		{"POST", "/sixth", "h", long + long, 1},
		{"DELETE", "/seventh", "h", "", 0},
		{"POST", "/eighth", "h", "end", 0},
	}
	s := newServer(t, testLimits())
	for _, sizes := range [][]int{nil, {1}, {2, 3}, {4096}, {4095, 1}, {7, 1, 1000}, {65536}, {100000}} {
		nc := &script{pieces: split([]byte(stream), sizes...)}
		reqs, given := serve(s, nc)
		if !slices.Equal(reqs, want) {
			t.Errorf("pieces of %v: got %d requests, want %d", sizes, len(reqs), len(want))
			for i := range min(len(reqs), len(want)) {
				if reqs[i] != want[i] {
					t.Errorf("request %d: %s %s, body %d bytes", i, reqs[i].method, reqs[i].target, len(reqs[i].body))
				}
			}
		}
		if _, err := canonical(given); err != nil {
			t.Errorf("pieces of %v: fasthttp was given %v", sizes, err)
		}
		if nc.endless {
			t.Errorf("pieces of %v: a read without a deadline", sizes)
		}
		if !nc.closed || s.open.Load() != 0 {
			t.Errorf("pieces of %v: closed %v, %d open", sizes, nc.closed, s.open.Load())
		}
	}
}

// A client that announces a body gets room for it as it comes, not before.
func TestGuardBelievesLengthsAsBytesCome(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	nc := &script{pieces: split([]byte(request("POST / HTTP/1.1", "Content-Length: 1000000") + strings.Repeat("x", 200<<10)))}
	c := scripted(s, nc)
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	body, ok := c.readLength(nil, int(c.head.Length))
	if ok {
		t.Error("a body that did not come")
	}
	if came := 200 << 10; cap(body) > 2*came+trusted {
		t.Errorf("%d bytes came, there is room for %d", came, cap(body))
	}
	_ = c.Close()
}

func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	lim := testLimits()
	lim.Body, lim.Headers = 10, 1024
	chunked := request("POST / HTTP/1.1", "Transfer-Encoding: chunked")
	tests := []struct {
		name, in string
		status   int
		reason   string
		silent   bool
	}{
		{"method", request("BREW / HTTP/1.1"), 405, "method", false},
		{"upgrade by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version", false},
		{"HEAD with a body", request("HEAD / HTTP/1.1", "Content-Length: 1") + "x", 400, "head_body", false},
		{"long body", request("POST / HTTP/1.1", "Content-Length: 11"), 413, "body_too_large", false},
		{"long chunk", chunked + "b\r\nhello world\r\n0\r\n\r\n", 413, "body_too_large", false},
		{"many chunks", chunked + strings.Repeat("1\r\nx\r\n", 11) + "0\r\n\r\n", 413, "body_too_large", false},
		{"broken chunk", chunked + "1\r\nx\r\nZ\r\n", 400, "chunk", false},
		{"chunk without its end", chunked + "1\r\nxy", 400, "chunk", false},
		{"long head in one piece", request("GET / HTTP/1.1", "X-Fill: "+strings.Repeat("x", 1024)), 431, "headers_too_large", false},
		{"endless head", "GET / HTTP/1.1\r\nX-Fill: " + strings.Repeat("x", 5000), 431, "headers_too_large", false},
		{"bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400, "bare_lf", false},
		{"late head", "GET / HTTP/1.1\r\n", 408, "header_timeout", true},
		{"late body", request("POST / HTTP/1.1", "Content-Length: 5") + "hell", 408, "body_timeout", true},
		{"late chunk", chunked + "5\r\nhell", 408, "body_timeout", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, lim)
			for _, sizes := range [][]int{nil, {1}} {
				nc := &script{pieces: split([]byte(tt.in), sizes...), silent: tt.silent}
				reqs, _ := serve(s, nc)
				if len(reqs) > 0 {
					t.Errorf("the handler got %+v", reqs)
				}
				method, _, _ := strings.Cut(tt.in, " ")
				resp, err := http.ReadResponse(bufio.NewReader(&nc.written), &http.Request{Method: method})
				if err != nil {
					t.Fatalf("answer: %v", err)
				}
				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != tt.status || !resp.Close || method != "HEAD" && !strings.Contains(string(body), `"`+tt.reason+`"`) {
					t.Errorf("%d %s %v, want %d %s", resp.StatusCode, body, err, tt.status, tt.reason)
				}
				if resp.Header.Get("X-Request-Id") == "" {
					t.Error("no request id")
				}
				if nc.written.Len() > 0 {
					t.Errorf("behind the answer: %q", nc.written.String())
				}
			}
			wantCounted(t, s, "client_error", 2)
			wantLine(t, s, fmt.Sprintf(`weir_bad_requests_total{reason=%q} 2`, tt.reason))
		})
	}
}

// wantCounted holds that so many requests ended, all with that outcome.
func wantCounted(t testing.TB, s *Server, outcome string, n int) {
	t.Helper()
	total := 0
	for line := range strings.Lines(exposition(s)) {
		if !strings.HasPrefix(line, "weir_requests_total{") {
			continue
		}
		var k int
		if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &k); err != nil {
			t.Fatal(err)
		}
		total += k
		if !strings.Contains(line, `outcome="`+outcome+`"`) {
			t.Errorf("counted: %s", line)
		}
	}
	if total != n {
		t.Errorf("%d outcomes counted, want %d %s", total, n, outcome)
	}
	if f := s.metrics.InFlight(); f != 0 {
		t.Errorf("%d requests in flight", f)
	}
}

func exposition(s *Server) string {
	var b strings.Builder
	s.metrics.Write(&b)
	return b.String()
}

func wantLine(t testing.TB, s *Server, want string) {
	t.Helper()
	for line := range strings.Lines(exposition(s)) {
		if strings.TrimSuffix(line, "\n") == want {
			return
		}
	}
	t.Errorf("no line %s", want)
}
