package dialect

// messages reads the array of messages (both dialects) or of input items (Responses).
func (r *Request) messages() {
	s := &r.scan
	if s.next() != '[' {
		s.wrongType(wantArray)
		return
	}
	at := s.pos
	if !s.openArray() {
		return
	}
	for i := 0; s.element(i); i++ {
		if !r.plainTurn(i) {
			r.turn(i)
		}
	}
	r.at.list = Span{at, s.pos}
}

// plainTurn reads message i if it is spelt as nearly all are: a role, then a string for content, then nothing. It takes half
// the time of turn and finds the same. It is false, and nothing is read, if the message is another.
func (r *Request) plainTurn(i int) bool {
	s := &r.scan
	role, n := plainRole(s.data[s.pos:])
	if n == 0 {
		return false
	}
	at, offset, controls := s.pos, len(r.Arena), s.controls
	m := r.openMessage(i)
	s.pos += n
	start := s.pos
	r.Arena = s.appendString(r.Arena)
	if s.failed() {
		return true
	}
	if s.pos == len(s.data) || s.data[s.pos] != '}' {
		s.pos, s.controls, r.message = at, controls, -1
		r.Arena, r.Messages = r.Arena[:offset], r.Messages[:m]
		return false
	}
	r.add(PartString, role.channel(), offset, start)
	s.pos++
	r.closeMessage(m, role)
	return true
}

// plainRole gives the role of the message at the start of text and the offset of the quote that begins its content; 0 if
// the message does not begin with just these two. Blanks are allowed where most writers of JSON put them.
func plainRole(text []byte) (role Role, n int) {
	rest := behind(text, `{"role":`)
	if rest == nil {
		return RoleNone, 0
	}
	rest = behindBlank(rest)
	var next []byte
	if next = behind(rest, `"user",`); next != nil {
		role = RoleUser
	} else if next = behind(rest, `"assistant",`); next != nil {
		role = RoleAssistant
	} else if next = behind(rest, `"system",`); next != nil {
		role = RoleSystem
	} else if next = behind(rest, `"developer",`); next != nil {
		role = RoleDeveloper
	} else {
		return RoleNone, 0
	}
	if rest = behind(behindBlank(next), `"content":`); rest == nil {
		return RoleNone, 0
	}
	if rest = behindBlank(rest); len(rest) == 0 || rest[0] != '"' {
		return RoleNone, 0
	}
	return role, len(text) - len(rest)
}

// behind is what follows prefix in text, nil if text does not begin with it.
func behind(text []byte, prefix string) []byte {
	if len(text) < len(prefix) || string(text[:len(prefix)]) != prefix {
		return nil
	}
	return text[len(prefix):]
}

func behindBlank(text []byte) []byte {
	if len(text) > 0 && text[0] == ' ' {
		return text[1:]
	}
	return text
}

// turn reads message or item i of its array.
func (r *Request) turn(i int) {
	s := &r.scan
	if s.next() != '{' {
		s.wrongType(wantObject)
		return
	}
	m := r.openMessage(i)
	first := len(r.Parts)
	f := *r.object((*Request).messageMember, frame{})
	r.closeBlock(first, f)
	role := f.role
	if _, own := f.kind.channel(); role == RoleNone {
		role = own
	}
	r.closeMessage(m, role)
}

// standing reads text that is a message by itself, outside any array of messages: system, instructions, a prompt.
func (r *Request) standing(role Role) {
	if r.scan.next() == 'n' {
		r.scan.skipScalar()
		return
	}
	m := r.openMessage(-1)
	r.content(ChannelNone)
	r.closeMessage(m, role)
}

// openMessage begins a message at the cursor. Messages do not nest.
func (r *Request) openMessage(index int) int {
	m := len(r.Messages)
	if m == maxParts {
		r.scan.fail(faultParts, r.scan.pos)
		m--
		return m
	}
	r.Messages = append(r.Messages, Message{Index: int32(index), Part: int32(len(r.Parts)), Start: int32(r.scan.pos)})
	r.message = int32(m)
	return m
}

// closeMessage ends message m and settles what its role says about its parts.
func (r *Request) closeMessage(m int, role Role) {
	msg := &r.Messages[m]
	msg.Role = role
	msg.Parts = int32(len(r.Parts)) - msg.Part
	msg.End = int32(r.scan.pos)
	r.resolve(int(msg.Part), role.channel(), role)
	r.message = -1
}

// channel is the way text of this role reaches the model. Text of a role nobody documents is trusted least.
func (r Role) channel() Channel {
	switch r {
	case RoleSystem, RoleDeveloper:
		return ChannelInstruction
	case RoleAssistant:
		return ChannelAssistant
	case RoleTool:
		return ChannelToolResult
	default:
		return ChannelUser
	}
}

// messageMember reads one member of a message or input item: a block that may have a role and call tools.
func (r *Request) messageMember(f *frame, key []byte) bool {
	switch string(key) {
	case "role":
		r.role(f)
	case "content": // as in a block, but the most frequent key of all
		r.content(f.channel)
	case "text": // of configuration items an object
		r.value(f.channel)
	case "tool_calls":
		r.calls()
	case "function_call":
		r.call()
	default:
		return r.blockMember(f, key)
	}
	return true
}

func (r *Request) role(f *frame) {
	s := &r.scan
	if s.next() != '"' {
		s.wrongType(wantString)
		return
	}
	at := s.pos
	switch string(s.text()) {
	case "system":
		f.role = RoleSystem
	case "developer":
		f.role = RoleDeveloper
	case "user":
		f.role = RoleUser
	case "assistant":
		f.role = RoleAssistant
	case "tool", "function":
		f.role = RoleTool
	default: // chat templates print it
		if !s.failed() {
			s.pos = at
			r.text(ChannelParameter)
		}
	}
}

// calls reads the tool calls of an OpenAI message.
func (r *Request) calls() {
	s := &r.scan
	switch s.next() {
	case '[':
		if !s.openArray() {
			return
		}
		for i := 0; s.element(i); i++ {
			r.call()
		}
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantArray)
	}
}

func (r *Request) call() {
	if r.scan.next() != '{' {
		r.value(ChannelToolArguments)
		return
	}
	r.object((*Request).callMember, frame{channel: ChannelToolArguments})
}

func (r *Request) callMember(_ *frame, key []byte) bool {
	switch string(key) {
	case "type":
		r.word()
	case "id", "name":
		r.value(ChannelParameter)
	case "arguments", "input":
		r.arguments()
	case "function", "custom":
		r.call()
	default:
		return false
	}
	return true
}
