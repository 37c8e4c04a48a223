package frame_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// content is all that a frame can hold.
type content struct {
	strings  map[abi.Section]string
	request  frame.RequestInfo
	session  frame.SessionInfo
	parts    []frame.Part
	tools    []frame.Tool
	signals  []uint32
	prefix   frame.PrefixInfo
	headers  []frame.Header
	targets  []frame.Target
	usage    frame.UsageInfo
	batch    frame.Batch
	deltas   []frame.Delta
	judge    frame.JudgeInfo
	feedback frame.FeedbackInfo
	scores   []frame.Score
	tags     []frame.Tag
	memo     []frame.Score
}

// full is a content in which no two figures are alike.
func full() *content {
	const text = "You are helpful.Guten Tag! Ünïcödé"
	return &content{
		strings: map[abi.Section]string{
			abi.SectionTenant: "acme", abi.SectionRoute: "default", abi.SectionModel: "gpt-4o", abi.SectionRequestID: "req_0123456789abcdef",
			abi.SectionText: text, abi.SectionConfig: `{"word":"geheim"}`, abi.SectionStreamState: "\x00\xffstate",
			abi.SectionResponseText: "An answer.", abi.SectionBody: `{"model":"gpt-4o"}`,
		},
		request: frame.RequestInfo{
			Endpoint: abi.EndpointChat, Dialect: abi.DialectOpenAI, Flags: abi.RequestStream,
			MaxTokens: 256, Temperature: 0.25, InputTokens: 321, Wall: 1_753_000_000_000_000_000, Monotonic: 987_654_321,
			BodyBytes: 1234, Messages: 2, Parts: 3, Tools: 1, Answers: 4, Controls: 5,
			Images: 6, Audio: 7, Files: 8, StoredPrompts: 9, PreviousResponses: 10, Encrypted: 11, Tokens: 12, Other: 13, TextBytes: uint32(len(text)),
		},
		session: frame.SessionInfo{Turn: 3, Messages: 5, Key: []byte("conv-1")},
		parts: []frame.Part{
			{Role: abi.RoleSystem, Channel: abi.ChannelInstruction, Message: 0, Length: 16},
			{Role: abi.RoleUser, Channel: abi.ChannelUser, Flags: abi.PartContext, Message: 1, Offset: 16, Length: uint32(len(text)) - 16},
			{Channel: abi.ChannelToolDefinition, Kind: abi.PartJoined, Message: abi.None},
		},
		tools:   []frame.Tool{{Name: 2, Description: abi.None, Schema: 7}},
		signals: []uint32{1, 1 << 31, 3},
		prefix:  frame.PrefixInfo{Bytes: 700, Keys: []uint64{1 << 63, 2, 3}, Boundaries: []int32{0, 2}},
		headers: []frame.Header{{Name: "user-agent", Value: []byte("curl/8")}, {Name: "x-team", Value: nil}},
		targets: []frame.Target{
			{Name: "local", Kind: "vllm", Data: "local", Weight: 0.5, Flags: abi.TargetHealthy, InFlight: 17, TTFT: 120_000_000, InputPrice: 0.1, OutputPrice: 0.4},
			{Name: "cloud", Kind: "openai", Data: "cloud", Weight: 1, InFlight: -1, TTFT: -1, InputPrice: 2.5, OutputPrice: 10},
		},
		usage: frame.UsageInfo{
			Input: 100, Cached: 40, CacheWrite: -1, Output: 20, Reasoning: 7, Gateway: 1000, Queue: 2000, TTFT: 3000, Total: 4000,
			USD: 0.0125, Bytes: 88, Status: 200, Outcome: abi.OutcomeUpstreamCut, Flags: abi.UsagePartial, Attempts: 2, Finish: []byte("stop"),
		},
		batch:    frame.Batch{Flags: abi.DeltaFinal, Bytes: 1 << 40},
		deltas:   []frame.Delta{{Index: 1, Block: 2, Offset: 3, Length: 4, Channel: abi.DeltaTool}, {Length: 3}},
		judge:    frame.JudgeInfo{Value: 0.75, Name: []byte("toxicity"), Text: []byte("because")},
		feedback: frame.FeedbackInfo{Value: -1, Signal: []byte("thumb")},
		scores: []frame.Score{
			{Value: 0.875, Message: 1, Plugin: "injection", Name: []byte("risk")},
			{Value: -2, Message: -1, Plugin: "pii", Name: []byte("names")},
		},
		tags: []frame.Tag{{Plugin: "lang", Name: []byte("language"), Value: []byte("de")}, {Plugin: "lang", Name: []byte("empty")}},
		memo: []frame.Score{{Value: 0.125, Message: 0, Name: []byte("risk")}},
	}
}

// Encoder of content for the sections in set.
type encoder struct {
	*content
	layout frame.Layout
}

func (c *content) encoder(h abi.Hook, flags uint32, set abi.Set) *encoder {
	e := &encoder{content: c}
	l := &e.layout
	l.Reset(h, flags)
	for k := abi.SectionNone + 1; k < abi.Sections; k++ {
		if !set.Has(k) {
			continue
		}
		if s, ok := c.strings[k]; ok {
			l.Add(k, len(s))
			continue
		}
		l.Add(k, map[abi.Section]int{
			abi.SectionRequest: abi.RequestSize, abi.SectionSession: c.session.Size(), abi.SectionMessages: len(c.parts) * abi.PartSize,
			abi.SectionSignals: 4 * len(c.signals), abi.SectionPrefix: c.prefix.Size(), abi.SectionTools: len(c.tools) * abi.ToolSize,
			abi.SectionHeaders: frame.HeadersSize(c.headers), abi.SectionTargets: frame.TargetsSize(c.targets), abi.SectionUsage: c.usage.Size(),
			abi.SectionDelta: frame.DeltasSize(len(c.deltas)), abi.SectionJudge: c.judge.Size(), abi.SectionFeedback: c.feedback.Size(),
			abi.SectionScores: frame.ScoresSize(c.scores), abi.SectionTags: frame.TagsSize(c.tags), abi.SectionMemo: frame.ScoresSize(c.memo),
		}[k])
	}
	return e
}

func (e *encoder) Size() int { return e.layout.Size() }

func (e *encoder) Encode(dst []byte) {
	w := e.layout.Writer(dst)
	for k := abi.SectionNone + 1; k < abi.Sections; k++ {
		if s, ok := e.strings[k]; ok {
			w.String(k, s)
		}
	}
	w.Request(&e.request)
	w.Session(&e.session)
	parts := w.Parts()
	for i := range parts.Len() {
		parts.Put(i, e.parts[i])
	}
	tools := w.Tools()
	for i := range tools.Len() {
		tools.Put(i, e.tools[i])
	}
	w.Signals(e.signals)
	w.Prefix(&e.prefix)
	w.Headers(e.headers)
	w.Targets(e.targets)
	w.Usage(&e.usage)
	deltas := w.Deltas(e.batch)
	for i := range deltas.Len() {
		deltas.Put(i, e.deltas[i])
	}
	w.Judge(&e.judge)
	w.Feedback(&e.feedback)
	w.Scores(abi.SectionScores, e.scores)
	w.Tags(e.tags)
	w.Scores(abi.SectionMemo, e.memo)
}

// encode is the frame, written over bytes that must not shine through.
func (e *encoder) encode(background byte) []byte {
	b := bytes.Repeat([]byte{background}, e.Size())
	e.Encode(b)
	return b
}

// compare reads f back and compares it with what was written.
func (c *content) compare(t *testing.T, f *frame.Frame, set abi.Set) {
	t.Helper()
	if f.Sections() != set {
		t.Errorf("sections %#x, want %#x", f.Sections(), set)
	}
	check := func(k abi.Section, got any, ok bool, want any) {
		t.Helper()
		if ok != set.Has(k) {
			t.Errorf("%s is there: %v, want %v", k, ok, set.Has(k))
		} else if ok && fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) && !reflect.DeepEqual(got, want) {
			t.Errorf("%s is\n%+v, want\n%+v", k, got, want)
		}
	}
	for k, want := range c.strings {
		got, ok := f.Section(k)
		check(k, string(got), ok, want)
	}
	request, ok := f.Request()
	check(abi.SectionRequest, request, ok, c.request)
	session, ok := f.Session()
	check(abi.SectionSession, session, ok, c.session)
	parts, ok := f.Parts()
	check(abi.SectionMessages, all(parts.Len(), parts.At), ok, c.parts)
	tools, ok := f.Tools()
	check(abi.SectionTools, all(tools.Len(), tools.At), ok, c.tools)
	signals, ok := f.Signals()
	check(abi.SectionSignals, signals, ok, c.signals)
	prefix, ok := f.Prefix()
	check(abi.SectionPrefix, prefix, ok, c.prefix)
	headers, ok := f.Headers()
	check(abi.SectionHeaders, fmt.Sprintf("%q", headers), ok, fmt.Sprintf("%q", c.headers))
	targets, ok := f.Targets()
	check(abi.SectionTargets, targets, ok, c.targets)
	usage, ok := f.Usage()
	check(abi.SectionUsage, usage, ok, c.usage)
	batch, deltas, ok := f.Deltas()
	check(abi.SectionDelta, all(deltas.Len(), deltas.At), ok, c.deltas)
	if ok && batch != c.batch {
		t.Errorf("batch %+v, want %+v", batch, c.batch)
	}
	judge, ok := f.Judge()
	check(abi.SectionJudge, judge, ok, c.judge)
	feedback, ok := f.Feedback()
	check(abi.SectionFeedback, feedback, ok, c.feedback)
	scores, ok := f.Scores(abi.SectionScores)
	check(abi.SectionScores, scores, ok, c.scores)
	tags, ok := f.Tags()
	check(abi.SectionTags, fmt.Sprintf("%q", tags), ok, fmt.Sprintf("%q", c.tags))
	memo, ok := f.Scores(abi.SectionMemo)
	check(abi.SectionMemo, memo, ok, c.memo)
}

func all[T any](n int, at func(int) T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = at(i)
	}
	return list
}

const every = abi.Set(1<<abi.Sections - 2)
