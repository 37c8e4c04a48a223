package dialect

// Usage is what an answer cost in tokens, in one meaning for every wire format (the table in 4-wire.md; sources: the
// API references of OpenAI and Anthropic, and docs.x.ai for Output).
type Usage struct {
	// Input is the whole prompt: cached, written to the cache, and neither. Anthropic states the three apart.
	Input int64
	// Cached ⊆ Input was read from the provider's cache.
	Cached int64
	// CacheWrite ⊆ Input was written to it, CacheWriteHour ⊆ CacheWrite to be kept an hour (Anthropic's dearer kind).
	CacheWrite, CacheWriteHour int64
	// Output is everything generated and billed, reasoning included.
	Output int64
	// Reasoning ⊆ Output.
	Reasoning int64
	// Present: the answer stated these figures. Estimated is for whoever fills in what was missing.
	Present, Estimated bool
	// Partial: Output is what the answer stated so far and not yet its last word. Anthropic's streams give Input at
	// the start with an Output of a few tokens; one that was cut there has generated more.
	Partial bool
}

// figures are the counts of one usage object as it states them, absent ones -1.
type figures struct {
	input, cached, write, writeHour, output, reasoning, total int64
}

var noFigures = figures{-1, -1, -1, -1, -1, -1, -1}

// any tells whether the figures say anything. All zero they do not: no answer is free, some servers send such a
// placeholder.
func (f *figures) any() bool { return f.input > 0 || f.output > 0 || f.cached > 0 || f.write > 0 }

// read takes the figures of a usage object of any of the wire formats; their names do not clash, what they mean
// differs. It reads any value and tells whether that is an object.
func (f *figures) read(w *walker) bool {
	if !w.object() {
		w.skip()
		return false
	}
	for w.next() {
		switch string(w.key) {
		case "prompt_tokens", "input_tokens":
			setFigure(&f.input, w.skip())
		case "completion_tokens", "output_tokens":
			setFigure(&f.output, w.skip())
		case "total_tokens":
			setFigure(&f.total, w.skip())
		case "prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details", "cache_creation":
			f.details(w)
		case "cache_read_input_tokens":
			setFigure(&f.cached, w.skip())
		case "cache_creation_input_tokens":
			setFigure(&f.write, w.skip())
		default:
			w.skip()
		}
	}
	return true
}

func (f *figures) details(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
		switch string(w.key) {
		case "cached_tokens":
			setFigure(&f.cached, w.skip())
		case "cache_write_tokens":
			setFigure(&f.write, w.skip())
		case "reasoning_tokens", "thinking_tokens":
			setFigure(&f.reasoning, w.skip())
		case "ephemeral_1h_input_tokens":
			setFigure(&f.writeHour, w.skip())
		default:
			w.skip()
		}
	}
}

// readTimings takes the figures llama.cpp states in its timings: input is what was evaluated, without what was
// cached. It reads any value and tells whether that is an object.
func (f *figures) readTimings(w *walker) bool {
	if !w.object() {
		w.skip()
		return false
	}
	for w.next() {
		switch string(w.key) {
		case "cache_n":
			setFigure(&f.cached, w.skip())
		case "prompt_n":
			setFigure(&f.input, w.skip())
		case "predicted_n":
			setFigure(&f.output, w.skip())
		default:
			w.skip()
		}
	}
	return true
}

// setFigure replaces a figure by a later one; null, and what is no count, replaces nothing.
func setFigure(figure *int64, token []byte) {
	if n := tokenNumber(token); n >= 0 {
		*figure = n
	}
}

// openAI is the usage that f states in OpenAI's meaning, where cached tokens are inside the input. Timings, if there
// are any, fill in what f does not say.
//
// OpenAI counts reasoning inside the completion. xAI does not: there the total is prompt, completion and reasoning,
// and that sum tells the two apart whoever serves the model.
func (f *figures) openAI(timings *figures) Usage {
	var u Usage
	switch {
	case f.any():
		u = Usage{Input: max(f.input, 0), Cached: f.cached, Output: max(f.output, 0), Present: true}
		if u.Cached < 0 {
			u.Cached = timings.cached
		}
		if f.reasoning > 0 && f.total == u.Input+u.Output+f.reasoning {
			u.Output += f.reasoning
		}
	case timings.any():
		u = Usage{Input: max(timings.input, 0) + max(timings.cached, 0), Cached: timings.cached, Output: max(timings.output, 0), Present: true}
	default:
		return u
	}
	u.CacheWrite, u.Reasoning = f.write, f.reasoning
	u.bound()
	return u
}

// anthropic is the usage that f states in Anthropic's meaning, where the cached tokens come on top of the input.
func (f *figures) anthropic() Usage {
	if !f.any() {
		return Usage{}
	}
	u := Usage{
		Cached: max(f.cached, 0), CacheWrite: max(f.write, 0), CacheWriteHour: f.writeHour,
		Output: max(f.output, 0), Reasoning: f.reasoning, Present: true,
	}
	u.Input = max(f.input, 0) + u.Cached + u.CacheWrite
	u.bound()
	return u
}

// bound holds the parts within their wholes, so that no price computed from them is negative.
func (u *Usage) bound() {
	u.Cached = min(max(u.Cached, 0), u.Input)
	u.CacheWrite = min(max(u.CacheWrite, 0), u.Input)
	u.CacheWriteHour = min(max(u.CacheWriteHour, 0), u.CacheWrite)
	u.Reasoning = min(max(u.Reasoning, 0), u.Output)
}
