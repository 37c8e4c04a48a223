package stream

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/sdk/abi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failer is what tests, properties and fuzz targets have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// plugin is a plugin of a chain in tests.
type plugin struct {
	watcher policy.Watcher
	deny    bool // its fail mode
	delta   func(b *policy.Batch) policy.Reply
	batches []string
	faults  []string
}

// chain is a Chain of plugins.
type chain []*plugin

func (c chain) Watchers() int                { return len(c) }
func (c chain) Watcher(i int) policy.Watcher { return c[i].watcher }

func (c chain) Delta(i int, b *policy.Batch) policy.Reply {
	c[i].batches = append(c[i].batches, spelt(b))
	return c[i].delta(b)
}

func (c chain) Fail(i int, f *frame.Fault) *policy.Refusal {
	c[i].faults = append(c[i].faults, f.Error())
	if c[i].deny {
		return &policy.Refusal{Plugin: c[i].watcher.Name, Fault: true}
	}
	return nil
}

// spelt is a batch as a line: each entry's choice, block, channel and text, then the flags.
func spelt(b *policy.Batch) string {
	var parts []string
	for i := range b.Items {
		it := &b.Items[i]
		parts = append(parts, fmt.Sprintf("%d.%d %s %s", it.Index, it.Block, dialect.DeltaChannel(it.Channel), entry(b, i)))
	}
	line := strings.Join(parts, " | ")
	if b.Flags&abi.DeltaFinal != 0 {
		line += " final"
	}
	if b.Flags&abi.DeltaComplete != 0 {
		line += " complete"
	}
	return line
}

// entry is the text of an entry.
func entry(b *policy.Batch, i int) string {
	it := &b.Items[i]
	return string(b.Text[it.Offset:][:it.Length])
}

// quiet is a plugin that says nothing.
func quiet(*policy.Batch) policy.Reply { return policy.Reply{} }

// replacing is a plugin that replaces a word, holding back what may be the beginning of it.
func replacing(word, by string) func(*policy.Batch) policy.Reply {
	return func(b *policy.Batch) policy.Reply {
		reply := policy.Reply{Hold: len(word) - 1}
		for i := range b.Items {
			text := entry(b, i)
			for at := 0; ; {
				k := strings.Index(text[at:], word)
				if k < 0 {
					break
				}
				reply.Edits = append(reply.Edits, policy.Replacement{Item: uint32(i), Offset: uint32(at + k), Length: uint32(len(word)), Text: []byte(by)})
				at += k + len(word)
			}
		}
		return reply
	}
}

func replacer(word, by string) *plugin { return &plugin{delta: replacing(word, by)} }

// holder is a plugin that holds back n bytes and says nothing else.
func holder(n int) *plugin {
	return &plugin{delta: func(*policy.Batch) policy.Reply { return policy.Reply{Hold: n} }}
}

// open begins a stream.
func open(t testing.TB, ep dialect.Endpoint, plugins ...*plugin) *Stream {
	t.Helper()
	s := new(Stream)
	s.Begin(chain(plugins), Options{Endpoint: ep})
	t.Cleanup(s.Close)
	return s
}

func feed(t failer, s *Stream, events ...string) {
	t.Helper()
	for _, ev := range events {
		p := []byte(ev)
		if err := s.Event(p); err != nil {
			t.Fatalf("%v: %s", err, ev)
		}
		for i := range p {
			p[i] = 'x' // whoever kept a reference shows it
		}
	}
}

// flush flushes and must not be refused.
func flush(t failer, s *Stream, now int64, final bool) string {
	t.Helper()
	out, refusal := s.Flush(nil, now, final)
	if refusal != nil {
		t.Fatalf("refused: %+v", refusal)
	}
	if final && s.Waiting() > 0 {
		t.Fatalf("%d bytes wait at the end", s.Waiting())
	}
	return string(out)
}

// Events of each dialect.

func data(format string, args ...any) string { return "data: " + fmt.Sprintf(format, args...) + "\n\n" }

func typed(format string, args ...any) string {
	s := fmt.Sprintf(format, args...)
	_, name, _ := strings.Cut(s, `"type":"`)
	name, _, _ = strings.Cut(name, `"`)
	return "event: " + name + "\ndata: " + s + "\n\n"
}

func said(text string) string      { return chosen(0, "content", text) }
func reasoned(text string) string  { return chosen(0, "reasoning_content", text) }
func anthropic(text string) string { return anthropicAt(0, text) }

func chosen(index int, member, text string) string {
	return data(`{"choices":[{"index":%d,"delta":{"%s":%s}}]}`, index, member, quote(text))
}

func anthropicAt(block int, text string) string {
	return typed(`{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%s}}`, block, quote(text))
}

func called(index int, arguments string) string {
	return data(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]}}]}`, index, quote(arguments))
}

const (
	finished = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	done     = "data: [DONE]\n\n"
)

// quote spells text as JSON, plainly.
func quote(text string) string {
	var b bytes.Buffer
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// cutEvents takes a stream apart again.
func cutEvents(t failer, stream string) []string {
	t.Helper()
	var out []string
	for len(stream) > 0 {
		end, _ := dialect.EventEnd([]byte(stream), 0)
		if end == 0 {
			t.Fatalf("half an event: %q", stream)
		}
		out, stream = append(out, stream[:end]), stream[end:]
	}
	return out
}

// stringKey names a string of an answer as plugins see it.
type stringKey struct {
	index, block int32
	channel      dialect.DeltaChannel
}

// texts reads the strings of a stream: as plugins see them, and part by part with what says them again.
func texts(t failer, ep dialect.Endpoint, stream string) map[stringKey]string {
	t.Helper()
	all := map[stringKey]string{}
	type place struct {
		block, part int32
		channel     dialect.DeltaChannel
	}
	parts := map[place]string{}
	var d dialect.Deltas
	for _, ev := range cutEvents(t, stream) {
		if err := d.Event(ep, []byte(ev)); err != nil {
			t.Fatalf("%v: %s", err, ev)
		}
		for i := range d.Items {
			it := &d.Items[i]
			text := string(d.Text(i))
			p := place{it.Block, it.Part, it.Channel}
			if it.Repeat {
				if parts[p] != text {
					t.Fatalf("%s says %q again as %q", ev, parts[p], text)
				}
				continue
			}
			parts[p] += text
			k := stringKey{index: it.Index, channel: it.Channel}
			if it.Channel == dialect.DeltaTool || it.Channel == dialect.DeltaName {
				k.block = it.Block
			}
			all[k] += text
		}
	}
	return all
}

// text is what a reader of the first choice sees.
func text(t failer, ep dialect.Endpoint, stream string) string {
	t.Helper()
	return texts(t, ep, stream)[stringKey{}]
}

const tick = int64(time.Millisecond)

func valid(s string) bool { return utf8.ValidString(s) }
