package main

import (
	"fmt"
	"strings"

	"weir/sdk/abi"
)

// notice heads every generated file, as a comment.
const notice = "Generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT. sdk/abi/README.md says what it means."

// source collects lines.
type source struct{ strings.Builder }

func (s *source) line(format string, args ...any) {
	if len(args) == 0 {
		s.WriteString(format)
	} else {
		fmt.Fprintf(s, format, args...)
	}
	s.WriteByte('\n')
}

func (s *source) bytes() []byte { return []byte(s.String()) }

// upper is a name in the manner of constants: "tool_result" gives "TOOL_RESULT".
func upper(name string) string { return strings.ToUpper(name) }

// acronyms keep their form in camel case.
var acronyms = map[string]string{
	"id": "ID", "url": "URL", "urls": "URLs", "usd": "USD", "ttl": "TTL", "ttft": "TTFT", "ascii": "ASCII", "openai": "OpenAI", "ok": "OK", "abi": "ABI",
}

// camel is a name with capitals: "tool_result" gives "ToolResult".
func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if a, ok := acronyms[word]; ok {
			b.WriteString(a)
		} else if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// fieldName is the name of the i-th field of a struct: reserved ones are numbered, as there may be several.
func fieldName(f abi.Field, i int) string {
	if f.Name == "reserved" {
		return fmt.Sprintf("reserved%d", i)
	}
	return f.Name
}

// comment is doc as it stands behind a declaration; "" when there is none.
func comment(mark, doc string) string {
	if doc == "" {
		return ""
	}
	return " " + mark + " " + doc
}
