package dialect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Edit replaces Body[Start:End] by Text; Start == End inserts. Edits are how a forwarded body differs from the one that came:
// everything else stays byte for byte, and in order.
type Edit struct {
	Start, End int
	Text       []byte
}

// RenameModel makes the body name model. The JSON string is appended to dst, whose storage Text shares. A body without
// a model gets one as its first member.
func (r *Request) RenameModel(dst []byte, model string) Edit {
	from := len(dst)
	if r.ModelSpan.End > 0 {
		dst = appendString(dst, model, math.MaxInt)
		return Edit{r.ModelSpan.Start, r.ModelSpan.End, dst[from:len(dst):len(dst)]}
	}
	dst = append(dst, `"model":`...)
	dst = appendString(dst, model, math.MaxInt)
	if !r.empty {
		dst = append(dst, ',')
	}
	return Edit{r.opened, r.opened, dst[from:len(dst):len(dst)]}
}

// The texts AskUsage puts in.
var (
	optionsMember = []byte(`,"stream_options":{"include_usage":true}`)
	optionsValue  = []byte(`{"include_usage":true}`)
	includeFirst  = []byte(`"include_usage":true,`)
	includeOnly   = []byte(`"include_usage":true`)
	includeValue  = []byte(`true`)
)

// AskUsage makes a streamed chat or completion end with its usage, where the client did not ask for that (OpenAI,
// stream_options.include_usage). It is false if there is nothing to do. Text is shared and must not be changed.
func (r *Request) AskUsage() (Edit, bool) {
	if !r.Stream || r.IncludeUsage || r.Endpoint != Chat && r.Endpoint != Completions {
		return Edit{}, false
	}
	switch {
	case r.options.End == 0: // the body has "stream", so a member may follow it
		return Edit{r.stream.End, r.stream.End, optionsMember}, true
	case r.Body[r.options.Start] != '{':
		return Edit{r.options.Start, r.options.End, optionsValue}, true
	case r.include.End > 0:
		return Edit{r.include.Start, r.include.End, includeValue}, true
	case r.bare:
		return Edit{r.options.Start + 1, r.options.Start + 1, includeOnly}, true
	default:
		return Edit{r.options.Start + 1, r.options.Start + 1, includeFirst}, true
	}
}

// SortEdits puts edits in the order Splice wants. Insertions at one place keep their order.
func SortEdits(edits []Edit) {
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
}

// Splice appends to segments the pieces of body with edits applied, and gives the sum of their sizes. Nothing of the
// body is copied: the pieces share its storage and that of the edits. Edits must be in order and must not overlap;
// it panics if they are not, for the body would be sent to a model in a form nobody inspected.
func Splice(segments [][]byte, body []byte, edits []Edit) (out [][]byte, size int) {
	at := 0
	for i := range edits {
		e := &edits[i]
		if e.Start < at || e.End < e.Start || e.End > len(body) {
			panic(fmt.Sprintf("splice: edit %d replaces bytes %d to %d of %d, but the one before ended at %d",
				i, e.Start, e.End, len(body), at))
		}
		segments, size = extend(segments, size, body[at:e.Start])
		segments, size = extend(segments, size, e.Text)
		at = e.End
	}
	return extend(segments, size, body[at:])
}

func extend(segments [][]byte, size int, piece []byte) ([][]byte, int) {
	if len(piece) == 0 {
		return segments, size
	}
	return append(segments, piece), size + len(piece)
}
