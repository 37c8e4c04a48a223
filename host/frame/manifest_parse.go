package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"weir/sdk/abi"
)

// Bounds of a manifest.
const (
	MaxManifest        = 64 << 10 // bytes of JSON
	maxManifestName    = 64
	maxManifestVersion = 64
	maxManifestHeaders = 64 // names in headers, and in set_headers
	maxDeltaBytes      = 1 << 20
	maxDeltaEvery      = 10 * time.Second
)

// ParseManifest reads the JSON of weir_manifest: an object whose keys are all optional and all known, each at most once. What
// it does not say is as DefaultManifest has it for a plugin that exports every hook. Each error names the key it is about.
func ParseManifest(text []byte) (*Manifest, error) {
	if len(text) > MaxManifest {
		return nil, fmt.Errorf("manifest: %d bytes, at most %d", len(text), MaxManifest)
	}
	m := DefaultManifest(func(abi.Hook) bool { return true })
	p := manifestParser{dec: jsontext.NewDecoder(bytes.NewReader(text))}
	if err := p.object("", p.keys(m)); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("manifest: something follows the object; write one object and nothing else")
	}
	return m, nil
}

// manifestParser reads one manifest. Keys are named from the root: "delta.every".
type manifestParser struct {
	dec *jsontext.Decoder
}

func (p *manifestParser) keys(m *Manifest) map[string]reader {
	return map[string]reader{
		"name":         p.text(func(s string) (err error) { m.Name, err = s, pluginName(s); return err }),
		"version":      p.text(func(s string) (err error) { m.Version, err = s, printable(s, maxManifestVersion); return err }),
		"sections":     func(key string) error { return p.sections(key, m) },
		"headers":      p.names(&m.Headers, maxManifestHeaders, shownHeader),
		"set_headers":  p.names(&m.SetHeaders, maxManifestHeaders, settableHeader),
		"capabilities": p.names(&m.Capabilities, len(capabilities), capability),
		"on_error": p.text(func(s string) (err error) {
			m.OnError, err = choose(s, []string{"deny", "allow"}, []OnError{OnErrorDeny, OnErrorAllow})
			return err
		}),
		"guard": p.boolean(&m.Guard),
		"scope": p.text(func(s string) (err error) {
			m.SharedState, err = choose(s, []string{"plugin", "tenant"}, []bool{true, false})
			return err
		}),
		"delta": p.within(map[string]reader{
			"bytes": p.integer(&m.DeltaBytes, maxDeltaBytes),
			"every": p.text(func(s string) (err error) { m.DeltaEvery, err = deltaEvery(s); return err }),
		}),
		"per_message": p.within(map[string]reader{
			"context": p.text(func(s string) (err error) {
				m.PerMessage, err = choose(s, []string{"none", "tail", "user"}, []Context{ContextNone, ContextTail, ContextUser})
				return err
			}),
		}),
	}
}

// reader reads the value of a key.
type reader func(key string) error

// wrong is an error about a key; the manifest as a whole has none.
func wrong(key, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if key == "" {
		return err
	}
	return fmt.Errorf("%s: %w", key, err)
}

// token reads a token; where JSON itself is wrong, the decoder's error says where.
func (p *manifestParser) token(key string) (jsontext.Token, error) {
	t, err := p.dec.ReadToken()
	if err == nil {
		return t, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return t, wrong(key, "the JSON ends here, at byte %d", p.dec.InputOffset())
	}
	return t, wrong(key, "%v", err)
}

// object reads an object whose keys are those of known.
func (p *manifestParser) object(key string, known map[string]reader) error {
	t, err := p.token(key)
	if err != nil {
		return err
	}
	if t.Kind() != '{' {
		return wrong(key, "it is %s, and it is an object", kindOf(t))
	}
	for {
		t, err := p.token(key)
		if err != nil {
			return err
		}
		if t.Kind() == '}' {
			return nil
		}
		name := t.String()
		read, ok := known[name]
		if !ok {
			return wrong(keyPath(key, quoted(name)), "not a key of the manifest; the keys here are %s", keyNames(known))
		}
		if err := read(keyPath(key, name)); err != nil {
			return err
		}
	}
}

func (p *manifestParser) within(known map[string]reader) reader {
	return func(key string) error { return p.object(key, known) }
}

func (p *manifestParser) text(set func(string) error) reader {
	return func(key string) error {
		t, err := p.token(key)
		if err != nil {
			return err
		}
		if t.Kind() != '"' {
			return wrong(key, "it is %s, and it is a string", kindOf(t))
		}
		if err := set(t.String()); err != nil {
			return wrong(key, "%w", err)
		}
		return nil
	}
}

func (p *manifestParser) boolean(to *bool) reader {
	return func(key string) error {
		t, err := p.token(key)
		if err != nil {
			return err
		}
		if t.Kind() != 't' && t.Kind() != 'f' {
			return wrong(key, "it is %s, and it is true or false", kindOf(t))
		}
		*to = t.Bool()
		return nil
	}
}

func (p *manifestParser) integer(to *int, limit int) reader {
	return func(key string) error {
		t, err := p.token(key)
		if err != nil {
			return err
		}
		if t.Kind() != '0' {
			return wrong(key, "it is %s, and it is a number", kindOf(t))
		}
		n, err := strconv.Atoi(t.String())
		if err != nil || n < 0 || n > limit {
			return wrong(key, "%s is no whole number from 0 to %d", quoted(t.String()), limit)
		}
		*to = n
		return nil
	}
}

// strings reads a list of strings, no two alike.
func (p *manifestParser) strings(key string, limit int, each func(string) error) error {
	t, err := p.token(key)
	if err != nil {
		return err
	}
	if t.Kind() != '[' {
		return wrong(key, "it is %s, and it is a list of strings", kindOf(t))
	}
	return p.rest(key, limit, each)
}

// rest is strings after the bracket.
func (p *manifestParser) rest(key string, limit int, each func(string) error) error {
	var seen []string
	for {
		t, err := p.token(key)
		switch {
		case err != nil:
			return err
		case t.Kind() == ']':
			return nil
		case t.Kind() != '"':
			return wrong(key, "it holds %s, and it is a list of strings", kindOf(t))
		case len(seen) == limit:
			return wrong(key, "more than %d entries", limit)
		}
		s := t.String()
		if slices.Contains(seen, s) {
			return wrong(key, "%s is in it twice", quoted(s))
		}
		seen = append(seen, s)
		if err := each(s); err != nil {
			return wrong(key, "%w", err)
		}
	}
}

func (p *manifestParser) names(to *[]string, limit int, check func(string) error) reader {
	return func(key string) error {
		return p.strings(key, limit, func(s string) error {
			*to = append(*to, s)
			return check(s)
		})
	}
}

// sections reads what the hooks want: an object by hook, or a list for on_request.
func (p *manifestParser) sections(key string, m *Manifest) error {
	if p.dec.PeekKind() == '[' {
		return p.wanted(key, abi.HookRequest, m)
	}
	known := map[string]reader{}
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		known[h.String()] = func(key string) error { return p.wanted(key, h, m) }
	}
	return p.object(key, known)
}

func (p *manifestParser) wanted(key string, h abi.Hook, m *Manifest) error {
	var set abi.Set
	possible := SectionsOf(h)
	err := p.strings(key, int(abi.Sections), func(s string) error {
		switch k := abi.SectionOf(s); {
		case k == abi.SectionNone:
			return fmt.Errorf("%s is no section; those of %s are %s", quoted(s), h.Export(), sectionNames(possible))
		case !possible.Has(k):
			return fmt.Errorf("%s does not come with %s; its sections are %s", s, h.Export(), sectionNames(possible))
		default:
			set = set.With(k)
			return nil
		}
	})
	m.Sections[h] = set
	return err
}

// kindOf is what a token begins, in words.
func kindOf(t jsontext.Token) string {
	switch t.Kind() {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[', ']':
		return "a list"
	default:
		return "an object"
	}
}

func keyPath(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func keyNames(known map[string]reader) string {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// quoted is what a guest wrote, as far as it fits into a line of a log.
func quoted(s string) string {
	const limit = 80
	if len(s) > limit {
		s = s[:limit]
		for len(s) > 0 && !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		return strconv.QuoteToASCII(s) + "…"
	}
	return strconv.QuoteToASCII(s)
}
