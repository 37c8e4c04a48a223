package signal

import (
	"bytes"
	"regexp"
)

// A pattern is counted at each offset where before matches what ends there and
// here what begins there.
type pattern struct {
	kind         Kind
	before, here *regexp.Regexp
}

// counts compiles a pattern. Bytes that are not UTF-8 match as U+FFFD, which no
// pattern but a negated class has.
func counts(kind Kind, before, here string) pattern {
	return pattern{kind, regexp.MustCompile(`(?s)(?:` + before + `)$`), regexp.MustCompile(`(?s)^(?:` + here + `)`)}
}

const (
	lineRoleWords    = `(?i:system|assistant|user|human|developer|ai|chatgpt|claude)`
	headingRoleWords = `(?i:system|assistant|user|human|developer|ai|chatgpt|claude|instruction|instructions|response|prompt|tool|function)`
	tagRoleNames     = `(?i:system|assistant|user|human|developer|instruction|instructions|prompt|system_prompt|system-prompt|system_message|` +
		`tool_call|tool_result|tool_results|function_call|function_calls|function_result|function_results)`
	embedNames     = `(?i:script|style|template|noscript|iframe|frame|object|embed|applet|portal|svg|base|link|meta|form)`
	referenceNames = `amp|lt|gt|quot|apos|nbsp|ensp|emsp|thinsp|hairsp|zwnj|zwj|lrm|rlm|shy|copy|reg|trade|hellip|mdash|ndash|` +
		`lsquo|rsquo|ldquo|rdquo|bull|middot|laquo|raquo|Tab|NewLine|excl|num|dollar|percnt|lpar|rpar|ast|plus|comma|period|sol|colon|` +
		`semi|equals|quest|commat|lsqb|lbrack|bsol|rsqb|rbrack|Hat|lowbar|grave|lcub|lbrace|vert|verbar|rcub|rbrace`
	lineStart = `(?:^|[\n\r])`
)

var patterns = []pattern{
	counts(PercentEscapes, ``, `%[0-9A-Fa-f]{2}`),
	counts(BackslashEscapes, ``, `\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}`),
	counts(References, ``, `&#[0-9]{1,7};|&#[xX][0-9A-Fa-f]{1,6};|&(?:`+referenceNames+`);`),
	counts(Comments, ``, `<!--`),
	counts(URLs, `[A-Za-z]`, `://`),
	counts(Fences, lineStart+` {0,3}`, "```|~~~"),
	counts(Hidden, `(?:^|[^A-Za-z])(?i:display)`, `:[ \t\r\n]{0,3}(?i:none)(?:$|[^A-Za-z0-9.])`),
	counts(Hidden, `(?:^|[^A-Za-z])(?i:visibility)`, `:[ \t\r\n]{0,3}(?i:hidden)(?:$|[^A-Za-z0-9.])`),
	counts(Hidden, `(?:^|[^A-Za-z])(?i:font-size|opacity)`, `:[ \t\r\n]{0,3}0(?:$|[^0-9.])`),
	counts(DataLinks, `(?:^|[^A-Za-z0-9])(?i:data)`, `:(?i:text/|image/|application/|audio/|video/|font/|;base64,)`),
	counts(RoleMarkers, lineStart+`[ \t>*_"-]{0,8}`+lineRoleWords+`[*_]{0,2}`, `:`),
	counts(RoleMarkers, `"(?i:role)\\?"`, `:[ \t\r\n]{0,3}\\?"`+lineRoleWords+`["\\]`),
	counts(RoleMarkers, lineStart, `#{1,6}[ \t]{1,3}`+headingRoleWords+`[ \t*_]{0,3}(?:$|[\n\r])`),
	counts(RoleTags, ``, `</?`+tagRoleNames+`[ \t\r\n>/]`),
	counts(SpecialTokens, ``, `</?(?i:s|bos|eos|pad|unk|start_of_turn|end_of_turn|begin_of_text|end_of_text)>`),
	counts(SpecialTokens, ``, `<</?(?i:SYS)>>`),
	counts(SpecialTokens, ``, `\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]`),
	counts(Embeds, ``, `<`+embedNames+`[ \t\r\n>/]`),
	counts(Links, ``, `<[aA][ \t\r\n]`),
	counts(Images, ``, `<(?i:img)[ \t\r\n]`),
}

var (
	headingColon = regexp.MustCompile(`(?s)` + lineStart + `([ \t>*_"#-]{0,8})(` + headingRoleWords + `)[*_]{0,2}$`)
	pipeTokens   = regexp.MustCompile(`^<\|([^<>|]*)\|>`)
	tagOpens     = regexp.MustCompile(`^<([A-Za-z][A-Za-z0-9_-]*)[ \t\r\n]`)
	hidingAttr   = regexp.MustCompile(`(?i)[ \t\r\n](?:hidden[ \t\r\n>/=]|aria-hidden=["']?true)`)
)

// referencePatterns counts what regular expressions and a little more describe.
func referencePatterns(v *Vector, text []byte) {
	for i := range text {
		here := text[i:]
		for _, p := range patterns {
			if p.here.Match(here[:min(len(here), 64)]) && p.before.Match(window(text, i)) {
				v[p.kind]++
			}
		}
		switch here[0] {
		case ':':
			// Roles of headings before a colon: at least one "#", not counted by the line's pattern.
			if m := headingColon.FindSubmatch(window(text, i)); m != nil && bytes.IndexByte(m[1], '#') >= 0 {
				v[RoleMarkers]++
			}
		case '<':
			if m := pipeTokens.FindSubmatch(here); m != nil && validPipe(m[1]) {
				v[SpecialTokens]++
			}
			referenceTag(v, here)
		case ']':
			referenceLink(v, here)
		case '!':
			referenceImage(v, here)
		}
	}
}

// window is what ends at offset i, longer than any definition looks back. Where
// it does not begin with the text, it begins with a byte that is neither the end
// of a line nor part of anything, so that "^" means the start of the text.
func window(text []byte, i int) []byte {
	if i <= 40 {
		return text[:i]
	}
	return append([]byte{'.'}, text[i-40:i]...)
}

func validPipe(name []byte) bool {
	for _, b := range name {
		if b <= ' ' {
			return false
		}
	}
	return len(name) >= 1 && len(name) <= 32
}

func until(t []byte, limit int, stops string) []byte {
	t = t[:min(len(t), limit)]
	if i := bytes.IndexAny(t, stops); i >= 0 {
		t = t[:i]
	}
	return t
}

var valued = regexp.MustCompile(`(?s)[?#].*=[^&]|[{<\[]`)

// valuedBytes replaces bytes that are not ASCII, which a regular expression would
// not see as bytes.
func valuedBytes(t []byte) bool {
	return valued.Match(bytes.Map(func(r rune) rune {
		if r >= 0x80 {
			return 'x'
		}
		return r
	}, t))
}

func referenceTag(v *Vector, here []byte) {
	m := tagOpens.FindSubmatch(here)
	if m == nil || len(m[1]) > 32 {
		return
	}
	rest := here[1+len(m[1]):]
	body := until(rest, 256, "<>")
	// What hides may end just beyond the body.
	for _, at := range hidingAttr.FindAllIndex(rest, -1) {
		if at[0] < len(body) {
			v[Hidden]++
			break
		}
	}
	name := string(bytes.ToLower(m[1]))
	if name != "a" && name != "img" {
		return
	}
	if i := bytes.Index(body, []byte("://")); i >= 0 && valuedBytes(body[i+3:]) {
		v[DataLinks]++
	}
}

func referenceLink(v *Vector, here []byte) {
	if len(here) < 2 || here[1] != '(' && here[1] != ':' {
		return
	}
	dest := here[2:]
	for k := 0; k < 3 && bytes.HasPrefix(dest, []byte(" ")); k++ {
		dest = dest[1:]
	}
	dest = bytes.TrimPrefix(dest, []byte("<"))
	dest = until(dest, 256, " \t\r\n)]>")
	if here[1] == '(' && bytes.ContainsAny(dest, "/#:?.") || here[1] == ':' && bytes.Contains(dest, []byte("://")) {
		v[Links]++
		if valuedBytes(dest) {
			v[DataLinks]++
		}
	}
}

func referenceImage(v *Vector, here []byte) {
	if !bytes.HasPrefix(here, []byte("![")) {
		return
	}
	alt := until(here[2:], 256, "[]")
	end := here[2+len(alt):]
	if len(alt) < 256 && len(end) >= 2 && end[0] == ']' && (end[1] == '(' || end[1] == '[') {
		v[Images]++
	}
}
