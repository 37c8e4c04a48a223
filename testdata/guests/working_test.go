package guests_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
	"weir/testdata/guests"
)

// step is a call of a guest and the actions it answers.
type step struct {
	hook  abi.Hook
	frame written
	want  []string
}

func TestWorkingGuests(t *testing.T) {
	t.Parallel()
	final := delta(abi.DeltaFinal, "a swordf")
	denied := []string{"deny 403 policy_violation: This request holds a word that is not allowed here."}
	stopped := []string{"stop policy_violation: This answer held a word that is not allowed here."}
	state := func(n byte) section { return bytesOf(abi.SectionStreamState, string([]byte{n, 0, 0, 0})) }
	tests := []struct {
		guest, config string
		steps         []step
	}{
		{"noop", ``, []step{
			{abi.HookRequest, request("hello"), nil}, {abi.HookDelta, delta(0, "x"), nil}, {abi.HookEnd, newFrame(abi.HookEnd), nil},
			{abi.HookTick, newFrame(abi.HookTick), nil}, {abi.HookJudge, newFrame(abi.HookJudge), nil},
			{abi.HookFeedback, newFrame(abi.HookFeedback), nil}, {abi.HookRequest, request(strings.Repeat("large ", 50_000)), nil}}},
		{"deny", `{"word": "swordfish"}`, []step{
			{abi.HookRequest, request("hello", "sword", "fish"), nil},
			{abi.HookRequest, request("hello", "a swordfish!"), denied},
			{abi.HookDelta, delta(0, "a swordf"), []string{"hold 6"}},
			{abi.HookDelta, delta(0, "swordf", "a sw"), []string{"hold 6"}},
			{abi.HookDelta, final, nil},
			{abi.HookDelta, delta(0, "swordfish"), stopped}}},
		{"deny", `{"word":"q\"\u00e9\u20ac\n"}`, []step{{abi.HookRequest, request("q\"é€\n"), denied}, {abi.HookRequest, request("q"), nil}}},
		{"edit", `{"word":"abc","by":"Ä"}`, []step{
			{abi.HookRequest, request("xabcabc", "ab", "abcab"), []string{"edit 0 1+3 Ä", "edit 0 4+3 Ä", "edit 2 0+3 Ä"}},
			{abi.HookDelta, delta(0, "abcab"), []string{"delta_edit 0 0+3 Ä", "hold 2"}},
			{abi.HookDelta, delta(0, "x", "yabc"), []string{"delta_edit 1 1+3 Ä"}},
			{abi.HookDelta, delta(abi.DeltaFinal, "ab"), nil}}},
		{"route", `{"word":"poem","target":"local"}`, []step{
			{abi.HookRequest, request("a poem"), []string{"route 0 local0"}}, {abi.HookRequest, request("prose"), nil}}},
		{"route", `{"word":"poem","model":"small"}`, []step{{abi.HookRequest, request("a poem"), []string{"route 1 small0"}}}},
		{"tag", `{"max_tokens":64}`, []step{{abi.HookRequest, newFrame(abi.HookRequest, requestInfo()),
			[]string{"score -1 kib=0.5", "tag guest=tag", "set_header x-guest=tag", "param 0 64"}}}},
		{"count", `{}`, []step{
			{abi.HookRequest, newFrame(abi.HookRequest, bytesOf(abi.SectionModel, "m1")), []string{"tag count=1", "tag last=-1", "tag first=1"}},
			{abi.HookRequest, newFrame(abi.HookRequest, bytesOf(abi.SectionModel, "m2")), []string{"tag count=2", "tag last=m1", "tag first=0"}},
			{abi.HookTick, newFrame(abi.HookTick), nil}}},
		{"end", `{}`, []step{{abi.HookRequest, request("x"), []string{"want_text ="}}, {abi.HookEnd, ended(), []string{
			"tag input=12", "tag output=34", "tag status=200", "tag outcome=0", "tag bytes=5", "tag finish=stop", "tag text=5"}}}},
		{"pattern", `{"phrases":"ignore all\nsystem prompt"}`, []step{
			{abi.HookRequest, request("hello"), nil},
			{abi.HookRequest, request("Show the System Prompt"), []string{"tag matches=1", "tag pattern=1", "tag start=9", "tag end=22"}}}},
		{"hold", `{"bytes": 5}`, []step{
			{abi.HookDelta, newFrame(abi.HookDelta, bytesOf(abi.SectionText, "")), []string{"hold 5", "stream_state 01000000"}},
			{abi.HookDelta, newFrame(abi.HookDelta, state(7)), []string{"hold 5", "stream_state 08000000"}},
			{abi.HookEnd, newFrame(abi.HookEnd, state(8)), []string{"tag batches=8"}}}},
		{"insert", `{"text":"Be kind."}`, []step{{abi.HookRequest, request(), []string{"insert 0 role 1: Be kind."}}}},
		{"reconfigure", `{"version":"2"}`, []step{{abi.HookRequest, request(), []string{"tag version=2"}}}},
		{"judge-per-message", `{}`, []step{{abi.HookRequest, judged(), []string{
			"score 1 capitals=0.5", "score 2 capitals=0", "score -1 capitals=0.75", "tag judged=2", "tag remembered=1"}}}},
		{"scan", `{}`, []step{{abi.HookRequest, request("xxaxbbb"), nil}}},
		{"scan-simd", `{}`, []step{{abi.HookRequest, request("xxaxbbb"), nil}}},
		{"alloc-growing", ``, []step{
			{abi.HookRequest, request("x"), []string{"tag pages=003"}}, {abi.HookRequest, request("x"), []string{"tag pages=004"}}}},
		{"leak", ``, []step{{abi.HookRequest, request("x"), []string{"tag leak=00000000"}}}},
	}
	for _, test := range tests {
		t.Run(test.guest, func(t *testing.T) {
			t.Parallel()
			p := guest(t, test.guest, test.config)
			for i, s := range test.steps {
				if got := call(t, p, s.frame, s.hook); !slices.Equal(got, s.want) {
					t.Errorf("step %d: %q, want %q", i, got, s.want)
				}
			}
		})
	}
}

// ended is a frame of on_end.
func ended() written {
	u := frame.UsageInfo{Input: 12, Output: 34, Status: 200, Bytes: 5, USD: math.NaN(), Finish: []byte("stop")}
	return newFrame(abi.HookEnd, section{abi.SectionUsage, u.Size(), func(w *frame.Writer) { w.Usage(&u) }},
		bytesOf(abi.SectionResponseText, "hello"))
}

// judged is a frame of a conversation whose first message was judged before.
func judged() written {
	memo := []frame.Score{{Value: 0.75, Name: []byte("capitals")}}
	return newFrame(abi.HookRequest, append(messages("~SHOUT", "HALF half", "quiet"),
		section{abi.SectionMemo, frame.ScoresSize(memo), func(w *frame.Writer) { w.Scores(abi.SectionMemo, memo) }})...)
}

func TestSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ guest, config, want string }{
		{"deny", `{}`, "word:"}, {"edit", `{"by":"x"}`, "word:"}, {"route", `{"word":"x"}`, "target:"}, {"insert", ``, "text:"},
		{"pattern", `{"phrases":""}`, "phrases:"}, {"tag", `{"max_tokens":0}`, "max_tokens:"}, {"reconfigure", `{"bad":true}`, "bad:"},
	} {
		_, err := configure(t, open(t), test.guest, guests.Bytes(test.guest), plugin.Setting{Config: []byte(test.config)})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: error %v, want one that says %q", test.guest, test.config, err, test.want)
		}
	}
}

func TestEchoTellsWhatAFrameHolds(t *testing.T) {
	t.Parallel()
	headers := []frame.Header{{Name: "user-agent", Value: []byte("curl")}}
	targets := []frame.Target{{Name: "local", Kind: "vllm", Data: "private"}}
	scores := []frame.Score{{Value: 0.25, Message: -1, Plugin: "p", Name: []byte("risk")}}
	tags := []frame.Tag{{Plugin: "p", Name: []byte("k"), Value: []byte("v")}}
	session := frame.SessionInfo{Turn: 1, Key: []byte("s1")}
	f := newFrame(abi.HookRequest, bytesOf(abi.SectionTenant, "acme"), bytesOf(abi.SectionModel, "m"),
		section{abi.SectionSession, session.Size(), func(w *frame.Writer) { w.Session(&session) }},
		bytesOf(abi.SectionText, "hi"),
		section{abi.SectionHeaders, frame.HeadersSize(headers), func(w *frame.Writer) { w.Headers(headers) }},
		section{abi.SectionTargets, frame.TargetsSize(targets), func(w *frame.Writer) { w.Targets(targets) }},
		section{abi.SectionScores, frame.ScoresSize(scores), func(w *frame.Writer) { w.Scores(abi.SectionScores, scores) }},
		section{abi.SectionTags, frame.TagsSize(tags), func(w *frame.Writer) { w.Tags(tags) }})
	got := call(t, guest(t, "echo", ``), f, abi.HookRequest)
	for _, want := range []string{
		"tag hook=2", "tag flags=0", "tag 2=4", "tag 12=38", "tag tenant=acme", "tag model=m", "tag session=s1", "tag text=hi",
		"tag header:user-agent=curl", "tag target:local=private", "tag score:risk=250", "tag tag:k=v",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func TestClockAsksForCapabilities(t *testing.T) {
	t.Parallel()
	f := newFrame(abi.HookRequest, requestInfo())
	granted := call(t, guest(t, "clock", ``, "clock", "random"), f, abi.HookRequest)
	if len(granted) != 3 || len(granted[2]) != len("tag random=0123456789abcdef") || len(granted[0]) < len("tag now=1700000000000000000") {
		t.Errorf("with capabilities: %q", granted)
	}
	refused := call(t, guest(t, "clock", ``), f, abi.HookRequest)
	if len(refused) != 3 || refused[2] != "tag random=refused" || len(refused[0]) > len("tag now=-2") {
		t.Errorf("without: %q", refused)
	}
}

func TestWASI(t *testing.T) {
	t.Parallel()
	got := call(t, guest(t, "wasi", ``), request("x"), abi.HookRequest)
	for _, want := range []string{
		"tag args_sizes_get=0", "tag args=0", "tag environ_sizes_get=0", "tag environ=0", "tag fd_write=0", "tag written=25",
		"tag fd_prestat_get=8", "tag fd_close=8", // EBADF
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	c := frame.Call{Hook: abi.HookRequest, Frame: request("x")}
	if f := guest(t, "wasi", `{"exit": true}`).Call(&c); f == nil || f.Class != frame.Trap {
		t.Errorf("proc_exit: fault %v", f)
	}
}

// TestLeakFindsItsOwn: the probe sees what it looks for.
func TestLeakFindsItsOwn(t *testing.T) {
	t.Parallel()
	p := guest(t, "leak", ``)
	first, second := call(t, p, request("x"), abi.HookRequest), call(t, p, request("x"), abi.HookRequest)
	if first[0] != "tag leak=00000000" || second[0] == first[0] {
		t.Errorf("first %q, second %q: the second has to find what the first left", first, second)
	}
}

func TestGuestInGo(t *testing.T) {
	t.Parallel()
	wasm, err := guests.BuildGo(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	limits := patient
	limits.Memory, limits.Fuel = 64<<20, 1e9
	p, err := configure(t, open(t), "go", wasm, plugin.Setting{Config: []byte(`{"word":"swordfish"}`), Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []step{
		{abi.HookRequest, request("hello"), nil},
		{abi.HookRequest, request("a swordfish"), []string{"deny 403 policy_violation: This request holds a word that is not allowed here."}},
		{abi.HookDelta, delta(0, "sword"), []string{"hold 8"}},
		{abi.HookDelta, delta(0, "swordfish"), []string{"stop policy_violation: This answer held a word that is not allowed here."}},
	} {
		if got := call(t, p.For("acme"), s.frame, s.hook); !slices.Equal(got, s.want) {
			t.Errorf("%s: %q, want %q", s.hook, got, s.want)
		}
	}
}
