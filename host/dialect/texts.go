package dialect

// Texts is the part of a parsed Request that is as large as its body: what it says to the model. The fields are those of
// Request and belong together.
type Texts struct {
	Arena    []byte
	Parts    []Part
	Messages []Message
	Tools    []Tool
}

// TakeTexts takes the texts away from r, which has none then: its Arena, Parts, Messages and Tools are nil. Everything
// else of r stays as it was, edits included. The texts share nothing with r; a later Parse or Reset of r leaves them alone.
//
// A request that is done with its texts can so hand their storage to another long before it is done itself, and the
// storage stays in the processor's cache.
func (r *Request) TakeTexts() Texts {
	t := Texts{Arena: r.Arena, Parts: r.Parts, Messages: r.Messages, Tools: r.Tools}
	r.Arena, r.Parts, r.Messages, r.Tools = nil, nil, nil, nil
	return t
}

// GiveTexts gives r the storage of t, which the caller must not use any more, for the next Parse. What t held is dropped, and
// so are the texts of r itself. Where t has no storage, or like Reset would not keep it, that of r stays.
func (r *Request) GiveTexts(t Texts) {
	r.Arena = given(t.Arena, r.Arena, keepBytes)
	r.Parts = given(t.Parts, r.Parts, keepBytes/32)
	r.Messages = given(t.Messages, r.Messages, keepBytes/32)
	r.Tools = given(t.Tools, r.Tools, keepBytes/32)
}

func given[T any](s, own []T, limit int) []T {
	if cap(s) == 0 || cap(s) > limit {
		return own[:0]
	}
	return s[:0]
}
