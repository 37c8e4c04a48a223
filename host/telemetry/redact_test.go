package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

const canary = "CANARY0123456789abcdef"

func TestMask(t *testing.T) {
	t.Parallel()
	if got := mask("secret"); got != "[redacted 6 bytes sha256:2bb80d53]" {
		t.Error(got)
	}
	if mask("") != "" {
		t.Error("nothing to mask")
	}
}

// A Secret shows itself through no verb, encoder or logger, nor from inside another value.
func TestFault39_SecretType(t *testing.T) {
	t.Parallel()
	s := Secret(canary)
	type config struct {
		Key  Secret
		Keys []Secret
	}
	c := config{s, []Secret{s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s"} {
		fmt.Fprintf(&out, verb+verb+verb, s, c, &c)
	}
	fmt.Fprint(&out, s, c, errors.New("with "+s.String()), fmt.Errorf("key %q of %v", s, c))
	encoded, err := json.Marshal(map[string]any{"a": s, "b": c})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	for _, text := range []bool{false, true} {
		log := slog.New(NewLogHandler(&out, LogOptions{Text: text}))
		log.With("with", s).Info("m", "secret", s, "config", c, "pointer", &c, "list", []Secret{s}, slog.Group("g", "key", s))
	}
	noCanary(t, out.String())
}

// Credentials in headers, errors and running text do not reach the log.
func TestFault39_Canaries(t *testing.T) {
	t.Parallel()
	headers := map[string][]string{
		"Authorization": {"Bearer " + canary}, "X-Api-Key": {canary}, "Api-Key": {canary}, "Cookie": {"session=" + canary},
		"Set-Cookie": {"session=" + canary, "other=" + canary}, "Proxy-Authorization": {"Basic " + canary}, "x-goog-api-key": {canary},
	}
	address, err := url.Parse("https://user:" + canary + "@host/path?q=1")
	if err != nil {
		t.Fatal(err)
	}
	dump := "error when serving connection: \"GET / HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer " + canary + "\\r\\n\""
	plain := "GET / HTTP/1.1\r\nHost: x\r\nauthorization: Bearer " + canary + "\r\nX-API-Key: " + canary + "\r\nCookie: a=b; c=" + canary + "\r\n\r\n"
	var out bytes.Buffer
	for _, text := range []bool{false, true} {
		log := slog.New(NewLogHandler(&out, LogOptions{Text: text}))
		log.Info("request", "headers", headers, "wrapped", struct{ H map[string][]string }{headers})
		log.Info("attributes", "authorization", canary, "x_api_key", canary, "API-Key", canary, "token", canary, "password", canary, "cookie", []byte(canary))
		log.Info("Bearer "+canary, "err", fmt.Errorf("dial %w", errors.New("proxy http://me:"+canary+"@proxy:3128 refused")))
		log.Info("errors", "err", &url.Error{Op: "Get", URL: address.String(), Err: errors.New("no")}, "url", address, "dump", dump, "plain", plain)
		log.Info("texts", "a", "key sk-"+canary, "b", `{"authorization":"Bearer `+canary+`"}`, "c", "bearer "+canary, "d", `x-api-key="`+canary+`"`)
		log.Info("long", "v", strings.Repeat("x", maxField-30)+" Authorization: Bearer "+canary+" "+strings.Repeat("y", maxField))
		log.Error("any", "v", []any{map[string]string{"authorization": canary}, "Bearer " + canary})
	}
	noCanary(t, out.String())
	for name := range headers {
		if !SecretHeader(name) || strings.Contains(RedactHeader(name, headers[name][0]), canary) {
			t.Errorf("%s is not known as secret", name)
		}
	}
}

func noCanary(t *testing.T, out string) {
	t.Helper()
	for _, trace := range []string{canary, canary[:12], strings.ToLower(canary), fmt.Sprintf("%x", canary)} {
		if at := strings.Index(out, trace); at >= 0 {
			t.Errorf("%q shows: …%s…", trace, out[max(0, at-100):min(len(out), at+60)])
		}
	}
}

func TestRedactLeavesTheRest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain text", "basic idea", "the bearer of news", "http://host:8080/path", "user@host", "task-force", "cookie", "authorization is needed",
		"https://host/a:b@c", "input_tokens: 5",
		"basic authentication is needed", "the bearer understands", "cookie: " + mask("x"), "Bearer " + mask("x"),
	} {
		if got := Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got, want := Redact("GET x Authorization: Bearer abcdefgh1\r\nHost: y"), "GET x Authorization: Bearer "+mask("abcdefgh1")+"\r\nHost: y"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := RedactHeader("X-Other", "Bearer abcdefgh1"); got != "Bearer "+mask("abcdefgh1") {
		t.Errorf("an unknown header: %q", got)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("GET / ", " x")
	f.Add("\"Authorization\": \"", "\"")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := Redact(before + " Bearer " + canary + "\n" + after); strings.Contains(got, canary) {
			t.Fatalf("%q", got)
		}
		if got := Redact(before + "\nx-api-key: " + canary + "\n" + after); strings.Contains(got, canary) {
			t.Fatalf("%q", got)
		}
	})
}
