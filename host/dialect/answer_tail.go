package dialect

import "bytes"

// Tail looks for the usage of an unstreamed answer in its last bytes, for answers too large to keep: at most the last
// 16 KiB of tail are looked at. Usage stays absent unless the tail ends the way a JSON object ends and one of that
// object's own members is its usage, so that a figure is never taken from the answer's text.
//
// Read backwards from the end of a valid text, a quote after an even number of backslashes always begins or ends a
// string and brackets outside of strings nest: depth is known without the front. What was found is read again
// forwards and strictly.
func (a *Answer) Tail(tail []byte) {
	const most = 16 << 10
	if a.endpoint == None || a.endpoint == CountTokens || a.endpoint == Models {
		return
	}
	tail = tail[max(0, len(tail)-most):]
	from := usageMember(tail)
	if from < 0 {
		return
	}
	w := walker{p: tail, i: from, first: true} // as if the object began here
	f, timings := noFigures, a.timings
	for w.next() {
		switch string(w.key) {
		case "usage":
			f = noFigures
			f.read(&w)
		case "timings":
			timings.readTimings(&w)
		default:
			w.skip()
		}
	}
	switch {
	case !w.end():
	case a.endpoint == Messages:
		a.setAnthropicUsage(&f, false)
	default:
		a.timings = timings
		a.setUsage(&f)
	}
}

// usageMember is the index at which the last member "usage" of the outermost object begins, whose value is an object;
// -1 if tail does not show one.
func usageMember(tail []byte) int {
	depth := 0
	for i := len(tail) - 1; i >= 0; i-- {
		switch tail[i] {
		case '}', ']':
			depth++
		case '{', '[':
			if depth--; depth < 1 {
				return -1 // the outermost object begins here
			}
			if depth == 1 && tail[i] == '{' {
				if at := keyBefore(tail, i, "usage"); at >= 0 {
					return at
				}
			}
		case '"':
			if i = stringStart(tail, i); i < 0 || depth == 0 {
				return -1
			}
		default:
			if depth == 0 && skipBlanks(tail[:i+1], i) == i {
				return -1 // the end is no closing bracket: this is not the end of an object
			}
		}
	}
	return -1
}

// keyBefore is the index of the key before the value at tail[i] if it is the given one, else -1.
func keyBefore(tail []byte, i int, key string) int {
	p := bytes.TrimRight(tail[:i], " \t\r\n")
	p, ok := bytes.CutSuffix(p, []byte(":"))
	if !ok {
		return -1
	}
	p = bytes.TrimRight(p, " \t\r\n")
	p, ok = bytes.CutSuffix(p, []byte(`"`))
	if !ok {
		return -1
	}
	p, ok = bytes.CutSuffix(p, []byte(key))
	if !ok || len(p) == 0 || p[len(p)-1] != '"' || escaped(p, len(p)-1) {
		return -1
	}
	return len(p) - 1
}

// stringStart is the index of the quote that begins the string which ends with the quote at tail[end]; -1 if it
// begins before tail.
func stringStart(tail []byte, end int) int {
	for i := end; ; {
		if i = bytes.LastIndexByte(tail[:i], '"'); i < 0 || !escaped(tail, i) {
			return i
		}
	}
}

// escaped tells whether an odd number of backslashes stands before tail[i]. A run that reaches the start of tail may
// be longer than what is seen of it; the forward pass over what is found does not depend on the answer.
func escaped(tail []byte, i int) bool {
	n := 0
	for i-1-n >= 0 && tail[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}
