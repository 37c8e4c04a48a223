package sim

// responses reads the body of /v1/responses. The model keeps nothing between
// requests: previous_response_id and conversation are accepted and without effect.
func (r *request) responses(body value) error {
	if err := r.common(body); err != nil {
		return err
	}
	var err error
	if r.limit, err = count(body, "max_output_tokens"); err == nil {
		err = r.openaiTools(body, "")
	}
	if err == nil {
		format := body.get("text").get("format")
		err = r.format(format, format.get("schema"), "text.format")
	}
	if err != nil {
		return err
	}
	if instructions := body.get("instructions"); instructions.given() {
		r.line("system")
		if err := r.parts(instructions, "instructions", responsesPart); err != nil {
			return err
		}
		r.endLine()
	}
	switch input := body.get("input"); input.kind() {
	case kindString:
		r.turn(true)
		r.line("user")
		r.prompt = input.appendText(r.prompt)
		r.endLine()
	case kindArray:
		for item := range input.items() {
			if err := r.item(item); err != nil {
				return err
			}
		}
	case kindAbsent, kindNull:
		if !body.get("prompt").given() {
			return missing("input")
		}
		r.turn(true)
		r.line("prompt")
		r.opaque("prompt", body.get("prompt"))
		r.endLine()
	default:
		return wrongType("input", "a string or an array of input items")
	}
	r.ends = append(r.ends, len(r.prompt))
	return nil
}

// item reads one input item. Items of types that have no text of their own
// (reasoning, references, calls of built-in tools) are told apart by a hash.
func (r *request) item(v value) error {
	kind := v.get("type").text()
	switch kind {
	case "function_call_output":
		r.line("tool")
		mark := len(r.prompt)
		if err := r.parts(v.get("output"), "input.output", responsesPart); err != nil {
			return err
		}
		r.bring(mark)
	case "function_call":
		r.turn(false)
		r.line("assistant")
		r.call(v.get("name"), v.get("arguments"))
	case "message", "":
		role := v.get("role").text()
		switch role {
		case "user", "assistant", "system", "developer":
		default:
			return &problem{status: 400, param: "input", code: "invalid_value",
				message: "Invalid value: '" + role + "'. Supported values are: 'assistant', 'system', 'developer', and 'user'."}
		}
		r.turn(role == "user")
		r.line(role)
		if err := r.parts(v.get("content"), "input.content", responsesPart); err != nil {
			return err
		}
	default:
		r.line("item")
		r.opaque(kind, v)
	}
	r.endLine()
	return nil
}

func responsesPart(kind string) part {
	switch kind {
	case "input_text", "output_text":
		return partText
	case "refusal":
		return partRefusal
	case "input_image", "input_file", "input_audio":
		return partOpaque
	}
	return partUnknown
}
