package prefix

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// The salt and info of the derivation. Whoever changes what a key means changes formatVersion with it.
const (
	formatSalt    = "weir prefix keys"
	formatVersion = "1"
)

// Seed is the secret that all keys of one deployment start from. Gateways that are given the same secret make the same keys. The zero
// Seed works and is no secret.
type Seed struct{ k [4]uint64 }

// NewSeed derives a Seed from a configured secret by HKDF-SHA256 (RFC 5869), so that the secret may also serve other purposes. The same secret always gives
// the same Seed. A secret of any length is taken; fewer than 16 bytes drawn at random can be guessed, which the caller refuses where it matters.
func NewSeed(secret []byte) Seed {
	// RFC 5869 written out: one block of output is two HMACs, and crypto/hkdf returns an error nobody here could act on.
	extract := hmac.New(sha256.New, []byte(formatSalt))
	extract.Write(secret)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte(formatVersion + "\x01"))
	words := expand.Sum(nil)
	var s Seed
	for i := range s.k {
		s.k[i] = binary.LittleEndian.Uint64(words[8*i:])
	}
	return s
}

// RandomSeed is a Seed that no other process has: its keys mean nothing after a restart.
func RandomSeed() Seed {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the process instead
	return NewSeed(secret[:])
}

// Root is the start of all chains of one tenant and model, to be passed to [Chain.Reset]. Other tenants, models and seeds have other roots; names are
// told apart by their lengths too, so ("a", "bc") is not ("ab", "c"). It does not allocate.
func (s Seed) Root(tenant, model string) uint64 {
	h := mix(s.k[0], s.k[1]^xxhash.Sum64String(tenant))
	h = mix(h, s.k[2]^xxhash.Sum64String(model))
	return mix(h, s.k[3]^(uint64(len(tenant))<<32+uint64(len(model))))
}

// Format prints no part of the seed, whatever the verb.
func (s Seed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "prefix.Seed(redacted)") }

// mix joins two words so that each bit of either moves about half the bits of the result. The factors are added, not ⊕-ed, to the folded product: so a
// factor of 0, 1, 2⁶⁴−1 or any other power of two still lets the other one through, which with ⊕ a factor of 1 would not.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return (hi ^ lo) + a + b
}
