package dialect

// completionsMember reads a member of the body of POST /v1/completions. The legacy endpoint has a prompt in place of
// messages; each of several prompts is answered by itself.
func (r *Request) completionsMember(f *frame, key []byte) bool {
	if string(key) != "prompt" {
		return r.commonMember(f, key)
	}
	r.inputs()
	return true
}

// embeddingsMember reads a member of the body of POST /v1/embeddings. Some servers embed conversations too.
func (r *Request) embeddingsMember(f *frame, key []byte) bool {
	switch string(key) {
	case "input":
		r.has.input = true
		r.inputs()
	case "messages":
		r.has.messages = true
		r.messages()
	default:
		return r.commonMember(f, key)
	}
	return true
}

// inputs reads a prompt or an embedding input: a string, an array of strings or blocks, one array of token numbers, or
// an array of those. Every text is a message of the user's; tokens are counted, nobody here can read them.
func (r *Request) inputs() {
	s := &r.scan
	switch s.next() {
	case '"', '{', 'n':
		r.standing(RoleUser)
	case '[':
		if !s.openArray() {
			return
		}
		tokens := false
		for i := 0; s.element(i); i++ {
			tokens = r.input(i) || tokens
		}
		if tokens {
			r.Uninspected.Tokens++
		}
	default:
		s.wrongType(wantStringOrArray)
	}
}

// input reads element i of an array of inputs. It reports whether that is a token.
func (r *Request) input(i int) (token bool) {
	s := &r.scan
	switch c := s.next(); {
	case c == '"', c == '{':
		m := r.openMessage(i)
		r.content(ChannelNone)
		r.closeMessage(m, RoleUser)
	case c == '[':
		m := r.openMessage(i)
		r.tokens()
		r.closeMessage(m, RoleUser)
	case c == '-' || '0' <= c && c <= '9':
		s.number()
		return true
	default:
		s.wrongType(wantString)
	}
	return false
}

// tokens reads one input given as an array of token numbers. Text in it is inspected all the same.
func (r *Request) tokens() {
	s := &r.scan
	if !s.openArray() {
		return
	}
	tokens := false
	for i := 0; s.element(i); i++ {
		if c := s.next(); c == '-' || '0' <= c && c <= '9' {
			tokens = true
		}
		r.value(ChannelUser)
	}
	if tokens {
		r.Uninspected.Tokens++
	}
}
