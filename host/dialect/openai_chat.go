package dialect

// chatMember reads a member of the body of POST /v1/chat/completions. Source: OpenAI's API reference and openai-go v3; the
// extensions of vLLM, SGLang and llama.cpp are inspected as unknown parameters.
func (r *Request) chatMember(f *frame, key []byte) bool {
	if string(key) != "messages" {
		return r.commonMember(f, key)
	}
	r.has.messages = true
	r.messages()
	return true
}
