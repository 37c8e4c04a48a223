package memo_test

import (
	"testing"

	"weir/host/policy/memo"
)

// TestContextKey tells contexts apart, and a context by its key from the same bytes as a text.
func TestContextKey(t *testing.T) {
	t.Parallel()
	m, err := memo.New(1 << 10)
	if err != nil {
		t.Fatal(err)
	}
	h, s := m.Hasher(), m.Scope("t", "p", "c")
	defer h.Release()
	key := func(context *memo.Key, text string) memo.Key {
		h.Begin(s)
		if context != nil {
			h.ContextKey(*context)
		}
		h.Part(1, 2, 3, []byte(text))
		return h.Key()
	}
	a, b := key(nil, "a"), key(nil, "b")
	all := map[memo.Key]string{a: "a", b: "b"}
	for name, k := range map[string]memo.Key{"x after a": key(&a, "x"), "x after b": key(&b, "x"), "x": key(nil, "x"), "y after a": key(&a, "y")} {
		if other, ok := all[k]; ok {
			t.Errorf("%q and %q have one key", name, other)
		}
		all[k] = name
	}
	if once, twice := key(&a, "x"), key(&a, "x"); once != twice {
		t.Error("one message has two keys")
	}
}
