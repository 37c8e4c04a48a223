package dialect

import (
	"bytes"
	"cmp"
	"slices"
)

// DeltaChannel is what a string of an answer is to its reader. The values are those of the plugin ABI (sdk/abi, DeltaText …).
type DeltaChannel uint8

// The channels.
const (
	DeltaText      DeltaChannel = iota // what a reader sees, transcripts of speech included
	DeltaReasoning                     // what the model thought aloud
	DeltaTool                          // arguments of a tool call
	DeltaRefusal                       // a refusal
	DeltaName                          // name of a tool that is called
)

// String gives the channel's name as records and tests spell it.
func (c DeltaChannel) String() string {
	switch c {
	case DeltaText:
		return "text"
	case DeltaReasoning:
		return "reasoning"
	case DeltaTool:
		return "tool"
	case DeltaRefusal:
		return "refusal"
	case DeltaName:
		return "name"
	default:
		return "unknown"
	}
}

// Delta is one string of an answer that a reader or a program gets. It is never empty.
//
// Index is the choice, 0 where an answer has one. Block is Anthropic's content block, the output item of Responses, the tool call
// of a chat; 0 for other text of a chat. Part is the content part of an item of Responses; the parts of its summary count from
// SummaryParts. Together with the channel they name one text, which the deltas of a stream make up in their order.
type Delta struct {
	Channel            DeltaChannel
	Repeat             bool // says again what earlier events said: the done and completed events of Responses
	Raw                bool // the token is no string: Anthropic's input of a tool, shown as it stands
	Index, Block, Part int32
	Same               int32 // the item of the same event that says the same under another name, -1: none
	Start, End         int32 // of the JSON token, quotes included, in the event or body; see Deltas.Joined
	Offset, Length     int32 // of its unescaped text in Deltas.Arena

	// Shadow is what else spells the same text beside it, the choice's or part's log probabilities; End is 0 without.
	Shadow Span
}

// SummaryParts is the Part of the first part of a summary.
const SummaryParts = 1 << 16

// inEvent stands for the block or part that the event itself names, which may come behind the item.
const inEvent = -1

// AllBlocks stands for every block of a choice.
const AllBlocks = -1

// End says that a text is complete: that of one block, or with AllBlocks all that a choice says.
type End struct{ Index, Block int32 }

// Deltas are the strings of one event of a stream, or of one whole answer. The zero value is ready; it is reused by Event
// and Body, and after warm-up neither allocates, except for keys with escapes. A Deltas is for one goroutine.
//
// Strings are found by their keys as Answer finds them. What a provider's own tools return (search results, output of code),
// citations, signatures and data are not the model's words and are no items.
type Deltas struct {
	Arena []byte // the text of all items
	Items []Delta
	Ends  []End // of texts, behind the items
	Final bool  // the answer is over: its own end, or an error in its place
	// Joined: the event has several data lines, and spans are those of the lines joined by LF.
	Joined bool

	endpoint Endpoint
	source   []byte // what the walker reads, part of the event or body
	base     int    // of source in the event or body
	lines    []byte // joined data
	cuts     []cut
}

// Text is the text of item i, a slice of Arena.
func (d *Deltas) Text(i int) []byte {
	t := &d.Items[i]
	return d.Arena[t.Offset:][:t.Length]
}

// Reset forgets everything. Buffers are kept, except unusually large ones.
func (d *Deltas) Reset() {
	const keep = 64 << 10
	d.begin(None)
	d.Arena, d.lines = trim(d.Arena, keep), trim(d.lines, keep)
	d.Items, d.Ends, d.cuts = trim(d.Items, keep/64), trim(d.Ends, keep/64), trim(d.cuts, keep/64)
	d.source = nil
}

func (d *Deltas) begin(ep Endpoint) {
	d.Arena, d.Items, d.Ends, d.lines = d.Arena[:0], d.Items[:0], d.Ends[:0], d.lines[:0]
	d.Final, d.Joined, d.endpoint, d.base = false, false, ep, 0
}

// Event reads one complete event of a stream of endpoint ep, as Answer.Event does; the errors are the same. Endpoints
// without text have no items.
func (d *Deltas) Event(ep Endpoint, ev []byte) error {
	d.begin(ep)
	if ep == None {
		return nil
	}
	if !validUTF8(ev) {
		return errNotUTF8
	}
	f, err := readFields(bytes.TrimPrefix(ev, []byte(bom)), &d.lines)
	d.Final = f.failed
	if err != nil || len(f.data) == 0 {
		return err
	}
	if string(bytes.TrimSpace(f.data)) == "[DONE]" {
		d.Final = true
		return nil
	}
	d.Final = d.Final || string(f.name) == "error"
	d.source = f.data
	if d.Joined = f.lines > 1; !d.Joined {
		d.base = cap(ev) - cap(f.data) // data is a slice of ev up to ev's capacity
	}
	w := walker{p: f.data}
	if !w.object() {
		return errEventJSON
	}
	switch ep {
	case Chat, Completions:
		d.chunk(&w)
	case Messages:
		d.messageEvent(&w, f.name)
	case Responses:
		d.responseEvent(&w, f.name)
	default:
		for w.next() {
			w.skip()
		}
	}
	if !w.end() {
		d.begin(ep)
		return errEventJSON
	}
	d.order()
	return nil
}

// Body reads a whole unstreamed answer, as Answer.Body does. All texts are complete.
func (d *Deltas) Body(ep Endpoint, p []byte) error {
	d.begin(ep)
	switch ep {
	case Chat, Completions, Messages, Responses:
	default:
		d.Final = true
		return nil
	}
	if !validUTF8(p) {
		return errNotUTF8
	}
	d.source = p
	w := walker{p: p}
	if !w.object() {
		return notObject(&w)
	}
	switch ep {
	case Chat, Completions:
		d.chunk(&w)
	case Messages:
		d.messageBody(&w)
	case Responses:
		d.response(&w, false)
	}
	if !w.end() {
		d.begin(ep)
		return errBodyJSON
	}
	d.order()
	d.Final = true
	return nil
}

// order puts the items in the order in which they stand in the answer.
func (d *Deltas) order() {
	for i := 1; i < len(d.Items); i++ {
		if d.Items[i].Start < d.Items[i-1].Start {
			slices.SortStableFunc(d.Items, func(a, b Delta) int { return cmp.Compare(a.Start, b.Start) })
			return
		}
	}
}

// take reads the next value and, if it is a string with something in it, adds it.
func (d *Deltas) take(w *walker, ch DeltaChannel) {
	if token := w.skip(); !w.bad {
		d.add(token, w.i, ch)
	}
}

// takeRaw is take for what may be JSON of its own.
func (d *Deltas) takeRaw(w *walker, ch DeltaChannel) {
	token := w.skip()
	if w.bad {
		return
	}
	if token[0] != '{' && token[0] != '[' {
		d.add(token, w.i, ch)
		return
	}
	if len(token) > len("{}") {
		offset := len(d.Arena)
		d.Arena = append(d.Arena, token...)
		d.item(token, w.i, ch, offset)
		d.Items[len(d.Items)-1].Raw = true
	}
}

// add adds the token that ends at index end of the source if it is a string with something in it.
func (d *Deltas) add(token []byte, end int, ch DeltaChannel) {
	s := quoted(token)
	if len(s) == 0 {
		return
	}
	offset := len(d.Arena)
	d.Arena = appendUnescaped(d.Arena, s)
	d.item(token, end, ch, offset)
}

func (d *Deltas) item(token []byte, end int, ch DeltaChannel, offset int) {
	d.Items = append(d.Items, Delta{
		Channel: ch, Same: -1,
		Start: int32(d.base + end - len(token)), End: int32(d.base + end),
		Offset: int32(offset), Length: int32(len(d.Arena) - offset),
	})
}

// span is where the token that ends at index end of the source stands, if it is an object or array.
func (d *Deltas) span(token []byte, end int) Span {
	if len(token) <= len("[]") || token[0] != '{' && token[0] != '[' {
		return Span{}
	}
	return Span{d.base + end - len(token), d.base + end}
}

// index is the value of a number token as an index, 0 if it is none.
func index(token []byte) int32 { return int32(min(max(tokenNumber(token), 0), 1<<31-1)) }
