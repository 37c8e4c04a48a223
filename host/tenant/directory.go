package tenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Default is the tenant of requests when no keys are configured at all ([Directory.Empty]); callers allow that on loopback only.
const Default = "default"

// MaxName is the longest tenant name, in bytes.
const MaxName = 128

// maxCredential bounds what is hashed for one request; no provider's keys come near it.
const maxCredential = 4096

// Reasons for refusing a credential. They are sentinels: compare with errors.Is or ==. None carries what the client sent.
var (
	ErrMissing    = errors.New("no credential: send Authorization: Bearer, x-api-key or api-key")                                 // 401
	ErrUnknown    = errors.New("unknown credential")                                                                              // 401
	ErrExpired    = errors.New("the credential has expired (tenants.NAME.keys[].not_after)")                                      // 401
	ErrActFor     = errors.New("this credential may not act for the tenant named in x-weir-tenant (tenants.NAME.keys[].act_for)") // 403
	ErrTenantName = errors.New("x-weir-tenant is not a tenant name: 1 to 128 of A-Z a-z 0-9 . _ : -")                             // 400
)

// Key is one credential of one tenant.
type Key struct {
	Tenant   string    // the owner; [A-Za-z0-9._:-]{1,128}
	SHA256   [32]byte  // SHA-256 of the credential; the credential itself is not kept
	NotAfter time.Time // last instant of validity; zero = never expires
	ActFor   []string  // tenants this key may speak for: exact names, or a prefix followed by one trailing *
}

// Identity is what a credential amounts to.
type Identity struct {
	Tenant string // whose request this is
	Via    string // the key's own tenant when it acts for another one, else ""
}

// Owner returns the configured tenant that answers for the request: Via when acting for another tenant, else Tenant.
func (i Identity) Owner() string {
	if i.Via != "" {
		return i.Via
	}
	return i.Tenant
}

// Directory finds the tenant of a credential. It is safe for concurrent use.
type Directory struct {
	keys  map[[32]byte]*entry
	names *interner // nil when no key acts for others
}

type entry struct {
	digest   [32]byte
	tenant   string
	notAfter time.Time
	actFor   []pattern
}

// pattern is an exact name, or a prefix when open.
type pattern struct {
	name string
	open bool
}

// New builds a directory. Invalid names or patterns and keys that share a digest are errors; all of them are reported at once.
func New(keys []Key) (*Directory, error) {
	d := &Directory{keys: make(map[[32]byte]*entry, len(keys))}
	var faults []error
	for i, k := range keys {
		e, err := newEntry(k)
		if err != nil {
			faults = append(faults, fmt.Errorf("tenant %q: key %d: %w", k.Tenant, i+1, err))
			continue
		}
		if other, taken := d.keys[k.SHA256]; taken {
			faults = append(faults, fmt.Errorf("tenant %q: key %d: the same credential already belongs to tenant %q; give every key its own value", k.Tenant, i+1, other.tenant))
			continue
		}
		d.keys[k.SHA256] = e
		if len(e.actFor) > 0 && d.names == nil {
			d.names = newInterner(maxNames)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return d, nil
}

func newEntry(k Key) (*entry, error) {
	if !ValidName(k.Tenant) {
		return nil, errors.New("not a tenant name: 1 to 128 of A-Z a-z 0-9 . _ : -")
	}
	switch k.SHA256 {
	case [32]byte{}:
		return nil, errors.New("sha256 is not set")
	case emptyDigest():
		return nil, errors.New("sha256 is that of an empty credential")
	}
	e := &entry{digest: k.SHA256, tenant: k.Tenant, notAfter: k.NotAfter}
	for _, glob := range k.ActFor {
		p := pattern{name: glob}
		p.name, p.open = strings.CutSuffix(glob, "*")
		if !validChars(p.name) || len(p.name) > MaxName || (p.name == "" && !p.open) {
			return nil, fmt.Errorf("act_for %q: want a tenant name, or a prefix of one followed by a single trailing *", glob)
		}
		e.actFor = append(e.actFor, p)
	}
	return e, nil
}

func emptyDigest() [32]byte { return sha256.Sum256(nil) }

// Empty reports whether there are no keys at all.
func (d *Directory) Empty() bool { return len(d.keys) == 0 }

// Authenticate names the tenant that holds credential at the instant now. actAs is the value of x-weir-tenant (nil or empty: not sent); it counts
// only when the key carries act_for and is ignored otherwise. Neither slice is kept. It allocates nothing, except once for each acted-for name it has not seen lately.
//
// Errors: [ErrMissing], [ErrUnknown], [ErrExpired], [ErrActFor], [ErrTenantName].
//
// Time and secrets: what is looked up is the SHA-256 of what the client sent. How long the map takes depends on that digest only, under a hash
// seeded per process; a client that learnt how many leading bytes of some stored digest it had matched would need a preimage of SHA-256 to
// use it. The last comparison is crypto/subtle's, so not even that is told.
func (d *Directory) Authenticate(credential, actAs []byte, now time.Time) (Identity, error) {
	if len(credential) == 0 {
		return Identity{}, ErrMissing
	}
	if len(credential) > maxCredential {
		return Identity{}, ErrUnknown
	}
	digest := sha256.Sum256(credential)
	e := d.keys[digest]
	if e == nil || subtle.ConstantTimeCompare(e.digest[:], digest[:]) != 1 {
		return Identity{}, ErrUnknown
	}
	if !e.notAfter.IsZero() && now.After(e.notAfter) {
		return Identity{}, ErrExpired
	}
	if len(actAs) == 0 || len(e.actFor) == 0 || string(actAs) == e.tenant {
		return Identity{Tenant: e.tenant}, nil
	}
	if !ValidName(actAs) {
		return Identity{}, ErrTenantName
	}
	if !e.mayActFor(actAs) {
		return Identity{}, ErrActFor
	}
	return Identity{Tenant: d.names.intern(actAs), Via: e.tenant}, nil
}

func (e *entry) mayActFor(name []byte) bool {
	for _, p := range e.actFor {
		if p.open && len(name) >= len(p.name) && string(name[:len(p.name)]) == p.name {
			return true
		}
		if !p.open && string(name) == p.name {
			return true
		}
	}
	return false
}

// ValidName reports whether s is a tenant name: [A-Za-z0-9._:-]{1,128}.
func ValidName[T string | []byte](s T) bool {
	return len(s) > 0 && len(s) <= MaxName && validChars(s)
}

func validChars[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == ':', c == '-':
		default:
			return false
		}
	}
	return true
}
