package sim

import (
	"bytes"
	"fmt"
	"testing"
)

const blockBytes = blockTokens * tokenBytes

func blocksOf(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n*blockBytes) }

func TestPrefixCache(t *testing.T) {
	t.Parallel()
	type ask struct {
		model  string
		prompt []byte
		cached int // blocks
		stored int
	}
	long := append(blocksOf('a', 4), "tail"...)
	for name, row := range map[string]struct {
		capacity int
		asks     []ask
	}{
		"a prompt is known afterwards": {100, []ask{{"m", long, 0, 4}, {"m", long, 4, 0}}},
		"its prefix too":               {100, []ask{{"m", long, 0, 4}, {"m", append(blocksOf('a', 2), 'x'), 2, 0}}},
		"another model's is not":       {100, []ask{{"m", long, 0, 4}, {"n", long, 0, 4}}},
		"a change ends the prefix":     {100, []ask{{"m", long, 0, 4}, {"m", append(append(blocksOf('a', 2), 'b'), blocksOf('a', 2)...), 2, 2}}},
		"less than a block is not kept": {100, []ask{
			{"m", blocksOf('a', 1)[1:], 0, 0}, {"m", blocksOf('a', 1)[1:], 0, 0},
		}},
		"the last token is never cached": {100, []ask{{"m", blocksOf('a', 4), 0, 3}, {"m", blocksOf('a', 4), 3, 0}}},
		"the oldest goes first, its tail before its head": {6, []ask{
			{"m", long, 0, 4}, {"m", append(blocksOf('b', 4), 'x'), 0, 4}, {"m", long, 2, 2}, {"m", append(blocksOf('b', 4), 'x'), 2, 2},
		}},
		"use keeps": {8, []ask{
			{"m", long, 0, 4}, {"m", append(blocksOf('b', 4), 'x'), 0, 4}, {"m", long, 4, 0}, {"m", append(blocksOf('c', 4), 'x'), 0, 4}, {"m", long, 4, 0},
		}},
		"of a prompt longer than the cache the head is kept": {2, []ask{{"m", long, 0, 2}, {"m", long, 2, 0}}},
		"no cache": {-1, []ask{{"m", long, 0, 0}, {"m", long, 0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newPrefixCache(row.capacity)
			for i, a := range row.asks {
				cached, stored := c.admit(a.model, a.prompt)
				if cached != a.cached*blockTokens || stored != a.stored*blockTokens {
					t.Errorf("ask %d: cached %d, stored %d tokens; want %d, %d blocks", i, cached, stored, a.cached, a.stored)
				}
				c.check(t)
			}
		})
	}
}

// check holds the ring to the map.
func (c *prefixCache) check(t *testing.T) {
	t.Helper()
	n := 0
	for b := c.newest.next; b != &c.newest; b = b.next {
		if c.blocks[b.key] != b || b.next.prev != b {
			t.Fatal("the ring is broken")
		}
		n++
	}
	if n != len(c.blocks) || n > max(c.capacity, 0) {
		t.Fatalf("%d blocks in the ring, %d in the map, capacity %d", n, len(c.blocks), c.capacity)
	}
}

func FuzzPrefixCache(f *testing.F) {
	f.Add([]byte("aaab"), uint8(3))
	f.Add([]byte("abcabcabdabc"), uint8(5))
	f.Fuzz(func(t *testing.T, script []byte, capacity uint8) {
		c := newPrefixCache(int(capacity))
		for len(script) > 0 {
			var prompt []byte
			for _, b := range script[:min(len(script), 4)] {
				prompt = append(prompt, blocksOf(b, 1)...)
			}
			script = script[min(len(script), 3):]
			cached, stored := c.admit("m", prompt)
			if cached < 0 || stored < 0 || cached+stored > len(prompt)/tokenBytes {
				t.Fatalf("cached %d, stored %d of %d", cached, stored, len(prompt)/tokenBytes)
			}
			c.check(t)
		}
	})
}

func BenchmarkPrefixCache(b *testing.B) {
	for _, blocks := range []int{4, 64, 512} {
		b.Run(fmt.Sprintf("%dblocks", blocks), func(b *testing.B) {
			c := newPrefixCache(DefaultCacheBlocks)
			prompt := append(blocksOf('a', blocks), 'x')
			b.ReportAllocs()
			b.SetBytes(int64(len(prompt)))
			for b.Loop() {
				c.admit("m", prompt)
			}
		})
	}
}
