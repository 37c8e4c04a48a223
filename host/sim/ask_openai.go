package sim

import "encoding/binary"

const (
	maxStops  = 4 // OpenAI's
	maxInputs = 2048
)

// chat reads the body of /v1/chat/completions.
func (r *request) chat(body value) error {
	if err := r.common(body); err != nil {
		return err
	}
	r.includeUsage = body.get("stream_options").get("include_usage").bool()
	var err error
	if r.limit, err = count(body, "max_completion_tokens"); err == nil && r.limit < 0 {
		r.limit, err = count(body, "max_tokens")
	}
	if err == nil {
		err = r.choices(body)
	}
	if err == nil {
		err = r.stopSequences(body.get("stop"), "stop", maxStops)
	}
	if err == nil {
		err = r.openaiTools(body, "function")
	}
	if err == nil {
		format := body.get("response_format")
		err = r.format(format, format.get("json_schema").get("schema"), "response_format")
	}
	if err != nil {
		return err
	}
	messages := body.get("messages")
	switch {
	case !messages.given():
		return missing("messages")
	case messages.kind() != kindArray:
		return wrongType("messages", "an array of messages")
	case messages.len() == 0:
		return invalid("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	}
	for m := range messages.items() {
		if err := r.chatMessage(m); err != nil {
			return err
		}
	}
	r.ends = append(r.ends, len(r.prompt))
	return nil
}

func (r *request) chatMessage(m value) error {
	if m.kind() != kindObject {
		return wrongType("messages", "objects")
	}
	role := m.get("role").text()
	switch role {
	case "system", "developer", "user", "assistant", "tool", "function":
	default:
		return &problem{status: 400, param: "messages", code: "invalid_value",
			message: "Invalid value: '" + role + "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."}
	}
	if isTool := role == "tool" || role == "function"; !isTool {
		r.turn(role == "user")
	}
	r.line(role)
	mark := len(r.prompt)
	content, calls := m.get("content"), m.get("tool_calls")
	if content.given() || role != "assistant" {
		if err := r.parts(content, "messages.content", chatPart); err != nil {
			return err
		}
	}
	for c := range calls.items() {
		if f := c.get("function"); f.given() {
			r.call(f.get("name"), f.get("arguments"))
		} else {
			r.call(c.get("custom").get("name"), c.get("custom").get("input"))
		}
	}
	if role == "tool" || role == "function" {
		r.bring(mark)
	}
	r.endLine()
	return nil
}

func chatPart(kind string) part {
	switch kind {
	case "text":
		return partText
	case "refusal":
		return partRefusal
	case "image_url", "input_audio", "file", "video_url", "audio_url":
		return partOpaque
	}
	return partUnknown
}

// openaiTools reads tools and tool_choice of the chat endpoint, whose tools nest
// name and schema under "function", and of the responses endpoint, whose do not.
// Tools of other types (custom, web_search …) are never called.
func (r *request) openaiTools(body value, nested string) error {
	tools := body.get("tools")
	if tools.given() && tools.kind() != kindArray {
		return wrongType("tools", "an array of tools")
	}
	r.parallel = body.get("parallel_tool_calls").kind() != kindFalse
	r.listTools(tools)
	for t := range tools.items() {
		if !t.get("type").is("function") {
			continue
		}
		if nested != "" {
			t = t.get(nested)
		}
		name := t.get("name").text()
		if name == "" {
			return missing("tools.function.name")
		}
		r.tools = append(r.tools, tool{name, t.get("parameters")})
	}
	choice := body.get("tool_choice")
	switch {
	case !choice.given(), choice.is("auto"):
		return nil
	case choice.is("none"):
		r.tools = r.tools[:0]
		return nil
	case choice.is("required"):
		r.forced = true
		return nil
	case choice.get("type").is("function"):
		r.forced = true
		if nested != "" {
			choice = choice.get(nested)
		}
		return r.only(choice.get("name").text(), "tool_choice")
	case choice.get("type").is("allowed_tools"):
		if nested != "" {
			choice = choice.get("allowed_tools")
		}
		r.forced = choice.get("mode").is("required")
		allowed := choice.get("tools").first()
		if nested != "" {
			allowed = allowed.get(nested)
		}
		return r.only(allowed.get("name").text(), "tool_choice")
	}
	return wrongType("tool_choice", "'none', 'auto', 'required' or a function")
}

// format reads response_format, or text.format of the responses endpoint.
func (r *request) format(v, schema value, param string) error {
	if !v.given() {
		return nil
	}
	switch string(v.get("type").content()) {
	case "text":
	case "json_object":
		r.object = true
	case "json_schema":
		r.object, r.schema = true, schema
		if schema.kind() != kindObject {
			return missing(param + ".schema")
		}
	default:
		return wrongType(param, "an object of type 'text', 'json_object' or 'json_schema'")
	}
	return nil
}

// completion reads the body of /v1/completions.
func (r *request) completion(body value) error {
	if err := r.common(body); err != nil {
		return err
	}
	r.includeUsage = body.get("stream_options").get("include_usage").bool()
	r.echo = body.get("echo").bool()
	var err error
	if r.limit, err = count(body, "max_tokens"); err == nil {
		err = r.choices(body)
	}
	if err == nil {
		err = r.stopSequences(body.get("stop"), "stop", maxStops)
	}
	if err == nil {
		err = r.inputs(body.get("prompt"), "prompt")
	}
	return err
}

// embedding reads the body of /v1/embeddings.
func (r *request) embedding(body value) error {
	if err := r.common(body); err != nil {
		return err
	}
	r.stream = false
	switch format := body.get("encoding_format"); {
	case !format.given(), format.is("float"):
	case format.is("base64"):
		r.base64 = true
	default:
		return wrongType("encoding_format", "'float' or 'base64'")
	}
	var err error
	if r.dimensions, err = count(body, "dimensions"); err != nil {
		return err
	}
	if r.dimensions > maxDimensions {
		return invalid("dimensions", "Invalid 'dimensions': too large.")
	}
	return r.inputs(body.get("input"), "input")
}

// inputs reads a string, strings, token numbers or lists of token numbers. A
// number counts as one token, so four bytes of it go into the prompt.
func (r *request) inputs(v value, param string) error {
	switch first := v.first(); {
	case v.kind() == kindString, first.kind() == kindNumber:
		return r.input(v, param)
	case !v.given():
		return missing(param)
	case v.kind() != kindArray || !first.given():
		return wrongType(param, "a string or an array that is not empty")
	case v.len() > maxInputs:
		return invalid(param, "Invalid '"+param+"': array too long.")
	}
	for item := range v.items() {
		if err := r.input(item, param); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) input(v value, param string) error {
	switch v.kind() {
	case kindString:
		r.prompt = v.appendText(r.prompt)
	case kindArray:
		for t := range v.items() {
			n, ok := t.int()
			if !ok || n < 0 {
				return wrongType(param, "token numbers")
			}
			r.prompt = binary.BigEndian.AppendUint32(r.prompt, uint32(n))
		}
	default:
		return wrongType(param, "strings or arrays of token numbers")
	}
	r.ends = append(r.ends, len(r.prompt))
	return nil
}
