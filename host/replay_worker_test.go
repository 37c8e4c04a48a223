package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/sdk/abi"
)

// scripted is a plugin in native code: it keeps what it is shown and answers with what say makes of it. It is policy.Source and policy.Plugin.
type scripted struct {
	manifest *frame.Manifest
	say      func(f *frame.Frame) []byte
	shown    []*frame.Frame
}

func (s *scripted) Manifest() *frame.Manifest { return s.manifest }
func (s *scripted) Digest() string            { return strings.Repeat("5", 64) }
func (s *scripted) Config() string            { return "" }
func (s *scripted) For(string) policy.Plugin  { return s }
func (s *scripted) Has(h abi.Hook) bool {
	return h == abi.HookRequest || h == abi.HookDelta || h == abi.HookEnd
}

func (s *scripted) Call(c *frame.Call) *frame.Fault {
	b := make([]byte, c.Frame.Size())
	c.Frame.Encode(b)
	f, err := frame.Read(b)
	if err != nil {
		return frame.Faultf(frame.Trap, "%v", err)
	}
	s.shown = append(s.shown, f)
	c.Keep(s.say(f))
	c.Fuel, c.End = 7, c.Begin+1000
	return nil
}

// scriptedWorker replays the plugin p, which says what say makes of each frame.
func scriptedWorker(t *testing.T, say func(f *frame.Frame) []byte) (*replayWorker, *scripted) {
	t.Helper()
	m, err := frame.ParseManifest([]byte(`{"sections":{"request":["request","tenant","route","model","request_id","session","messages","text","signals","prefix","targets"],` +
		`"delta":["text"],"end":["usage"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{manifest: m, say: say}
	p := &replayPlugin{
		label: "p", name: "p", entry: &policy.Entry{Name: "p", Source: s, OnError: frame.OnErrorDeny},
		settings: newReplaySettings(nil), deadline: time.Millisecond, log: slog.New(slog.DiscardHandler),
	}
	return newReplayWorker(p), s
}

// verdict is what w writes.
func verdict(write func(w *frame.VerdictWriter)) []byte {
	var w frame.VerdictWriter
	write(&w)
	return w.Verdict()
}

const recordedLine = `{"time":"2026-01-02T03:04:05.000006Z","request_id":"r-1","tenant":"acme","session":"s","route":"route-0","dialect":"openai","endpoint":"%s","model":"m",` +
	`"target":"t","provider":"vllm","attempts":[{"target":"t"}],"stream":false,"status":200,"outcome":"ok","input_tokens":5,"output_tokens":6,"estimated":true,` +
	`"ms":{"gateway":0.5,"queue":0,"ttft":null,"total":12.25},"finish":"stop","verdicts":[{"plugin":"p","hook":"request","action":"none","score":null,"us":1.5,"fuel":3}],` +
	`"text":{"messages":[{"role":"system","text":"Be \"brief\".\n"},{"role":"user","text":"caf\u00e9 \u202e"}],"answer":"An answer."}}`

// What plugins are shown of a record of each endpoint is what was recorded.
func TestReplayFrames(t *testing.T) {
	t.Parallel()
	for e := dialect.Chat; e <= dialect.CountTokens; e++ {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			w, s := scriptedWorker(t, func(f *frame.Frame) []byte {
				if f.Hook() == abi.HookRequest {
					return verdict(func(w *frame.VerdictWriter) { w.WantText() })
				}
				return nil
			})
			res := w.replay(fmt.Appendf(nil, recordedLine, e))
			if e == dialect.Models {
				if res.skip != unreadable || !strings.Contains(res.reason, "models") {
					t.Errorf("%+v", res)
				}
				return
			}
			if res.bad != nil || res.skip != replayed || len(s.shown) == 0 {
				t.Fatalf("%+v", res)
			}
			checkRequestFrame(t, e, s.shown[0])
			delta := s.shown[1]
			if texts := e.String() != "embeddings" && e != dialect.CountTokens; texts != (delta.Hook() == abi.HookDelta) {
				t.Errorf("then it was called for %s", delta.Hook())
			} else if texts {
				b, list, ok := delta.Deltas()
				text, _ := delta.Section(abi.SectionText)
				if !ok || list.Len() != 1 || b.Flags != abi.DeltaFinal|abi.DeltaComplete || string(text) != "An answer." || delta.Flags() != abi.FrameReplay {
					t.Errorf("on_delta: %+v %d %q %d", b, list.Len(), text, delta.Flags())
				}
			}
			end := s.shown[len(s.shown)-1]
			u, ok := end.Usage()
			text, _ := end.Section(abi.SectionResponseText)
			if !ok || end.Flags() != abi.FrameReplay || u.Input != 5 || u.Output != 6 || u.Flags != abi.UsageEstimated || u.Gateway != 500_000 || u.Total != 12_250_000 ||
				u.Status != 200 || u.Outcome != abi.OutcomeOK || u.Attempts != 1 || string(u.Finish) != "stop" || !math.IsNaN(u.USD) || string(text) != "An answer." {
				t.Errorf("on_end: %+v, %q", u, text)
			}
			if p := &res.said[0]; p.old == nil || p.old.Fuel != 3 || p.now == nil || p.now.Action != "want_text" || p.now.Fuel != 7 || p.now.Fault != "" {
				t.Errorf("said %+v, %+v", p.old, p.now)
			}
		})
	}
}

func checkRequestFrame(t *testing.T, e dialect.Endpoint, f *frame.Frame) {
	t.Helper()
	q, _ := f.Request()
	if f.Hook() != abi.HookRequest || f.Flags() != abi.FrameReplay || q.Endpoint != uint16(e) || q.Wall != 1_767_323_045_000_006_000 {
		t.Errorf("%s, flags %d, %+v", f.Hook(), f.Flags(), q)
	}
	for k, want := range map[abi.Section]string{
		abi.SectionTenant: "acme", abi.SectionRoute: "route-0", abi.SectionModel: "m", abi.SectionRequestID: "r-1", abi.SectionText: "Be \"brief\".\ncafé \u202e",
	} {
		if got, _ := f.Section(k); string(got) != want {
			t.Errorf("%s is %q, want %q", k, got, want)
		}
	}
	parts, _ := f.Parts()
	if parts.Len() != 2 || parts.At(1).Channel != abi.ChannelUser || parts.At(1).Message != 1 {
		t.Errorf("%d parts", parts.Len())
	} else if system := parts.At(0); e != dialect.Completions && (system.Role != abi.RoleSystem || system.Channel != abi.ChannelInstruction) {
		t.Errorf("the system's words: %+v", system)
	}
	if x, ok := f.Session(); !ok || string(x.Key) != "s" {
		t.Errorf("session %+v", x)
	}
	if list, ok := f.Targets(); !ok || len(list) != 1 || list[0].Name != "t" || list[0].Kind != "vllm" {
		t.Errorf("targets %+v", list)
	}
	if x, ok := f.Prefix(); !ok || len(x.Boundaries) != 2 {
		t.Errorf("prefix %+v", x)
	}
	if x, ok := f.Signals(); !ok || len(x) == 0 {
		t.Errorf("signals %v", x)
	}
}

// Edits of the new plugin are made: what comes after them sees them. A refusal ends the request, and on_end hears of it.
func TestReplayEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hook    abi.Hook
		say     func(w *frame.VerdictWriter)
		calls   string
		text    string
		outcome uint8
		status  uint16
	}{
		"deny":       {abi.HookRequest, func(w *frame.VerdictWriter) { w.Deny(451, "", "") }, "request end ", "", abi.OutcomeDenied, 451},
		"stop":       {abi.HookDelta, func(w *frame.VerdictWriter) { w.Stop("", "") }, "request delta end ", "", abi.OutcomeDenied, 403},
		"delta_edit": {abi.HookDelta, func(w *frame.VerdictWriter) { w.DeltaEdit(0, 3, 6, "edit") }, "request delta end ", "An edit.", abi.OutcomeOK, 200},
		"bad":        {abi.HookDelta, func(w *frame.VerdictWriter) { w.DeltaEdit(9, 0, 0, "") }, "request delta end ", "", abi.OutcomeInternal, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := scriptedWorker(t, func(f *frame.Frame) []byte {
				return verdict(func(w *frame.VerdictWriter) {
					if f.Hook() == c.hook {
						c.say(w)
					}
					if f.Hook() == abi.HookRequest && c.hook != abi.HookRequest {
						w.WantText()
					}
				})
			})
			res := w.replay(fmt.Appendf(nil, recordedLine, "chat"))
			calls := ""
			for _, f := range s.shown {
				calls += f.Hook().String() + " "
			}
			u, _ := s.shown[len(s.shown)-1].Usage()
			text, _ := s.shown[len(s.shown)-1].Section(abi.SectionResponseText)
			if calls != c.calls || string(text) != c.text || u.Outcome != c.outcome || u.Status != c.status {
				t.Errorf("%s; on_end: %q, %+v", calls, text, u)
			}
			if name == "bad" && (res.said[1].now.Fault != "verdict" || len(w.chains) != 0) {
				t.Errorf("%+v, %d chains kept", res.said[1].now, len(w.chains))
			}
		})
	}
}

// Verdicts are compared where both plugins saw the same.
func TestReplayCompares(t *testing.T) {
	t.Parallel()
	score := func(w *frame.VerdictWriter) { w.Score(0.5, -1, "x") }
	for name, c := range map[string]struct {
		verdicts, stream string
		say              map[abi.Hook]func(w *frame.VerdictWriter)
		want             string // changes
		altered          int64
	}{
		"nothing":            {"", "false", nil, "", 0},
		"new word":           {"", "false", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookRequest: score}, "request none→score 0.5 ", 0},
		"same":               {`{"plugin":"p","hook":"request","action":"score","score":0.5}`, "false", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookRequest: score}, "", 0},
		"other score":        {`{"plugin":"p","hook":"request","action":"score","score":0.25}`, "false", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookRequest: score}, "request score 0.25→score 0.5 ", 0},
		"another's":          {`{"plugin":"q","hook":"request","action":"deny","score":1}`, "false", nil, "", 0},
		"old fault":          {`{"plugin":"p","hook":"end","action":"none","score":null,"fault":"trap"}`, "false", nil, "end fault:trap→none ", 0},
		"edited by it":       {`{"plugin":"p","hook":"request","action":"edit","score":null}`, "false", nil, "", 1},
		"edited before it":   {`{"plugin":"q","hook":"request","action":"edit","score":null},{"plugin":"p","hook":"request","action":"deny","score":null}`, "false", nil, "request deny→none ", 0},
		"edited without it":  {`{"plugin":"q","hook":"request","action":"edit","score":null}`, "false", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookRequest: score}, "request none→score 0.5 ", 0},
		"edited behind it":   {`{"plugin":"p","hook":"request","action":"tag","score":null},{"plugin":"q","hook":"request","action":"insert","score":null}`, "false", nil, "", 1},
		"observed edit":      {`{"plugin":"p","hook":"request","action":"edit","score":null,"observe":true}`, "false", nil, "request edit→none ", 0},
		"stopped":            {`{"plugin":"p","hook":"delta","action":"stop","score":null}`, "true", nil, "", 1},
		"held stream":        {`{"plugin":"p","hook":"delta","action":"hold","score":0.1}`, "true", nil, "", 0},
		"scored whole":       {`{"plugin":"p","hook":"delta","action":"score","score":0.1}`, "false", nil, "delta score 0.1→none ", 0},
		"stops stream":       {`{"plugin":"p","hook":"delta","action":"hold","score":0.1}`, "true", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookDelta: func(w *frame.VerdictWriter) { w.Stop("", "") }}, "delta none→stop ", 0},
		"last of two":        {`{"plugin":"p","hook":"request","action":"tag","score":null},{"plugin":"p","hook":"request","action":"score","score":0.5}`, "false", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookRequest: score}, "", 0},
		"refuses the answer": {`{"plugin":"p","hook":"delta","action":"score","score":0.1}`, "false", map[abi.Hook]func(w *frame.VerdictWriter){abi.HookRequest: func(w *frame.VerdictWriter) { w.Deny(0, "", "") }}, "request none→deny ", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := scriptedWorker(t, func(f *frame.Frame) []byte {
				if say := c.say[f.Hook()]; say != nil {
					return verdict(say)
				}
				return nil
			})
			line := fmt.Sprintf(recordedLine, "chat")
			line = strings.Replace(line, `{"plugin":"p","hook":"request","action":"none","score":null,"us":1.5,"fuel":3}`, c.verdicts, 1)
			line = strings.Replace(line, `"stream":false`, `"stream":`+c.stream, 1)
			w.plugin.loaded = &loaded{}
			sum := &replaySum{plugin: w.plugin, verdicts: map[ReplayCount]int64{}, others: map[string]bool{}}
			sum.s.Faults = map[string]int64{}
			got := ""
			err := sum.add(&replayTask{number: 1, result: w.replay([]byte(line))}, func(c *ReplayChange) error {
				for _, h := range c.Hooks {
					got += h.Hook + " " + brief(&h.Old) + "→" + brief(&h.New) + " "
				}
				return nil
			})
			if err != nil || got != c.want || sum.s.AlteredRequests+sum.s.AlteredAnswers != c.altered || len(s.shown) == 0 {
				t.Errorf("%v; %q, want %q; %+v", err, got, c.want, sum.s)
			}
		})
	}
}

func brief(v *ReplayVerdict) string {
	if v.Score == nil {
		return v.Word()
	}
	return fmt.Sprintf("%s %g", v.Word(), *v.Score)
}

// FuzzReplayRecord: whatever a line holds, it is refused in words, or gives a request and an answer that say what the record does.
func FuzzReplayRecord(f *testing.F) {
	for e := dialect.Chat; e <= dialect.CountTokens; e++ {
		f.Add(fmt.Appendf(nil, recordedLine, e))
	}
	for _, line := range []string{
		``, `null`, `[]`, `{}`, `{"text":null}`, `{"text":{"messages":[{}]},"endpoint":"chat","model":"m"}`, `{"verdicts":{}}`, `{"text":[]}`, `{"status":"200","text":{"messages":[{"text":"a"}]}}`,
		`{"endpoint":"messages","model":"m","text":{"messages":[{"role":"system","text":"a"},{"role":"system","text":"b"},{"role":"none","text":"c"},{"role":"critic","text":"d"}]}}`,
		`{"endpoint":"responses","text":{"messages":[{"role":"tool","text":"\ud800"}],"answer":"\u0000"}}`, `{"verdicts":[{"plugin":"a/b","hook":"request","calls":0,"us":1e300}]}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := readRecord(line)
		if err != nil {
			if r != nil || err.Error() == "" {
				t.Fatalf("%v, %v", r, err)
			}
			return
		}
		_ = r.usage()
		for i := range r.verdicts {
			var c costs
			c.add(&r.verdicts[i])
			_, _ = r.of(r.verdicts[i].Plugin, r.verdicts[i].Hook)
		}
		if r.text == nil || len(r.text.Messages) > 1000 {
			return
		}
		checkBodies(t, r)
	})
}

func checkBodies(t *testing.T, r *replayRecord) {
	t.Helper()
	if body := r.appendRequest(nil); body != nil && (r.Model != "" || r.endpoint == dialect.Responses) {
		var q dialect.Request
		if e := q.Parse(r.endpoint, body); e != nil {
			t.Fatalf("%s: %s", e.Message, body)
		}
		var want []byte
		for _, m := range r.text.Messages {
			want = append(want, m.Text...)
		}
		var got []byte
		for i := range q.Parts {
			if p := &q.Parts[i]; p.Message >= 0 && p.Channel != dialect.ChannelParameter {
				got = append(got, q.Text(i)...)
			}
		}
		if !bytes.Equal(got, want) || string(q.Model) != r.Model || q.Stream != r.Stream {
			t.Fatalf("%q became %s: %q", want, body, got)
		}
	}
	if body := r.answerBody(); body != nil {
		var a dialect.Answer
		a.Reset(r.endpoint, dialect.Options{KeepText: true, MaxText: maxReplayLine})
		if err := a.Body(body); err != nil || string(a.Text) != r.text.Answer || !json.Valid(body) {
			t.Fatalf("%v: %s says %q, want %q", err, body, a.Text, r.text.Answer)
		}
	}
}

// Lines are counted as editors do, and a line that is too long costs no more than itself.
func TestReplayLines(t *testing.T) {
	t.Parallel()
	long := strings.NewReader(strings.Repeat("x", maxReplayLine+1))
	lines := newRecordLines(io.MultiReader(strings.NewReader("a\r\n\n \nb\n"), long, strings.NewReader("\nc")))
	got := ""
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		got += fmt.Sprintf("%d:%s:%v ", lines.n, bytes.TrimSpace(line), err)
	}
	if want := "1:a:<nil> 4:b:<nil> 5::it is longer than 16 MiB 6:c:<nil> "; got != want || lines.bytes != maxReplayLine+11 {
		t.Errorf("%q, %d bytes", got, lines.bytes)
	}
	broken := errors.New("broken")
	if _, err := newRecordLines(iotest.ErrReader(broken)).next(); !errors.Is(err, broken) {
		t.Error(err)
	}
}
