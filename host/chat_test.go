package host_test

import (
	"strings"
	"testing"
)

func TestChatThroughTheGateway(t *testing.T) {
	t.Parallel()
	g, c := start(t, simulated), client(t)
	resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "Say hello."))
	if resp.StatusCode != 200 || !strings.Contains(body, `"chat.completion"`) {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	resp, body = post(t, c, g.url+"/v1/chat/completions", chat(true, "Say hello."))
	if resp.StatusCode != 200 || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if strings.Contains(body, `"choices":[]`) {
		t.Error("the client sees the usage chunk that Weir asked for")
	}
}
