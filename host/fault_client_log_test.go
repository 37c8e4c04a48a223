package host_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// What an attacker wants in a log: line breaks and a forged line, terminal
// escapes (C0 and C1), directional controls, separators, no UTF-8.
const (
	forged  = `{"time":"2020-01-01T00:00:00Z","level":"ERROR","msg":"forged"}`
	evil    = "\x1b[31mred\x1b[0m\r\n" + forged + "\n\u202e\u2066\u200f\ufeff\u2028\u2029\u0085\u009b31m\x7f\x00"
	evilRaw = "a\tb\xff\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf\xe2\x80\xa8" + `","msg":"forged` // as a header may carry it
)

// quoted is s as a JSON string, controls escaped.
func quoted(t testing.TB, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantLines holds that each line is one JSON object that shows as it reads.
func wantLines(t testing.TB, what, text string, longest int) (lines []map[string]any) {
	t.Helper()
	if text != "" && !strings.HasSuffix(text, "\n") {
		t.Errorf("%s: the last line is not complete", what)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%s: %v in %.300q", what, err, line)
		}
		if v["msg"] == "forged" {
			t.Errorf("%s: a forged line: %.300q", what, line)
		}
		if !utf8.ValidString(line) || len(line) > longest {
			t.Errorf("%s: line of %d bytes, valid UTF-8: %v", what, len(line), utf8.ValidString(line))
		}
		for _, r := range line {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
				t.Errorf("%s: %U stands raw in %.300q", what, r, line)
				break
			}
		}
		lines = append(lines, v)
	}
	return lines
}

func TestFault40_LogInjection(t *testing.T) {
	t.Parallel()
	const mega = 1 << 20
	records := filepath.Join(t.TempDir(), "records.jsonl")
	up := newTally(t)
	answer := strings.NewReplacer(`"m"`, quoted(t, evil), `"yes"`, quoted(t, evil+strings.Repeat("x", 100)), `"stop"`, quoted(t, evil)).Replace(fixed)
	up.answer = fmt.Sprintf("HTTP/1.1 200 O\xff\tK\r\nContent-Type: application/json\r\nX-Evil: %s\r\nx-request-id: %s\r\nContent-Length: %d\r\n\r\n%s", evilRaw, evilRaw, len(answer), answer)
	bad := newTally(t)
	bad.answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: " + strings.ReplaceAll(evil, "\n", " ") + "\n\n"
	lost := newTally(t)
	lost.answer = "HTTP/1.1 " + evilRaw + "\r\n\r\n"
	g := start(t, fmt.Sprintf("targets: { t: { kind: openai, url: %s, dialects: [openai, anthropic] }, bad: { kind: openai, url: %s }, lost: { kind: openai, url: %s } }\n", up.url, bad.url, lost.url)+
		"routes: [ { match: { models: [bad] }, targets: [bad], retries: 0 }, { match: { models: [lost] }, targets: [lost], retries: 0 }, { targets: [t], retries: 0 } ]\n"+
		"limits: { headers: 1MiB, body: 16MiB }\nlog: { level: debug }\nrecords: { file: "+records+", content: text }\n"+
		`tenants: { agent: { keys: [ { value: agent-secret-key, act_for: ["*"] } ] } }`+"\n")
	withModel := func(m string) string { return strings.Replace(chat(false, "x"), `"sim"`, quoted(t, m), 1) }
	const key = "api-key: agent-secret-key"
	n := 0
	for name, in := range map[string]string{
		"model":                  sized(withModel(evil), key),
		"model of a megabyte":    sized(withModel(strings.Repeat(evil, mega/len(evil))), key),
		"content":                sized(strings.Replace(chat(false, "x"), `"x"`, quoted(t, strings.Repeat(evil, 1000)), 1), key),
		"user":                   sized(strings.Replace(chat(false, "x"), "{", `{"user":`+quoted(t, evil)+",", 1), key),
		"session":                sized(chat(false, "x"), key, "x-weir-session: "+evilRaw),
		"long session":           sized(chat(false, "x"), key, "x-weir-session: "+strings.Repeat("s", mega/2)),
		"request id":             sized(chat(false, "x"), key, "x-request-id: "+evilRaw),
		"long request id":        sized(chat(false, "x"), key, "x-request-id: "+strings.Repeat("r", mega/2)),
		"user agent":             sized(chat(false, "x"), key, "User-Agent: "+evilRaw, "X-Long: "+strings.Repeat("\xff", mega/2)),
		"tenant":                 sized(chat(false, "x"), key, "x-weir-tenant: "+evilRaw),
		"long tenant":            sized(chat(false, "x"), key, "x-weir-tenant: "+strings.Repeat("t", mega/2)),
		"credential":             sized(chat(false, "x"), "Authorization: Bearer "+evilRaw),
		"path":                   strings.Replace(sized(chat(false, "x"), key), "/v1/chat/completions", "/x%1b[31m%0d%0a"+strings.Repeat("y", 1000), 1),
		"path with raw bytes":    strings.Replace(sized(chat(false, "x"), key), "/v1/chat/completions", "/x\xff\xe2\x80\xae", 1),
		"path of a megabyte":     strings.Replace(sized(chat(false, "x"), key), "/v1/chat/completions", "/"+strings.Repeat("y", mega/2), 1),
		"model in a path":        "GET /v1/models/%E2%80%AE%C2%9B31m%EF%BB%BF%22 HTTP/1.1\r\nHost: h\r\n" + key + "\r\n\r\n",
		"query":                  strings.Replace(sized(chat(false, "x"), key), "/v1/chat/completions", "/v1/chat/completions?%0d%0a"+strings.Repeat("q", mega/2), 1),
		"method":                 strings.Replace(sized(chat(false, "x"), key), "POST", "B\xffREW", 1),
		"host":                   strings.Replace(sized(chat(false, "x"), key), "Host: h", "Host: "+evilRaw, 1),
		"header name":            sized(chat(false, "x"), key, "X\x1b[31m: y"),
		"content type":           strings.Replace(sized(chat(false, "x"), key), "application/json", evilRaw, 1),
		"content encoding":       sized(chat(false, "x"), key, "Content-Encoding: "+evilRaw),
		"body that is no JSON":   sized(evil, key),
		"key that is no JSON":    sized(`{"`+evil+`":1}`, key),
		"target that is garbage": sized(strings.Replace(chat(true, "x"), `"sim"`, `"bad"`, 1), key),
		"target's status line":   sized(strings.Replace(chat(true, "x"), `"sim"`, `"lost"`, 1), key),
		"no HTTP at all":         evil,
	} {
		c := dial(t, g.addr)
		go func() { _, _ = c.Write([]byte(in)) }()
		buf := make([]byte, 64)
		if k, err := c.Read(buf); err != nil || !strings.HasPrefix(string(buf[:k]), "HTTP/1.1 ") {
			t.Errorf("%s: %q %v", name, buf[:k], err)
		}
		_ = c.Close()
		n++
	}
	waitStatus(t, g, func(s status) bool { return s.Connections == 0 && s.InFlight == 0 })
	g.stop()
	lines := wantLines(t, "log", g.log.String(), 64<<10)
	if len(lines) < 4 {
		t.Errorf("%d log lines: little was logged", len(lines))
	}
	written, err := os.ReadFile(records)
	if err != nil {
		t.Fatal(err)
	}
	if got := wantLines(t, "records", string(written), 8<<20); len(got) != n {
		t.Errorf("%d records for %d requests", len(got), n)
	}
	if strings.Contains(g.log.String()+string(written), "agent-secret-key") {
		t.Error("a credential was written down")
	}
	var metrics strings.Builder
	g.WriteMetrics(&metrics)
	for line := range strings.Lines(metrics.String()) {
		if strings.Contains(line, `"msg"`) || strings.ContainsAny(line, "\x1b\u202e\u009b\ufeff") || !utf8.ValidString(line) || len(line) > 2000 {
			t.Errorf("metric %.300q", line)
		}
	}
}
