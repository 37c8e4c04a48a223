package dialect

// tools reads the definitions of the tools a model may call, in either dialect's shape.
func (r *Request) tools() {
	s := &r.scan
	switch s.next() {
	case '[':
		if !s.openArray() {
			return
		}
		for i := 0; s.element(i); i++ {
			r.tool()
		}
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantArray)
	}
}

func (r *Request) tool() {
	if r.scan.next() != '{' {
		r.value(ChannelToolDefinition)
		return
	}
	if len(r.Tools) == maxParts {
		r.scan.fail(faultParts, r.scan.pos)
		return
	}
	r.Tools = append(r.Tools, Tool{Name: -1, Description: -1, Schema: -1})
	f := r.object((*Request).toolMember, frame{channel: ChannelToolDefinition, tool: int32(len(r.Tools) - 1)})
	r.Uninspected.count(f.opaque)
}

// toolMember reads one member of a tool. OpenAI's chat API nests the definition once more, its namespaces and MCP toolsets
// hold further tools. Credentials for remote servers do not reach the model and must not reach plugins.
func (r *Request) toolMember(f *frame, key []byte) bool {
	switch string(key) {
	case "type":
		r.toolType(f)
	case "name":
		r.define(&r.Tools[f.tool].Name)
	case "description":
		r.define(&r.Tools[f.tool].Description)
	case "parameters", "input_schema", "format":
		r.define(&r.Tools[f.tool].Schema)
	case "function", "custom", "definition":
		r.nestedTool(f)
	case "tools":
		r.tools()
	case "authorization", "authorization_token", "headers", "server_url", "cache_control":
		r.scan.skip()
	case "vector_store_ids", "file_ids":
		r.sealed(f, opaqueFile)
	case "input_image_mask":
		r.sealed(f, opaqueImage)
	case "container":
		r.sandbox(f)
	case "environment":
		if r.scan.next() == '{' {
			r.sandbox(f)
		} else {
			r.value(ChannelToolDefinition)
		}
	default:
		return false
	}
	return true
}

// define adds the value at the cursor as a part of a definition and notes its index, unless it has no text.
func (r *Request) define(index *int32) {
	i := len(r.Parts)
	r.value(ChannelToolDefinition)
	if len(r.Parts) > i {
		*index = int32(i)
	}
}

func (r *Request) nestedTool(f *frame) {
	if r.scan.next() != '{' {
		r.value(ChannelToolDefinition)
		return
	}
	inner := r.object((*Request).toolMember, frame{channel: ChannelToolDefinition, tool: f.tool})
	f.opaque |= inner.opaque
}

// toolType reads a tool's type. The definitions of a remote MCP server's tools come from that server.
func (r *Request) toolType(f *frame) {
	s := &r.scan
	if s.next() == '"' {
		at := s.pos
		switch t := s.text(); {
		case string(t) == "mcp":
			f.opaque |= opaqueOther
			return
		case isWord(t):
			return
		}
		if s.failed() {
			return
		}
		s.pos = at
	}
	r.value(ChannelToolDefinition)
}

// sandbox reads where a tool runs: what is stored there can reach the model, the secrets of its network cannot.
func (r *Request) sandbox(f *frame) {
	if r.scan.next() != '{' {
		r.sealed(f, opaqueFile)
		return
	}
	inner := r.object((*Request).sandboxMember, frame{channel: ChannelToolDefinition})
	f.opaque |= inner.opaque
}

func (r *Request) sandboxMember(f *frame, key []byte) bool {
	switch string(key) {
	case "type":
		r.word()
	case "network_policy":
		r.scan.skip()
	case "id", "container_id", "file_ids":
		r.sealed(f, opaqueFile)
	case "skills":
		if r.scan.next() != 'n' {
			f.opaque |= opaqueFile
		}
		r.value(ChannelToolDefinition)
	default:
		return false
	}
	return true
}

// servers reads Anthropic's list of remote MCP servers.
func (r *Request) servers() {
	s := &r.scan
	if s.next() != '[' {
		r.value(ChannelToolDefinition)
		return
	}
	if !s.openArray() {
		return
	}
	for i := 0; s.element(i); i++ {
		r.Uninspected.Other++
		if s.next() != '{' {
			r.value(ChannelToolDefinition)
			continue
		}
		r.object((*Request).serverMember, frame{channel: ChannelToolDefinition})
	}
}

func (r *Request) serverMember(_ *frame, key []byte) bool {
	switch string(key) {
	case "type":
		r.word()
	case "url", "authorization_token":
		r.scan.skip()
	default:
		return false
	}
	return true
}
