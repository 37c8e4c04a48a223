package stream

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"weir/host/dialect"
	"weir/host/policy"
	"weir/sdk/abi"
)

// drawn is what a random answer is made with.
type drawn struct {
	t        *rapid.T
	endpoint dialect.Endpoint
	events   []string
}

// pieces are what random text is made of: parts of the words that are looked for, and what is spelt with escapes.
var pieces = []string{"s", "se", "cret", "secret", "ecr", "t", "o", "one", " ", "é", "😀", "\n", "\"", "\\", "\u2028", "x"}

func (d *drawn) string(label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(d.t, label), "")
}

// spell spells text as JSON, each character in one of the ways there are.
func (d *drawn) spell(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		plain := quote(string(c))
		switch way := rapid.IntRange(0, 5).Draw(d.t, "spelling"); {
		case way > 0:
			b.WriteString(plain[1 : len(plain)-1])
		case c > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04X`, 0xd800+(c-0x10000)>>10, 0xdc00+(c-0x10000)&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// split cuts text between characters.
func (d *drawn) split(text string) []string {
	var out []string
	for text != "" {
		n := rapid.IntRange(1, 6).Draw(d.t, "cut")
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n++
		}
		n = min(n, len(text))
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

func (d *drawn) add(ev string) {
	switch rapid.IntRange(0, 15).Draw(d.t, "dressing") {
	case 0:
		ev = ": ping\n\n" + ev
	case 1:
		ev = strings.ReplaceAll(ev, "\n", "\r\n")
	case 2:
		ev = "id: 7\n" + ev
	}
	for ev != "" {
		end, _ := dialect.EventEnd([]byte(ev), 0)
		d.events, ev = append(d.events, ev[:end]), ev[end:]
	}
}

func (d *drawn) chat() {
	for range rapid.IntRange(0, 3).Draw(d.t, "turns") {
		for _, p := range d.split(d.string("reasoning")) {
			d.add(data(`{"choices":[{"index":0,"delta":{"reasoning":%s}}]}`, d.spell(p)))
		}
		for _, p := range d.split(d.string("text")) {
			index := rapid.IntRange(0, 1).Draw(d.t, "choice")
			d.add(data(`{"id":"x","choices":[{"index":%d,"delta":{"content":%s},"logprobs":{"content":[{"token":"a"}]}}]}`, index, d.spell(p)))
		}
		for _, p := range d.split(d.string("arguments")) {
			d.add(data(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]}}]}`, rapid.IntRange(0, 1).Draw(d.t, "call"), d.spell(p)))
		}
	}
	d.add(finished)
	d.add(done)
}

func (d *drawn) completions() {
	for _, p := range d.split(d.string("text")) {
		d.add(data(`{"choices":[{"index":0,"text":%s}]}`, d.spell(p)))
	}
	d.add(done)
}

func (d *drawn) messages() {
	d.add(typed(`{"type":"message_start","message":{"content":[]}}`))
	for block := range rapid.IntRange(0, 4).Draw(d.t, "blocks") {
		member := rapid.SampledFrom([]string{"text", "text", "thinking", "partial_json"}).Draw(d.t, "block")
		d.add(typed(`{"type":"content_block_start","index":%d,"content_block":{"type":"text","text":""}}`, block))
		for _, p := range d.split(d.string("text")) {
			d.add(typed(`{"type":"content_block_delta","index":%d,"delta":{"%s":%s}}`, block, member, d.spell(p)))
		}
		d.add(typed(`{"type":"content_block_stop","index":%d}`, block))
	}
	d.add(typed(`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`))
	d.add(typed(`{"type":"message_stop"}`))
}

func (d *drawn) responses() {
	d.add(typed(`{"type":"response.created","response":{"output":[]}}`))
	var items []string
	for block := range rapid.IntRange(0, 3).Draw(d.t, "items") {
		whole := d.string("text")
		if rapid.Bool().Draw(d.t, "call") {
			d.add(typed(`{"type":"response.output_item.added","output_index":%d,"item":{"type":"function_call","name":"get","arguments":""}}`, block))
			for _, p := range d.split(whole) {
				d.add(typed(`{"type":"response.function_call_arguments.delta","output_index":%d,"delta":%s}`, block, d.spell(p)))
			}
			d.add(typed(`{"type":"response.function_call_arguments.done","output_index":%d,"arguments":%s}`, block, d.spell(whole)))
			items = append(items, fmt.Sprintf(`{"type":"function_call","name":"get","arguments":%s}`, d.spell(whole)))
		} else {
			var parts []string
			for part := range rapid.IntRange(1, 2).Draw(d.t, "parts") {
				for _, p := range d.split(whole) {
					d.add(typed(`{"type":"response.output_text.delta","output_index":%d,"content_index":%d,"delta":%s,"logprobs":[]}`, block, part, d.spell(p)))
				}
				d.add(typed(`{"type":"response.output_text.done","output_index":%d,"content_index":%d,"text":%s}`, block, part, d.spell(whole)))
				parts = append(parts, `{"type":"output_text","text":`+d.spell(whole)+`}`)
				whole = d.string("more")
			}
			items = append(items, `{"type":"message","content":[`+strings.Join(parts, ",")+`]}`)
		}
		d.add(typed(`{"type":"response.output_item.done","output_index":%d,"item":%s}`, block, items[block]))
	}
	d.add(typed(`{"type":"response.completed","response":{"output":[%s]}}`, strings.Join(items, ",")))
}

func draw(t *rapid.T) *drawn {
	d := &drawn{t: t, endpoint: rapid.SampledFrom([]dialect.Endpoint{dialect.Chat, dialect.Completions, dialect.Messages, dialect.Responses}).Draw(t, "endpoint")}
	switch d.endpoint {
	case dialect.Chat:
		d.chat()
	case dialect.Completions:
		d.completions()
	case dialect.Messages:
		d.messages()
	default:
		d.responses()
	}
	return d
}

// pass takes the answer through plugins, flushing where it likes.
func (d *drawn) pass(plugins ...*plugin) string {
	s := new(Stream)
	defer s.Close()
	s.Begin(chain(plugins), Options{Endpoint: d.endpoint})
	var out string
	now := int64(1)
	for _, ev := range d.events {
		feed(d.t, s, ev)
		if rapid.Bool().Draw(d.t, "flush") {
			now += int64(rapid.IntRange(0, 1000).Draw(d.t, "wait")) * int64(time.Microsecond)
			out += flush(d.t, s, now, false)
		}
	}
	return out + flush(d.t, s, now+1, true)
}

func drawWatcher(t *rapid.T) policy.Watcher {
	return policy.Watcher{
		Bytes: rapid.SampledFrom([]int{0, 0, 1, 5, 1000}).Draw(t, "bytes"),
		Every: time.Duration(rapid.IntRange(0, 3).Draw(t, "every")) * time.Millisecond,
	}
}

// TestUneditedIsUntouched: whatever is held back and however events come together, without edits the client gets what came.
func TestUneditedIsUntouched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		var plugins []*plugin
		for range rapid.IntRange(0, 3).Draw(t, "plugins") {
			p := holder(rapid.SampledFrom([]int{0, 1, 7, 1000}).Draw(t, "hold"))
			p.watcher = drawWatcher(t)
			p.watcher.Observe = rapid.Bool().Draw(t, "observe")
			plugins = append(plugins, p)
		}
		if got, want := d.pass(plugins...), strings.Join(d.events, ""); got != want {
			t.Fatalf("\n got %q\nwant %q", got, want)
		}
	})
}

// checkEvents: events are as many and in the same order as they came; those that say what they said are as they were.
func checkEvents(t failer, ep dialect.Endpoint, in []string, out string) {
	t.Helper()
	got := cutEvents(t, out)
	if len(got) != len(in) {
		t.Fatalf("%d events of %d: %q", len(got), len(in), got)
	}
	var a, b dialect.Deltas
	for i := range in {
		if a.Event(ep, []byte(in[i])) != nil || b.Event(ep, []byte(got[i])) != nil {
			t.Fatalf("%q became %q", in[i], got[i])
		}
		if bytes.Equal(a.Arena, b.Arena) && len(a.Items) == len(b.Items) && in[i] != got[i] {
			t.Fatalf("%q was not edited and became %q", in[i], got[i])
		}
	}
}

// model follows a chain: what each plugin is shown has to be what it held back and then what the one before it let go of.
type model struct {
	t       *rapid.T
	in      map[stringKey]string
	plugins []*modelled
}

type modelled struct {
	m        *model
	observe  bool
	strings  map[stringKey]*modelString
	position int // in the chain
	out      bool
}

type modelString struct {
	gone string // let go of
	kept string // held back
	took int    // of what it is given
}

// given is what plugin i of the model is given in all so far.
func (m *model) given(i int, k stringKey) string {
	for i--; i >= 0; i-- {
		p := m.plugins[i]
		if p.observe {
			continue
		}
		s := p.string(k)
		if p.out {
			return s.gone + s.kept + m.given(i, k)[s.took:]
		}
		return s.gone
	}
	return m.in[k]
}

func (p *modelled) string(k stringKey) *modelString {
	if p.strings[k] == nil {
		p.strings[k] = new(modelString)
	}
	return p.strings[k]
}

// delta is the plugin: it checks what it is shown and answers anything.
func (p *modelled) delta(b *policy.Batch) policy.Reply {
	t := p.m.t
	final := b.Flags&abi.DeltaFinal != 0
	reply := policy.Reply{Hold: rapid.SampledFrom([]int{0, 1, 2, 5, 1000}).Draw(t, "hold")}
	if rapid.IntRange(0, 30).Draw(t, "fails") == 0 {
		p.out = true
		return policy.Reply{Out: true}
	}
	for i := range b.Items {
		it := &b.Items[i]
		text := entry(b, i)
		k := stringKey{index: int32(it.Index), channel: dialect.DeltaChannel(it.Channel)}
		if k.channel == dialect.DeltaTool || k.channel == dialect.DeltaName {
			k.block = int32(it.Block)
		}
		s := p.string(k)
		if text == "" || !valid(text) || !strings.HasPrefix(text, s.kept) {
			t.Fatalf("plugin %d is shown %q of %+v, it held %q", p.position, text, k, s.kept)
		}
		given := p.m.given(p.position, k)[s.took:]
		fresh := text[len(s.kept):]
		if !strings.HasPrefix(given, fresh) {
			t.Fatalf("plugin %d is shown %q of %+v, given was %q", p.position, fresh, k, given)
		}
		s.took += len(fresh)
		edited := text
		if !p.observe {
			edited = p.edits(&reply, i, text)
		}
		cut := len(edited) - reply.Hold
		if final {
			cut = len(edited)
		}
		cut = max(cut, 0)
		for cut > 0 && cut < len(edited) && !utf8.RuneStart(edited[cut]) {
			cut--
		}
		s.gone, s.kept = s.gone+edited[:cut], edited[cut:]
	}
	return reply
}

// edits draws edits of an entry and gives the text that they make.
func (p *modelled) edits(reply *policy.Reply, item int, text string) string {
	t := p.m.t
	var out strings.Builder
	at := 0
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		from := rapid.IntRange(at, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		for from > at && from < len(text) && !utf8.RuneStart(text[from]) {
			from--
		}
		for to < len(text) && !utf8.RuneStart(text[to]) {
			to++
		}
		by := rapid.SampledFrom([]string{"", "y", "secret", "é\n"}).Draw(t, "by")
		reply.Edits = append(reply.Edits, policy.Replacement{Item: uint32(item), Offset: uint32(from), Length: uint32(to - from), Text: []byte(by)})
		out.WriteString(text[at:from] + by)
		at = to
	}
	return out.String() + text[at:]
}

// checkModel passes a random answer through random plugins.
func checkModel(t *rapid.T) {
	d := draw(t)
	m := &model{t: t, in: texts(t, d.endpoint, strings.Join(d.events, ""))}
	var plugins []*plugin
	for i := range rapid.IntRange(1, 3).Draw(t, "plugins") {
		p := &modelled{m: m, observe: rapid.IntRange(0, 3).Draw(t, "observe") == 0, strings: map[stringKey]*modelString{}, position: i}
		m.plugins = append(m.plugins, p)
		w := drawWatcher(t)
		w.Observe = p.observe
		plugins = append(plugins, &plugin{watcher: w, delta: p.delta})
	}
	out := d.pass(plugins...)
	got := texts(t, d.endpoint, out) // and that repeats say the same
	for k := range m.in {
		if want := m.given(len(m.plugins), k); got[k] != want {
			t.Fatalf("%+v: the client reads %q, the plugins let go of %q\nin  %q\nout %q", k, got[k], want, d.events, out)
		}
		delete(got, k)
	}
	for k, text := range got {
		t.Fatalf("%+v: %q from nowhere", k, text)
	}
	checkEvents(t, d.endpoint, d.events, out)
}

func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkModel)
}

// FuzzStream is TestModel driven by the fuzzer.
func FuzzStream(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkModel)) }

// TestReplacing: a word is replaced wherever it stands, however it is cut into events, batches and escapes, and whoever else holds and edits.
func TestReplacing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		if d.endpoint == dialect.Chat { // whose choices take turns of reasoning, text and calls: words that are cut by those are two
			d.events = nil
			for _, p := range d.split(d.string("text") + d.string("text")) {
				d.add(data(`{"choices":[{"index":%d,"delta":{"content":%s}}]}`, rapid.IntRange(0, 1).Draw(t, "choice"), d.spell(p)))
			}
			d.add(done)
		}
		if d.endpoint != dialect.Chat && d.endpoint != dialect.Completions && slices.ContainsFunc(d.events, func(ev string) bool {
			return strings.Contains(ev, "thinking") || strings.Contains(ev, "partial_json") || strings.Contains(ev, "arguments")
		}) {
			return
		}
		first, second := replacer("secret", "one"), replacer("one", "[2]")
		first.watcher, second.watcher = drawWatcher(t), drawWatcher(t)
		out := d.pass(first, holder(3), second)
		got := texts(t, d.endpoint, out)
		for k, in := range texts(t, d.endpoint, strings.Join(d.events, "")) {
			if want := strings.ReplaceAll(strings.ReplaceAll(in, "secret", "one"), "one", "[2]"); got[k] != want {
				t.Fatalf("%+v: %q, want %q", k, got[k], want)
			}
		}
		checkEvents(t, d.endpoint, d.events, out)
	})
}
