package host_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func bothDialects(url string) string {
	return "targets: { t: { kind: openai, url: " + url + ", dialects: [openai, anthropic] } }\n"
}

// splits are the ways to split text in two, and the one into characters.
func splits(text string) [][]string {
	all := [][]string{strings.Split(text, ""), {text}}
	for i := 1; i < len(text); i++ {
		all = append(all, []string{text[:i], text[i:]})
	}
	return all
}

// A word is redacted wherever the model's text is split, in every dialect, also where the last events say all of it again; and what is
// about something else leaves as it came.
func TestFault12_Redaction(t *testing.T) {
	t.Parallel()
	const text = `My "secret" \ is out: secret.`
	want := strings.ReplaceAll(text, "secret", "[x]")
	for _, s := range surfaces {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			up := newScripted(t)
			g := start(t, bothDialects(up.url)+policed(t, "edit", guest(t, "edit", `config: { word: "secret", by: "[x]" }`)))
			c := client(t)
			for _, split := range splits(text) {
				events := s.events(split)
				up.pieces <- script(events)
				resp, body := post(t, c, g.url+s.path, s.body)
				got, repeated := told(t, body)
				if resp.StatusCode != 200 || got != want || !strings.Contains(body, s.clean) {
					t.Fatalf("%q: %d\n got %q\nwant %q\n%s", split, resp.StatusCode, got, want, body)
				}
				for _, r := range repeated {
					if r != want {
						t.Errorf("%q: said again as %q", split, r)
					}
				}
				if n := strings.Count(body, "\n\n"); n != len(events) {
					t.Errorf("%q: %d events of %d", split, n, len(events))
				}
				if first := events[0]; len(split) > 1 && !strings.HasPrefix(body, first) && s.name != "completions" {
					t.Errorf("%q: the first event is not as it came: %q", split, body[:len(first)])
				}
			}
		})
	}
}

// A plugin that stops the answer is heard at once: nothing of what it stopped for gets through, and the stream has no clean end.
func TestPolicyStopsStreams(t *testing.T) {
	t.Parallel()
	const text = `All is well, until the forbidden comes.`
	for _, s := range surfaces {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			up := newScripted(t)
			records, path := recorded(t)
			g := start(t, bothDialects(up.url)+records+policed(t, "deny", guest(t, "deny", word), "end", guest(t, "end", "")))
			c := client(t)
			all := splits(text)
			for _, split := range all {
				up.pieces <- script(s.events(split))
				_, body := post(t, c, g.url+s.path, s.body)
				wantFault(t, body, s.clean, s.fault)
				got, _ := told(t, body[:strings.LastIndex(body, s.fault)])
				if strings.Contains(got, "f") || !strings.HasPrefix(text, got) {
					t.Errorf("%q: %q got through", split, got)
				}
				if !strings.Contains(body, "not allowed here") || !strings.Contains(body, "policy_violation") && s.name != "messages" {
					t.Errorf("%s", body)
				}
			}
			g.stop()
			for _, r := range readRuled(t, path) {
				if r.Outcome != "denied" || r.Action != "stop" || r.Tags["outcome"] == "0" || strings.Contains(r.Text.Answer, "forb") {
					t.Fatalf("%+v %+v", r, r.Text)
				}
			}
			wantMetric(t, g, fmt.Sprintf(`weir_plugin_calls_total{plugin="end",tenant="default",hook="end",action="tag"} %d`, len(all)))
		})
	}
}

// Text that is held back to the end leaves before the events that end the answer, and the plugin's state goes along.
func TestPolicyHeldTextLeavesBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, s := range surfaces {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			up := newScripted(t)
			records, path := recorded(t)
			g := start(t, bothDialects(up.url)+records+policed(t, "hold", guest(t, "hold", "config: { bytes: 60000 }")))
			events := s.events(strings.SplitAfter("Nothing of this leaves before all of it has come.", " "))
			up.pieces <- script(events)
			_, body := post(t, client(t), g.url+s.path, s.body)
			if want := strings.Join(events, ""); body != want {
				t.Errorf("\n got %s\nwant %s", body, want)
			}
			g.stop()
			if r := readRuled(t, path)[0]; r.Tags["batches"] == "" || r.Tags["batches"] == "0" || r.Outcome != "ok" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Streams that plugins watch and leave alone arrive byte for byte, whatever the chunks, line ends and fields.
func TestPolicyWatchedStreamsAreByteIdentical(t *testing.T) {
	t.Parallel()
	up := newScripted(t)
	g := start(t, targetAt(up.url)+policed(t,
		"deny", guest(t, "deny", `config: { word: "never said" }`), "hold", guest(t, "hold", "config: { bytes: 3 }"), "edit", guest(t, "edit", `config: { word: "never said", by: "" }`)))
	c := client(t)
	rapid.Check(t, func(rt *rapid.T) {
		stream := drawStream(rt)
		raw := chunked(rt, stream)
		up.pieces <- pieces(rt, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"+raw)
		body := `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]}`
		resp, got := post(t, c, g.url+"/v1/chat/completions", body)
		if resp.StatusCode != 200 || got != stream {
			rt.Fatalf("%d\n got %q\nwant %q", resp.StatusCode, got, stream)
		}
	})
}

// The same plugins see answers that are not streamed.
func TestPolicyWatchesWholeAnswers(t *testing.T) {
	t.Parallel()
	const text = `My "secret" is out.`
	for _, s := range surfaces {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			up := newSpy(t, answerOf(200, "", s.whole(text)))
			records, path := recorded(t)
			g := start(t, bothDialects(up.url)+records+policed(t, "edit", guest(t, "edit", `config: { word: "secret", by: "[x]" }`)))
			if resp, body := post(t, client(t), g.url+s.path, s.plain()); resp.StatusCode != 200 || body != s.whole(`My "[x]" is out.`) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			stop := start(t, bothDialects(up.url)+policed(t, "deny", guest(t, "deny", `config: { word: "out" }`)))
			resp, body := post(t, client(t), stop.url+s.path, s.plain())
			if resp.StatusCode != 403 || !strings.Contains(body, "not allowed here") || strings.Contains(body, "secret") {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			g.stop()
			if r := readRuled(t, path)[0]; r.Text.Answer != `My "[x]" is out.` || r.Action != "delta_edit" {
				t.Errorf("%+v %+v", r, r.Text)
			}
		})
	}
}

// A plugin that fails on the answer stops it, or is out and counted: as on_error says, and never in silence.
func TestPolicyFailsOnAnswers(t *testing.T) {
	t.Parallel()
	for _, s := range surfaces {
		for _, mode := range []string{"deny", "allow"} {
			t.Run(s.name+" "+mode, func(t *testing.T) {
				t.Parallel()
				up := newScripted(t)
				records, path := recorded(t)
				g := start(t, bothDialects(up.url)+records+policed(t, "trap", guest(t, "trap-delta", "on_error: "+mode)))
				events := s.events([]string{"one ", "two ", "three"})
				up.pieces <- script(events)
				_, streamed := post(t, client(t), g.url+s.path, s.body)
				whole := s.whole("one two three")
				up.pieces <- []string{answerOf(200, "", whole)}
				resp, body := post(t, client(t), g.url+s.path, s.plain())
				if mode == "allow" {
					if streamed != strings.Join(events, "") || resp.StatusCode != 200 || body != whole {
						t.Errorf("%s\n%d %s", streamed, resp.StatusCode, body)
					}
				} else {
					wantFault(t, streamed, s.clean, s.fault)
					if text, _ := told(t, streamed[:strings.LastIndex(streamed, s.fault)]); text != "" || resp.StatusCode != 503 || strings.Contains(body, "one") {
						t.Errorf("%q got through; %d %s", text, resp.StatusCode, body)
					}
				}
				g.stop()
				for _, r := range readRuled(t, path) {
					if !slices.ContainsFunc(r.Verdicts, func(v ruling) bool { return v.Hook == "delta" && v.Fault == "trap" }) {
						t.Errorf("the record does not say it: %+v", r)
					}
				}
				wantMetric(t, g, `weir_plugin_faults_total{plugin="trap",tenant="default",class="trap"} 2`)
			})
		}
	}
}

// A plugin that asks for large batches, and for some text now and then, keeps nothing waiting longer than it says.
func TestPolicyBatchesDoNotWaitForMore(t *testing.T) {
	t.Parallel()
	up := newSilent(t, streamed)
	const manifest = `{"sections":{"delta":["text"]},"delta":{"bytes":4096,"every":"30ms"}}`
	g := start(t, targetAt(up.url)+policed(t, "said", saying(t, manifest, said{hookDelta: nothing}, "")))
	c := dial(t, g.addr)
	if _, err := io.WriteString(c, rawChat(true)); err != nil {
		t.Fatal(err)
	}
	readUntil(t, c, `"content":"a"`)
	_ = c.Close()
	<-up.ended
}

// An answer that is too long to be kept is not let past plugins that have to see all of it; those that observe, and those that may
// fail, stand in nobody's way.
func TestPolicyRefusesAnswersTooLongToBeShown(t *testing.T) {
	t.Parallel()
	for more, passes := range map[string]bool{"": false, ", mode: observe": true, ", on_error: allow": true} {
		t.Run(strings.NewReplacer(",", "", ":", "", " ", "_").Replace(more), func(t *testing.T) {
			t.Parallel()
			tooLong(t, more, passes)
		})
	}
}

func tooLong(t *testing.T, more string, passes bool) {
	t.Helper()
	long := surfaces[0].whole(strings.Repeat("long ", 20<<10))
	up := newScripted(t)
	g := start(t, targetAt(up.url)+"limits: { response: 64KiB }\n"+policed(t, "deny", guest(t, "deny", word+more)))
	for _, answer := range []string{
		answerOf(200, "", long), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkOf(long) + "0\r\n\r\n",
	} {
		up.pieces <- []string{answer}
		resp, body := post(t, client(t), g.url+surfaces[0].path, surfaces[0].plain())
		if passes && (resp.StatusCode != http.StatusOK || body != long) {
			t.Errorf("%d, %d bytes of %d", resp.StatusCode, len(body), len(long))
		}
		if !passes && (resp.StatusCode != http.StatusBadGateway || !strings.Contains(body, "answer_too_long")) {
			t.Errorf("%d %.300s", resp.StatusCode, body)
		}
	}
}
