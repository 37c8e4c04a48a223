package dialect

import "bytes"

// chunk reads one chunk of a chat or completions stream, or a whole answer. A choice says what it says in "delta" or
// "message"; both are read in both, since clients exist that take whichever is there.
func (d *Deltas) chunk(w *walker) {
	for w.next() {
		switch string(w.key) {
		case "choices":
			d.choices(w)
		case "error":
			d.Final = stated(w.skip()) || d.Final
		case "object":
			d.Final = string(w.skip()) == `"error"` || d.Final
		default:
			w.skip()
		}
	}
}

func (d *Deltas) choices(w *walker) {
	if !w.array() {
		w.skip()
		return
	}
	for w.elem() {
		if w.object() {
			d.choice(w)
		} else {
			w.skip()
		}
	}
}

// choice reads a choice from inside its object.
func (d *Deltas) choice(w *walker) {
	mark, choice, finished, shadow := len(d.Items), int32(0), false, Span{}
	for w.next() {
		switch string(w.key) {
		case "index":
			choice = index(w.skip())
		case "finish_reason":
			finished = len(quoted(w.skip())) > 0
		case "text":
			d.take(w, DeltaText)
		case "delta", "message":
			d.said(w)
		case "logprobs":
			shadow = d.span(w.skip(), w.i)
		default:
			w.skip()
		}
	}
	items := d.Items[mark:]
	for i := range items {
		items[i].Index, items[i].Shadow = choice, shadow
	}
	d.matchReasoning(mark)
	if finished {
		d.Ends = append(d.Ends, End{choice, AllBlocks})
	}
}

// matchReasoning marks reasoning that a choice says under a second name.
func (d *Deltas) matchReasoning(mark int) {
	for i := mark + 1; i < len(d.Items); i++ {
		if d.Items[i].Channel != DeltaReasoning {
			continue
		}
		for j := mark; j < i; j++ {
			if t := &d.Items[j]; t.Channel == DeltaReasoning && t.Same < 0 && bytes.Equal(d.Text(i), d.Text(j)) {
				d.Items[i].Same = int32(j)
				break
			}
		}
	}
}

// said reads a choice's delta or message.
func (d *Deltas) said(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
		switch string(w.key) {
		case "content":
			d.content(w)
		case "refusal":
			d.take(w, DeltaRefusal)
		case "reasoning_content", "reasoning":
			d.take(w, DeltaReasoning)
		case "reasoning_details":
			d.members(w, DeltaReasoning, "text", "summary")
		case "tool_calls":
			d.calls(w)
		case "function_call":
			d.call(w, 0)
		case "audio":
			d.member(w, DeltaText, "transcript", "")
		default:
			w.skip()
		}
	}
}

// content reads the content of a message: a string, or parts as Mistral's reasoning models send them.
func (d *Deltas) content(w *walker) {
	if !w.array() {
		d.take(w, DeltaText)
		return
	}
	for w.elem() {
		if !w.object() {
			w.skip()
			continue
		}
		for w.next() {
			switch string(w.key) {
			case "text":
				d.take(w, DeltaText)
			case "refusal":
				d.take(w, DeltaRefusal)
			case "thinking":
				d.members(w, DeltaReasoning, "text", "")
			default:
				w.skip()
			}
		}
	}
}

// members reads a string, or an array of objects with a member of one of these names.
func (d *Deltas) members(w *walker, ch DeltaChannel, name, other string) {
	if !w.array() {
		d.take(w, ch)
		return
	}
	for w.elem() {
		d.member(w, ch, name, other)
	}
}

// member reads an object's members of these names.
func (d *Deltas) member(w *walker, ch DeltaChannel, name, other string) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
		if key := string(w.key); key == name || key == other {
			d.take(w, ch)
		} else {
			w.skip()
		}
	}
}

// calls reads the tool calls of a choice. In a stream each says which it goes on with.
func (d *Deltas) calls(w *walker) {
	if !w.array() {
		w.skip()
		return
	}
	for i := int32(0); w.elem(); i++ {
		if !w.object() {
			w.skip()
			continue
		}
		mark, block := len(d.Items), i
		for w.next() {
			switch string(w.key) {
			case "index":
				block = index(w.skip())
			case "function", "custom":
				d.call(w, i)
			default:
				w.skip()
			}
		}
		d.place(mark, block, 0)
	}
}

// call reads what a model wants of a tool.
func (d *Deltas) call(w *walker, block int32) {
	if !w.object() {
		w.skip()
		return
	}
	mark := len(d.Items)
	for w.next() {
		switch string(w.key) {
		case "name":
			d.take(w, DeltaName)
		case "arguments", "input":
			d.takeRaw(w, DeltaTool)
		default:
			w.skip()
		}
	}
	d.place(mark, block, 0)
}

// place says where the items from index mark on belong.
func (d *Deltas) place(mark int, block, part int32) {
	items := d.Items[mark:]
	for i := range items {
		items[i].Block, items[i].Part = block, part
	}
}
