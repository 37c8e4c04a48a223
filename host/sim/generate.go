package sim

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
)

const (
	minAnswer, maxAnswer = 8, 64   // tokens of an answer whose length nobody asked for
	maxForced            = 1 << 20 // tokens that x-sim-tokens may ask for
	maxQuote             = 512     // bytes of a tool result that an answer quotes
	unseen               = 8       // tokens made behind a limit, so that the cut text is a prefix of the uncut one
)

// finish is why a generation ended.
type finish uint8

const (
	finishStop     finish = iota // by itself
	finishLength                 // at the limit of tokens
	finishTool                   // with a tool call
	finishSequence               // at a stop sequence
)

// choice is one answer: a text, or tool calls.
type choice struct {
	text   []byte
	calls  []call
	finish finish
	stop   string // the stop sequence that ended it
	tokens int
	steps  int // token times that it takes
}

type call struct {
	name string
	args []byte // JSON; cut off if the limit fell inside
	id   uint64
}

// generation is what the model answers to a request, whole: streams only hand it
// out piece by piece.
type generation struct {
	choices []choice
	usage   usage
}

// usage in tokens. Cached and stored tokens are part of the prompt's.
type usage struct {
	prompt, cached, stored, output int
}

// generate answers r: the same for the same seed, model, prompt and limits.
// forced is a number of tokens to answer with, 0 for the model's choice, calls
// the number of tools to call at once.
func (g *generation) generate(seed uint64, r *request, forced, calls int) {
	for p := range r.ends {
		prompt := r.span(p)
		h := mix(xxhash.Sum64(prompt) ^ mix(seed^xxhash.Sum64String(r.model)))
		for i := range r.n {
			rand := random{mix(h + uint64(i))}
			var c choice
			if len(r.tools) > 0 && !r.resulted && (r.fromUser || r.forced) {
				c.call(r, calls, rand)
			} else {
				c.say(r, prompt, forced, rand)
			}
			g.choices = append(g.choices, c)
			g.usage.output += c.tokens
		}
	}
}

// say makes a text, cut at the first stop sequence and at the limit.
func (c *choice) say(r *request, prompt []byte, forced int, rand random) {
	n := forced
	if n == 0 {
		n = minAnswer + rand.below(maxAnswer-minAnswer+1)
	}
	if r.limit >= 0 && len(r.stops) == 0 && !r.object {
		n = min(n, r.limit+unseen)
	}
	size := n * tokenBytes
	text := make([]byte, 0, size)
	switch {
	case r.object:
		text = appendObject(text, r, size, forced > 0, rand)
	case len(r.result) > 0:
		text = append(append(append(text, `The tool says "`...), quote(r.result)...), '"')
		if forced == 0 {
			size = max(size, tokens(len(text)+16)*tokenBytes)
		}
		text = cutTokens(appendProse(text, size, &rand), size/tokenBytes)
	default:
		text = appendProse(text, size, &rand)
	}
	for _, stop := range r.stops {
		if i := bytes.Index(text, []byte(stop)); i >= 0 {
			text, c.stop, c.finish = text[:i], stop, finishSequence
		}
	}
	c.tokens = tokens(len(text))
	if r.limit >= 0 && c.tokens > r.limit {
		text = cutTokens(text, r.limit)
		c.tokens, c.finish, c.stop = r.limit, finishLength, ""
	}
	if r.echo {
		text = append(bytes.ToValidUTF8(prompt, []byte("?")), text...)
	}
	c.text, c.steps = text, tokens(len(text))
}

// appendObject makes a JSON answer, with blanks after it up to a forced size.
func appendObject(text []byte, r *request, size int, forced bool, rand random) []byte {
	if r.schema.given() {
		in := instance{rand: rand, root: r.schema}
		text = in.append(text, r.schema, 0)
	} else {
		const frame = `{"answer":""}`
		text = append(text, `{"answer":"`...)
		text = appendProse(text, max(len(text)+4, len(text)+size-len(frame)), &rand)
		text = append(text, `"}`...)
	}
	for forced && len(text) < size {
		text = append(text, ' ')
	}
	return text
}

// quote is the beginning of a tool result, ending with a whole rune.
func quote(result []byte) []byte {
	return cutTokens(bytes.ToValidUTF8(result, []byte("?")), maxQuote/tokenBytes)
}

// call makes tool calls, their arguments cut off where the limit falls.
func (c *choice) call(r *request, n int, rand random) {
	if !r.parallel {
		n = 1
	}
	c.finish = finishTool
	left := r.limit
	for _, t := range r.tools[:min(max(n, 1), len(r.tools))] {
		in := instance{rand: rand, root: t.schema}
		made := call{name: t.name, id: rand.next()}
		if t.schema.kind() == kindObject {
			made.args = in.append(nil, t.schema, 0)
		} else {
			made.args = []byte("{}")
		}
		name, args := tokens(len(t.name)), tokens(len(made.args))
		if left >= 0 && name+args > left {
			args = max(left-name, 0)
			made.args = cutTokens(made.args, args)
			c.finish = finishLength
		}
		c.calls = append(c.calls, made)
		c.tokens += name + args
		c.steps += 1 + args
		if c.finish == finishLength {
			c.tokens = r.limit
			return
		}
		if left >= 0 {
			left -= name + args
		}
	}
}
