// Package prefix names the beginnings of prompts: it turns the text of a request into a chain of 64-bit keys, each of which stands for all of
// the prompt up to a point. Two prompts of one tenant and model that begin alike have keys that begin alike, and turn n+1 of a conversation
// contains every key of turn n.
//
// The keys steer, they never authorise. They say where a prompt's cache probably is and how much of the traffic repeats itself; they prove
// nothing. XXH64 is no cryptographic hash, a client can make two texts of its own with one key (the block hash has no secret in it), and two users can begin with the
// same words. So no key may stand for a user, select stored content or grant anything. What the secret seed does buy: a client can
// neither compute its own keys nor make keys that meet another tenant's.
//
// # The format
//
// This definition is a promise: the same seed gives the same keys in every version of Weir, on every machine, until the label
// below changes. All arithmetic is on unsigned 64-bit words; K[0..3] are the words, little-endian, of the seed.
//
//	K                  = HKDF-SHA256(secret, salt "weir prefix keys", info "1", 32 bytes)               RFC 5869
//	mix(a, b)          = (low 64 bits of a·b ⊕ high 64 bits of a·b) + a + b
//	root               = mix(mix(mix(K[0], K[1] ⊕ xxh64(tenant)), K[2] ⊕ xxh64(model)), K[3] ⊕ (bytes of tenant · 2³² + bytes of model))
//	block key          = mix(root ⊕ 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
//	end key            = mix(root ⊕ 0xc2b2ae3d27d4eb4f, 0xa0761d6478bd642f)
//	h(0)               = root
//	h(i), a block      = mix(h(i−1), block key ⊕ xxh64(256 bytes of text))
//	h(i), a message end = mix(mix(h(i−1), block key ⊕ xxh64(what is left of the message, 0 to 255 bytes)),
//	                     end key ⊕ (role · 2⁵⁶ + bytes of the message))
//
// xxh64 is XXH64 with seed 0. A message of n bytes gives n/256 block keys, rounded down, and one key for its end, also where n is 0
// or a multiple of 256. Blocks start anew at each message, so that a message's keys depend on what stands before it and on itself only. Roles are bytes
// of the caller's choosing; renumbering them changes every key. mix is the 128-bit multiplication of wyhash with its factors fed forward: whatever
// the one happens to be, 0 say, the other still comes through.
//
// # Memory and goroutines
//
// A [Chain] is reused and belongs to one goroutine at a time; the caller pools it. It keeps at most [Block]−1 bytes of text between calls and, for each key, 12
// bytes (16 for the end of a message). A [Seen] is a set of fixed size for any number of goroutines. A [Seed] is an immutable value. The package starts
// no goroutines, reads no clock and, but for [RandomSeed], does no input or output.
//
// Any package above may import prefix; prefix imports nothing of Weir.
package prefix
