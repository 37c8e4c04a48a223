package proxy

import (
	"strings"
	"testing"

	"weir/host/dialect"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := newID(&[idLen]byte{})
		if len(id) != idLen || !strings.HasPrefix(id, "req_") || !validID([]byte(id)) || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"": false, "a": true, "req_0123-ABC.def:/+=": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false,
		"a b": false, "a\tb": false, "a\nb": false, "a\"b": false, `a\b`: false, "é": false, "a\x7f": false, "\u202e": false, "a\x00": false,
	} {
		if validID([]byte(id)) != want {
			t.Errorf("%q: want %v", id, want)
		}
	}
}

func TestIDHeader(t *testing.T) {
	t.Parallel()
	for d, want := range map[dialect.Dialect]string{dialect.OpenAI: "x-request-id", dialect.Anthropic: "request-id", dialect.Unknown: "x-request-id"} {
		if got := idHeader(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}
