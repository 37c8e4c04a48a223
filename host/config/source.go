package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on what is handed to the YAML parser. Its time grows with the square
// of a mapping's keys, of empty list items and of the nesting depth; its
// recursion with keys and depth; its memory with the number of tokens.
const (
	maxFile       = 4 << 20
	maxIndicators = 500_000 // characters that can make a token
	maxEntries    = 50_000  // keys and list items in all
	maxSiblings   = 10_000  // keys of one mapping
	maxDepth      = 32
	maxBlank      = 100  // empty lines in a row: the lexer copies a block scalar once for each at its end
	maxFaults     = 1000 // faults reported; a file that is no YAML at all has one for each line
)

// A source is the text of one configuration file, ready for the parser.
type source struct {
	text   string // LF only, no byte order mark, variables masked
	lines  []string
	faults *faultList
}

// parseSource turns the bytes of a file into a tree, or reports why it cannot.
// It gives nil when there is no tree worth decoding.
func parseSource(data []byte, faults *faultList) *node {
	s := &source{faults: faults}
	if !s.prepare(data) {
		return nil
	}
	tokens, ok := s.tokenize()
	if !ok {
		return nil
	}
	return s.parse(tokens)
}

// prepare checks what can be checked without parsing.
func (s *source) prepare(data []byte) bool {
	if len(data) > maxFile {
		s.faults.add(place{1, 1}, "the file is larger than "+Size(maxFile).String(), "split the tenants over several instances, or shorten the file")
		return false
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	s.lines = strings.Split(text, "\n")
	blank := 0
	for i, line := range s.lines {
		s.checkLine(i+1, line)
		if blank++; strings.Trim(line, " ") != "" {
			blank = 0
		}
		if blank == maxBlank+1 {
			s.faults.add(place{i + 1, 1}, fmt.Sprintf("more than %d empty lines in a row", maxBlank), "remove empty lines")
		}
	}
	if s.faults.any() {
		return false
	}
	if n := indicators(text); n > maxIndicators {
		s.faults.add(place{1, 1}, fmt.Sprintf("the file holds %d brackets, commas, quotes and the like, more than %d", n, maxIndicators), "shorten the file")
		return false
	}
	s.text = maskVariables(text)
	return true
}

// checkLine reports the first character of a line that must not be there.
func (s *source) checkLine(number int, line string) {
	if i := maskEscape(line); i >= 0 {
		s.faults.add(place{number, utf8.RuneCountInString(line[:i]) + 1}, "the characters U+FDD0 and U+FDD1 are not allowed", "remove the escape")
		return
	}
	column := 1
	for i, r := range line {
		what := ""
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(line[i:], "\ufffd"):
			what = "this is not UTF-8"
		case r == '\r':
			what = "carriage return without a line feed"
		case r == '\t':
			// YAML forbids tabs in indentation only, but the lexer counts columns
			// wrongly after one, and takes time by the square of those in quotes.
			s.faults.add(place{number, column}, "tab", `use spaces; inside double quotes write \t`)
			return
		case r < 0x20 || (r >= 0x7f && r <= 0x9f) || r == '\ufeff' || isBidi(r) || r == maskOpen || r == maskClose:
			what = fmt.Sprintf("the character %U is not allowed", r)
		}
		if what != "" {
			s.faults.add(place{number, column}, what, `save the file as plain UTF-8 text; inside double quotes such characters can be written as escapes, for example "\u0007"`)
			return
		}
		column++
	}
}

// isBidi reports the characters that make an editor show text in another order
// than it is read (CVE-2021-42574).
func isBidi(r rune) bool {
	return (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
}

// indicators counts the characters that can begin or end a token, so that a
// file cannot make the lexer hold many times its own size.
func indicators(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ',', '[', ']', '{', '}', '"', '\'', '&', '*', '!', '|', '>', '%', '@', '`', '#', '\n':
			n++
		case ':', '-', '?':
			if i+1 == len(text) || strings.IndexByte(" \t\n,[]{}\"'", text[i+1]) >= 0 {
				n++
			}
		}
	}
	return n
}

// Two noncharacters stand for the braces of ${NAME} while the file is parsed:
// inside {…} and […] YAML would take the braces themselves as structure. They
// are one character wide, so that columns stay what they are.
const (
	maskOpen  = '\ufdd0'
	maskClose = '\ufdd1'
)

// maskEscape finds the escapes by which double quotes could hold the two; -1
// when there are none.
func maskEscape(line string) int {
	if !strings.Contains(line, `\`) {
		return -1
	}
	line = fold(line)
	for _, escape := range []string{`\ufdd0`, `\ufdd1`, `\u0000fdd0`, `\u0000fdd1`} {
		if i := strings.Index(line, escape); i >= 0 {
			return i
		}
	}
	return -1
}

func maskVariables(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			break
		}
		name := variableName(text[i+2:])
		b.WriteString(text[:i+1])
		text = text[i+1:]
		if name != "" {
			b.WriteString(string(maskOpen) + name + string(maskClose))
			text = text[len(name)+2:]
		} else {
			b.WriteByte('{')
			text = text[1:]
		}
	}
	b.WriteString(text)
	return b.String()
}

// variableName gives the name at the beginning of text that a } follows.
func variableName(text string) string {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '_' || (c|0x20 >= 'a' && c|0x20 <= 'z') || (i > 0 && c >= '0' && c <= '9'):
		case c == '}':
			return text[:i]
		default:
			return ""
		}
	}
	return ""
}

func unmask(text string) string {
	return strings.NewReplacer(string(maskOpen), "{", string(maskClose), "}").Replace(text)
}

// tokenize splits the text into tokens and refuses what a configuration has no
// use for before the parser sees it.
func (s *source) tokenize() (tokens token.Tokens, ok bool) {
	defer s.recovered(&ok)
	tokens = lexer.Tokenize(s.text)
	if tk := tokens.InvalidToken(); tk != nil {
		s.syntax(tk, tk.Error)
		return nil, false
	}
	g := guard{source: s}
	for i, tk := range tokens {
		g.token(tokens, i, tk)
	}
	return tokens, !s.faults.any()
}

func (s *source) parse(tokens token.Tokens) (root *node) {
	ok := true
	defer func() {
		if !ok {
			root = nil
		}
	}()
	defer s.recovered(&ok)
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		// Error() of the library's own errors prints the lines around the
		// fault, secrets included, and takes memory by the square of their number.
		var e yaml.Error
		if errors.As(err, &e) {
			s.syntax(e.GetToken(), e.GetMessage())
		} else {
			s.syntax(nil, "the file cannot be parsed")
		}
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			s.faults.add(s.place(doc.Body.GetToken()), "a second YAML document", "keep one document in the file")
			return nil
		}
		root = s.node(doc.Body)
	}
	if root == nil {
		root = &node{kind: kindMapping, place: place{1, 1}}
	}
	return root
}

func (s *source) syntax(tk *token.Token, message string) {
	s.faults.add(s.place(tk), "not valid YAML: "+unmask(message), "mend the syntax there or on the line before; quote values that hold special characters")
}

// recovered turns a panic of the YAML library into a fault.
func (s *source) recovered(ok *bool) {
	if r := recover(); r != nil {
		s.syntax(nil, "the parser gave up on this file")
		*ok = false
	}
}

// place gives a token's position. The lexer places plain text that goes on over
// lines inside {…} or […] one too far: hold it to the line.
func (s *source) place(tk *token.Token) place {
	if tk == nil || tk.Position == nil || tk.Position.Line < 1 {
		return place{1, 1}
	}
	p := place{tk.Position.Line, max(tk.Position.Column, 1)}
	if p.line > len(s.lines) {
		return p
	}
	if line := s.lines[p.line-1]; p.column > len(line) {
		p.column = max(1, utf8.RuneCountInString(line))
	}
	return p
}
