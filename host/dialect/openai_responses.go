package dialect

// responsesMember reads a member of the body of POST /v1/responses. Source: OpenAI's API reference and openai-go v3.
func (r *Request) responsesMember(f *frame, key []byte) bool {
	switch string(key) {
	case "input":
		r.responsesInput()
	case "instructions":
		r.instructions()
	case "prompt":
		r.storedPrompt()
	case "previous_response_id":
		r.reference()
	case "conversation":
		r.conversation()
	default:
		return r.commonMember(f, key)
	}
	return true
}

func (r *Request) responsesInput() {
	switch s := &r.scan; s.next() {
	case '"', 'n':
		at := s.pos
		r.standing(RoleUser)
		r.at.list = Span{at, s.pos}
	case '[':
		r.messages()
	default:
		s.wrongType(wantStringOrArray)
	}
}

// instructions reads the system's words: a string, or items as a Response object echoes them.
func (r *Request) instructions() {
	switch s := &r.scan; s.next() {
	case '"', 'n', '[':
		at := s.pos
		r.standing(RoleSystem)
		r.at.system = Span{at, s.pos}
	default:
		s.wrongType(wantString)
	}
}

// reference notes that the model will see something stored at the provider.
func (r *Request) reference() {
	s := &r.scan
	if s.next() != 'n' {
		r.Uninspected.PreviousResponses++
	}
	s.skip()
}

// conversation reads a stored conversation's id, which names the session too.
func (r *Request) conversation() {
	const rank = 4
	switch s := &r.scan; s.next() {
	case '"':
		r.Uninspected.PreviousResponses++
		r.readSession(rank)
	case '{':
		r.Uninspected.PreviousResponses++
		r.object((*Request).conversationMember, frame{channel: ChannelParameter, rank: rank})
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantStringOrObject)
	}
}

func (r *Request) conversationMember(f *frame, key []byte) bool {
	if string(key) != "id" {
		return false
	}
	r.readSession(f.rank)
	return true
}

// storedPrompt reads a reference to a prompt stored at the provider. What is filled into it is text like any other; where it
// ends up there is unknown, so it counts as the user's.
func (r *Request) storedPrompt() {
	switch s := &r.scan; s.next() {
	case '{':
		r.has.prompt = true
		r.Uninspected.StoredPrompts++
		r.object((*Request).promptMember, frame{channel: ChannelParameter})
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantObject)
	}
}

func (r *Request) promptMember(_ *frame, key []byte) bool {
	switch string(key) {
	case "id", "version":
		r.scan.skip()
	case "variables":
		r.variables()
	default:
		return false
	}
	return true
}

// variables reads the values for a stored prompt, texts or blocks, as one message.
func (r *Request) variables() {
	s := &r.scan
	if s.next() != '{' {
		r.value(ChannelUser)
		return
	}
	var o members
	m := r.openMessage(-1)
	if !s.openObject(&o) {
		return
	}
	for s.member(&o) {
		if c := s.next(); c == '"' || c == '{' {
			r.content(ChannelNone)
		} else {
			r.value(ChannelNone)
		}
	}
	r.closeMessage(m, RoleUser)
}
