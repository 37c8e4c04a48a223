package memo

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Scope is one plugin under one configuration for one tenant. It is immutable; two Scopes of the same three belong together, so
// a chain that is built anew finds what the old one put.
type Scope struct {
	mac    cipher.AEAD
	cipher cipher.Block // of the tags
}

// Scope derives the keys of a scope. Any strings will do; they are told apart whatever they hold.
func (m *Memo) Scope(tenant, plugin, config string) *Scope {
	h := hmac.New(sha256.New, m.secret[:])
	for _, s := range [...]string{tenant, plugin, config} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	s, err := newScope(h.Sum(nil))
	if err != nil {
		panic(err) // New made one, so this process can
	}
	return s
}

// newScope takes 32 bytes of keys.
func newScope(key []byte) (*Scope, error) {
	mac, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, fmt.Errorf("memo: %w", err)
	}
	tags, err := aes.NewCipher(key[16:])
	if err != nil {
		return nil, fmt.Errorf("memo: %w", err)
	}
	aead, err := cipher.NewGCM(mac)
	if err != nil {
		return nil, fmt.Errorf("memo: GMAC with one nonce: %w", err)
	}
	return &Scope{mac: aead, cipher: tags}, nil
}
