package memo

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// said is one text of a message.
type said struct {
	context             bool
	role, channel, kind uint8
	text                string
}

func (h *Hasher) keyOf(s *Scope, texts ...said) Key {
	h.Begin(s)
	for _, x := range texts {
		if x.context {
			h.Context(x.role, x.channel, x.kind, []byte(x.text))
		} else {
			h.Part(x.role, x.channel, x.kind, []byte(x.text))
		}
	}
	return h.Key()
}

// TestKeysDiffer: no two of these messages are one, and each is the same twice.
func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1)
	h := m.Hasher()
	defer h.Release()
	long := strings.Repeat("0123456789abcdef", 4*pieceSize/16)
	messages := [][]said{
		{},
		{{text: ""}},
		{{text: ""}, {text: ""}},
		{{context: true}},
		{{context: true}, {text: ""}},
		{{text: "ab"}},
		{{text: "a"}, {text: "b"}},
		{{text: "ab"}, {text: ""}},
		{{text: ""}, {text: "ab"}},
		{{context: true, text: "a"}, {text: "b"}},
		{{context: true, text: "ab"}, {text: ""}},
		{{context: true, text: "ab"}},
		{{role: 1, text: "ab"}},
		{{channel: 1, text: "ab"}},
		{{kind: 1, text: "ab"}},
		{{role: 2, channel: 1, text: "ab"}},
		{{text: "ab\x00"}},
		{{text: "ab\x00\x00\x00\x00\x00\x00\x00"}},
		{{text: "ab" + strings.Repeat("\x00", 14)}},
		// What a part looks like when it is hashed, as text of another.
		{{text: "ab\x02\x00\x00\x00\x02\x00\x00\x00ab"}},
		{{text: "ab"}, {text: "ab"}},
	}
	for n := pieceSize - 40; n < pieceSize+20; n++ {
		messages = append(messages, []said{{text: long[:n]}}, []said{{text: long[:n]}, {text: "x"}}, []said{{text: long[:n-1]}, {text: long[n-1 : n]}})
	}
	for _, n := range []int{2*pieceSize - 24, 2 * pieceSize, 3 * pieceSize, 4 * pieceSize} {
		messages = append(messages, []said{{text: long[:n]}}, []said{{context: true, text: long[:n/2]}, {text: long[n/2 : n]}})
	}
	scopes := []*Scope{
		m.Scope("acme", "d", "c"), m.Scope("acm", "ed", "c"), m.Scope("acme", "dc", ""), m.Scope("", "acmed", "c"), m.Scope("other", "d", "c"),
		m.Scope("acme", "e", "c"), m.Scope("acme", "d", "d"), mustNew(t, 1).Scope("acme", "d", "c"),
	}
	seen := map[Key]string{}
	for i, s := range scopes {
		for j, message := range messages {
			k := h.keyOf(s, message...)
			what := fmt.Sprintf("message %d of scope %d", j, i)
			if before, ok := seen[k]; ok {
				t.Errorf("%s has the key of %s", what, before)
			}
			seen[k] = what
			if h.keyOf(s, message...) != k {
				t.Errorf("%s has two keys", what)
			}
		}
	}
	if a, b := h.keyOf(scopes[0], messages[5]...), h.keyOf(m.Scope("acme", "d", "c"), messages[5]...); a != b {
		t.Error("a scope that is made anew does not know what it put")
	}
}

// TestEveryByteCounts: a message that differs in any byte, in any of its pieces, has another key.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	m := mustNew(t, 1)
	s := m.Scope("acme", "d", "c")
	h := m.Hasher()
	defer h.Release()
	text := bytes.Repeat([]byte("x"), 3*pieceSize)
	seen := map[Key]int{key(h, s, text): -1}
	for i := 0; i < len(text); i += 61 {
		text[i] = 'y'
		k := key(h, s, text)
		text[i] = 'x'
		if j, ok := seen[k]; ok {
			t.Fatalf("bytes %d and %d make no difference", i, j)
		}
		seen[k] = i
	}
}

// FuzzKey: two messages have one key exactly when they are one message.
func FuzzKey(f *testing.F) {
	f.Add([]byte("a"), []byte("b"), []byte("a"), []byte("b"), uint32(0), uint32(0), false)
	f.Add([]byte("ab"), []byte(""), []byte("a"), []byte("b"), uint32(1), uint32(1), true)
	f.Add(bytes.Repeat([]byte("x"), pieceSize-16), []byte("x"), bytes.Repeat([]byte("x"), pieceSize-15), []byte(""), uint32(5), uint32(5), false)
	m, err := New(1)
	if err != nil {
		f.Fatal(err)
	}
	s := m.Scope("acme", "digest", "config")
	f.Fuzz(func(t *testing.T, a1, a2, b1, b2 []byte, a, b uint32, context bool) {
		h := m.Hasher()
		defer h.Release()
		of := func(x uint32, one, two []byte) (Key, []said) {
			texts := []said{
				{context && x&1 == 0, uint8(x), uint8(x >> 8), uint8(x >> 16), string(one)},
				{false, uint8(x >> 8), uint8(x >> 16), uint8(x >> 24), string(two)},
			}
			return h.keyOf(s, texts...), texts
		}
		k, one := of(a, a1, a2)
		l, two := of(b, b1, b2)
		if same := fmt.Sprint(one) == fmt.Sprint(two) && one[0] == two[0] && one[1] == two[1]; same != (k == l) {
			t.Errorf("%+v and %+v: same %v, same key %v", one, two, same, k == l)
		}
	})
}
