package standard_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/bench/overhead/standard"
)

func TestForward(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(`{"x":1}`), 40_000)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) || r.URL.RequestURI() != "/v1/x?q=1" || r.Header.Get("X-Custom") != "yes" {
			t.Errorf("%s, %d bytes, %v, %v", r.URL.RequestURI(), len(got), r.Header, err)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(got)
	}))
	p := standard.New(strings.TrimPrefix(up.URL, "http://"))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Serve(ln) }()
	tr := &http.Transport{}
	defer func() {
		tr.CloseIdleConnections()
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != http.ErrServerClosed { //nolint:errorlint // documented as is
			t.Error(err)
		}
		up.Close()
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+ln.Addr().String()+"/v1/x?q=1", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Custom", "yes")
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, body) || resp.StatusCode != http.StatusTeapot {
		t.Errorf("%s, %d bytes, %v", resp.Status, len(got), err)
	}
}
