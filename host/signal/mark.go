package signal

// A mark is an ASCII byte at which something that is counted may begin or end.
// The marks are the C0 controls other than tab, LF and CR, DEL, and
//
//	! # % & : < [ \ ] ` ~
//
// Finding them is what the implementations of classify do in their own ways;
// whether one counts is decided here, once for all, from at most reach bytes
// around it. Nothing is read twice except a bounded number of times, so that the
// time stays linear on any text.

// reach is how far a definition looks ahead.
const reach = 256

// mark handles the mark b at text[i].
func (s *scanner) mark(b byte, i int) {
	switch b {
	case ':':
		s.colon(i)
	case '<':
		s.angle(i)
	case '[':
		s.bracket(i)
	case ']':
		s.link(i)
	case '!':
		s.image(i)
	case '#':
		s.heading(i)
	case '`', '~':
		s.fence(i)
	case '%':
		s.percent(i)
	case '\\':
		s.backslash(i)
	case '&':
		s.reference(i)
	default:
		s.controls++
	}
}

// at is text[i], or 0 beyond either end.
func (s *scanner) at(i int) byte {
	if uint(i) < uint(len(s.text)) {
		return s.text[i]
	}
	return 0
}

// percent counts %XX.
func (s *scanner) percent(i int) {
	if isHex(s.at(i+1)) && isHex(s.at(i+2)) {
		s.v[PercentEscapes]++
	}
}

// backslash counts \xXX, \uXXXX, \u{X…} and \UXXXXXXXX.
func (s *scanner) backslash(i int) {
	digits := 0
	switch s.at(i + 1) {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
		if s.at(i+2) == '{' {
			n := s.hexDigits(i+3, 6)
			if n > 0 && s.at(i+3+n) == '}' {
				s.v[BackslashEscapes]++
			}
			return
		}
	case 'U':
		digits = 8
	}
	if s.hexDigits(i+2, digits) == digits {
		s.v[BackslashEscapes]++
	}
}

// hexDigits is the number of hexadecimal digits at text[i:], at most limit.
func (s *scanner) hexDigits(i, limit int) int {
	n := 0
	for n < limit && isHex(s.at(i+n)) {
		n++
	}
	return n
}

// reference counts &#D…; with up to seven digits, &#xX…; with up to six, and
// &name; with the names of the list.
func (s *scanner) reference(i int) {
	n := 0
	i++
	switch {
	case s.at(i) != '#':
		if !isNamed(s.text[i:min(i+9, len(s.text))]) {
			return
		}
		s.v[References]++
		return
	case s.at(i+1)|0x20 == 'x':
		i += 2
		n = s.hexDigits(i, 6)
	default:
		i++
		for n < 7 && isDigit(s.at(i+n)) {
			n++
		}
	}
	if n > 0 && s.at(i+n) == ';' {
		s.v[References]++
	}
}

// isNamed says whether t begins with the name of a character reference that is
// common or stands for ASCII punctuation or for something invisible (HTML
// standard, 13.5), and a semicolon. Other names are more often code (&x;).
func isNamed(t []byte) bool {
	n := 0
	for n < len(t) && t[n] != ';' {
		n++
	}
	if n == len(t) {
		return false
	}
	switch string(t[:n]) {
	case "amp", "lt", "gt", "quot", "apos", "nbsp", "ensp", "emsp", "thinsp", "hairsp", "zwnj", "zwj", "lrm", "rlm", "shy",
		"copy", "reg", "trade", "hellip", "mdash", "ndash", "lsquo", "rsquo", "ldquo", "rdquo", "bull", "middot", "laquo", "raquo",
		"Tab", "NewLine", "excl", "num", "dollar", "percnt", "lpar", "rpar", "ast", "plus", "comma", "period", "sol", "colon",
		"semi", "equals", "quest", "commat", "lsqb", "lbrack", "bsol", "rsqb", "rbrack", "Hat", "lowbar", "grave", "lcub", "lbrace",
		"vert", "verbar", "rcub", "rbrace":
		return true
	}
	return false
}

// fence counts ``` and ~~~ at the start of a line, after up to three spaces.
func (s *scanner) fence(i int) {
	b := s.text[i]
	if s.at(i+1) != b || s.at(i+2) != b {
		return
	}
	j := i
	for j > 0 && i-j < 3 && s.text[j-1] == ' ' {
		j--
	}
	if s.startsLine(j) {
		s.v[Fences]++
	}
}

// startsLine says whether text[i] is the first byte of a line.
func (s *scanner) startsLine(i int) bool {
	return i == 0 || s.text[i-1] == '\n' || s.text[i-1] == '\r'
}

func isDigit(b byte) bool  { return b-'0' < 10 }
func isLetter(b byte) bool { return (b|0x20)-'a' < 26 }
func isHex(b byte) bool    { return isDigit(b) || (b|0x20)-'a' < 6 }
func isWhite(b byte) bool  { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// lower folds ASCII capitals.
func lower(b byte) byte {
	if b-'A' < 26 {
		return b + 32
	}
	return b
}

// begins says whether text[i:] begins with the word, which is in lower case,
// capitals alike.
func (s *scanner) begins(i int, word string) bool {
	if i < 0 || len(s.text)-i < len(word) {
		return false
	}
	for j := range len(word) {
		if lower(s.text[i+j]) != word[j] {
			return false
		}
	}
	return true
}
