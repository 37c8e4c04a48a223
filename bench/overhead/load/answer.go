package load

import (
	"fmt"
	"strings"
)

// answerBody is what an unstreamed request is answered with.
const answerBody = `{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"model":"bench-model","choices":[{"index":0,` +
	`"message":{"role":"assistant","content":"A queue grows when work arrives faster than it is done.\nThere are \"two\" ways out: do less, or do it sooner.",` +
	`"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":219,"completion_tokens":31,"total_tokens":250,` +
	`"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},` +
	`"service_tier":"default","system_fingerprint":"fp_44709d6fcb"}`

const commonHead = "HTTP/1.1 200 OK\r\nDate: Tue, 04 Mar 2025 12:00:00 GMT\r\nX-Request-Id: req_4f1d8c2b7a\r\nOpenai-Processing-Ms: 12\r\n"

// answer is an unstreamed response, head and body.
func answer() []byte {
	return fmt.Appendf(nil, "%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", commonHead, len(answerBody), answerBody)
}

// A script is a stream: what the upstream writes, and what the client must receive.
type script struct {
	writes [][]byte // one event each, in its chunk; the head goes before the first, the last chunk behind the last
	body   []byte   // all events, unchunked
	ends   []int    // where in body each event ends
}

// newScript makes a stream of so many events of about 200 bytes. The last three are the end of the choice, the usage, and [DONE].
func newScript(events int) *script {
	s := &script{}
	const chunk = `data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"bench-model","service_tier":"default",`
	deltas := strings.Fields("a queue grows when work arrives faster than it is done")
	for i := range events {
		var event string
		switch i {
		case events - 1:
			event = "data: [DONE]\n\n"
		case events - 2:
			event = chunk + `"choices":[],"usage":{"prompt_tokens":219,"completion_tokens":61,"total_tokens":280}}` + "\n\n"
		case events - 3:
			event = chunk + `"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
		default:
			event = chunk + `"choices":[{"index":0,"delta":{"content":" ` + deltas[i%len(deltas)] + `"},"finish_reason":null}]}` + "\n\n"
		}
		w := fmt.Appendf(nil, "%x\r\n%s\r\n", len(event), event)
		if i == 0 {
			head := commonHead + "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n"
			w = append([]byte(head), w...)
		}
		if i == events-1 {
			w = append(w, "0\r\n\r\n"...)
		}
		s.writes = append(s.writes, w)
		s.body = append(s.body, event...)
		s.ends = append(s.ends, len(s.body))
	}
	return s
}
