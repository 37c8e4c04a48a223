package host_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// codings are the content codings a client may use.
var codings = map[string]func(io.Writer) io.WriteCloser{
	"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestSpeed) },
	"zstd": func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		return z
	},
}

func compressed(t testing.TB, coding, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := codings[coding](&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// ask posts a body and returns status and answer.
func ask(t testing.TB, g *gateway, body string, lines ...string) (int, string) {
	t.Helper()
	got, bodies, _ := answers(t, talk(t, g.addr, sized(body, append(lines, "Connection: close")...)))
	if len(got) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	return got[0], bodies[0]
}

func TestFault07_CompressedBodies(t *testing.T) {
	t.Parallel()
	const limit = 256 << 10
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 256KiB }\n")
	text := chat(false, strings.Repeat("hello ", 1000))
	bomb := chat(false, strings.Repeat("x", 10<<20))
	edge := chat(false, strings.Repeat("x", limit-len(chat(false, ""))))
	wants := map[string]int{"ok": 0, "client_error": 0}
	for coding := range codings {
		check := func(what, body string, status int, lines ...string) {
			t.Helper()
			if len(lines) == 0 {
				lines = []string{"Content-Encoding: " + coding}
			}
			got, answer := ask(t, g, body, lines...)
			if got != status {
				t.Errorf("%s, %s: %d %s, want %d", coding, what, got, answer, status)
			}
			if wants["ok"]++; status != 200 {
				wants["ok"]--
				wants["client_error"]++
				up.wantNone(t)
			}
		}
		packed := compressed(t, coding, text)
		check("good", packed, 200)
		if got := up.take(t); len(got) != 1 || got[0].body != text || got[0].header.Get("Content-Encoding") != "" || got[0].length != int64(len(text)) {
			t.Errorf("%s: the target got %.300v", coding, got)
		}
		check("as long as allowed", compressed(t, coding, edge), 200)
		if got := up.take(t); len(got) != 1 || got[0].body != edge {
			t.Errorf("%s: the target got another body", coding)
		}
		check("one byte more", compressed(t, coding, edge+" "), 413)
		check("a bomb", compressed(t, coding, bomb), 413)
		check("cut in half", packed[:len(packed)/2], 400)
		check("one byte short", packed[:len(packed)-1], 400)
		check("empty", "", 400)
		check("plain text", text, 400)
		check("packed twice", compressed(t, coding, packed), 400)
		check("packed twice and said so", compressed(t, coding, packed), 415, "Content-Encoding: "+coding+", "+coding)
		check("in two headers", packed, 415, "Content-Encoding: "+coding, "Content-Encoding: identity")
		check("behind an empty header", text, 415, "Content-Encoding:", "Content-Encoding: "+coding)
		check("with a parameter", packed, 415, "Content-Encoding: "+coding+";q=1")
	}
	wantOutcomes(t, g, wants)
}

// Bombs at once allocate no more than their number times what one may. This test
// is alone in the process, because it measures it.
func TestFault07_BombsLeaveTheHeapSmall(t *testing.T) {
	const bombs, each = 16, 24 << 20
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 1MiB }\n")
	for coding := range codings {
		in := sized(compressed(t, coding, chat(false, strings.Repeat("x", 32<<20))), "Content-Encoding: "+coding, "Connection: close")
		base := heap()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var wg sync.WaitGroup
		for range bombs {
			wg.Go(func() {
				if got, _, _ := answers(t, talk(t, g.addr, in)); len(got) != 1 || got[0] != 413 {
					t.Errorf("%s: %v", coding, got)
				}
			})
		}
		wg.Wait()
		runtime.ReadMemStats(&after)
		took, left := after.TotalAlloc-before.TotalAlloc, heap()-base
		t.Logf("%s: %d KiB allocated a bomb, %d KiB left in all", coding, took>>10/bombs, left>>10)
		if took > bombs*each || left > each {
			t.Errorf("%s: %d bombs allocated %d MiB and left %d MiB", coding, bombs, took>>20, left>>20)
		}
	}
	up.wantNone(t)
}

func TestFault10_Text(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, "targets: { t: { kind: openai, url: "+up.url+", dialects: [openai, anthropic] } }\n")
	refused := map[string]string{
		"invalid UTF-8":            "a\xffb",
		"truncated UTF-8":          "a\xe2\x82",
		"overlong UTF-8":           "a\xc0\xafb",
		"surrogate in UTF-8":       "a\xed\xa0\x80b",
		"beyond Unicode":           "\xf4\x90\x80\x80",
		"lone high surrogate":      `a\ud800b`,
		"lone low surrogate":       `a\udc00b`,
		"surrogates the wrong way": `\udc00\ud800`,
		"two high surrogates":      `\ud800\ud800`,
		"raw control":              "a\x01b",
		"raw newline":              "a\nb",
		"raw tab":                  "a\tb",
		"raw NUL":                  "a\x00b",
		"unknown escape":           `a\qb`,
		"short escape":             `a\u12`,
	}
	paths := map[string]string{"/v1/chat/completions": `"invalid_request_error"`, "/v1/messages": `"type":"error"`}
	n := 0
	for path, shape := range paths {
		post := func(body string) (int, string) {
			n++
			in := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
			got, bodies, _ := answers(t, talk(t, g.addr, in))
			return got[0], bodies[0]
		}
		whole := func(text string) string {
			return `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"` + text + `"}]}`
		}
		for name, text := range refused {
			for where, body := range map[string]string{
				"content": whole(text), "key": strings.Replace(whole("x"), `"max_tokens"`, `"`+text+`":1,"max_tokens"`, 1), "unknown field": strings.Replace(whole("x"), `"max_tokens"`, `"metadata":{"k":"`+text+`"},"max_tokens"`, 1),
			} {
				if status, answer := post(body); status != 400 || !strings.Contains(answer, shape) {
					t.Errorf("%s, %s in a %s: %d %s", path, name, where, status, answer)
				}
			}
		}
		for name, body := range map[string]string{
			"BOM": "\ufeff" + whole("x"), "UTF-16": "\xff\xfe{\x00}\x00", "bytes behind": whole("x") + "{}", "NUL behind": whole("x") + "\x00", "no JSON": "model=m", "no object": `["m"]`, "nothing": "", "blanks": "  ",
		} {
			if status, answer := post(body); status != 400 || !strings.Contains(answer, shape) {
				t.Errorf("%s, %s: %d %s", path, name, status, answer)
			}
		}
	}
	up.wantNone(t)
	wantOutcomes(t, g, map[string]int{"client_error": n})
	// What is escaped, or odd but valid, is legal, and the target gets the very bytes.
	for _, text := range []string{`\u0000\u001b\u202e\ufeff`, `\ud83d\ude00`, "\u202e\ufeff\U0001F600\u00ad", `\/\b\f\n\r\t\"\\`, "\x7f"} {
		body := " \r\n\t" + `{"model":"m", "messages":[{"role":"user","content":"` + text + `"}] }` + "\n"
		if status, answer := ask(t, g, body); status != 200 {
			t.Errorf("%q: %d %s", text, status, answer)
		}
		if got := up.take(t); len(got) != 1 || got[0].body != body {
			t.Errorf("%q: the target got %+v", body, got)
		}
	}
}

func TestFault11_HugeStructures(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 64MiB }\n")
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			_, _ = fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		return b.String()
	}
	in := func(s string) string { return `{"model":"m","messages":[{"role":"user","content":"x"` + s + `}]}` }
	top := func(s string) string { return `{"model":"m","messages":[]` + s + `}` }
	const m = 1 << 20
	for name, body := range map[string]string{
		"arrays of a depth of two million": top(`,"x":` + strings.Repeat("[", 2*m) + strings.Repeat("]", 2*m)),
		"objects of a depth of a million":  top(`,"x":` + strings.Repeat(`{"a":`, m) + "1" + strings.Repeat("}", m)),
		"arrays that are never closed":     top(`,"x":` + strings.Repeat("[", 4*m)),
		"content of a depth of a million":  `{"model":"m","messages":[{"role":"user","content":` + strings.Repeat("[", m) + strings.Repeat("]", m) + `}]}`,
		"a body of brackets":               strings.Repeat("[", 4*m),
		"a million keys":                   top(keys(m)),
		"a million keys in a message":      in(keys(m)),
		"a million times the same key":     top(strings.Repeat(`,"k":1`, m)),
		"a number of a million digits":     `{"model":"m","max_tokens":` + strings.Repeat("9", m) + `,"messages":[]}`,
		"a number with a huge exponent":    `{"model":"m","max_tokens":1e999999999,"messages":[]}`,
		"temperature with a huge exponent": `{"model":"m","temperature":1e999999999,"messages":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			resp, answer := post(t, client(t), g.url+"/v1/chat/completions", body)
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%d %.200s", resp.StatusCode, answer)
			}
			t.Logf("%d bytes, %v", len(body), time.Since(began))
		})
	}
	t.Cleanup(func() { up.wantNone(t) })
}

// Time grows with the length and no faster: a quadratic reading would take 256
// times as long for sixteen times as much. Half of that fails, if it comes again:
// the machine may be busy. This test is alone in the process.
func TestFault11_LinearTime(t *testing.T) {
	const small, factor, tries = 64 << 10, 16, 5
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 64MiB }\n")
	c := client(t)
	repeat := func(before, each, after string) func(int) string {
		return func(n int) string { return before + strings.Repeat(each, n/len(each)) + after }
	}
	keys := func(n int) string {
		var b strings.Builder
		for i := range n / 14 {
			_, _ = fmt.Fprintf(&b, `,"key%06d":1`, i)
		}
		return `{"model":"m"` + b.String() + `,"messages":1}`
	}
	for name, body := range map[string]func(n int) string{
		"messages":      repeat(`{"model":"m","messages":[`, `{"role":"user","content":"x"},`, `{}]}`),
		"parts":         repeat(`{"model":"m","messages":[{"role":"user","content":[`, `{"type":"text","text":"x"},`, `{}]}]}`),
		"escapes":       repeat(`{"model":"m","messages":[{"role":"user","content":"`, `\u00e9`, `\x"}]}`),
		"backslashes":   repeat(`{"model":"m","messages":[{"role":"user","content":"`, `\\`, `\x"}]}`),
		"blanks":        repeat("", " ", "x"),
		"keys":          repeat(`{"model":"m"`, `,"k":1`, "}"),
		"distinct keys": keys,
		"numbers":       repeat(`{"model":"m","x":`, "1", "x}"),
		"brackets":      repeat(`{"model":"m","x":`, "[", ""),
	} {
		measure := func(n int) time.Duration {
			in := body(n)
			var took []time.Duration
			for range 3 {
				began := time.Now()
				if resp, answer := post(t, c, g.url+"/v1/chat/completions", in); resp.StatusCode >= 500 {
					t.Fatalf("%s: %d %s", name, resp.StatusCode, answer)
				}
				took = append(took, time.Since(began))
			}
			return slices.Min(took)
		}
		for try := 1; ; try++ {
			a, b := measure(small), measure(factor*small)
			if b <= factor*factor/2*max(a, 200*time.Microsecond) {
				t.Logf("%s: %v, %d times as much %v", name, a, factor, b)
				break
			}
			if try == tries {
				t.Errorf("%s: %v, %d times as much %v", name, a, factor, b)
				break
			}
		}
	}
}
