package host

import (
	"fmt"
	"maps"
	"slices"

	"weir/host/config"
	"weir/host/prefix"
	"weir/host/proxy"
	"weir/host/signal/phrase"
)

// memory is what requests leave behind for later ones, over reloads too.
type memory struct {
	seed prefix.Seed // random, for configurations without one
	seen *prefix.Seen
	size int // of seen, as configured
}

// seenEvery is how many blocks of a prompt are told apart as seen or not: 1 KiB,
// some 256 tokens, is what providers' caches tell apart, or less.
const seenEvery = 4

// facts decides what is found out about requests.
func (b *build) facts() (proxy.Facts, error) {
	c := b.cfg
	f := proxy.Facts{Signals: c.Signals == nil || *c.Signals, Seed: b.g.memory.seed}
	if secret := c.Prefix.Seed.Reveal(); secret != "" {
		f.Seed = prefix.NewSeed([]byte(secret))
	}
	b.memory = b.g.memory
	if size := c.Prefix.Seen; size != b.memory.size {
		b.memory.seen, b.memory.size = nil, size
		if size > 0 {
			b.memory.seen = prefix.NewSeen(size)
			b.memory.seen.Every = seenEvery
		}
	}
	f.Seen = b.memory.seen
	if c.Records != nil {
		switch c.Records.Prefix {
		case config.PrefixMessages:
			f.Keys = proxy.MessageKeys
		case config.PrefixBlocks:
			f.Keys = proxy.BlockKeys
		}
	}
	if len(c.Phrases) == 0 {
		return f, nil
	}
	f.Lists = slices.Sorted(maps.Keys(c.Phrases))
	lists := make([][]string, len(f.Lists))
	for i, name := range f.Lists {
		lists[i] = c.Phrases[name].All()
	}
	var err error
	if f.Phrases, err = phrase.CompileLists(lists); err != nil {
		return f, fmt.Errorf("phrases: %w", err)
	}
	return f, nil
}
