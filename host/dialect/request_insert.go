package dialect

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Insert puts in a message of that role (system, developer, user or assistant) with that text, before message i of
// Request.Messages; i == len(Messages) or -1 puts it behind the last. Messages put in at one place keep their order.
//
// Where a dialect has no place for the message it takes the nearest that means the same. Anthropic's messages are the user's
// and the assistant's: what the system or developer says is added to the system prompt, in front of it if i is the system
// prompt's own index or below, else behind. The same holds in Responses for words of the system put before its instructions. An
// input of Responses that is a string becomes an array. A prompt of completions has no messages: Insert fails.
func (e *Edits) Insert(i int, role Role, text []byte) error {
	r := e.r
	if i == -1 {
		i = len(r.Messages)
	}
	if i < 0 || i > len(r.Messages) {
		return fmt.Errorf("insert before message %d: the request has %d", i, len(r.Messages))
	}
	if role != RoleSystem && role != RoleDeveloper && role != RoleUser && role != RoleAssistant {
		return fmt.Errorf("insert a message of role %s: it must be system, developer, user or assistant", role)
	}
	if !utf8.Valid(text) {
		return errors.New("insert a message: its text is not valid UTF-8")
	}
	instructs := role == RoleSystem || role == RoleDeveloper
	switch r.Endpoint {
	case Chat:
		return e.insertTurn(i, role, text)
	case Messages, CountTokens:
		if instructs {
			return e.insertSystem(i, text)
		}
		return e.insertTurn(i, role, text)
	case Responses:
		if instructs && i < len(r.Messages) && r.Messages[i].Start == int32(r.at.system.Start) && r.at.system.End > 0 {
			return e.insertSystem(i, text)
		}
		return e.insertTurn(i, role, text)
	case Completions:
		return errors.New("insert a message: the prompt of completions has no messages; edit its text")
	default:
		return fmt.Errorf("insert a message: a request of %s has none", r.Endpoint)
	}
}

// insertTurn puts a message into the array of messages or of input items.
func (e *Edits) insertTurn(i int, role Role, text []byte) error {
	r := e.r
	at := r.at.list
	switch {
	case at.End == 0 && r.Endpoint == Responses: // a stored prompt alone
		return e.insertAlone(role, text)
	case at.End == 0:
		return errors.New("insert a message: the body has no array of messages")
	case r.Body[at.Start] == '"':
		e.insertBeside(i, role, text)
		return nil
	case r.Body[at.Start] == 'n':
		return errors.New("insert a message: the input is null")
	}
	if k := r.turnFrom(i); k >= 0 {
		from := len(e.text)
		e.text = append(appendTurn(e.text, role, text), ',')
		e.add(int(r.Messages[k].Start), int(r.Messages[k].Start), rankUsual, from)
		return nil
	}
	from, place := len(e.text), at.Start+1
	if last := r.lastTurn(); last >= 0 {
		place = int(r.Messages[last].End)
		e.text = append(e.text, ',')
	} else if e.listed {
		e.text = append(e.text, ',')
	} else {
		e.listed = true
	}
	e.text = appendTurn(e.text, role, text)
	e.add(place, place, rankUsual, from)
	return nil
}

// turnFrom is the index of the first message from i on that stands in the array, -1 if there is none.
func (r *Request) turnFrom(i int) int {
	for ; i < len(r.Messages); i++ {
		if r.Messages[i].Index >= 0 {
			return i
		}
	}
	return -1
}

// lastTurn is the index of the last message that stands in the array, -1 if there is none.
func (r *Request) lastTurn() int {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Index >= 0 {
			return i
		}
	}
	return -1
}

// insertAlone gives a body of Responses its input.
func (e *Edits) insertAlone(role Role, text []byte) error {
	if e.wrapped {
		return errors.New("insert a message: the body has no input, and one was put in before")
	}
	e.wrapped = true
	from := len(e.text)
	e.text = append(appendTurn(append(e.text, `"input":[`...), role, text), ']')
	e.addMember(from)
	return nil
}

// insertBeside puts a message beside an input that is a string, which becomes one of an array's.
func (e *Edits) insertBeside(i int, role Role, text []byte) {
	r := e.r
	at := r.at.list
	if !e.wrapped {
		e.wrapped = true
		e.put(at.Start, rankOuter, `[`)
		e.put(at.Start, rankInner, `{"role":"user","content":`)
		e.put(at.End, rankOuter, `}`)
		e.put(at.End, rankInner, `]`)
	}
	from := len(e.text)
	if i < len(r.Messages) && int(r.Messages[i].Start) <= at.Start {
		e.text = append(appendTurn(e.text, role, text), ',')
		e.add(at.Start, at.Start, rankUsual, from)
		return
	}
	e.text = appendTurn(append(e.text, ','), role, text)
	e.add(at.End, at.End, rankUsual, from)
}

func (e *Edits) put(at, rank int, text string) {
	from := len(e.text)
	e.text = append(e.text, text...)
	e.add(at, at, rank, from)
}

// appendTurn appends a message as all three of the dialects with messages write it.
func appendTurn(dst []byte, role Role, text []byte) []byte {
	dst = append(append(dst, `{"role":"`...), role.String()...)
	dst = append(appendEscaped(append(dst, `","content":"`...), text), '"', '}')
	return dst
}

// insertSystem adds text to the system prompt or instructions, which are a string, an array of blocks, null or absent.
func (e *Edits) insertSystem(i int, text []byte) error {
	r := e.r
	at := r.at.system
	front := i < len(r.Messages) && int(r.Messages[i].Start) <= at.Start
	from := len(e.text)
	switch {
	case at.End == 0 || r.Body[at.Start] == 'n':
		if e.systemed {
			return errors.New("insert a system message: the body has none, and one was put in before; put both texts into one")
		}
		e.systemed = true
		if at.End > 0 {
			e.text = append(appendEscaped(append(e.text, '"'), text), '"')
			e.add(at.Start, at.End, rankUsual, from)
			return nil
		}
		e.text = append(appendEscaped(append(e.text, `"system":"`...), text), '"')
		e.addMember(from)
	case r.Body[at.Start] == '"':
		const gap = `\n\n` // as it is spelt in JSON
		place := at.End - 1
		switch empty := at.End-at.Start == 2; {
		case empty:
			e.text = appendEscaped(e.text, text)
		case front:
			place = at.Start + 1
			e.text = append(appendEscaped(e.text, text), gap...)
		default:
			e.text = appendEscaped(append(e.text, gap...), text)
		}
		e.add(place, place, rankUsual, from)
	default:
		e.insertBlock(at, front, text)
	}
	return nil
}

// insertBlock adds a block to the array that is a system prompt or instructions.
func (e *Edits) insertBlock(at Span, front bool, text []byte) {
	r := e.r
	inside := skipBlanks(r.Body, at.Start+1)
	empty := r.Body[inside] == ']'
	from := len(e.text)
	if empty && e.blocked || !empty && !front {
		e.text = append(e.text, ',')
	}
	e.blocked = true
	if r.Endpoint == Responses { // instructions hold items
		e.text = appendTurn(e.text, RoleSystem, text)
	} else {
		e.text = append(appendEscaped(append(e.text, `{"type":"text","text":"`...), text), '"', '}')
	}
	place := at.End - 1
	if front || empty {
		place = at.Start + 1
		if !empty {
			e.text = append(e.text, ',')
		}
	}
	e.add(place, place, rankUsual, from)
}
