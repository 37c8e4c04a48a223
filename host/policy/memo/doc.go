// Package memo remembers what plugins that judge message by message said of each message, so that a conversation whose history
// comes again with every turn is not judged again with every turn.
//
// # What is remembered, and under what key
//
// A value is at most four scores with their names; that a message was judged and got none is a value too. The key is
// a MAC over everything the judgement may depend on: tenant, digest of the module and digest of its configuration (these three by way of the
// Scope's own keys), and role, channel, kind and text of every part of the message and of the context shown with it. Whoever is
// to be remembered must depend on nothing else, and what went wrong is never put here: both are the caller's to see to.
//
// # Why a collision cannot be made
//
// A remembered verdict stands for a message that is not shown to the plugin, so two messages with one key would be a way past a
// guard. A key is a GMAC tag of 128 bits (NIST SP 800-38D: AES-GCM with the message as additional data and no plaintext), encrypted
// by AES under another key. The keys of a Scope are derived by HMAC-SHA-256 from 256 random bits of the process.
//
// The nonce is always the same, which would ruin GMAC where tags are seen: two of them give equations for the hash key. Nobody sees
// these. With one nonce a tag is GHASH under a secret key, plus a constant, and as a hash it needs no nonce: two messages of at
// most n blocks of 16 bytes, chosen without knowledge of the key, collide with a probability of at most (n+1)/2^128 (the bound of McGrew
// and Viega, The Security and Performance of the Galois/Counter Mode, 2004, for GHASH as a universal hash). What goes on from there is the tag's
// encryption, which as long as there is no collision looks random and tells nothing of the hash key: not what is hashed on, as
// a link of a long message or as context, and not where in the table a message lies, which somebody might learn by timing. Keys never leave the
// process, in no record, metric, log or frame. What shows outside is whether a message was known.
//
// A message is hashed in pieces of at most 1,024 blocks (see Hasher), so among a million remembered messages a forged one is found
// with a probability of 2^-98 a piece, and not being found teaches an attacker no more than that it was not.
//
// BLAKE3 keyed, measured beside it (BenchmarkMAC, github.com/zeebo/blake3), takes six to eight times as long on messages of 0.5–1 KB. xxhash
// and maphash are as fast as GMAC and are no MACs.
//
// # Bounds
//
// A Memo is one table of fixed size, in buckets of eight entries; the entry of a bucket that was not used for longest makes room. It holds no
// pointers, so the collector does not look at it, and nothing here allocates after New and Scope but a Hasher now and then. All tenants share
// the table: one that floods it costs others time, never a verdict.
//
// It is safe for concurrent use, starts no goroutines, reads no clock and knows nothing of frames and plugins. Only host/policy
// imports it.
package memo
