package dialect

import "bytes"

// lead is how the last chunk of a chat's stream began, up to the value of its first choice's content: id, model and all
// that a stream repeats in every chunk, two thirds of it. A chunk that begins with the same bytes is read from there.
// That the bytes are valid and what they say, which the last chunk has done already, is known; nothing is read
// otherwise than without.
type lead struct {
	text  []byte // a copy; empty when the last chunk is nothing to go by
	index []byte // the token of the choice's index, empty if absent
}

// maxLead bounds a lead in bytes.
const maxLead = 1 << 10

// leads tells whether the text of w, which stands inside its object, begins with l. If not, l is forgotten: another
// chunk may have said something else since.
func (l *lead) leads(w *walker) bool {
	if len(l.text) > 0 && bytes.HasPrefix(w.p, l.text) {
		return true
	}
	l.text = l.text[:0]
	return false
}

// learn keeps what stands before the value of the content of c's first choice, which w has just read into its token,
// provided that nothing in it says more than names and the choice's index.
func (l *lead) learn(w *walker, c *chunk, p *piece) {
	end := w.i - len(w.token)
	if w.token == nil || end > maxLead || c.arrays != 1 || c.choices != 0 || c.usage || c.timings || stated(c.failure) || p.says() {
		return
	}
	l.text = append(l.text[:0], w.p[:end]...)
	l.index = append(l.index[:0], p.index...)
}

// says tells whether p has anything but an index.
func (p *piece) says() bool {
	return len(quoted(p.finish)) > 0 || len(quoted(p.text)) > 0 || p.content != nil || len(quoted(p.refusal)) > 0 ||
		len(quoted(p.reasoning)) > 0 || len(quoted(p.reasoningAlias)) > 0 || p.audio != nil
}

// resume reads on behind the lead, from the content of the first choice to the end of the choices.
func (a *Answer) resume(w *walker, c *chunk) {
	w.i, w.first = len(a.lead.text), false
	c.arrays = 1
	p := piece{index: a.lead.index}
	p.content = w.skip()
	a.delta(w, c, &p)
	a.choice(w, c, &p)
	c.choices = 1
	a.choices(w, c)
}
