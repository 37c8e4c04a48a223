package memo

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Key says which message it is, of which scope. It must not leave the process.
type Key struct{ a, b uint64 }

// Format keeps keys out of logs and errors.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "memo.Key(redacted)") }

// pieceSize is how much of a message is hashed at once, in bytes. Most messages are one piece, which stays in the first-level cache.
const pieceSize = 16 << 10

// headSize is what stands before each text: what it is, u8, role, channel and kind, u8 each, and its length, u32.
const headSize = 8

// What a text is.
const (
	textContext = 1 + iota
	textPart
	textContextKey
)

// A piece begins with one of these in headSize bytes; chained ones go on with the encrypted tag of those before.
const (
	pieceFirst = 1 + iota
	pieceChained
)

// Hasher makes keys, one after the other: Begin, Context for what is shown as context, Part for each part of the message, Key. It is
// not safe for concurrent use.
//
// A message is hashed as the sequence of its texts, each behind 8 bytes that say what it is and how long, cut into pieces of 16 KiB
// that are chained.
type Hasher struct {
	memo    *Memo
	scope   *Scope
	n       int // bytes in piece
	nonce   [12]byte
	tag     [16]byte
	context [16]byte
	piece   [pieceSize]byte
}

// Hasher lends a Hasher, to be given back by Release.
func (m *Memo) Hasher() *Hasher { return m.hashers.Get().(*Hasher) }

// Release gives h back.
func (h *Hasher) Release() {
	h.scope = nil
	h.memo.hashers.Put(h)
}

// Begin begins a message of the scope.
func (h *Hasher) Begin(s *Scope) {
	h.scope = s
	h.n = headSize
	binary.LittleEndian.PutUint64(h.piece[:], pieceFirst)
}

// Context adds a text that is shown as context of the message.
func (h *Hasher) Context(role, channel, kind uint8, text []byte) {
	h.text(textContext, role, channel, kind, text)
}

// ContextKey adds another message as context, by its key in the same scope: a long message that is the context of many is hashed once.
func (h *Hasher) ContextKey(k Key) {
	binary.LittleEndian.PutUint64(h.context[:], k.a)
	binary.LittleEndian.PutUint64(h.context[8:], k.b)
	h.text(textContextKey, 0, 0, 0, h.context[:])
}

// Part adds a part of the message.
func (h *Hasher) Part(role, channel, kind uint8, text []byte) {
	h.text(textPart, role, channel, kind, text)
}

func (h *Hasher) text(what uint64, role, channel, kind uint8, text []byte) {
	if pieceSize-h.n < headSize {
		h.link()
	}
	binary.LittleEndian.PutUint64(h.piece[h.n:],
		what|uint64(role)<<8|uint64(channel)<<16|uint64(kind)<<24|uint64(len(text))<<32)
	h.n += headSize
	for {
		n := copy(h.piece[h.n:], text)
		h.n += n
		if text = text[n:]; len(text) == 0 {
			return
		}
		h.link()
	}
}

// link ends a piece in mid-message and begins the next with what stands for all before.
func (h *Hasher) link() {
	h.seal()
	binary.LittleEndian.PutUint64(h.piece[:], pieceChained)
	h.n = headSize + copy(h.piece[headSize:], h.tag[:])
}

// seal makes tag the encrypted tag of the piece.
func (h *Hasher) seal() {
	h.scope.mac.Seal(h.tag[:0], h.nonce[:], nil, h.piece[:h.n])
	h.scope.cipher.Encrypt(h.tag[:], h.tag[:])
}

// Key ends the message.
func (h *Hasher) Key() Key {
	h.seal()
	return Key{binary.LittleEndian.Uint64(h.tag[:]), binary.LittleEndian.Uint64(h.tag[8:])}
}
