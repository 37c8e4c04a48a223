package prefix_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"

	"weir/host/prefix"
)

// message is a turn of a prompt as the tests know it.
type message struct {
	role byte
	text []byte
}

// reference is the format written from doc.go alone, with big numbers and copies: what Chain must agree with.
type reference struct {
	keys       []uint64
	ends       []int32
	boundaries []int32
}

func referenceChain(root uint64, messages []message) reference {
	var r reference
	block := referenceMix(root^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	end := referenceMix(root^0xc2b2ae3d27d4eb4f, 0xa0761d6478bd642f)
	h, total := root, 0
	add := func(key uint64) {
		h = key
		r.keys = append(r.keys, key)
		r.ends = append(r.ends, int32(total))
	}
	for _, m := range messages {
		rest := m.text
		for len(rest) >= 256 {
			total += 256
			add(referenceMix(h, block^referenceHash(rest[:256])))
			rest = rest[256:]
		}
		total += len(rest)
		r.boundaries = append(r.boundaries, int32(len(r.keys)))
		h = referenceMix(h, block^referenceHash(rest))
		add(referenceMix(h, end^(uint64(m.role)<<56+uint64(len(m.text)))))
	}
	return r
}

func referenceRoot(secret []byte, tenant, model string) uint64 {
	k, err := hkdf.Key(sha256.New, secret, []byte("weir prefix keys"), "1", 32)
	if err != nil {
		panic(err)
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(k[8*i:]) }
	h := referenceMix(word(0), word(1)^referenceHash([]byte(tenant)))
	h = referenceMix(h, word(2)^referenceHash([]byte(model)))
	return referenceMix(h, word(3)^(uint64(len(tenant))<<32+uint64(len(model))))
}

// referenceHash goes through the streaming side of the library, one byte at a time.
func referenceHash(p []byte) uint64 {
	d := xxhash.New()
	for i := range p {
		_, _ = d.Write(p[i : i+1])
	}
	return d.Sum64()
}

func referenceMix(a, b uint64) uint64 {
	product := new(big.Int).Mul(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
	high := new(big.Int).Rsh(product, 64)
	low := product.Sub(product, new(big.Int).Lsh(high, 64))
	return (high.Uint64() ^ low.Uint64()) + a + b
}

// chainOf feeds each message in one piece.
func chainOf(root uint64, messages ...message) *prefix.Chain {
	c := new(prefix.Chain)
	c.Reset(root)
	for _, m := range messages {
		c.Text(m.text)
		c.Boundary(m.role)
	}
	return c
}

// randomBytes are n bytes that only the seed decides.
func randomBytes(seed uint64, n int) []byte {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}
