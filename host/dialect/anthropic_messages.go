package dialect

// messagesMember reads a member of the body of POST /v1/messages or /v1/messages/count_tokens. Source: Anthropic's API
// reference and anthropic-sdk-go, with its beta fields.
func (r *Request) messagesMember(f *frame, key []byte) bool {
	switch string(key) {
	case "messages":
		r.has.messages = true
		r.messages()
	case "system":
		r.system()
	case "metadata":
		r.metadata()
	default:
		return r.commonMember(f, key)
	}
	return true
}

// system reads the system prompt, a string or blocks of text.
func (r *Request) system() {
	switch s := &r.scan; s.next() {
	case '"', '[', 'n':
		at := s.pos
		r.standing(RoleSystem)
		r.at.system = Span{at, s.pos}
	default:
		s.wrongType(wantStringOrArray)
	}
}

// metadata holds the client's id of its user and nothing a model sees.
func (r *Request) metadata() {
	if r.scan.next() != '{' {
		r.scan.skip()
		return
	}
	r.object((*Request).metadataMember, frame{mute: true})
}

func (r *Request) metadataMember(_ *frame, key []byte) bool {
	if string(key) != "user_id" {
		return false
	}
	r.readSession(1)
	return true
}
