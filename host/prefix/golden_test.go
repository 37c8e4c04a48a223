package prefix_test

import (
	"slices"
	"strings"
	"testing"

	"weir/host/prefix"
)

// TestGolden pins the format. The values were computed by another program, with its own XXH64, from the definition in doc.go. A change here
// breaks the promise that a configured seed gives the same keys in every version: formatVersion must change with it.
func TestGolden(t *testing.T) {
	t.Parallel()
	if got := prefix.NewSeed(nil).Root("", ""); got != 0xf917bea52a255167 {
		t.Errorf("root of nothing %#016x", got)
	}
	root := prefix.NewSeed([]byte("secret")).Root("acme", "gpt-4o")
	if root != 0xd1c12943bea0fdf1 {
		t.Errorf("root %#016x", root)
	}
	counting := make([]byte, 600)
	for i := range counting {
		counting[i] = byte(i % 251)
	}
	for _, c := range []struct {
		name     string
		messages []message
		keys     []uint64
	}{
		{"one empty message", []message{{0, nil}}, []uint64{0xfe7aeae2608f24f6}},
		{
			"two short messages", []message{{1, []byte("You are a helpful assistant.")}, {3, []byte("Hello")}},
			[]uint64{0xf52bdec9bf09fadc, 0xa66aa486e78f5f91},
		},
		{"two blocks and a rest", []message{{3, counting}}, []uint64{0x08236adb4df98365, 0x5f81fdf66c8959de, 0xbc9a0bdfc112a286}},
		{"a whole block", []message{{255, []byte(strings.Repeat("x", 256))}}, []uint64{0x2631f9c374019f9d, 0xc9d7c2d9248e0661}},
	} {
		if got := chainOf(root, c.messages...).Keys; !slices.Equal(got, c.keys) {
			t.Errorf("%s: %#016x, want %#016x", c.name, got, c.keys)
		}
	}
}
