package prefix

import (
	"slices"

	"github.com/cespare/xxhash/v2"
)

const (
	// Block is the number of bytes of text to a key: about 64 tokens of English.
	Block = 256
	// DefaultMaxKeys is the bound on the keys of a chain unless the chain sets another: 16 MiB of text, 768 KiB of keys and ends.
	DefaultMaxKeys = 65_536
	// maxMaxKeys keeps Ends within int32, whatever MaxKeys says.
	maxMaxKeys = (1<<31 - 1) / Block
)

// Chain holds the keys of one prompt. Reset starts it; then, message by message, any number of calls of Text and one of Boundary. What
// reaches the model outside of messages, such as tool definitions, is fed as a message too, in the order in which the model sees it. The slices may be read
// at any time until the next Reset, and belong to the Chain. After warm-up no method allocates.
//
// A Chain is not safe for concurrent use.
type Chain struct {
	Keys       []uint64 // in the order of the text; a key stands for the whole prompt up to its end
	Ends       []int32  // as long as Keys: bytes of prompt text up to and with key i; does not fall, and stays the same at the end of a message that no text is left for
	Boundaries []int32  // indices in Keys, rising, of the keys that end a message
	Bytes      int      // of text since Reset, with what is not covered by a key
	Truncated  bool     // text or message ends came after the last key that MaxKeys allows

	// MaxKeys bounds Keys: what comes later is not hashed and sets Truncated. 0 means DefaultMaxKeys; 8,388,607 is the most. Set before Reset.
	MaxKeys int

	h        uint64 // last key
	blockKey uint64
	endKey   uint64
	limit    int
	message  uint64 // bytes of the open message
	n        int    // bytes in rest
	rest     [Block]byte
}

// Reset empties the chain and starts it from a root, which is [Seed.Root]'s. It must come before the first Text.
func (c *Chain) Reset(root uint64) {
	c.Keys, c.Ends, c.Boundaries = c.Keys[:0], c.Ends[:0], c.Boundaries[:0]
	c.Bytes, c.Truncated = 0, false
	c.limit = c.MaxKeys
	if c.limit <= 0 {
		c.limit = DefaultMaxKeys
	}
	c.limit = min(c.limit, maxMaxKeys)
	c.h = root
	c.blockKey = mix(root^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	c.endKey = mix(root^0xc2b2ae3d27d4eb4f, 0xa0761d6478bd642f)
	c.message, c.n = 0, 0
}

// Text adds a piece to the open message. Pieces concatenate: however a message is cut, its keys are the same. Only what does not fill
// a block, at most 255 bytes, is copied; p is not kept.
func (c *Chain) Text(p []byte) {
	c.Bytes += len(p)
	if c.Truncated {
		return
	}
	c.message += uint64(len(p))
	if c.n > 0 {
		k := copy(c.rest[c.n:], p)
		c.n += k
		if c.n < Block {
			return
		}
		c.n = 0
		c.blocks(c.rest[:], c.Bytes-len(p)+k)
		p = p[k:]
	}
	if len(p) >= Block {
		whole := len(p) &^ (Block - 1)
		c.blocks(p[:whole], c.Bytes-len(p)+whole)
		p = p[whole:]
	}
	c.n = copy(c.rest[:], p)
}

// blocks adds the keys of text, which is whole blocks that end at byte end of the prompt.
func (c *Chain) blocks(text []byte, end int) {
	n := len(text) / Block
	end -= n * Block
	if room := c.limit - len(c.Keys); n > room {
		n, c.Truncated = room, true
	}
	have := len(c.Keys)
	c.Keys = slices.Grow(c.Keys, n)[:have+n]
	c.Ends = slices.Grow(c.Ends, n)[:have+n]
	keys, ends, h, k := c.Keys[have:], c.Ends[have:], c.h, c.blockKey
	for i := range keys {
		h = mix(h, k^xxhash.Sum64(text[:Block]))
		text = text[Block:]
		end += Block
		keys[i] = h
		ends[i] = int32(end)
	}
	c.h = h
}

// Boundary ends the open message, which may be empty, and states its role. The next Text opens another. Text that no Boundary follows
// is covered by its whole blocks only.
func (c *Chain) Boundary(role byte) {
	if len(c.Keys) >= c.limit {
		c.Truncated = true
	}
	if c.Truncated {
		return
	}
	h := mix(c.h, c.blockKey^xxhash.Sum64(c.rest[:c.n]))
	c.h = mix(h, c.endKey^(uint64(role)<<56+c.message))
	c.message, c.n = 0, 0
	c.Boundaries = append(c.Boundaries, int32(len(c.Keys)))
	c.Keys = append(c.Keys, c.h)
	c.Ends = append(c.Ends, int32(c.Bytes))
}
