package signal

// maxName bounds the name of a tag or special token that is looked at.
const maxName = 32

// angle handles '<' at text[i]: comments, special tokens, tags.
func (s *scanner) angle(i int) {
	switch s.text[i+1] {
	case '!':
		if s.at(i+2) == '-' && s.at(i+3) == '-' {
			s.v[Comments]++
		}
	case '|':
		s.pipeToken(i + 2)
	case '<':
		j := i + 2
		if s.at(j) == '/' {
			j++
		}
		if s.begins(j, "sys>>") {
			s.v[SpecialTokens]++
		}
	default:
		s.tag(i + 1)
	}
}

// pipeToken counts <|name|> with a name of up to maxName bytes that are neither
// white space nor "<", ">" or "|"; text[i] is the first of them.
func (s *scanner) pipeToken(i int) {
	n := 0
	for n < maxName {
		b := s.at(i + n)
		if b <= ' ' || b == '<' || b == '>' || b == '|' {
			break
		}
		n++
	}
	if n > 0 && s.at(i+n) == '|' && s.at(i+n+1) == '>' {
		s.v[SpecialTokens]++
	}
}

// tag handles the tag whose name begins at text[i], or after a slash there.
func (s *scanner) tag(i int) {
	closing := s.text[i] == '/'
	if closing {
		i++
	}
	var folded [maxName]byte
	n := 0
	for n < maxName {
		b := s.at(i + n)
		if !isLetter(b) && !isDigit(b) && b != '_' && b != '-' {
			break
		}
		folded[n] = lower(b)
		n++
	}
	name, after := folded[:n], s.at(i+n)
	if n == 0 || !isLetter(name[0]) {
		return
	}
	if after == '>' && isTokenName(name) {
		s.v[SpecialTokens]++
		return
	}
	if !isWhite(after) && after != '>' && after != '/' {
		return
	}
	if isTagRole(name) {
		s.v[RoleTags]++
	}
	if closing {
		return
	}
	if isEmbed(name) {
		s.v[Embeds]++
	}
	if isWhite(after) {
		s.attributes(name, i+n)
	}
}

// isTokenName: special tokens of models that look like tags.
func isTokenName(name []byte) bool {
	switch string(name) {
	case "s", "bos", "eos", "pad", "unk", "start_of_turn", "end_of_turn", "begin_of_text", "end_of_text":
		return true
	}
	return false
}

// isEmbed: elements that run, fetch, take over or swallow text.
func isEmbed(name []byte) bool {
	switch string(name) {
	case "script", "style", "template", "noscript", "iframe", "frame", "object", "embed", "applet", "portal", "svg",
		"base", "link", "meta", "form":
		return true
	}
	return false
}

// attributes reads the attributes from the white space at text[i] to the end of
// the tag: ">" or "<", at most reach bytes. It counts one Hidden where an
// attribute hides the element, anchors and images, and whether their address
// carries data.
func (s *scanner) attributes(name []byte, i int) {
	body := s.text[i:min(i+reach, len(s.text))]
	hidden := false
	for j, b := range body {
		if b > '>' {
			continue
		}
		if b == '<' || b == '>' {
			body = body[:j]
			break
		}
		hidden = hidden || b <= ' ' && isWhite(b) && s.hides(i+j+1)
	}
	if hidden {
		s.v[Hidden]++
	}
	image := string(name) == "img"
	if image {
		s.v[Images]++
	}
	if string(name) == "a" {
		s.v[Links]++
	} else if !image {
		return
	}
	if address := scheme(body); address >= 0 && carries(body[address:]) {
		s.v[DataLinks]++
	}
}

// hides says whether the attribute at text[i] is hidden or aria-hidden=true.
func (s *scanner) hides(i int) bool {
	switch lower(s.at(i)) {
	case 'h':
		if !s.begins(i, "hidden") {
			return false
		}
		after := s.at(i + len("hidden"))
		return isWhite(after) || after == '>' || after == '/' || after == '='
	case 'a':
		const attribute = "aria-hidden="
		if !s.begins(i, attribute) {
			return false
		}
		i += len(attribute)
		if b := s.at(i); b == '"' || b == '\'' {
			i++
		}
		return s.begins(i, "true")
	}
	return false
}
