package dialect

import (
	"bytes"
	"strings"
	"testing"
)

// state is all that a holds of what it read, for comparison.
type state struct {
	outcome
	first          bool
	figures        figures
	timings        figures
	seen, finished choices
}

func stateOf(a *Answer) state {
	return state{outcomeOf(a), a.FirstToken, a.figures, a.timings, a.seen, a.finished}
}

// checkLead reads events with and without leads: nothing may differ.
func checkLead(t *testing.T, events ...[]byte) (led int) {
	t.Helper()
	var with, without Answer
	with.Reset(Chat, Options{HideUsage: true, KeepText: true})
	without.Reset(Chat, Options{HideUsage: true, KeepText: true})
	for i, ev := range events {
		ev = append(append([]byte("data: "), ev...), "\n\n"...)
		if l := with.lead.text; len(l) > 0 && bytes.HasPrefix(ev[len("data: "):], l) {
			led++
		}
		hide, err := with.Event(ev)
		without.lead.text = without.lead.text[:0]
		wantHide, wantErr := without.Event(ev)
		if hide != wantHide || err != wantErr {
			t.Fatalf("event %d: hide %v, err %v, want %v, %v: %s", i, hide, err, wantHide, wantErr, bytes.Join(events, []byte("\n")))
		}
		if err != nil {
			return led
		}
		if got, want := stateOf(&with), stateOf(&without); got != want {
			t.Fatalf("event %d:\n got %+v\nwant %+v\n%s", i, got, want, bytes.Join(events, []byte("\n")))
		}
	}
	return led
}

func TestLead(t *testing.T) {
	t.Parallel()
	chunk := func(id, choice, rest string) []byte {
		return []byte(`{"id":"` + id + `","model":"m","created":1,"choices":[{` + choice + `}]` + rest + `}`)
	}
	usage := `,"usage":{"prompt_tokens":3,"completion_tokens":1}`
	for _, tt := range []struct {
		name   string
		events [][]byte
		led    int
	}{
		{"ordinary", [][]byte{
			chunk("a", `"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null`, ""),
			chunk("a", `"index":0,"delta":{"content":"x"},"finish_reason":null`, ""),
			chunk("a", `"index":0,"delta":{"content":"y\"\u00e9"},"finish_reason":null`, ""),
			chunk("a", `"index":0,"delta":{"content":"z"},"finish_reason":"stop"`, usage),
		}, 2},
		{"other index", [][]byte{
			chunk("a", `"index":1,"delta":{"content":"x"}`, ""), chunk("a", `"index":1,"delta":{"content":"y"}`, ""),
			chunk("a", `"index":0,"delta":{"content":"z"}`, ""), chunk("a", `"index":1,"delta":{"content":"!"}`, ""),
		}, 1},
		{"id comes back", [][]byte{
			chunk("a", `"delta":{"content":"x"}`, ""), chunk("b", `"delta":{}`, ""), chunk("a", `"delta":{"content":"x"}`, ""),
		}, 0},
		{"more choices and parts behind", [][]byte{
			chunk("a", `"delta":{"content":null},"index":0`, ""),
			chunk("a", `"delta":{"content":[{"type":"text","text":"t"}],"tool_calls":[{"function":{"arguments":"{}"}}]},"index":0},{"index":1,"delta":{"content":"b"}`, usage),
		}, 1},
		{"finish before", [][]byte{
			chunk("a", `"finish_reason":"stop","delta":{"content":"x"}`, ""), chunk("a", `"finish_reason":"stop","delta":{"content":"y"}`, ""),
		}, 0},
		{"null finish before", [][]byte{
			chunk("a", `"finish_reason":null,"index":0,"delta":{"content":"x"}`, ""), chunk("a", `"finish_reason":null,"index":0,"delta":{"content":"y"}`, ""),
		}, 1},
		{"reasoning before", [][]byte{
			chunk("a", `"delta":{"reasoning":"r","content":"x"}`, ""), chunk("a", `"delta":{"reasoning":"r","content":"y"}`, ""),
		}, 0},
		{"usage before", [][]byte{
			[]byte(`{` + usage[1:] + `,"choices":[{"delta":{"content":"x"}}]}`), []byte(`{` + usage[1:] + `,"choices":[{"delta":{"content":"x"}}]}`),
		}, 0},
		{"tool call before", [][]byte{
			chunk("a", `"delta":{"tool_calls":[{"function":{"name":"f"}}],"content":"x"}`, ""), chunk("a", `"delta":{"tool_calls":[{"function":{"name":"f"}}],"content":"x"}`, ""),
		}, 0},
		{"keys twice", [][]byte{
			chunk("a", `"delta":{"content":"x","content":"y"},"delta":{"content":"z"}`, `,"choices":[{"delta":{"content":"!"}}]`),
			chunk("a", `"delta":{"content":"x","content":"y"},"delta":{"content":"z"}`, `,"choices":[]`+usage),
		}, 1},
		{"cut", [][]byte{chunk("a", `"delta":{"content":"x"}`, ""), []byte(`{"id":"a","model":"m","created":1,"choices":[{"delta":{"content":`)}, 1},
		{"too long", [][]byte{
			chunk(strings.Repeat("a", maxLead), `"delta":{"content":"x"}`, ""), chunk(strings.Repeat("a", maxLead), `"delta":{"content":"x"}`, ""),
		}, 0},
	} {
		if led := checkLead(t, tt.events...); led != tt.led {
			t.Errorf("%s: %d events read from a lead, want %d", tt.name, led, tt.led)
		}
	}
}

// FuzzLead: an event, another that begins like it, and the first again are read the same with leads and without.
func FuzzLead(f *testing.F) {
	for i := range streamCases {
		for _, ev := range streamCases[i].events {
			if _, payload, ok := strings.Cut(ev, "data: "); ok {
				payload = strings.TrimSpace(payload)
				if at := strings.Index(payload, `"content":`); at > 0 {
					at += len(`"content":`)
					f.Add([]byte(payload), uint16(at), []byte(payload[at:]))
				}
			}
		}
	}
	f.Add([]byte(`{"choices":[{"delta":{"content":"x"}}]}`), uint16(33), []byte(`[{"text":"t"}]},"index":2},{}],"choices":3,"usage":{"prompt_tokens":1}}`))
	f.Fuzz(func(t *testing.T, p []byte, cut uint16, tail []byte) {
		if bytes.ContainsAny(p, "\r\n") || bytes.ContainsAny(tail, "\r\n") {
			return
		}
		second := append(bytes.Clone(p[:min(int(cut), len(p))]), tail...)
		checkLead(t, p, second, p, second, second)
	})
}
