package dialect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var (
	proseWords = strings.Fields(`the of and to in a is that for it as was with be by on not this have from or had which one were all there would their
		been has when who will more out said what its about than into them can only other time some could these first then any like over even most after
		before must well through years where your because long each just state people very world still between life being under never same another
		system server request answer latency budget tenant model stream token policy report contract deadline invoice customer paragraph summary`)
	// proseBreaks stand between sentences now and then, in the spelling of JSON.
	proseBreaks = []string{`\n`, `\n\n`, `\n- `, ` \"quoted\" `, ` \"as they say\" `, ` (see §4) `, ` — `, ` café `, ` naïve `, `\t`, ` C:\\logs `,
		` 42 `, ` https://example.com/a/b?c=d `, ` 3.14 % `}
)

// randomProse is n bytes of a JSON string at most, sentences with an escape or a character that is not ASCII every 180
// bytes or so. Few fewer than n, so that no escape is cut.
func randomProse(rng *rand.Rand, n int) string {
	var b strings.Builder
	for left := 6 + rng.IntN(12); b.Len() < n-40; left-- {
		switch {
		case left > 0:
			b.WriteString(" " + proseWords[rng.IntN(len(proseWords))])
			continue
		case rng.IntN(3) == 0:
			b.WriteString("." + proseBreaks[rng.IntN(len(proseBreaks))])
		default:
			b.WriteString(".")
		}
		left = 6 + rng.IntN(12)
	}
	return b.String()
}

// rotation is how many bodies take turns: branch predictors learn a single one by heart.
const rotation = 16

// randomChats are different chat bodies of about size bytes in the turns of a conversation, most text in the last.
func randomChats(size int) [rotation][]byte {
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	var bodies [rotation][]byte
	for i := range bodies {
		b := fmt.Appendf(nil, `{"model":"gpt-4o-mini","user":"u%06d","stream":true,"temperature":0.7,"max_tokens":512,"messages":[`+
			`{"role":"system","content":"You are a careful assistant. Answer in plain words, and say so when you do not know."}`, i)
		for range min(size/2048, 6) {
			b = fmt.Appendf(b, `,{"role":"user","content":"%s"},{"role":"assistant","content":"%s"}`, randomProse(rng, 80), randomProse(rng, 160))
		}
		bodies[i] = fmt.Appendf(b, `,{"role":"user","content":"%s"}]}`, randomProse(rng, size-len(b)-35))
	}
	return bodies
}

// BenchmarkParseRotating parses different bodies in turn, as a server does.
func BenchmarkParseRotating(b *testing.B) {
	for _, kb := range []int{1, 16, 128} {
		bodies := randomChats(kb << 10)
		b.Run(fmt.Sprintf("%dKB", kb), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bodies[0])))
			var r Request
			for i := 0; b.Loop(); i++ {
				if err := r.Parse(Chat, bodies[i%rotation]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
