package signal

// Roles of chats and prompt templates, in lower case. lineRoles are looked for at
// the start of any line, headingRoles only in headings, tagRoles only as tags.
func isLineRole(word []byte) bool {
	switch string(word) {
	case "system", "assistant", "user", "human", "developer", "ai", "chatgpt", "claude":
		return true
	}
	return false
}

func isHeadingRole(word []byte) bool {
	switch string(word) {
	case "instruction", "instructions", "response", "prompt", "tool", "function":
		return true
	}
	return isLineRole(word)
}

func isTagRole(word []byte) bool {
	switch string(word) {
	case "system", "assistant", "user", "human", "developer", "instruction", "instructions", "prompt", "system_prompt",
		"system-prompt", "system_message", "tool_call", "tool_result", "tool_results", "function_call", "function_calls",
		"function_result", "function_results":
		return true
	}
	return false
}

// roleEnds has the last letters of the heading roles, so that most colons cost one load.
var roleEnds = [256]bool{'m': true, 't': true, 'r': true, 'n': true, 'i': true, 'e': true, 's': true, 'l': true, '*': true, '_': true}

// maxRole is the length of the longest role.
const maxRole = len("function_results")

// roleLine counts a role that the colon at text[i] ends and that begins a line:
// before it up to eight bytes of indentation, quotation, emphasis or heading
// (" ", tab, ">", "-", "*", "_", "#", "\""), after it up to two of "*" and "_".
// With a "#" before it the roles of headings count too.
func (s *scanner) roleLine(i int) {
	if !roleEnds[lower(s.text[i-1])] {
		return
	}
	end := i
	for end > 0 && i-end < 2 && (s.text[end-1] == '*' || s.text[end-1] == '_') {
		end--
	}
	var folded [maxRole]byte
	begin := end
	for begin > 0 && end-begin < maxRole && isLetter(s.text[begin-1]) {
		begin--
		folded[maxRole-(end-begin)] = s.text[begin] | 0x20
	}
	word := folded[maxRole-(end-begin):]
	if !isHeadingRole(word) {
		return
	}
	heading, j := false, begin
	for j > 0 && begin-j < 8 && !s.startsLine(j) {
		switch s.text[j-1] {
		case '#':
			heading = true
		case ' ', '\t', '>', '-', '*', '_', '"':
		default:
			return
		}
		j--
	}
	if s.startsLine(j) && (heading || isLineRole(word)) {
		s.v[RoleMarkers]++
	}
}

// heading counts a Markdown heading that is a role and nothing else: one to six
// "#" at the start of a line, one to three spaces or tabs, the role, up to three
// spaces, tabs, "*" or "_", the end of the line. roleLine has those with a colon.
func (s *scanner) heading(i int) {
	if !s.startsLine(i) {
		return
	}
	j := i
	for j-i < 6 && s.at(j) == '#' {
		j++
	}
	if s.at(j) != ' ' && s.at(j) != '\t' {
		return
	}
	for k := 0; k < 3 && (s.at(j) == ' ' || s.at(j) == '\t'); k++ {
		j++
	}
	var folded [maxRole]byte
	n := 0
	for n < maxRole && isLetter(s.at(j+n)) {
		folded[n] = s.at(j+n) | 0x20
		n++
	}
	if !isHeadingRole(folded[:n]) {
		return
	}
	j += n
	for k := 0; k < 3 && (s.at(j) == ' ' || s.at(j) == '\t' || s.at(j) == '*' || s.at(j) == '_'); k++ {
		j++
	}
	if j == len(s.text) || s.text[j] == '\n' || s.text[j] == '\r' {
		s.v[RoleMarkers]++
	}
}

// roleKey counts "role": "system" and the like, as JSON has it, also with the
// quotation marks escaped; text[i] is the colon.
func (s *scanner) roleKey(i int) {
	end := i - 1
	if s.text[end] != '"' {
		return // a control character, folded
	}
	if s.at(end-1) == '\\' {
		end--
	}
	if !s.begins(end-5, "\"role") {
		return
	}
	j := i + 1
	for k := 0; k < 3 && isWhite(s.at(j)); k++ {
		j++
	}
	if s.at(j) == '\\' {
		j++
	}
	if s.at(j) != '"' {
		return
	}
	j++
	var folded [maxRole]byte
	n := 0
	for n < maxRole && isLetter(s.at(j+n)) {
		folded[n] = s.at(j+n) | 0x20
		n++
	}
	if after := s.at(j + n); isLineRole(folded[:n]) && (after == '"' || after == '\\') {
		s.v[RoleMarkers]++
	}
}

// bracket counts the special tokens in brackets, in capitals.
func (s *scanner) bracket(i int) {
	i++
	if s.at(i) == '/' {
		i++
	}
	for _, token := range [...]string{"INST]", "SYSTEM_PROMPT]", "AVAILABLE_TOOLS]", "TOOL_CALLS]", "TOOL_RESULTS]"} {
		if len(s.text)-i >= len(token) && string(s.text[i:i+len(token)]) == token {
			s.v[SpecialTokens]++
			return
		}
	}
}
