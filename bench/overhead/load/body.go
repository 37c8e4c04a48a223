package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// tagAt is where the tag begins in every body: the upstream finds it without parsing JSON, and no proxy changes what stands before it.
const (
	bodyStart = `{"model":"bench-model","user":"`
	tagAt     = len(bodyStart)
	tagLen    = 7 // u000000 asks for an answer, s000042 for stream 42
)

// Body returns a chat completion request of exactly size bytes (512 at least): a system prompt, a few turns, and one long text of a user with line breaks,
// quotation marks and a little that is not ASCII. The same rng gives the same body.
func Body(rng *rand.Rand, size int, tag string, stream bool) []byte {
	var b strings.Builder
	b.WriteString(bodyStart + tag + `",`)
	if stream {
		// Asked for by the client, so that no proxy has a reason to edit: what differs between them is then the relay alone.
		b.WriteString(`"stream":true,"stream_options":{"include_usage":true},`)
	}
	b.WriteString(`"temperature":0.7,"max_tokens":512,"messages":[{"role":"system","content":"You are a careful assistant. Answer in plain words, and say so when you do not know."}`)
	for range min(size/2048, 6) {
		fmt.Fprintf(&b, `,{"role":"user","content":"%s"},{"role":"assistant","content":"%s"}`, prose(rng, 80), prose(rng, 160))
	}
	b.WriteString(`,{"role":"user","content":"`)
	const end = `"}]}`
	b.WriteString(prose(rng, size-b.Len()-len(end)))
	b.WriteString(end)
	return []byte(b.String())
}

// words are what a question about some text may be made of.
var words = strings.Fields(`the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were
	all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first
	then do any like my now over such our man me even most made after also did many off before must well back through years much where your way down should because long
	each just state those people too little good make very world still see own work between life being under never day same another know while last might great year come since
	against go came right used take three system server request answer latency budget tenant model stream token policy report contract deadline invoice customer paragraph
	summary translate explain compare measure review section analysis evidence question revenue quarter hospital patient sample vector`)

// rare stands between sentences now and then, escaped as encoders do.
var rare = []string{`\n`, `\n\n`, `\n- `, ` \"quoted\" `, ` \"as they say\" `, ` (see §4) `, ` — `, ` café `, ` naïve `, `\t`, ` C:\\logs `, ` 42 `, ` https://example.com/a/b?c=d `, ` 3.14 % `}

// prose returns exactly n bytes of escaped JSON string: sentences of common words. It ends in dots where the next word would not fit.
func prose(rng *rand.Rand, n int) string {
	var b strings.Builder
	b.Grow(n)
	for left := 6; b.Len() < n; left-- {
		next := words[rng.IntN(len(words))]
		switch {
		case left <= 0:
			next, left = ". ", 6+rng.IntN(12)
			if rng.IntN(3) == 0 {
				next = "." + rare[rng.IntN(len(rare))]
			}
		case b.Len() > 0:
			next = " " + next
		}
		if b.Len()+len(next) > n {
			break
		}
		b.WriteString(next)
	}
	b.WriteString(strings.Repeat(".", n-b.Len()))
	return b.String()
}

// Request puts an SDK's headers before a body.
func Request(host string, body []byte) []byte {
	head := "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host + "\r\nAccept: application/json\r\nContent-Type: application/json\r\n" +
		"User-Agent: OpenAI/Python 2.8.1\r\nX-Stainless-Lang: python\r\nX-Stainless-Runtime: CPython\r\nX-Stainless-Async: false\r\n" +
		"Authorization: Bearer sk-bench-0123456789abcdef0123456789abcdef\r\n"
	return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
}
