package memo

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/zeebo/blake3"
)

// conversation is n messages of 0.5 to 1 KB, no two alike.
func conversation(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = bytes.Repeat([]byte{byte('a' + i%26)}, 512+i*37%512)
		binary.LittleEndian.PutUint64(list[i], uint64(i))
	}
	return list
}

// BenchmarkTurn20 is what the 19 messages cost that turn 20 brings again, and the new one.
func BenchmarkTurn20(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"cached", 256 << 10}, {"64MiB", 64 << 20}} {
		b.Run(size.name, func(b *testing.B) {
			m := mustNew(b, size.bytes)
			s := m.Scope("acme", "digest", "config")
			// Many conversations in turn, so that those of a large table are not in the processor's cache.
			const conversations = 4096
			list := conversation(20)
			var scores Scores
			scores.Add([]byte("risk"), 0.5)
			h := m.Hasher()
			for c := range conversations {
				for i, text := range list[:19] {
					binary.LittleEndian.PutUint64(text, uint64(c<<8|i))
					m.Put(key(h, s, text), &scores)
				}
			}
			h.Release()
			keys, found, known := make([]Key, len(list)), make([]Scores, len(list)), make([]bool, len(list))
			b.ReportAllocs()
			c := 0
			for b.Loop() {
				h := m.Hasher()
				c = (c + 1) % conversations
				for i, text := range list {
					binary.LittleEndian.PutUint64(text, uint64(c<<8|i))
					keys[i] = key(h, s, text)
				}
				h.Release()
				m.Find(keys, found, known)
			}
		})
	}
}

func key(h *Hasher, s *Scope, text []byte) Key {
	h.Begin(s)
	h.Part(3, 2, 0, text)
	return h.Key()
}

// BenchmarkMAC compares what could make keys, on the messages of a conversation.
func BenchmarkMAC(b *testing.B) {
	list := conversation(20)
	b.Run("GMAC", func(b *testing.B) {
		m := mustNew(b, 1)
		s := m.Scope("acme", "digest", "config")
		h := m.Hasher()
		b.ReportAllocs()
		for b.Loop() {
			for _, text := range list {
				key(h, s, text)
			}
		}
	})
	b.Run("BLAKE3", func(b *testing.B) {
		h, err := blake3.NewKeyed(make([]byte, 32))
		if err != nil {
			b.Fatal(err)
		}
		var sum [16]byte
		b.ReportAllocs()
		for b.Loop() {
			for _, text := range list {
				h.Reset()
				h.Write(text)
				h.Digest().Read(sum[:])
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	m := mustNew(b, 1<<20)
	s := m.Scope("acme", "digest", "config")
	h := m.Hasher()
	k := key(h, s, []byte("hello"))
	var scores Scores
	m.Put(k, &scores)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		keys, mine, known := []Key{k}, make([]Scores, 1), make([]bool, 1)
		for pb.Next() {
			m.Find(keys, mine, known)
		}
	})
}
