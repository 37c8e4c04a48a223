package host_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Spellings that another server could read as the path of an inspected endpoint,
// or that have more than one reading. On every route they are refused.
var doubtful = []string{
	"http://h/v1/chat/completions", "HTTP://other/v1/chat/completions", "h/v1/chat/completions", "v1/chat/completions", "*", "h:80",
	"/v1/../v1/chat/completions", "/v1/./chat/completions", "/x/../v1/chat/completions", "/./v1/chat/completions", "/../v1/chat/completions",
	"//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions//", "/v1/chat/completions/.", "/v1/chat/completions/..",
	"/v1/%2e%2e/v1/chat/completions", "/v1/%2e/chat/completions", "/v1/.%2E/v1/chat/completions", "/x%2f..%2fv1/chat/completions", "/x/..%2fv1%2fchat%2fcompletions",
	"/v1/%63hat/completions", "/%76%31/chat/completions", "/v1/chat%2fcompletions", "/v1%2Fchat%2Fcompletions", "/v1/chat/completions%2f",
	"/v1/%2563hat/completions", "/v1/chat%252fcompletions", "/v1/chat/completions%25", "/v1/chat/completions%", "/v1/chat/completions%2", "/v1/chat/completions%zz",
	"/V1/chat/completions", "/v1/Chat/Completions", "/v1/chat/COMPLETIONS", "/v1/chat/completions/", "/v1/messages/", "/v1/Messages", "/v1/messages/count%5ftokens",
	"/v1/chat/completions;x=y", "/v1/chat;x/completions", "/v1/..;/chat/completions", "/v1/chat/completions%3bx",
	"/v1/chat/completions%3fx", "/v1/chat/completions%23x", "/v1/chat/completions%20", "/v1/chat/completions%00", "/v1/chat/completions%0d%0aX-A:%20b", "/v1/chat/completions%09",
	"/v1/chat%5ccompletions", `/v1/chat\completions`, "/v1/chat/completions#x", "/v1/chat/comp\x80letions", "/v1/chat/completions\x0b",
	"/v1/models/..%2fchat%2fcompletions", "/v1/models/../chat/completions", "/v1/models/x%2F..%2F..%2Fchat/completions", "/v1/models/%2e%2e/messages",
}

// Paths that pass through a route that inspects nothing, byte for byte.
var plainPaths = []string{
	"/", "/v1/files", "/v1/files/", "/v1/files/file-1/content", "/v1/files?purpose=x&path=../../etc&u=http://x/%2e%2e/;y", "/v1/files/a%20b%2Fc%C3%A9", "/v1/audio/transcriptions",
	"/.well-known/x", "/a..b/...", "/v1/chat/completions/x", "/v1/chat", "/v1/chat/completions2", "/xv1/chat/completions", "/v1/vector_stores/vs_1/files:x@y,z=1",
}

func askTarget(t *testing.T, g *gateway, target string) (int, string) {
	t.Helper()
	body := chat(false, "hello")
	in := "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nConnection: close\r\n" + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	statuses, bodies, _ := answers(t, talk(t, g.addr, in))
	if len(statuses) != 1 {
		t.Fatalf("%s: %d answers", target, len(statuses))
	}
	return statuses[0], bodies[0]
}

func TestFault03_Targets(t *testing.T) {
	t.Parallel()
	inspected := "{ match: { paths: [/v1/chat/completions, /v1/messages] }, targets: [t] }"
	for name, routes := range map[string]string{
		"one route that inspects":         "",
		"the rest passes":                 "routes: [ " + inspected + ", { targets: [t], inspect: none } ]\n",
		"the rest passes, by path":        "routes: [ " + inspected + ", { match: { paths: ['/*'] }, targets: [t], inspect: none } ]\n",
		"what begins with /v1/ too":       "routes: [ " + inspected + ", { match: { paths: ['/v1/*', '/V1/*', '/x*', '//*', '/.*', '/%*'] }, targets: [t], inspect: none } ]\n",
		"inspected by model, rest passes": "routes: [ { match: { models: [sim] }, targets: [t] }, { match: { paths: ['/*'] }, targets: [t], inspect: none } ]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := newTally(t)
			g := start(t, targetAt(up.url)+routes)
			for _, target := range doubtful {
				status, body := askTarget(t, g, target)
				if status != http.StatusBadRequest && (status != http.StatusNotFound || routes != "") {
					t.Errorf("%q: %d %s, want 400", target, status, body)
				}
			}
			up.wantNone(t)
			if status, body := askTarget(t, g, "/v1/chat/completions?x=/../y;z&%2e"); status != http.StatusOK {
				t.Errorf("the endpoint itself: %d %s", status, body)
			}
			if got := up.take(t); len(got) != 1 || got[0].target != "/v1/chat/completions?x=/../y;z&%2e" {
				t.Errorf("the endpoint itself was forwarded as %+v", got)
			}
		})
	}
}

func TestFault03_ForwardedAsMatched(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/v1", "/api/v1", "/openai", "/openai/"} {
		t.Run("base "+base, func(t *testing.T) {
			t.Parallel()
			up := newTally(t)
			g := start(t, targetAt(up.url+base)+"routes: [ { match: { paths: [/v1/chat/completions] }, targets: [t] }, { targets: [t], inspect: none } ]\n")
			for _, target := range append([]string{"/v1/chat/completions"}, plainPaths...) {
				if status, body := askTarget(t, g, target); status != http.StatusOK {
					t.Errorf("%q: %d %s", target, status, body)
					continue
				}
				want := strings.TrimSuffix(base, "/") + target
				if strings.HasSuffix(base, "/v1") && strings.HasPrefix(target, "/v1/") {
					want = strings.TrimSuffix(base, "/v1") + target
				}
				if got := up.take(t); len(got) != 1 || got[0].target != want {
					t.Errorf("%q was forwarded as %+v, want %q", target, got, want)
				}
			}
		})
	}
}

// A body that a route would have inspected is inspected there, whichever way its
// model leads afterwards.
func TestFault03_InspectionCannotBeRoutedAround(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+"routes: [ { match: { models: ['gpt-*'] }, targets: [t] }, { match: { paths: ['/v1/*'] }, targets: [t], inspect: none } ]\n")
	for _, body := range []string{
		`{"model":"gpt-4","model":"other","messages":[]}`, `{"model":"other","Model":"gpt-4","messages":[]}`, "{\"model\":\"other\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", `{"messages":[]}`, `[]`, ``,
	} {
		got, bodies, _ := answers(t, talk(t, g.addr, sized(body, "Connection: close")))
		if len(got) != 1 || got[0] != 400 {
			t.Errorf("%q: %v %q, want 400", body, got, bodies)
		}
	}
	up.wantNone(t)
}
