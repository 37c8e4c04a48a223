package dialect

// content reads a message's or a block's content: a string, an array of blocks, one block, or null.
func (r *Request) content(ch Channel) {
	switch s := &r.scan; s.next() {
	case '"':
		r.text(ch)
	case '[':
		if !s.openArray() {
			return
		}
		for i := 0; s.element(i); i++ {
			r.block(ch)
		}
	case '{':
		r.block(ch)
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantContent)
	}
}

// blocks reads what may be content and, unlike content itself, may be anything else.
func (r *Request) blocks(ch Channel) {
	switch s := &r.scan; s.next() {
	case '"', '[', '{':
		r.content(ch)
	default:
		s.skipScalar()
	}
}

// block reads one content block; some servers take bare strings for blocks of text.
func (r *Request) block(ch Channel) {
	switch s := &r.scan; s.next() {
	case '"':
		r.text(ch)
	case '{':
		first := len(r.Parts)
		r.closeBlock(first, *r.object((*Request).blockMember, frame{channel: ch}))
	default:
		s.wrongType(wantObject)
	}
}

// closeBlock settles, at the end of a block or item whose parts begin at first, what its type says about its members.
func (r *Request) closeBlock(first int, f frame) {
	set := f.opaque
	switch f.kind {
	case typeImage:
		set = set&^opaqueFile | opaqueImage // a file_id names the image
	case typeAudio:
		set = set&^opaqueFile | opaqueAudio
	case typeFile:
		set |= opaqueFile
	case typeDrawing:
		if f.held > 0 {
			set |= opaqueImage
		}
	case typeEncrypted:
		set |= opaqueEncrypted
	case typeReference:
		set |= opaqueStored
	default:
		if f.kind == typeUnknown {
			set |= opaqueOther
		}
		r.release(f.held, f.channel)
	}
	r.Uninspected.count(set)
	ch, role := f.kind.channel()
	if ch == ChannelNone {
		return
	}
	if f.kind == typeResult { // a document that a tool fetched is what the tool returned
		for i := range r.Parts[first:] {
			if p := &r.Parts[first+i]; p.Channel == ChannelDocument {
				p.Channel = ChannelToolResult
			}
		}
	}
	r.resolve(first, ch, role)
}

// blockMember reads one member of a content block. The shape is the sum of all block types of both dialects: keys mean the
// same wherever they occur, so text is found whatever the type says and wherever it stands.
func (r *Request) blockMember(f *frame, key []byte) bool {
	switch string(key) {
	case "type":
		r.blockType(f)
	case "text", "refusal":
		r.optional(f.channel)
	case "content":
		r.content(f.channel)
	case "thinking", "reasoning", "reasoning_content", "summary":
		r.blocks(f.channel)
	case "id", "tool_use_id", "call_id", "tool_call_id", "name", "server_name", "server_label", "toolset_name", "tool_name",
		"namespace", "filename":
		r.value(ChannelParameter) // models are shown ids and names, apart from the text
	case "input", "arguments", "action", "actions", "code", "operation", "queries":
		r.arguments()
	case "output", "outputs":
		r.result(true)
	case "results":
		r.result(false)
	case "source":
		r.source(f)
	case "data", "result":
		r.hold(f)
	case "image_url", "image", "image_embeds":
		r.sealed(f, opaqueImage)
	case "input_audio", "audio", "audio_url", "audio_embeds":
		r.sealed(f, opaqueAudio)
	case "file_id", "file_data", "file_url", "document_url":
		r.sealed(f, opaqueFile)
	case "video", "video_url":
		r.sealed(f, opaqueOther)
	case "file":
		r.file(f)
	case "signature", "encrypted_content", "encrypted_stdout", "encrypted_index":
		r.sealed(f, opaqueEncrypted)
	case "tools":
		if r.scan.next() == '[' {
			r.tools()
		} else {
			r.value(ChannelToolDefinition)
		}
	case "tool", "tool_changes":
		r.value(ChannelToolDefinition)
	case "status", "detail", "phase", "clear_at":
		r.word()
	case "caller":
		r.settings()
	case "citations": // what is cited, or only whether to cite
		if r.scan.next() == '{' {
			r.settings()
		} else {
			r.value(f.channel)
		}
	case "cache_control", "prompt_cache_breakpoint", "logprobs":
		r.scan.skip()
	default:
		return false
	}
	return true
}

// blockType reads the type of a block.
func (r *Request) blockType(f *frame) {
	s := &r.scan
	if s.next() != '"' {
		f.kind = typeUnknown
		r.value(ChannelParameter)
		return
	}
	at := s.pos
	if f.kind = typeOf(s.text()); f.kind == typeUnknown && !s.failed() {
		s.pos = at
		r.text(ChannelParameter)
	}
}

// result reads what a tool returned: a text or content blocks, or else a structure of the tool's own.
func (r *Request) result(blocks bool) {
	first := len(r.Parts)
	if c := r.scan.next(); blocks && (c == '[' || c == '{') {
		r.content(ChannelToolResult)
	} else {
		r.value(ChannelToolResult)
	}
	for i := range r.Parts[first:] {
		r.Parts[first+i].Role = RoleTool
	}
}

// sealed skips a value nobody can read and notes its kind. Null and "" hold nothing.
func (r *Request) sealed(f *frame, kind opaque) {
	s := &r.scan
	c, at := s.next(), s.pos
	s.skip()
	if c != 'n' && !(c == '"' && s.pos-at == 2) {
		f.opaque |= kind
	}
}

// hold skips a value that may be text or base64 until the other members have told. One block holds one such value; a
// second one is read as text at once.
func (r *Request) hold(f *frame) {
	if f.held > 0 {
		r.value(f.channel)
		return
	}
	r.scan.next()
	f.held = r.scan.pos
	r.scan.skip()
}

// release reads a held value again, as text.
func (r *Request) release(held int, ch Channel) {
	s := &r.scan
	if held == 0 || s.failed() {
		return
	}
	behind := s.pos
	s.pos = held
	r.value(ch)
	s.pos = behind
}

// source reads where an image, a document or a search result comes from.
func (r *Request) source(f *frame) {
	if r.scan.next() != '{' {
		r.value(f.channel)
		return
	}
	from := *r.object((*Request).sourceMember, frame{channel: f.channel, kind: typeUnknown})
	if from.kind == typeText {
		r.release(from.held, f.channel)
		return
	}
	if from.kind == typeUnknown {
		r.release(from.held, f.channel)
		f.opaque |= opaqueOther
	}
	if from.held > 0 && from.kind == typeFile || from.opaque != 0 {
		f.opaque |= opaqueFile
	}
}

func (r *Request) sourceMember(f *frame, key []byte) bool {
	switch string(key) {
	case "type":
		r.sourceType(f)
	case "data":
		r.hold(f)
	case "content":
		r.content(f.channel)
	case "url", "file_id":
		r.sealed(f, opaqueFile)
	case "media_type":
		r.scan.skip()
	default:
		return false
	}
	return true
}

func (r *Request) sourceType(f *frame) {
	s := &r.scan
	if s.next() != '"' {
		r.value(ChannelParameter)
		return
	}
	at := s.pos
	switch string(s.text()) {
	case "text", "content":
		f.kind = typeText
	case "base64", "url", "file":
		f.kind = typeFile
	default:
		s.pos = at
		r.text(ChannelParameter)
	}
}

// file reads OpenAI's description of an attached file: only its name can be read.
func (r *Request) file(f *frame) {
	if r.scan.next() != '{' {
		r.sealed(f, opaqueFile)
		return
	}
	r.object((*Request).fileMember, frame{channel: f.channel})
	f.opaque |= opaqueFile
}

func (r *Request) fileMember(f *frame, key []byte) bool {
	switch string(key) {
	case "filename":
		r.value(ChannelParameter)
	case "file_id", "file_data", "file_url":
		r.sealed(f, opaqueFile)
	default:
		return false
	}
	return true
}
