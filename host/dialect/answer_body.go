package dialect

import "bytes"

// Body reads a whole unstreamed answer. An error means that it is not one complete JSON object in valid UTF-8, and then
// nothing of it counts. Values of other types than the wire format has are passed over: the answer is the client's to
// judge. It does not allocate, except for names not met before, keys with escapes, and long embeddings.
func (a *Answer) Body(p []byte) error {
	if a.endpoint == None {
		return nil
	}
	if !validUTF8(p) {
		return errNotUTF8
	}
	if err := a.wholeBody(p); err != nil {
		a.Reset(a.endpoint, a.options)
		return err
	}
	a.Done = true
	return nil
}

func (a *Answer) wholeBody(p []byte) error {
	if a.endpoint == Embeddings {
		return a.embeddings(p)
	}
	w := walker{p: p}
	if !w.object() {
		return notObject(&w)
	}
	switch a.endpoint {
	case Chat, Completions:
		a.chunk(&w, "message")
	case Messages:
		a.messageBody(&w)
	case Responses:
		a.responseBody(&w)
	default:
		a.statement(&w)
	}
	if !w.end() {
		return errBodyJSON
	}
	return nil
}

// notObject tells why a body that begins with no object is refused.
func notObject(w *walker) error {
	if w.skip(); !w.end() {
		return errBodyJSON
	}
	return errBodyObject
}

// statement reads what count_tokens and models say, which costs nothing.
func (a *Answer) statement(w *walker) {
	for w.next() {
		switch string(w.key) {
		case "error":
			a.Failed = stated(w.skip())
		default:
			w.skip()
		}
	}
	a.Usage.Present = !a.Failed
}

// embedding is what Answer reads of an answer of that endpoint, each value left as its token. The rest, nearly all of
// it, is validated and skipped.
type embedding struct {
	Model raw `json:"model"`
	Error raw `json:"error"`
	Usage raw `json:"usage"`
}

// longBody is the length from which on sonic is faster than walker at skipping numbers, see BenchmarkEmbedding. Other
// answers are nearly all strings that have to be read, or short: there walker is faster at any length.
const longBody = 4 << 10

// embeddings reads the answer of that endpoint: with sonic if it is long, with walker if it is short or not what it
// should be. Both read the same.
func (a *Answer) embeddings(p []byte) error {
	e := &a.embedding
	defer func() { *e = embedding{} }() // it refers to p
	if len(p) < longBody || !e.decode(p) {
		*e = embedding{}
		w := walker{p: p}
		if !w.object() {
			return notObject(&w)
		}
		if e.walk(&w); !w.end() {
			return errBodyJSON
		}
	}
	a.setModel(e.Model)
	a.Failed = stated(e.Error)
	f := noFigures
	f.read(&walker{p: e.Usage})
	a.setUsage(&f)
	return nil
}

// decode reads an answer with sonic. It is false if the answer is not valid or not an object.
func (e *embedding) decode(p []byte) bool {
	if i := skipBlanks(p, 0); i == len(p) || p[i] != '{' {
		return false
	}
	return decodeEmbedding(p, e) == nil && validEscapes(p)
}

// walk reads an answer with a walker inside its object.
func (e *embedding) walk(w *walker) {
	for w.next() {
		switch string(w.key) {
		case "model":
			e.Model = w.skip()
		case "error":
			e.Error = w.skip()
		case "usage":
			e.Usage = w.skip()
		default:
			w.skip()
		}
	}
}

// validEscapes tells whether every backslash begins an escape that JSON has. sonic does not look at some of those in
// values it passes over. Outside strings a backslash is a syntax error that it does see.
func validEscapes(p []byte) bool {
	for i := 0; ; {
		n := bytes.IndexByte(p[i:], '\\')
		if n < 0 {
			return true
		}
		if i = skipEscape(p, i+n); i < 0 {
			return false
		}
	}
}
