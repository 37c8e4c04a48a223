package dialect

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// fault is why a body is refused, in few enough words to be kept without allocating.
type fault struct {
	kind faultKind
	want want // for faultType
	at   int  // offset in the text
}

type faultKind uint8

const (
	faultNone       faultKind = iota
	faultEnd                  // the text ends too early
	faultByte                 // a byte that cannot stand where it does
	faultControl              // a raw control character in a string
	faultUTF8                 // ill-formed UTF-8
	faultSurrogate            // half a surrogate pair
	faultEscape               // no escape sequence of JSON
	faultBOM                  // a byte order mark
	faultTop                  // the body is no object
	faultTrailing             // something behind the value
	faultDepth                // more than maxDepth levels
	faultMembers              // more than maxMembers keys in one object
	faultLongNumber           // more than maxNumber bytes
	faultDuplicate            // a key for the second time
	faultCase                 // a key that differs in case only from one Weir reads
	faultType                 // a value of another type than Weir reads there
	faultRange                // a number out of the range Weir reads there
	faultParts                // more than maxParts texts or messages
)

// want is the type Weir reads at some place.
type want uint8

const (
	wantNothing want = iota
	wantObject
	wantArray
	wantString
	wantBoolean
	wantInteger
	wantNumber
	wantStringOrArray
	wantStringOrObject
	wantContent
)

// wants has each type in OpenAI's words ("Invalid type for 'x': expected …") and in Anthropic's ("x: Input should be …").
var wants = [...]struct{ openai, anthropic string }{
	wantObject:         {"an object", "an object"},
	wantArray:          {"an array of objects", "a valid list"},
	wantString:         {"a string", "a valid string"},
	wantBoolean:        {"a boolean", "a valid boolean"},
	wantInteger:        {"an integer", "a valid integer"},
	wantNumber:         {"a number", "a valid number"},
	wantStringOrArray:  {"one of a string or an array", "a valid string or list"},
	wantStringOrObject: {"one of a string or an object", "a valid string or object"},
	wantContent:        {"one of a string or an array of objects", "a valid string or list"},
}

// wrongType refuses the value at the cursor; if no value begins there, its syntax.
func (s *scanner) wrongType(w want) {
	switch c := s.next(); {
	case c == '"', c == '{', c == '[', c == '-', '0' <= c && c <= '9', c == 't', c == 'f', c == 'n':
		if !s.failed() {
			s.fault = fault{kind: faultType, want: w, at: s.pos}
		}
	default:
		s.unexpected()
	}
}

// describe puts the scanner's fault in words for a client of dialect d. Quotes from the body are short and printable.
func (s *scanner) describe(d Dialect) *Error {
	f := s.fault
	e := &Error{Kind: BadRequest}
	syntax := ""
	switch f.kind {
	case faultEnd:
		syntax = "unexpected end"
	case faultByte:
		syntax = "unexpected " + quoteByte(s.data[f.at:])
	case faultControl:
		syntax = fmt.Sprintf("control character 0x%02x in a string is not escaped", s.data[f.at])
	case faultUTF8:
		syntax = "invalid UTF-8"
	case faultSurrogate:
		syntax = "escaped surrogate without its other half"
	case faultEscape:
		syntax = "invalid escape sequence in a string"
	case faultBOM:
		syntax = "the body begins with a byte order mark"
	case faultTop:
		syntax = "the body has to be an object, found " + typeName(s.data[f.at])
	case faultTrailing:
		syntax = "unexpected data after the JSON object"
	case faultDepth:
		syntax = fmt.Sprintf("nested deeper than %d levels", maxDepth)
	case faultMembers:
		syntax = fmt.Sprintf("more than %d keys in one object", maxMembers)
	case faultLongNumber:
		syntax = fmt.Sprintf("a number longer than %d bytes", maxNumber)
	case faultDuplicate, faultCase:
		s.describeKey(e, d)
	default:
		s.describeField(e, d)
	}
	if syntax != "" {
		e.Message = fmt.Sprintf("We could not parse the JSON body of your request: %s at byte %d.", syntax, f.at)
	}
	return e
}

func (s *scanner) describeKey(e *Error, d Dialect) {
	key := keyText(s.data, s.fault.at)
	path := pathAt(s.data, s.fault.at)
	e.Param = append(path[:len(path):len(path)], step{key: key}).format(OpenAI)
	if s.fault.kind == faultDuplicate {
		e.Message = fmt.Sprintf("duplicate key %s at byte %d", quoteKey(key), s.fault.at)
	} else {
		e.Message = fmt.Sprintf("key %s at byte %d differs from a known one only in letter case", quoteKey(key), s.fault.at)
	}
	if len(path) > 0 {
		e.Message += ", in " + path.format(d)
	}
}

func (s *scanner) describeField(e *Error, d Dialect) {
	path := pathAt(s.data, s.fault.at)
	e.Param = path.format(OpenAI)
	w := wants[s.fault.want]
	switch {
	case s.fault.kind == faultParts:
		e.Message = fmt.Sprintf("more than %d texts or messages in one request, at byte %d", maxParts, s.fault.at)
	case s.fault.kind == faultRange && d == Anthropic:
		e.Message = path.format(d) + ": Input is out of range"
	case s.fault.kind == faultRange:
		e.Code = "invalid_value"
		e.Message = fmt.Sprintf("Invalid value for '%s': out of range.", e.Param)
	case d == Anthropic:
		e.Message = path.format(d) + ": Input should be " + w.anthropic
	default:
		e.Code = "invalid_type"
		got := typeName(s.data[s.fault.at])
		e.Message = fmt.Sprintf("Invalid type for '%s': expected %s, but got %s instead.", e.Param, w.openai, got)
	}
}

// typeName names the type of the value that begins with c, as OpenAI's messages do.
func typeName(c byte) string {
	switch c {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// maxKeyShown is how many bytes of a key an error message shows.
const maxKeyShown = 40

// quoteKey quotes a key for a message, in printable ASCII and cut between characters.
func quoteKey(key string) string {
	for n := range key {
		if n >= maxKeyShown {
			return strconv.QuoteToASCII(key[:n]) + "…"
		}
	}
	return strconv.QuoteToASCII(key)
}

// quoteByte names the character that text begins with.
func quoteByte(text []byte) string {
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError && n <= 1 {
		return fmt.Sprintf("byte 0x%02x", text[0])
	}
	return "character " + strconv.QuoteRuneToASCII(r)
}
