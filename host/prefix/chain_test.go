package prefix_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"weir/host/prefix"
)

// conversation draws messages whose lengths lie often at the edges of blocks.
func conversation(t *rapid.T, label string) []message {
	length := rapid.OneOf(rapid.IntRange(0, 60), rapid.SampledFrom([]int{0, 1, 255, 256, 257, 511, 512, 513, 768, 1500}))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) message {
		return message{rapid.Byte().Draw(t, "role"), randomBytes(rapid.Uint64().Draw(t, "text"), length.Draw(t, "length"))}
	}), 0, 8).Draw(t, label)
}

func TestChainIsItsDefinition(t *testing.T) {
	t.Parallel()
	var c prefix.Chain // reused: nothing of the former prompt may show
	rapid.Check(t, func(t *rapid.T) {
		root, messages := rapid.Uint64().Draw(t, "root"), conversation(t, "messages")
		c.Reset(root)
		total := 0
		for _, m := range messages {
			for rest := m.text; len(rest) > 0; {
				n := rapid.IntRange(0, len(rest)).Draw(t, "piece")
				c.Text(rest[:n])
				rest = rest[n:]
				if n == 0 {
					c.Text(rest)
					rest = nil
				}
			}
			c.Boundary(m.role)
			total += len(m.text)
		}
		check(t, &c, referenceChain(root, messages))
		if c.Bytes != total || c.Truncated {
			t.Fatalf("%d bytes, truncated %v, want %d", c.Bytes, c.Truncated, total)
		}
		if most := total/prefix.Block + len(messages); len(c.Keys) > most {
			t.Fatalf("%d keys, at most %d may be", len(c.Keys), most)
		}
	})
}

func check(t interface{ Fatalf(string, ...any) }, c *prefix.Chain, want reference) {
	if !slices.Equal(c.Keys, want.keys) {
		t.Fatalf("keys %x\nwant %x", c.Keys, want.keys)
	}
	if !slices.Equal(c.Ends, want.ends) {
		t.Fatalf("ends %d\nwant %d", c.Ends, want.ends)
	}
	if !slices.Equal(c.Boundaries, want.boundaries) {
		t.Fatalf("boundaries %d\nwant %d", c.Boundaries, want.boundaries)
	}
}

func TestChainCutAtEachOffset(t *testing.T) {
	t.Parallel()
	text := randomBytes(3, 1100)
	want := referenceChain(7, []message{{2, text}, {3, []byte("next")}})
	var c prefix.Chain
	for i := range len(text) + 1 {
		for _, width := range []int{0, 1, 255, 256, 300} {
			j := min(i+width, len(text))
			c.Reset(7)
			piece := slices.Clone(text[:i]) // written over below: no piece may be kept
			c.Text(piece)
			clear(piece)
			c.Text(text[i:j])
			c.Text(text[j:])
			c.Boundary(2)
			c.Text([]byte("next"))
			c.Boundary(3)
			check(t, &c, want)
		}
	}
}

func TestChainOfNextTurnBeginsWithThisOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := conversation(t, "messages")
		n := rapid.IntRange(0, len(messages)).Draw(t, "turn")
		before, after := chainOf(1, messages[:n]...), chainOf(1, messages...)
		if len(before.Keys) > len(after.Keys) || !slices.Equal(before.Keys, after.Keys[:len(before.Keys)]) {
			t.Fatalf("keys of %d messages are not the first keys of %d", n, len(messages))
		}
		if !slices.Equal(before.Ends, after.Ends[:len(before.Ends)]) {
			t.Fatalf("ends differ")
		}
	})
}

func TestChainOfOtherRootSharesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := conversation(t, "messages")
		a := rapid.Uint64().Draw(t, "root")
		b := a ^ 1<<rapid.IntRange(0, 63).Draw(t, "bit")
		shareNothing(t, chainOf(a, messages...).Keys, chainOf(b, messages...).Keys)
	})
}

func shareNothing(t interface{ Fatalf(string, ...any) }, a, b []uint64) {
	for i, key := range a {
		if j := slices.Index(b, key); j >= 0 {
			t.Fatalf("key %d of one prompt is key %d of the other", i, j)
		}
	}
}

func TestChainOneBitChangesAllLaterKeys(t *testing.T) {
	t.Parallel()
	text := randomBytes(5, 700)
	messages := []message{{1, text[:100]}, {2, text[100:]}, {3, []byte("end")}}
	plain := chainOf(9, messages...)
	for bit := range 8 * len(text) {
		text[bit/8] ^= 1 << (bit % 8)
		flipped := chainOf(9, messages...)
		text[bit/8] ^= 1 << (bit % 8)
		same := 0
		for same < len(plain.Keys) && plain.Ends[same] <= int32(bit/8) {
			same++
		}
		if !slices.Equal(plain.Keys[:same], flipped.Keys[:same]) {
			t.Fatalf("bit %d changes a key before it", bit)
		}
		shareNothing(t, plain.Keys[same:], flipped.Keys[same:])
	}
}

func TestChainTellsApart(t *testing.T) {
	t.Parallel()
	a, b := randomBytes(1, 256), randomBytes(2, 256)
	m := func(role byte, texts ...[]byte) message { return message{role, bytes.Join(texts, nil)} }
	prompts := map[string][]message{
		"nothing twice":      {m(1), m(1)},
		"nothing thrice":     {m(1), m(1), m(1)},
		"a b":                {m(1, a), m(1, b)},
		"b a":                {m(1, b), m(1, a)},
		"ab in one":          {m(1, a, b)},
		"ab, nothing":        {m(1, a, b), m(1)},
		"nothing, ab":        {m(1), m(1, a, b)},
		"ab by another":      {m(2, a, b)},
		"a by another, b":    {m(2, a), m(1, b)},
		"a, b by another":    {m(1, a), m(2, b)},
		"split off a block":  {m(1, a[:100]), m(1, a[100:], b)},
		"split a byte later": {m(1, a[:101]), m(1, a[101:], b)},
		"zero bytes":         {m(1, make([]byte, 10))},
		"one more zero byte": {m(1, make([]byte, 11))},
		"zeros split":        {m(1, make([]byte, 5)), m(1, make([]byte, 5))},
		"zeros split else":   {m(1, make([]byte, 4)), m(1, make([]byte, 6))},
		"zero blocks":        {m(1, make([]byte, 512))},
		"more zero blocks":   {m(1, make([]byte, 768))},
	}
	last := map[uint64]string{}
	for name, messages := range prompts {
		c := chainOf(1, messages...)
		key := c.Keys[len(c.Keys)-1]
		if other, ok := last[key]; ok {
			t.Errorf("%q and %q have the same last key", name, other)
		}
		last[key] = name
		if seen := slices.Compact(slices.Sorted(slices.Values(c.Keys))); len(seen) != len(c.Keys) {
			t.Errorf("%q has a key twice", name)
		}
	}
}

func TestChainBlocksOfAMessageDependOnWhatStandsBefore(t *testing.T) {
	t.Parallel()
	text := randomBytes(6, 600)
	for n := range 300 { // blocks start anew: a message's first block is its first 256 bytes, however long the one before was
		c := chainOf(1, message{1, text[:n]}, message{2, text})
		first := c.Boundaries[0] + 1
		if got := c.Ends[first : first+3]; !slices.Equal(got, []int32{int32(n + 256), int32(n + 512), int32(n + 600)}) {
			t.Fatalf("after %d bytes the ends of the second message are %d", n, got)
		}
	}
}

func TestChainMaxKeys(t *testing.T) {
	t.Parallel()
	messages := []message{{1, randomBytes(1, 600)}, {2, nil}, {3, randomBytes(2, 1000)}, {4, randomBytes(3, 10)}}
	whole := chainOf(1, messages...)
	for limit := 1; limit <= len(whole.Keys)+1; limit++ {
		for _, piece := range []int{1, 100, 256, 2000} {
			c := prefix.Chain{MaxKeys: limit}
			c.Reset(1)
			for _, m := range messages {
				for p := range slices.Chunk(m.text, piece) {
					c.Text(p)
				}
				c.Boundary(m.role)
			}
			n := min(limit, len(whole.Keys))
			if !slices.Equal(c.Keys, whole.Keys[:n]) || !slices.Equal(c.Ends, whole.Ends[:n]) {
				t.Fatalf("limit %d, pieces of %d: %d keys are not the first of all", limit, piece, len(c.Keys))
			}
			if c.Truncated != (limit < len(whole.Keys)) || c.Bytes != whole.Bytes {
				t.Fatalf("limit %d: truncated %v, %d bytes", limit, c.Truncated, c.Bytes)
			}
			for _, b := range c.Boundaries {
				if int(b) >= n || !slices.Contains(whole.Boundaries, b) {
					t.Fatalf("limit %d: boundary %d", limit, b)
				}
			}
		}
	}
}

func TestChainMaxKeysDefaults(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, -1, prefix.DefaultMaxKeys} {
		c := prefix.Chain{MaxKeys: limit}
		c.Reset(1)
		for range prefix.DefaultMaxKeys + 2 {
			c.Boundary(0)
		}
		if len(c.Keys) != prefix.DefaultMaxKeys || !c.Truncated {
			t.Errorf("MaxKeys %d: %d keys, truncated %v", limit, len(c.Keys), c.Truncated)
		}
		c.Reset(1)
		c.Boundary(0)
		if len(c.Keys) != 1 || c.Truncated {
			t.Errorf("MaxKeys %d: after Reset %d keys, truncated %v", limit, len(c.Keys), c.Truncated)
		}
	}
}

func TestChainBeforeResetKeepsNothing(t *testing.T) {
	t.Parallel()
	var c prefix.Chain
	c.Text(make([]byte, 1000))
	c.Boundary(1)
	if len(c.Keys) != 0 || !c.Truncated {
		t.Errorf("%d keys, truncated %v", len(c.Keys), c.Truncated)
	}
}

func TestChainAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under the race detector")
	}
	for _, shape := range []struct{ messages, size int }{{1, 48 << 10}, {20, 48 << 10 / 20}, {1, 1 << 10}, {1000, 40}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			text := randomBytes(1, shape.size)
			var c prefix.Chain
			if n := testing.AllocsPerRun(100, func() { // its first run, which is not counted, warms up
				c.Reset(1)
				for range shape.messages {
					c.Text(text[:len(text)/3])
					c.Text(text[len(text)/3:])
					c.Boundary(1)
				}
			}); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// FuzzChain reads a prompt out of bytes: a byte of length, a byte that is role or, above 127, "the message goes on", text.
func FuzzChain(f *testing.F) {
	f.Add(uint64(0), []byte{}, uint16(4))
	f.Add(uint64(1), []byte("\x05\x01hello\x05\x02world"), uint16(0))
	f.Add(uint64(math.MaxUint64), bytes.Repeat(append([]byte{200, 128}, make([]byte, 200)...), 5), uint16(3))
	f.Add(uint64(7), bytes.Repeat([]byte{0, 1}, 20), uint16(11))
	f.Fuzz(func(t *testing.T, root uint64, data []byte, limit uint16) {
		if len(data) > 4096 {
			t.Skip("the reference is slow, and longer prompts show nothing new")
		}
		c := prefix.Chain{MaxKeys: int(limit)}
		c.Reset(root)
		var messages []message
		var open []byte
		total := 0
		for len(data) >= 2 {
			n, role := min(int(data[0]), len(data)-2), data[1]
			c.Text(data[2 : 2+n])
			open = append(open, data[2:2+n]...)
			total += n
			data = data[2+n:]
			if role < 128 {
				c.Boundary(role)
				messages = append(messages, message{role, open})
				open = nil
			}
		}
		want := referenceChain(root, append(messages, message{0, open}))
		n := len(want.keys) - 1 // the open message has no end
		most := n
		if limit > 0 {
			most = min(n, int(limit))
		}
		if !slices.Equal(c.Keys, want.keys[:most]) || !slices.Equal(c.Ends, want.ends[:most]) || c.Bytes != total || c.Truncated != (most < n) {
			t.Fatalf("limit %d: keys %x ends %d bytes %d truncated %v\nwant %x %d", limit, c.Keys, c.Ends, c.Bytes, c.Truncated, want.keys[:n], want.ends[:n])
		}
	})
}
