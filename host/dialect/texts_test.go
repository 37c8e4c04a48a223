package dialect

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestTakeTexts: what was taken survives the request, and the request survives what is done to the texts.
func TestTakeTexts(t *testing.T) {
	t.Parallel()
	for file, body := range goldenBodies(t) {
		ep := endpointOf(file)
		var r, whole Request
		for _, q := range []*Request{&r, &whole} {
			if err := q.Parse(ep, body); err != nil {
				t.Fatal(err)
			}
		}
		want := view(&whole)
		edit, ask := whole.AskUsage()

		texts := r.TakeTexts()
		if r.Arena != nil || r.Parts != nil || r.Messages != nil || r.Tools != nil {
			t.Errorf("%s: texts left: %q", file, r.Arena)
		}
		if !bytes.Equal(texts.Arena, whole.Arena) || !slices.Equal(texts.Parts, whole.Parts) ||
			!slices.Equal(texts.Messages, whole.Messages) || !slices.Equal(texts.Tools, whole.Tools) {
			t.Errorf("%s: took %q", file, texts.Arena)
		}
		fill(texts)
		if !bytes.Equal(r.Model, whole.Model) || !bytes.Equal(r.Session, whole.Session) {
			t.Errorf("%s: model %q, session %q share the arena", file, r.Model, r.Session)
		}
		if got, ok := r.AskUsage(); ok != ask || got.Start != edit.Start || got.End != edit.End || !bytes.Equal(got.Text, edit.Text) {
			t.Errorf("%s: AskUsage gives %+v, want %+v", file, got, edit)
		}
		got, rename := r.RenameModel(nil, "other"), whole.RenameModel(nil, "other")
		if got.Start != rename.Start || got.End != rename.End || !bytes.Equal(got.Text, rename.Text) {
			t.Errorf("%s: RenameModel gives %+v, want %+v", file, got, rename)
		}
		// With its own texts back, as they were, the request is the same in all the rest.
		r.Arena, r.Parts, r.Messages, r.Tools = whole.Arena, whole.Parts, whole.Messages, whole.Tools
		if view(&r) != want {
			t.Errorf("%s:\n%s\nwant:\n%s", file, view(&r), want)
		}
	}
}

// fill overwrites the storage of texts, all of it.
func fill(t Texts) {
	for i, a := 0, t.Arena[:cap(t.Arena)]; i < len(a); i++ {
		a[i] = '#'
	}
	clear(t.Parts[:cap(t.Parts)])
	clear(t.Messages[:cap(t.Messages)])
	clear(t.Tools[:cap(t.Tools)])
}

// TestGiveTexts: a request parses into what it was given as it does into its own, and finds nothing of what was there.
func TestGiveTexts(t *testing.T) {
	t.Parallel()
	bodies := goldenBodies(t)
	var first, second Request
	for range 2 {
		for file, body := range bodies {
			var fresh Request
			ep := endpointOf(file)
			if err := fresh.Parse(ep, body); err != nil {
				t.Fatal(err)
			}
			second.GiveTexts(first.TakeTexts())
			if len(second.Arena)+len(second.Parts)+len(second.Messages)+len(second.Tools) > 0 {
				t.Errorf("%s: contents given", file)
			}
			if err := second.Parse(ep, body); err != nil {
				t.Fatal(err)
			}
			if view(&fresh) != view(&second) {
				t.Errorf("%s:\n%s\nin given storage:\n%s", file, view(&fresh), view(&second))
			}
			first.GiveTexts(second.TakeTexts())
			first.Reset()
		}
	}
}

// TestGiveTextsStorage: nothing is set aside while storage goes around, none is lost to an empty gift, and unusually large
// storage is not kept.
func TestGiveTextsStorage(t *testing.T) { // not parallel: it counts allocations
	body := longChat(16 << 10)
	var first, second Request
	if err := first.Parse(Chat, body); err != nil {
		t.Fatal(err)
	}
	second.GiveTexts(first.TakeTexts())
	own := cap(second.Arena)
	second.GiveTexts(Texts{})
	if second.GiveTexts(second.TakeTexts()); cap(second.Arena) != own || own < len(body)/2 {
		t.Errorf("room for %d bytes, want %d", cap(second.Arena), own)
	}
	second.GiveTexts(Texts{
		Arena: make([]byte, keepBytes+1), Parts: make([]Part, keepBytes/32+1), Messages: make([]Message, keepBytes/32+1),
		Tools: make([]Tool, keepBytes/32+1),
	})
	if cap(second.Arena) != own || cap(second.Parts) > 100 || cap(second.Messages) > 100 || cap(second.Tools) > 100 {
		t.Errorf("room for %d bytes, %d parts, %d messages, %d tools is kept",
			cap(second.Arena), cap(second.Parts), cap(second.Messages), cap(second.Tools))
	}
	if raceEnabled {
		return
	}
	parse := func(r *Request) {
		if err := r.Parse(Chat, body); err != nil {
			t.Fatal(err)
		}
	}
	parse(&second)
	if n := testing.AllocsPerRun(50, func() {
		first.GiveTexts(second.TakeTexts())
		parse(&first)
		second.Reset()
		second.GiveTexts(first.TakeTexts())
		parse(&second)
		first.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if text := string(second.Text(0)); !strings.HasPrefix(text, "You are") {
		t.Errorf("%q", text)
	}
}
