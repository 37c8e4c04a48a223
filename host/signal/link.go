package signal

// link counts the Markdown link whose text ends at text[i] == ']': an inline
// destination "](…" or a definition "]: …".
func (s *scanner) link(i int) {
	j := i + 2
	inline := s.text[i+1] == '('
	for k := 0; k < 3 && s.at(j) == ' '; k++ {
		j++
	}
	if s.at(j) == '<' {
		j++
	}
	dest := s.destination(j)
	if inline && isDestination(dest) || !inline && scheme(dest) >= 0 {
		s.v[Links]++
		if carries(dest) {
			s.v[DataLinks]++
		}
	}
}

// image counts the Markdown image that begins at text[i:] == "![": the text, up
// to reach bytes without brackets, then a destination or a reference.
func (s *scanner) image(i int) {
	text := s.text[i+2 : min(i+2+reach, len(s.text))]
	for j, b := range text {
		switch b {
		case '[':
			return
		case ']':
			if next := s.at(i + 2 + j + 1); next == '(' || next == '[' {
				s.v[Images]++
			}
			return
		}
	}
}

// destination is what begins at text[i], up to white space, a closing
// parenthesis, bracket or angle bracket, and to reach bytes.
func (s *scanner) destination(i int) []byte {
	i = min(i, len(s.text))
	rest := s.text[i:min(i+reach, len(s.text))]
	for j, b := range rest {
		if inAddress[b]&stops != 0 {
			return rest[:j]
		}
	}
	return rest
}

// inAddress has what a byte is to a destination: its end, a sign that it is an
// address, of interest to carries.
var inAddress = [256]uint8{
	' ': stops, '\t': stops, '\n': stops, '\r': stops, ')': stops, ']': stops, '>': stops,
	'/': tells, ':': tells, '.': tells, '#': tells | matters, '?': tells | matters,
	'=': matters, '{': matters, '<': matters, '[': matters,
}

const (
	stops = 1 << iota
	tells
	matters
)

// isDestination says whether what follows "](" is an address rather than the
// argument of a call in some code.
func isDestination(dest []byte) bool {
	for _, b := range dest {
		if inAddress[b]&tells != 0 {
			return true
		}
	}
	return false
}

// scheme is the offset after the first "://", or -1.
func scheme(t []byte) int {
	for i := 2; i < len(t); i++ {
		if t[i] == '/' && t[i-1] == '/' && t[i-2] == ':' {
			return i + 1
		}
	}
	return -1
}

// carries says whether an address carries data: a value in its query or
// fragment ("?…=x", "#…=x"), or a placeholder to be filled in ("{", "<", "[").
func carries(address []byte) bool {
	query := false
	for i, b := range address {
		if inAddress[b]&matters == 0 {
			continue
		}
		switch b {
		case '?', '#':
			query = true
		case '=':
			if query && i+1 < len(address) && address[i+1] != '&' {
				return true
			}
		case '{', '<', '[':
			return true
		}
	}
	return false
}

// colon handles ':' at text[i]: URLs, data: URIs, styles that hide, roles.
func (s *scanner) colon(i int) {
	if i == 0 {
		return
	}
	before := s.text[i-1] | 0x20 // letters folded; '"' and digits stay
	if s.at(i+1) == '/' && s.at(i+2) == '/' && isLetter(before) {
		s.v[URLs]++
	}
	switch before {
	case '"':
		s.roleKey(i)
	case 'y', 'e':
		s.style(i)
	case 'a':
		s.dataURI(i)
	}
	s.roleLine(i)
}

// dataURI counts data:, not after a letter or digit, with a media type of a
// common kind or the base64 mark after it (RFC 2397).
func (s *scanner) dataURI(i int) {
	if !s.begins(i-4, "data") || isLetter(s.at(i-5)) || isDigit(s.at(i-5)) {
		return
	}
	for _, kind := range [...]string{"text/", "image/", "application/", "audio/", "video/", "font/", ";base64,"} {
		if s.begins(i+1, kind) {
			s.v[DataLinks]++
			return
		}
	}
}

// style counts display:none, visibility:hidden, font-size:0 and opacity:0, with
// up to three white spaces after the colon; the property must not end a longer
// word, the zero not begin another number.
func (s *scanner) style(i int) {
	for _, hide := range [...]struct{ property, value string }{
		{"display", "none"}, {"visibility", "hidden"}, {"font-size", "0"}, {"opacity", "0"},
	} {
		begin := i - len(hide.property)
		if !s.begins(begin, hide.property) || isLetter(s.at(begin-1)) {
			continue
		}
		j := i + 1
		for k := 0; k < 3 && isWhite(s.at(j)); k++ {
			j++
		}
		after := s.at(j + len(hide.value))
		if s.begins(j, hide.value) && after != '.' && !isDigit(after) && !(isLetter(after) && hide.value != "0") {
			s.v[Hidden]++
		}
		return
	}
}
