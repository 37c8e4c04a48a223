package dialect

import "testing"

func TestEndpointOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path     string
		endpoint Endpoint
		name     string
		dialect  string
	}{
		{"/v1/chat/completions", Chat, "chat", "openai"},
		{"/v1/completions", Completions, "completions", "openai"},
		{"/v1/responses", Responses, "responses", "openai"},
		{"/v1/embeddings", Embeddings, "embeddings", "openai"},
		{"/v1/models", Models, "models", "openai"},
		{"/v1/models/gpt-4o", Models, "models", "openai"},
		{"/v1/models/meta-llama/Llama-3.1-8B", Models, "models", "openai"},
		{"/v1/messages", Messages, "messages", "anthropic"},
		{"/v1/messages/count_tokens", CountTokens, "count_tokens", "anthropic"},
		{"/v1/Chat/completions", None, "none", "unknown"},
		{"/v1/chat/completions/", None, "none", "unknown"},
		{"/v1/messages/batches", None, "none", "unknown"},
		{"/v1/models/", None, "none", "unknown"},
		{"/chat/completions", None, "none", "unknown"},
		{"//v1/messages", None, "none", "unknown"},
		{"", None, "none", "unknown"},
	} {
		ep := EndpointOf(c.path)
		if ep != c.endpoint || ep.String() != c.name || ep.Dialect().String() != c.dialect {
			t.Errorf("%s is %s of %s", c.path, ep, ep.Dialect())
		}
	}
}
