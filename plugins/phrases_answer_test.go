package plugins_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/sdk/abi"
)

func TestPhrasesInAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, config  string
		pieces        []string
		text, stopped string
	}{
		{"requests only", `{"deny":["secret"],"tag":["secret"],"route":{"secret":"local"}}`, []string{"a secret"}, "a secret", ""},
		{"nothing is found", `{"redact":{"secret":"x"},"stop":["halt"]}`, []string{"a sec", "ond ha", "t"}, "a second hat", ""},
		{"redact", `{"redact":{"secret":"[hidden]"}}`, []string{"my Secret, your secret"}, "my [hidden], your [hidden]", ""},
		{"split over pieces", `{"redact":{"secret":"[hidden]"}}`, []string{"my s", "e", "cre", "t, your secre", "t"}, "my [hidden], your [hidden]", ""},
		{"what is said instead is not looked at again", `{"redact":{"ab":"a"}}`, []string{"ab", "b ", "abb"}, "ab ab", ""},
		{"the longest", `{"redact":{"secret":"1","secret word":"2"}}`, []string{"secret wo", "rd secret wo", "lf"}, "2 1 wolf", ""},
		{"stop", `{"stop":["halt"],"stop_message":"enough"}`, []string{"go on, ", "then ha", "lt now"}, "go on, then ", "enough"},
		{"stop by itself", `{"stop":["halt"]}`, []string{"halt"}, "", "this answer holds a phrase that the policy forbids"},
		{"stop before redact", `{"redact":{"ab":"x"},"stop":["a"]}`, []string{"c", "ab"}, "c", "this answer holds a phrase that the policy forbids"},
		{"what is redacted does not stop", `{"redact":{"ab":"x"},"stop":["bc"]}`, []string{"a", "b", "c"}, "xc", ""},
		{"kelvin and long s", `{"redact":{"kiosks":"x"}}`, []string{"a \u212aIO\u017f", "\u212a", "\u017f!"}, "a x!", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := chain(t, "phrases", test.config)
			text, stopped := streamed(t, c, test.pieces...)
			if !strings.HasPrefix(test.text, text) || stopped == "" && text != test.text || stopped != test.stopped {
				t.Errorf("%q, %q; want %q, %q", text, stopped, test.text, test.stopped)
			}
			text, stopped = whole(t, c, strings.Join(test.pieces, ""))
			if stopped == "" && text != test.text || stopped != test.stopped {
				t.Errorf("whole: %q, %q; want %q, %q", text, stopped, test.text, test.stopped)
			}
		})
	}
}

// TestPhrasesHold: what is held back of a batch is what any of its strings needs, and no more than the longest phrase less one byte.
func TestPhrasesHold(t *testing.T) {
	t.Parallel()
	c, run := chain(t, "phrases", `{"redact":{"secret":"x"},"stop":["halting"]}`), new(policy.Run)
	request(t, run, c, dialect.Chat, chat("hello"))
	both := func(flags uint32, a, b string) policy.Batch {
		batch := pieceOf(a + b)
		batch.Flags = flags
		batch.Items[0].Length = uint32(len(a))
		batch.Items = append(batch.Items, frame.Delta{Index: 1, Offset: uint32(len(a)), Length: uint32(len(b))})
		return batch
	}
	// "halting" may come in 7 bytes, and with the long s "secret" in 7: 6 are held.
	for _, test := range []struct {
		flags uint32
		a, b  string
		hold  int
		edits string
	}{
		{0, "ab", "a", 2, ""}, {0, "some words", "", 6, ""}, {0, "a secret", "", 6, ""}, {0, "a secret!", "", 1, "0:2+6"}, {0, "a secret!", "abc", 3, "0:2+6"},
		{0, "a secret now", "secrets", 4, "0:2+6 1:0+6"}, {0, "a secret now", "secrets, secrets", 4, "0:2+6 1:0+6 1:9+6"}, {0, "se", "secret", 6, ""}, {abi.DeltaFinal, "se", "secret", 0, "1:0+6"},
		{abi.DeltaComplete, "a secret", "words", 0, "0:2+6"},
	} {
		batch := both(test.flags, test.a, test.b)
		reply := run.Delta(0, &batch)
		var edits []string
		for _, e := range reply.Edits {
			edits = append(edits, fmt.Sprintf("%d:%d+%d", e.Item, e.Offset, e.Length))
		}
		if got := strings.Join(edits, " "); reply.Out || reply.Stop != nil || reply.Hold != test.hold || got != test.edits {
			t.Errorf("%q, %q: hold %d, edits %q, want %d, %q (%+v)", test.a, test.b, reply.Hold, got, test.hold, test.edits, reply)
		}
	}
}

// TestPhrasesComeInAnyPieces: whatever pieces an answer comes in, it ends up as it does in one.
func TestPhrasesComeInAnyPieces(t *testing.T) {
	t.Parallel()
	c := chain(t, "phrases", `{"redact":{"ab":"1","bab":"22","ka":"","ßk":"3","aaa":"4"},"stop":["cab","bcc"]}`)
	rapid.Check(t, func(rt *rapid.T) {
		pieces := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abckK\u212aßẞ")), 1, 6, -1), 1, 12).Draw(rt, "pieces")
		want, stop := whole(t, c, strings.Join(pieces, ""))
		got, stopped := streamed(t, c, pieces...)
		if stopped != stop || stop == "" && got != want {
			rt.Fatalf("%q, %q; in one piece %q, %q", got, stopped, want, stop)
		}
	})
}

// TestPhrasesRedactWhatTheyShould compares with a plain search that takes the first, then the longest.
func TestPhrasesRedactWhatTheyShould(t *testing.T) {
	t.Parallel()
	words := []string{"ab", "bab", "ca", "aaa", "b"}
	c := chain(t, "phrases", `{"redact":{"ab":"1","bab":"2","ca":"3","aaa":"4","b":"5"}}`)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	by := map[string]string{"ab": "1", "bab": "2", "ca": "3", "aaa": "4", "b": "5"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var text, want strings.Builder
		for range rng.IntN(40) {
			text.WriteByte("abcd"[rng.IntN(4)])
		}
		for rest := text.String(); rest != ""; {
			i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(rest, w) })
			if i < 0 {
				want.WriteByte(rest[0])
				rest = rest[1:]
				continue
			}
			want.WriteString(by[words[i]])
			rest = rest[len(words[i]):]
		}
		expect := chat(want.String())
		if want.String() == text.String() {
			expect = ""
		}
		if got := request(t, new(policy.Run), c, dialect.Chat, chat(text.String())); got.body != expect {
			t.Fatalf("%q: %q, want %q", text.String(), got.body, expect)
		}
	}
}

// TestPhrasesSpan: span of search.h is no less than what any character of the same fold has. It stands here in Go; the C is the same rule.
func TestPhrasesSpan(t *testing.T) {
	t.Parallel()
	span := func(r rune) int {
		switch n := utf8.RuneLen(r); {
		case n == 2, r == 'k', r == 'K':
			return 3
		case r == 's', r == 'S':
			return 2
		default:
			return n
		}
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if utf8.RuneLen(f) > span(r) {
				t.Errorf("%q folds to %q, of %d bytes; span says %d", r, f, utf8.RuneLen(f), span(r))
			}
		}
	}
}
