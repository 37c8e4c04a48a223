package dialect

import "bytes"

// loose is a string of an event of Responses whose meaning the event's type says, which may come behind it.
type loose struct {
	token []byte
	end   int
}

// responseEvent reads one event of a Responses stream. The text comes in deltas, and again in the events that say that a text,
// a part, an item or the response is done.
func (d *Deltas) responseEvent(w *walker, name []byte) {
	var delta loose
	var whole [6]loose // text, refusal, transcript, arguments, input, code
	var shadow Span
	kind := name
	var block, part int32
	mark := len(d.Items)
	for w.next() {
		switch string(w.key) {
		case "type":
			if s := quoted(w.skip()); len(s) > 0 {
				kind = s
			}
		case "output_index":
			block = index(w.skip())
		case "content_index":
			part = index(w.skip())
		case "summary_index":
			part = SummaryParts + index(w.skip())&(SummaryParts-1)
		case "delta":
			delta = loose{w.skip(), w.i}
		case "text":
			whole[0] = loose{w.skip(), w.i}
		case "refusal":
			whole[1] = loose{w.skip(), w.i}
		case "transcript":
			whole[2] = loose{w.skip(), w.i}
		case "arguments":
			whole[3] = loose{w.skip(), w.i}
		case "input":
			whole[4] = loose{w.skip(), w.i}
		case "code":
			whole[5] = loose{w.skip(), w.i}
		case "part":
			d.contentPart(w)
		case "item":
			d.outputItem(w)
		case "response":
			if w.object() {
				d.response(w, true)
			} else {
				w.skip()
			}
		case "logprobs":
			shadow = d.span(w.skip(), w.i)
		case "error":
			d.Final = stated(w.skip()) || d.Final
		default:
			w.skip()
		}
	}
	if w.bad {
		return
	}
	d.settle(kind, mark, block, part)
	from := len(d.Items)
	d.loose(kind, delta, &whole)
	d.place(from, block, part)
	for i := from; i < len(d.Items); i++ {
		d.Items[i].Shadow = shadow
	}
}

// settle says what the event's type means for the items of its part, item or response, which begin at mark, and for what
// ends with it.
func (d *Deltas) settle(kind []byte, mark int, block, part int32) {
	added := bytes.HasSuffix(kind, []byte(".added"))
	for i := range d.Items[mark:] {
		t := &d.Items[mark+i]
		t.Repeat = !added
		if t.Block == inEvent {
			t.Block = block
		}
		if t.Part == inEvent {
			t.Part = part
			if part >= SummaryParts {
				t.Channel = DeltaReasoning
			}
		}
	}
	switch string(kind) {
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled", "error":
		d.Final = true
	default:
		if bytes.HasSuffix(kind, []byte(".done")) {
			d.Ends = append(d.Ends, End{0, block})
		}
	}
}

// loose adds the strings of the event itself: a delta, or a whole text that says earlier ones again.
func (d *Deltas) loose(kind []byte, delta loose, whole *[6]loose) {
	if bytes.Equal(kind, []byte("error")) { // its code is an error's
		return
	}
	if !bytes.HasSuffix(kind, []byte("audio.delta")) {
		d.add(delta.token, delta.end, responseChannel(kind))
	}
	mark := len(d.Items)
	for i := range whole {
		ch := [...]DeltaChannel{DeltaText, DeltaRefusal, DeltaText, DeltaTool, DeltaTool, DeltaTool}[i]
		if i == 0 && bytes.Contains(kind, []byte("reasoning")) {
			ch = DeltaReasoning
		}
		d.add(whole[i].token, whole[i].end, ch)
	}
	for i := mark; i < len(d.Items); i++ {
		d.Items[i].Repeat = true
	}
}

// responseChannel is the channel of the delta of an event of this type. Unknown ones count as text.
func responseChannel(kind []byte) DeltaChannel {
	for _, k := range [...]struct {
		part    string
		channel DeltaChannel
	}{
		{"output_text", DeltaText}, {"reasoning", DeltaReasoning}, {"refusal", DeltaRefusal},
		{"arguments", DeltaTool}, {"input", DeltaTool}, {"code", DeltaTool},
	} {
		if bytes.Contains(kind, []byte(k.part)) {
			return k.channel
		}
	}
	return DeltaText
}

// response reads a response from inside its object; items are marked as repeats if it is that of a stream's event.
func (d *Deltas) response(w *walker, repeat bool) {
	mark := len(d.Items)
	for w.next() {
		if string(w.key) != "output" || !w.array() {
			w.skip()
			continue
		}
		for i := int32(0); w.elem(); i++ {
			from := len(d.Items)
			d.outputItem(w)
			for j := from; j < len(d.Items); j++ {
				d.Items[j].Block = i
			}
		}
	}
	for i := mark; i < len(d.Items); i++ {
		d.Items[i].Repeat = repeat
	}
}

// outputItem reads one item of a response. Its type, which says whether its content is shown, may stand behind it.
func (d *Deltas) outputItem(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	mark, contents := len(d.Items), Span{}
	var kind []byte
	for w.next() {
		from := len(d.Items)
		switch string(w.key) {
		case "type":
			kind = w.skip()
		case "summary":
			d.parts(w, SummaryParts)
			for i := from; i < len(d.Items); i++ {
				d.Items[i].Channel = DeltaReasoning
			}
		case "content":
			d.parts(w, 0)
			contents = Span{from, len(d.Items)}
		case "name":
			d.take(w, DeltaName)
		case "arguments", "input", "code":
			d.takeRaw(w, DeltaTool)
		default:
			w.skip()
		}
	}
	if isReasoning(kind) {
		for i := contents.Start; i < contents.End; i++ {
			d.Items[i].Channel = DeltaReasoning
		}
	}
	for i := mark; i < len(d.Items); i++ {
		d.Items[i].Block = inEvent
	}
}

// parts reads the parts of an item's content or summary, which count from first.
func (d *Deltas) parts(w *walker, first int32) {
	if !w.array() {
		d.take(w, DeltaText)
		return
	}
	for i := first; w.elem(); i++ {
		mark := len(d.Items)
		d.contentPart(w)
		for j := mark; j < len(d.Items); j++ {
			d.Items[j].Block, d.Items[j].Part = 0, i
		}
	}
}

// contentPart reads one part of an item.
func (d *Deltas) contentPart(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	mark, shadow := len(d.Items), Span{}
	var kind []byte
	for w.next() {
		switch string(w.key) {
		case "type":
			kind = w.skip()
		case "text", "transcript":
			d.take(w, DeltaText)
		case "refusal":
			d.take(w, DeltaRefusal)
		case "thinking":
			d.take(w, DeltaReasoning)
		case "logprobs":
			shadow = d.span(w.skip(), w.i)
		default:
			w.skip()
		}
	}
	reasoning := isReasoning(kind) || string(kind) == `"reasoning_text"` || string(kind) == `"summary_text"`
	for i := mark; i < len(d.Items); i++ {
		t := &d.Items[i]
		t.Block, t.Part, t.Shadow = inEvent, inEvent, shadow
		if reasoning && t.Channel == DeltaText {
			t.Channel = DeltaReasoning
		}
	}
}
