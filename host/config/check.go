package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A checker looks at a decoded configuration as a whole: what the decoder
// could not see in one value alone.
type checker struct {
	*decoder
	config   *Config
	warnings *faultList
	files    []string
	watched  map[string]bool // the same, as a set
	broken   map[place]bool  // where the decoder found a fault
	now      time.Time
}

func newChecker(d *decoder, cfg *Config) *checker {
	c := &checker{
		decoder: d, config: cfg, warnings: &faultList{file: d.faults.file},
		watched: map[string]bool{}, broken: map[place]bool{}, now: time.Now(),
	}
	for _, f := range d.faults.faults {
		c.broken[place{f.Line, f.Column}] = true
	}
	return c
}

// fault reports what is wrong at a place, unless the decoder has found a fault
// there: what followed from that would only hide it.
func (c *checker) fault(at place, what, setting string) {
	if !c.broken[at] {
		c.faults.add(at, what, setting)
	}
}

// at gives the place of the first of several paths that the file mentions.
func (c *checker) at(paths ...string) place {
	for _, p := range paths {
		if at, ok := c.places[p]; ok {
			return at
		}
	}
	return place{1, 1}
}

func (c *checker) given(path string) bool {
	_, ok := c.places[path]
	return ok
}

// names lists the keys of a map in order, so that faults come in order too.
func names[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (c *checker) all() {
	c.listen()
	c.admin()
	c.serverTLS()
	c.targets()
	c.routes()
	c.tenants()
	c.phrases()
	c.prefix()
	c.plugins()
}

// addressFault is one thing wrong with a set of listen addresses.
type addressFault struct {
	index         int
	what, setting string
}

// checkListen holds listen addresses against each other, the admin listener
// and the tenants.
func checkListen(list Listen, admin Address, keys bool, setting string) []addressFault {
	var out []addressFault
	for i, a := range list {
		if j := slices.IndexFunc(list[:i], a.conflicts); j >= 0 {
			out = append(out, addressFault{i, "this address is taken by one before it", "remove one of the two from " + setting})
		}
		if a.conflicts(admin) {
			out = append(out, addressFault{i, "this address is taken by admin.listen", "give " + setting + " or admin.listen another port"})
		}
		if !a.Local() && !keys {
			out = append(out, addressFault{i, "other machines can reach this address, and no tenant has a key",
				"add a tenant with a key under tenants, or let " + setting + " be 127.0.0.1:PORT or unix:PATH"})
		}
	}
	return out
}

func (c *Config) hasKeys() bool {
	for _, t := range c.Tenants {
		if len(t.Keys) > 0 {
			return true
		}
	}
	return false
}

func (c *checker) listen() {
	for _, f := range checkListen(c.config.Listen, c.config.Admin.Listen, c.config.hasKeys(), "listen") {
		c.fault(c.at(fmt.Sprintf("listen[%d]", f.index), "listen"), f.what, f.setting)
	}
}

func (c *checker) admin() {
	a := &c.config.Admin
	c.oneSecret("admin.token", &a.Token, "admin.token_file", a.TokenFile)
}

// oneSecret settles a secret that may be given in place or in a file.
func (c *checker) oneSecret(path string, value *Secret, filePath, file string) {
	switch {
	case c.given(path) && c.given(filePath):
		c.fault(c.at(filePath), filePath+" is given beside "+path, "keep one of the two")
	case file != "":
		*value = c.readSecret(filePath, file)
	case *value != "" && !isCredential(string(*value)):
		c.fault(c.at(path), path+" holds blanks, control characters or characters beyond ASCII", "write the credential alone")
	}
}

// minSeed is the least length of prefix.seed: what is shorter could be guessed,
// and with it the keys of other tenants' prompts.
const minSeed = 16

func (c *checker) prefix() {
	p := &c.config.Prefix
	c.oneSecret("prefix.seed", &p.Seed, "prefix.seed_file", p.SeedFile)
	if p.Seed == "" || len(p.Seed) >= minSeed {
		return
	}
	at := "prefix.seed"
	if !c.given(at) {
		at = "prefix.seed_file"
	}
	c.fault(c.at(at), fmt.Sprintf("%s: the seed has fewer than %d characters", at, minSeed), "write a longer one, such as the output of: openssl rand -hex 32")
}

func (c *checker) tenants() {
	seen := map[[32]byte]string{}
	for _, name := range names(c.config.Tenants) {
		keys := c.config.Tenants[name].Keys
		for i := range keys {
			c.key(fmt.Sprintf("%s.keys[%d]", join("tenants", name), i), &keys[i], seen)
		}
	}
	c.unreachable()
}

// unreachable warns of tenants that nobody can be.
func (c *checker) unreachable() {
	acted := map[string]bool{}
	for _, t := range c.config.Tenants {
		for _, k := range t.Keys {
			for _, glob := range k.ActFor {
				acted[glob] = true
			}
		}
	}
	for _, name := range names(c.config.Tenants) {
		path := join("tenants", name)
		if len(c.config.Tenants[name].Keys) > 0 || name == "default" || c.broken[c.at(path)] || actedFor(name, acted) {
			continue
		}
		c.warnings.add(c.at(path), "nobody can be the tenant "+name+": it has no key, and no act_for names it", "give "+path+".keys a key, or name the tenant in another's act_for")
	}
}

// actedFor says whether one of the globs, which may end in *, matches a name.
func actedFor(name string, globs map[string]bool) bool {
	for i := range len(name) + 1 {
		if globs[name[:i]+"*"] {
			return true
		}
	}
	return globs[name]
}

func (c *checker) key(path string, k *Key, seen map[[32]byte]string) {
	var given []string
	for _, key := range []string{"value", "file", "sha256"} {
		if c.given(path + "." + key) {
			given = append(given, key)
		}
	}
	c.keyTerms(path, k)
	if len(given) != 1 {
		what := path + " has none of value, file and sha256"
		if len(given) > 1 {
			what = path + " has " + strings.Join(given, " and ")
		}
		c.fault(c.at(path), what, "give "+path+" exactly one of value, file, sha256")
		return
	}
	ok := false
	switch given[0] {
	case "value":
		if ok = isCredential(string(k.Value)); !ok && k.Value != "" {
			c.fault(c.at(path+".value"), path+".value holds blanks, control characters or characters beyond ASCII", "write a key that fits into a header")
		}
	case "file":
		if k.File != "" {
			k.Value = c.readSecret(path+".file", k.File)
			ok = k.Value != ""
		}
	case "sha256":
		if ok = isDigest(k.SHA256); !ok {
			c.fault(c.at(path+".sha256"), fmt.Sprintf("%s.sha256 is not 64 hexadecimal digits (it has %d bytes)", path, len(k.SHA256)), "write the output of: printf %s KEY | sha256sum")
		}
	}
	if !ok {
		return
	}
	digest := k.Digest()
	if first, twice := seen[digest]; twice {
		c.fault(c.at(path+"."+given[0]), path+" is the same key as "+first, "give each key once")
		return
	}
	seen[digest] = path
}

// keyTerms checks what is said about a key beside the key itself.
func (c *checker) keyTerms(path string, k *Key) {
	if !k.NotAfter.IsZero() && c.now.After(k.NotAfter) {
		c.warnings.add(c.at(path+".not_after"), "this key is no longer good", "remove the key, or set "+path+".not_after later")
	}
	for i, glob := range k.ActFor {
		at := fmt.Sprintf("%s.act_for[%d]", path, i)
		if name := strings.TrimSuffix(glob, "*"); glob != "*" && !isName(name) {
			c.fault(c.at(at), at+" is neither the name of a tenant nor the beginning of one with a * at the end", `write a name such as acme or a beginning such as "acme-*"`)
		}
	}
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
