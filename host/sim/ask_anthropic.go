package sim

import "bytes"

const maxAnthropicStops = 8192

// message reads the body of /v1/messages, and of /v1/messages/count_tokens,
// which has no max_tokens.
func (r *request) message(body value, counting bool) error {
	if err := r.common(body); err != nil {
		return err
	}
	var err error
	if r.limit, err = count(body, "max_tokens"); err == nil && r.limit < 0 && !counting {
		err = invalid("max_tokens", "Field required")
	}
	if err == nil {
		err = r.stopSequences(body.get("stop_sequences"), "stop_sequences", maxAnthropicStops)
	}
	if err == nil {
		err = r.anthropicTools(body)
	}
	if err == nil {
		format := body.get("output_config").get("format")
		if !format.given() {
			format = body.get("output_format")
		}
		err = r.format(format, format.get("schema"), "output_config.format")
	}
	if err != nil {
		return err
	}
	// Only the key matters here: whether anything is marked for caching.
	r.writesCache = bytes.Contains(body.raw(), []byte(`"cache_control"`))
	if system := body.get("system"); system.given() {
		r.line("system")
		if err := r.parts(system, "system", anthropicPart); err != nil {
			return err
		}
		r.endLine()
	}
	messages := body.get("messages")
	switch {
	case !messages.given():
		return invalid("messages", "Field required")
	case messages.kind() != kindArray:
		return invalid("messages", "Input should be a valid list")
	case messages.len() == 0:
		return invalid("messages", "at least one message is required")
	}
	for m := range messages.items() {
		if err := r.anthropicMessage(m); err != nil {
			return err
		}
	}
	r.ends = append(r.ends, len(r.prompt))
	return nil
}

func (r *request) anthropicMessage(m value) error {
	role := m.get("role").text()
	if role != "user" && role != "assistant" && role != "system" {
		return invalid("messages.role", "Input should be 'user' or 'assistant'")
	}
	r.turn(role == "user")
	content := m.get("content")
	if content.kind() != kindArray {
		r.line(role)
		err := r.parts(content, "messages.content", anthropicPart)
		r.endLine()
		return err
	}
	open := false // a line of this role
	for b := range content.items() {
		isResult := b.get("type").is("tool_result")
		if open && isResult {
			r.endLine()
			open = false
		}
		if !open && !isResult {
			r.line(role)
			open = true
		}
		if err := r.block(b); err != nil {
			return err
		}
	}
	if open {
		r.endLine()
	}
	return nil
}

func (r *request) block(b value) error {
	switch string(b.get("type").content()) {
	case "tool_use":
		r.call(b.get("name"), b.get("input"))
		return nil
	case "tool_result":
		r.line("tool")
		mark := len(r.prompt)
		if c := b.get("content"); c.given() {
			if err := r.parts(c, "messages.content", anthropicPart); err != nil {
				return err
			}
		}
		r.bring(mark)
		r.endLine()
		return nil
	}
	return r.part(b, "messages.content", anthropicPart)
}

// anthropicPart takes every type it does not know for one without text, since
// the beta types are many.
func anthropicPart(kind string) part {
	switch kind {
	case "text":
		return partText
	case "thinking":
		return partThought
	case "":
		return partUnknown
	}
	return partOpaque
}

// anthropicTools reads tools and tool_choice. Tools without an input_schema are
// Anthropic's own and never called.
func (r *request) anthropicTools(body value) error {
	tools := body.get("tools")
	if tools.given() && tools.kind() != kindArray {
		return invalid("tools", "Input should be a valid list")
	}
	r.listTools(tools)
	for t := range tools.items() {
		if schema := t.get("input_schema"); schema.given() {
			name := t.get("name").text()
			if name == "" {
				return invalid("tools.name", "Field required")
			}
			r.tools = append(r.tools, tool{name, schema})
		}
	}
	choice := body.get("tool_choice")
	r.parallel = !choice.get("disable_parallel_tool_use").bool()
	switch string(choice.get("type").content()) {
	case "none":
		r.tools = r.tools[:0]
	case "any":
		r.forced = true
	case "tool":
		r.forced = true
		return r.only(choice.get("name").text(), "tool_choice")
	case "auto":
	default:
		if choice.given() {
			return invalid("tool_choice.type", "Input should be 'auto', 'any', 'tool' or 'none'")
		}
	}
	return nil
}
