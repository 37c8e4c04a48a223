package sim

import (
	"sync"

	"github.com/cespare/xxhash/v2"
)

// blockTokens is the unit of the prefix cache.
const blockTokens = 64

// prefixCache is the model's own prompt cache, as vLLM has one: the prompt is cut
// into blocks of 64 tokens, each keyed by everything up to its end, and the least
// recently used blocks go first. It holds keys only. Safe for concurrent use.
type prefixCache struct {
	mu       sync.Mutex
	capacity int
	blocks   map[uint64]*block
	newest   block // sentinel of a ring: newest.next is the most recent
}

type block struct {
	key        uint64
	prev, next *block
}

func newPrefixCache(capacity int) *prefixCache {
	c := &prefixCache{capacity: capacity, blocks: map[uint64]*block{}}
	c.newest.prev, c.newest.next = &c.newest, &c.newest
	return c
}

// admit looks up the prompt of a model and stores its whole blocks. cached is the
// number of tokens of the longest known prefix, stored that of the tokens newly
// kept. The last token of a prompt is never cached: a model has to compute one.
func (c *prefixCache) admit(model string, prompt []byte) (cached, stored int) {
	const size = blockTokens * tokenBytes
	if c.capacity <= 0 || len(prompt) <= size {
		return 0, 0
	}
	n := (len(prompt) - 1) / size
	c.mu.Lock()
	defer c.mu.Unlock()
	key := xxhash.Sum64String(model)
	hit, oldest := true, c.newest.next
	for i := range n {
		key = mix(key) ^ xxhash.Sum64(prompt[i*size:(i+1)*size])
		b := c.blocks[key]
		if b == nil {
			hit = false
			if i >= c.capacity { // longer than the whole cache: its head is worth more than its tail
				continue
			}
			b = &block{key: key}
			c.blocks[key] = b
			stored += blockTokens
		} else {
			if hit {
				cached += blockTokens
			}
			b.prev.next, b.next.prev = b.next, b.prev
			if oldest == b {
				oldest = b.next
			}
		}
		// Behind the blocks before it, so that a prompt loses its tail first.
		b.prev, b.next = oldest.prev, oldest
		b.prev.next, oldest.prev = b, b
	}
	for len(c.blocks) > c.capacity {
		last := c.newest.prev
		last.prev.next, c.newest.prev = &c.newest, last.prev
		delete(c.blocks, last.key)
	}
	return cached, stored
}
