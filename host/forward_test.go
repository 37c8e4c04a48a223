package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"weir/host/sim"
)

// seen is a request as a target got it.
type seen struct {
	line string // method and target
	head http.Header
	body string
}

// spy is a target that tells what it was asked and answers all of it alike.
type spy struct {
	url  string
	asks chan seen
}

func newSpy(t testing.TB, answer string) *spy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &spy{url: "http://" + ln.Addr().String(), asks: make(chan seen, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.serve(c, answer)
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return s
}

func (s *spy) serve(c net.Conn, answer string) {
	defer func() { _ = c.Close() }()
	br := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		b, _ := io.ReadAll(req.Body)
		s.asks <- seen{req.Method + " " + req.RequestURI, req.Header, string(b)}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

// answerOf is an unstreamed answer.
func answerOf(status int, header, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(body), body)
}

const completion = `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`

// A body's members come in any order, and so do the edits made to them.
func TestForwardEditsInAnyOrder(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(200, "", completion))
	g := start(t, "targets: { t: { kind: openai, url: "+up.url+", models: { mine: theirs } } }\n")
	const usage = `,"stream_options":{"include_usage":true}`
	for sent, want := range map[string]string{
		`{"stream":true,"messages":[],"model":"mine"}`:                     `{"stream":true` + usage + `,"messages":[],"model":"theirs"}`,
		`{"model":"mine","stream":true,"messages":[]}`:                     `{"model":"theirs","stream":true` + usage + `,"messages":[]}`,
		`{"stream_options":{},"messages":[],"model":"mine","stream":true}`: `{"stream_options":{"include_usage":true},"messages":[],"model":"theirs","stream":true}`,
	} {
		sent, want = strings.Replace(sent, `[]`, `[{"role":"user","content":"x"}]`, 1), strings.Replace(want, `[]`, `[{"role":"user","content":"x"}]`, 1)
		resp, body := post(t, client(t), g.url+"/v1/chat/completions", sent)
		if resp.StatusCode != 200 {
			t.Fatalf("%s: %d %s", sent, resp.StatusCode, body)
		}
		if got := (<-up.asks).body; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// Each target is asked for the model by its own name, also on a second attempt.
func TestForwardRenamesPerTarget(t *testing.T) {
	t.Parallel()
	first, second := newSpy(t, answerOf(503, "Retry-After: 7\r\n", `{}`)), newSpy(t, answerOf(200, "", completion))
	g := start(t, fmt.Sprintf(`
targets:
  a: { kind: openai, url: "%s", models: { mine: name-at-a } }
  b: { kind: openai, url: "%s", models: { mine: longer-name-at-b } }
routes: [ { targets: [a, b] } ]
`, first.url, second.url))
	resp, body := post(t, client(t), g.url+"/v1/chat/completions", strings.Replace(chat(false, "x"), `"sim"`, `"mine"`, 1))
	if resp.StatusCode != 200 || resp.Header.Get("Retry-After") != "" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
	if got := (<-first.asks).body; !strings.Contains(got, `"name-at-a"`) {
		t.Error(got)
	}
	if got := (<-second.asks).body; !strings.Contains(got, `"longer-name-at-b"`) {
		t.Error(got)
	}
}

// When nobody is left to ask, the client gets the provider's own words.
func TestForwardKeepsTheLastRefusal(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(429, "Retry-After: 7\r\nX-Ratelimit-Reset-Requests: 7s\r\n", `{"error":{"message":"slow down"}}`))
	g := start(t, fmt.Sprintf("targets: { a: { kind: openai, url: %q }, b: { kind: openai, url: %q } }\nroutes: [ { targets: [a, b] } ]\n", up.url, up.url))
	resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"))
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" || resp.Header.Get("X-Ratelimit-Reset-Requests") != "7s" || !strings.Contains(body, "slow down") {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
	if n := len(up.asks); n != 2 {
		t.Errorf("%d attempts, want one at each target", n)
	}
}

// A route that passes paths through unread works wherever it stands among those
// that cannot serve these paths anyway.
func TestForwardUnreadRouteBehindOthers(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(200, "", `{"ok":true}`))
	g := start(t, fmt.Sprintf("targets: { a: { kind: openai, url: %q } }\nroutes: [ { match: { models: [\"gpt-*\"] }, targets: [a] }, { match: { paths: [\"/v1/files*\"] }, targets: [a], inspect: none }, { targets: [a], inspect: none } ]\n", up.url))
	c := client(t)
	resp, err := c.Get(g.url + "/v1/files?limit=3")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 200 || err != nil {
		t.Fatalf("%d %q %v", resp.StatusCode, b, err)
	}
	if got := <-up.asks; got.line != "GET /v1/files?limit=3" {
		t.Error(got.line)
	}
	// A model that no inspecting route takes falls through to the last one, untouched.
	sent := chat(true, "x")
	if resp, body := post(t, c, g.url+"/v1/chat/completions", sent); resp.StatusCode != 200 || body != `{"ok":true}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if got := <-up.asks; got.body != sent {
		t.Errorf("changed on the way: %s", got.body)
	}
	waitStatus(t, g, func(s status) bool { return s.InFlight == 0 })
}

// An Anthropic client's model list goes to the first route that can answer it.
func TestForwardModelListsByDialect(t *testing.T) {
	t.Parallel()
	openai, anthropic := newSpy(t, answerOf(200, "", `{"object":"list","data":[]}`)), newSpy(t, answerOf(200, "", `{"data":[],"has_more":false}`))
	g := start(t, fmt.Sprintf(`
targets:
  o: { kind: openai, url: "%s" }
  a: { kind: anthropic, url: "%s" }
routes: [ { match: { models: ["gpt-*"] }, targets: [o] }, { match: { models: ["claude-*"] }, targets: [a] } ]
`, openai.url, anthropic.url))
	for _, version := range []string{"", "2023-06-01"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/v1/models", nil)
		if version != "" {
			req.Header.Set("anthropic-version", version)
		}
		resp, err := client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 || strings.Contains(string(b), "has_more") != (version != "") {
			t.Errorf("anthropic-version %q: %d %s", version, resp.StatusCode, b)
		}
	}
}

// A stranger is told so before Weir takes his body, in his dialect.
func TestForwardStrangersSendNoBody(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+"tenants: { acme: { keys: [ { value: the-right-key-of-acme } ] } }\n")
	for _, c := range []struct{ path, framing, want string }{
		{"/v1/chat/completions", "Content-Length: 4000000", `"code":"invalid_api_key"`},
		{"/v1/messages", "Content-Length: 4000000", `"type":"authentication_error"`},
		{"/v1/messages", "Transfer-Encoding: chunked", `"type":"authentication_error"`},
		{"/v1/models", "Content-Length: 10\r\nanthropic-version: x", `"type":"authentication_error"`},
	} {
		conn := dial(t, g.addr)
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nx-api-key: wrong\r\nx-request-id: mine\r\nContent-Type: application/json\r\n%s\r\n\r\n{", c.path, c.framing)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		b, _ := io.ReadAll(resp.Body)
		if id := resp.Header.Get("x-request-id") + resp.Header.Get("request-id"); resp.StatusCode != 401 || !strings.Contains(string(b), c.want) || id != "mine" || !resp.Close {
			t.Errorf("%s: %d %v %s", c.path, resp.StatusCode, resp.Header, b)
		}
		_ = conn.Close()
	}
	waitStatus(t, g, func(s status) bool { return s.InFlight == 0 })
	if n := m.Stats().Requests; n != 0 {
		t.Errorf("%d requests reached the target", n)
	}
}
