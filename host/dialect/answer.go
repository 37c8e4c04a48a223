package dialect

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// Options say what an Answer does besides reading.
type Options struct {
	// HideUsage: Weir asked for the usage chunk, the client did not (see Request.AskUsage).
	HideUsage bool
	// KeepText collects the answer's text in Answer.Text, up to MaxText bytes (0: 256 KiB).
	KeepText bool
	MaxText  int
}

const defaultMaxText = 256 << 10

// Answer reads a model's answer as it passes by: events as EventEnd frames them, or one whole body. It never changes
// a byte. The fields say what was read so far; they stay until Reset. An Answer is for one goroutine, and the zero
// one reads nothing until Reset.
//
// Nothing of what it is given is kept: strings, Text and the lead of a stream's chunks are copies. Text alone is reused by the next Reset.
//
// Count_tokens and models consume nothing: their Usage is present and zero, so that nobody estimates one.
type Answer struct {
	Usage Usage
	// Model, ID: as returned; "" when the answer does not say.
	Model, ID string
	// Finish is why the answer ended in the words of its wire format: OpenAI's finish_reason, Anthropic's
	// stop_reason; for Responses the status ("completed", "failed", "cancelled") or the reason why it is incomplete
	// ("max_output_tokens"). Of several choices it is the first one's.
	Finish string
	// Done: the format's own end was read: [DONE], message_stop, response.completed, .incomplete, .failed or
	// .cancelled; or a whole body.
	Done bool
	// Failed: the upstream itself reported an error in the answer.
	Failed bool
	// FirstToken: something the model generated has come: text, reasoning, a tool's name or arguments, audio.
	FirstToken bool
	// OutputBytes is the UTF-8 length of all generated text, reasoning and tool calls, unescaped: what an estimate of
	// the output can go by when Usage is not present.
	OutputBytes int
	// Text is what a reader of the answer sees: content, refusals and transcripts of the first choice in their order,
	// without reasoning and tool calls. TextCut: it was longer than MaxText.
	Text    []byte
	TextCut bool

	endpoint Endpoint
	options  Options
	started  bool
	figures  figures // Anthropic: overlaid by each event; OpenAI: the last usage object
	timings  figures
	sequence int64 // of the last Responses event

	seen, finished choices
	names          *names // survives Reset
	lead           lead
	joined         []byte // data of an event with several data lines
	embedding      embedding
}

// Reset makes a ready for another answer of endpoint ep. With None and unknown endpoints nothing is read or checked.
func (a *Answer) Reset(ep Endpoint, opt Options) {
	text, joined := a.Text[:0], a.joined[:0]
	const keep = 64 << 10 // one long answer must not pin its buffers for good
	if cap(text) > keep {
		text = nil
	}
	if cap(joined) > keep {
		joined = nil
	}
	if opt.MaxText <= 0 {
		opt.MaxText = defaultMaxText
	}
	*a = Answer{
		endpoint: ep, options: opt, Text: text, joined: joined, sequence: -1,
		figures: noFigures, timings: noFigures,
		names: a.names, lead: lead{text: a.lead.text[:0], index: a.lead.index[:0]},
	}
	if a.names == nil {
		a.names = new(names)
	}
}

// What Event and Body report: the upstream's answer is not what its endpoint speaks, and must not be passed on as if
// it were.
var (
	errNotUTF8    = errors.New("answer is not valid UTF-8")
	errNotEvents  = errors.New("answer is not a stream of server-sent events: a line is no field")
	errEventJSON  = errors.New("data of a server-sent event is not a valid JSON object")
	errBodyJSON   = errors.New("answer is not one complete JSON value")
	errBodyObject = errors.New("answer is not a JSON object")
)

// Event reads one complete event, its closing blank line included or not. It tells whether to keep the event from the
// client: the usage chunk nobody but Weir asked for. An error means garbage: invalid UTF-8, lines that are no fields
// of server-sent events, or data that is no JSON object; what was read from that event before the fault may have been
// counted.
//
// Comments, blank events and events without data are fine, and so are errors the upstream reports in the stream
// (Failed). When the stream ends and Complete is false, it was cut. It does not allocate, except for names not met
// before and for keys with escapes.
func (a *Answer) Event(ev []byte) (hide bool, err error) {
	if a.endpoint == None {
		return false, nil
	}
	if !validUTF8(ev) {
		return false, errNotUTF8
	}
	if !a.started {
		a.started = true
		ev = bytes.TrimPrefix(ev, []byte(bom))
	}
	f, err := readFields(ev, &a.joined)
	a.Failed = a.Failed || f.failed
	if err != nil || len(f.data) == 0 {
		return false, err
	}
	if string(bytes.TrimSpace(f.data)) == "[DONE]" {
		a.Done = true
		return false, nil
	}
	if string(f.name) == "error" {
		a.Failed = true
	}
	w := walker{p: f.data}
	if !w.object() {
		return false, errEventJSON
	}
	switch a.endpoint {
	case Chat, Completions:
		hide = a.chunk(&w, "delta")
	case Messages:
		a.messageEvent(&w, f.name)
	case Responses:
		a.responseEvent(&w, f.name)
	default:
		for w.next() {
			w.skip()
		}
	}
	if !w.end() {
		return false, errEventJSON
	}
	return hide, nil
}

// Complete tells whether the stream may end here without being called cut: its own end or an error of the upstream
// was read, or, since some servers send no [DONE], every choice of a chat or completion has its finish reason.
func (a *Answer) Complete() bool {
	if a.Done || a.Failed {
		return true
	}
	return (a.endpoint == Chat || a.endpoint == Completions) && a.finished.cover(&a.seen)
}

// AppendErrorEvent is AppendErrorEvent for the stream a has read, whose sequence numbers it goes on with.
func (a *Answer) AppendErrorEvent(dst []byte, e *Error, requestID string) []byte {
	return appendErrorEvent(dst, a.endpoint, e, requestID, a.sequence+1)
}

// say adds a string token the model generated to the output and, if a reader of the answer sees it, to Text.
func (a *Answer) say(token []byte, show bool) {
	s := quoted(token)
	if len(s) == 0 {
		return
	}
	a.FirstToken = true
	a.OutputBytes += textLen(s)
	if show && a.options.KeepText {
		a.keep(s)
	}
}

// keep appends the text of the inside of a string token to Text while there is room.
func (a *Answer) keep(s []byte) {
	for len(s) > 0 && !a.TextCut {
		plain := bytes.IndexByte(s, '\\')
		if plain < 0 {
			plain = len(s)
		}
		room := a.options.MaxText - len(a.Text)
		a.Text = append(a.Text, clipText(s[:plain], room)...)
		if a.TextCut = plain > room; a.TextCut || plain == len(s) {
			return
		}
		r, n := unescape(s[plain:])
		if a.TextCut = utf8.RuneLen(r) > room-plain; !a.TextCut {
			a.Text = utf8.AppendRune(a.Text, r)
		}
		s = s[plain+n:]
	}
}

// choices is a set of indices of choices.
type choices struct {
	low  [2]uint64 // OpenAI allows n up to 128
	more bool      // higher ones, which are not told apart: such an answer is complete with [DONE] only
}

func (c *choices) add(index int64) {
	if index >= 128 {
		c.more = true
		return
	}
	c.low[index/64] |= 1 << (index % 64)
}

// cover tells whether c holds all of others, which is not empty.
func (c *choices) cover(others *choices) bool {
	return !others.more && others.low != [2]uint64{} && c.low[0]&others.low[0] == others.low[0] && c.low[1]&others.low[1] == others.low[1]
}
