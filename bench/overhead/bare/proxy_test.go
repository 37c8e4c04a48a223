package bare_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/bench/overhead/bare"
)

// serve starts the proxy before an upstream and returns its URL.
func serve(t *testing.T, upstream http.HandlerFunc) string {
	t.Helper()
	up := httptest.NewServer(upstream)
	p := bare.New(strings.TrimPrefix(up.URL, "http://"))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Serve(ln) }()
	t.Cleanup(func() {
		if err := p.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		up.Close()
	})
	return "http://" + ln.Addr().String()
}

func client(t *testing.T) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestForward(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(`{"x":1}`), 40_000)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) || r.URL.RequestURI() != "/v1/a%2Fb//c?q=1" || r.Header.Get("X-Custom") != "yes" {
			t.Errorf("%s, %d bytes, %v, %v", r.URL.RequestURI(), len(got), r.Header, err)
		}
		for _, name := range []string{"Keep-Alive", "Te", "Upgrade", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s is passed on", name)
			}
		}
		w.Header().Set("X-Answer", "yes")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(got)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/a%2Fb//c?q=1", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"X-Custom": "yes", "keep-alive": "timeout=1", "TE": "trailers", "upgrade": "x", "Proxy-Connection": "keep-alive", "proxy-authorization": "x", "PROXY-AUTHENTICATE": "x",
	} {
		req.Header[name] = []string{value}
	}
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(got, body) || resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Answer") != "yes" || resp.Header.Get("Keep-Alive") != "" {
		t.Errorf("%s, %d bytes, %v, %v", resp.Status, len(got), resp.Header, err)
	}
	_ = resp.Body.Close()
}

// The head of a stream, and each event, must come before the next one is written.
func TestStream(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for range 3 {
			<-seen
			_, _ = io.WriteString(w, "data: x\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewReader(resp.Body)
	for range 3 {
		seen <- struct{}{}
		for _, want := range []string{"data: x\n", "\n"} {
			if got, err := lines.ReadString('\n'); err != nil || got != want {
				t.Fatalf("got %q, %v", got, err)
			}
		}
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestUpstreamGone(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
}
