package dialect

// messageEvent reads one event of a Messages stream. Text stands in what is added to a block (delta), and may stand in what a
// block or the message starts with (content_block, message).
func (d *Deltas) messageEvent(w *walker, name []byte) {
	kind, at, stop := name, int32(0), false
	for w.next() {
		switch string(w.key) {
		case "type":
			if s := quoted(w.skip()); len(s) > 0 {
				kind = s
			}
		case "index":
			at = index(w.skip())
		case "message":
			d.message(w)
		case "content_block", "delta":
			mark := len(d.Items)
			stop = d.block(w) || stop
			d.place(mark, inEvent, 0)
		case "error":
			d.Final = stated(w.skip()) || d.Final
		default:
			w.skip()
		}
	}
	for i := range d.Items {
		if t := &d.Items[i]; t.Block == inEvent {
			t.Block = at
		}
	}
	switch string(kind) {
	case "content_block_stop":
		d.Ends = append(d.Ends, End{0, at})
	case "message_stop", "error":
		d.Final = true
	}
	if stop {
		d.Ends = append(d.Ends, End{0, AllBlocks})
	}
}

// block reads a content block, or what is added to one or to the message. It tells whether that is why the message ends.
func (d *Deltas) block(w *walker) (stop bool) {
	if !w.object() {
		w.skip()
		return false
	}
	for w.next() {
		switch string(w.key) {
		case "text":
			d.take(w, DeltaText)
		case "refusal":
			d.take(w, DeltaRefusal)
		case "thinking":
			d.take(w, DeltaReasoning)
		case "name":
			d.take(w, DeltaName)
		case "partial_json":
			d.take(w, DeltaTool)
		case "input":
			d.takeRaw(w, DeltaTool)
		case "stop_reason":
			stop = len(quoted(w.skip())) > 0
		default:
			w.skip()
		}
	}
	return stop
}

// message reads the message a stream starts with, which clients build on.
func (d *Deltas) message(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	d.messageBody(w)
}

// messageBody reads a message from inside its object.
func (d *Deltas) messageBody(w *walker) {
	for w.next() {
		switch string(w.key) {
		case "content":
			d.messageContent(w)
		default:
			w.skip()
		}
	}
}

func (d *Deltas) messageContent(w *walker) {
	if !w.array() {
		d.take(w, DeltaText)
		return
	}
	for i := int32(0); w.elem(); i++ {
		mark := len(d.Items)
		d.block(w)
		d.place(mark, i, 0)
	}
}
