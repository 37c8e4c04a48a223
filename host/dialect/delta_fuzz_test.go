package dialect

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// shown joins what a reader of the first choice sees of items.
func shown(dst []byte, d *Deltas) []byte {
	for i, t := range d.Items {
		if (t.Channel == DeltaText || t.Channel == DeltaRefusal) && t.Index == 0 && !t.Repeat {
			dst = append(dst, d.Text(i)...)
		}
	}
	return dst
}

// TestDeltasAreTheAnswer: the deltas of a stream, joined, are the text that Answer reads in it; they end before the stream does.
func TestDeltasAreTheAnswer(t *testing.T) {
	t.Parallel()
	for i := range streamCases {
		c := &streamCases[i]
		var d Deltas
		var text []byte
		final := false
		for _, ev := range c.events {
			ev, _ := strings.CutPrefix(ev, "hide ")
			if err := d.Event(c.endpoint, []byte(ev)); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			text = shown(text, &d)
			final = final || d.Final
		}
		if string(text) != c.want.text {
			t.Errorf("%s: %q, want %q", c.name, text, c.want.text)
		}
		if final != (c.want.done || c.want.failed) {
			t.Errorf("%s: final is %v", c.name, final)
		}
	}
	for i := range bodyCases {
		c := &bodyCases[i]
		var d Deltas
		if err := d.Body(c.endpoint, []byte(c.body)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := shown(nil, &d); string(got) != c.want.text {
			t.Errorf("%s: %q, want %q", c.name, got, c.want.text)
		}
	}
}

// FuzzDeltas: events and bodies are accepted as Answer accepts them and say the same; every item is a token of the source; with its
// texts replaced an event says the replacements, in the same places, and is otherwise as it was.
func FuzzDeltas(f *testing.F) {
	for _, c := range deltaCases {
		f.Add(uint8(c.endpoint), []byte(c.event))
	}
	for i := range streamCases {
		for _, ev := range streamCases[i].events {
			f.Add(uint8(streamCases[i].endpoint), []byte(ev))
		}
	}
	for i := range bodyCases {
		f.Add(uint8(bodyCases[i].endpoint), []byte(bodyCases[i].body))
	}
	f.Fuzz(func(t *testing.T, n uint8, p []byte) {
		ep := Endpoint(n % 8)
		var d Deltas
		var a Answer
		a.Reset(ep, Options{KeepText: true, MaxText: 1 << 20})
		_, want := a.Event(p)
		if err := d.Event(ep, p); (err == nil) != (want == nil) {
			t.Fatalf("%v, Answer says %v: %q", err, want, p)
		} else if err == nil {
			checkDeltas(t, &d, &a, p, func(d *Deltas, p []byte) error { return d.Event(ep, p) })
		}
		if ep == None || ep == Embeddings || ep == Models || ep == CountTokens {
			return
		}
		a.Reset(ep, Options{KeepText: true, MaxText: 1 << 20})
		want = a.Body(p)
		if err := d.Body(ep, p); (err == nil) != (want == nil) {
			t.Fatalf("%v, Answer says %v: %q", err, want, p)
		} else if err == nil {
			checkDeltas(t, &d, &a, p, func(d *Deltas, p []byte) error { return d.Body(ep, p) })
		}
	})
}

func checkDeltas(t *testing.T, d *Deltas, a *Answer, source []byte, read func(*Deltas, []byte) error) {
	t.Helper()
	checkSpans(t, d, source)
	if bytes.Equal(d.source, bytes.TrimSpace(d.source)) && len(d.source) > 0 {
		if _, twice := depthOf(d.source); !twice { // of two Answer takes the last
			checkText(t, d, a, source)
		}
	}
	var list []Replacement
	want := make([]string, len(d.Items))
	for i := range d.Items {
		it := &d.Items[i]
		text := "\u2028\"" + strings.ToUpper(string(d.Text(i))) + "\n\\é"
		if it.Raw {
			text = "{\"x\":\n\"y\"}"
			if d.Text(i)[0] == '[' {
				text = "[1,\n2]"
			}
		}
		if it.Same >= 0 {
			want[i] = want[it.Same]
			continue
		}
		if i%3 == 2 {
			want[i] = string(d.Text(i))
			continue
		}
		list = append(list, Replacement{i, []byte(text)})
		want[i] = text
		if it.Raw {
			want[i] = strings.ReplaceAll(text, "\n", " ")
		}
	}
	out, err := d.AppendEdited(nil, source, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 && !d.Joined && !bytes.Equal(out, source) {
		t.Fatalf("without edits %q became %q", source, out)
	}
	before := slices.Clone(d.Items)
	if err := read(d, out); err != nil {
		t.Fatalf("%v: %q\nfrom %q", err, out, source)
	}
	if len(d.Items) != len(before) {
		t.Fatalf("%d items of %d: %q\nfrom %q", len(d.Items), len(before), out, source)
	}
	for i, b := range before {
		it := d.Items[i]
		if string(d.Text(i)) != want[i] || it.Channel != b.Channel || it.Index != b.Index || it.Block != b.Block || it.Part != b.Part || it.Repeat != b.Repeat {
			t.Fatalf("item %d: %+v %q, was %+v, want %q\n%q\nfrom %q", i, it, d.Text(i), b, want[i], out, source)
		}
	}
}

// checkText: the items say what Answer has read, in whatever order. Deltas reads more than Answer does where a choice has both a delta and a
// message, or an event both a message and a block.
func checkText(t *testing.T, d *Deltas, a *Answer, source []byte) {
	t.Helper()
	for _, both := range []string{"delta", "message", "item", "part", "response", "refusal", "input", "code", "content_block"} {
		if bytes.Contains(source, []byte(both)) && (both != "delta" || bytes.Contains(source, []byte("message"))) {
			return
		}
	}
	got, want := shown(nil, d), bytes.Clone(a.Text)
	slices.Sort(got)
	slices.Sort(want)
	if !bytes.Equal(got, want) && a.endpoint != Responses && a.endpoint != Messages {
		t.Fatalf("items %q say %q, Answer %q", described(d), got, a.Text)
	}
}
