package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
)

// modelsReleased is when the simulated models "came out": 2025-01-01.
const (
	modelsReleased   = 1735689600
	modelsReleasedAt = "2025-01-01T00:00:00Z"
	contextTokens    = 1 << 20
)

// models answers GET /v1/models and /v1/models/{id}. Any model may be asked for,
// as any may be used; the list has those of Options.
func (x *exchange) models() answer {
	one := x.openaiModel
	if x.dialect == anthropicDialect {
		one = anthropicModel
	}
	if x.route.endpoint == endpointModel {
		return answer{status: 200, body: encode(one(x.route.model))}
	}
	names := x.srv.opt.Models
	data := make([]any, len(names))
	for i, name := range names {
		data[i] = one(name)
	}
	if x.dialect == anthropicDialect {
		return answer{status: 200, body: encode(map[string]any{
			"data": data, "has_more": false, "first_id": names[0], "last_id": names[len(names)-1],
		})}
	}
	return answer{status: 200, body: encode(map[string]any{"object": "list", "data": data})}
}

func (x *exchange) openaiModel(name string) any {
	return map[string]any{"id": name, "object": "model", "created": modelsReleased, "owned_by": "weir-sim"}
}

func anthropicModel(name string) any {
	type set = map[string]any
	no, yes := set{"supported": false}, set{"supported": true}
	return set{
		"type": "model", "id": name, "display_name": name, "created_at": modelsReleasedAt,
		"lifecycle": "active", "line": nil, "deprecated_at": nil, "retires_at": nil,
		"max_input_tokens": contextTokens, "max_tokens": maxForced,
		"capabilities": set{
			"batch": no, "citations": no, "code_execution": no, "image_input": yes, "pdf_input": yes, "structured_outputs": yes,
			"context_management": set{"supported": false, "clear_thinking_20251015": no, "clear_tool_uses_20250919": no, "compact_20260112": no},
			"effort":             set{"supported": false, "low": no, "medium": no, "high": no, "xhigh": no, "max": no},
			"server_tools":       set{"supported": false, "code_execution": no, "web_search": no},
			"thinking":           set{"supported": false, "types": set{"adaptive": no, "between_tools": no, "disabled": yes, "enabled": no}},
		},
	}
}

// encode is json.Marshal of values that cannot fail, without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// maxEchoed is the size up to which a body is echoed and not only hashed.
const maxEchoed = 64 << 10

// echoed is a received request as the answer tells it.
type echoed struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"` // as on the request line, with its query
	Path    string      `json:"path"`
	Proto   string      `json:"proto"`
	Headers [][2]string `json:"headers"` // in order, names in their original case
	Body    echoedBody  `json:"body"`
}

type echoedBody struct {
	Length int    `json:"length"`
	SHA256 string `json:"sha256"`
	Text   string `json:"text,omitempty"`   // if it is valid UTF-8 of at most 64 KiB
	Base64 string `json:"base64,omitempty"` // else, if it is at most 64 KiB
}

// echoed answers with the request itself, so that a test sees what was sent to
// the model. Chunked bodies are echoed without their framing.
func (x *exchange) echoed(ctx *fasthttp.RequestCtx) answer {
	h, body := &ctx.Request.Header, ctx.Request.Body()
	e := echoed{
		Method: string(h.Method()), Target: string(h.RequestURI()), Proto: string(h.Protocol()),
		Headers: rawHeaders(h.RawHeaders()), Body: echoedBody{Length: len(body)},
	}
	e.Path, _, _ = strings.Cut(e.Target, "?")
	sum := sha256.Sum256(body)
	e.Body.SHA256 = hex.EncodeToString(sum[:])
	switch {
	case len(body) > maxEchoed:
	case utf8.Valid(body):
		e.Body.Text = string(body)
	default:
		e.Body.Base64 = base64.StdEncoding.EncodeToString(body)
	}
	return answer{status: 200, body: encode(e)}
}

// rawHeaders splits a header block as received.
func rawHeaders(block []byte) [][2]string {
	headers := [][2]string{}
	for line := range bytes.Lines(block) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			continue
		}
		if n := len(headers); n > 0 && (line[0] == ' ' || line[0] == '\t') { // folded
			headers[n-1][1] += "\n" + string(line)
			continue
		}
		name, v, _ := bytes.Cut(line, []byte(":"))
		headers = append(headers, [2]string{string(name), strings.Trim(string(v), " \t")})
	}
	return headers
}
