package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Secret is a credential. Whatever prints, encodes or logs it shows its
// length and the first eight hexadecimal digits of its SHA-256 instead, enough
// to tell whether two places hold the same one. Reveal gives the value.
//
// Two things escape this: package fmt calls no methods of unexported struct
// fields, and encoding/json none of map keys. Keep secrets out of both, or do
// not print what holds them.
type Secret string

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String gives, for example, "redacted(51 bytes, sha256:ab12cd34)", and "" for no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redact(string(s))
}

func redact(s string) string {
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("redacted(%d bytes, sha256:%s)", len(s), hex.EncodeToString(sum[:4]))
}

// Format redacts under every verb of package fmt: without it, a verb that does
// not fit a string, such as %d, would print the value in its complaint.
func (s Secret) Format(f fmt.State, verb rune) { formatRedacted(f, verb, s.String()) }

// GoString redacts, for callers that use it without package fmt.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// MarshalText redacts; encoding/json and encoding/xml use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML redacts.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue redacts.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// A ProxyURL is the URL of an HTTP proxy whose user and password are shown
// redacted everywhere. Reveal gives the URL as it is to be used.
type ProxyURL string

// Reveal gives the URL with user and password.
func (p ProxyURL) Reveal() string { return string(p) }

// String gives the URL with its user and password redacted.
func (p ProxyURL) String() string {
	s := string(p)
	// The last @ ends the credentials whatever they contain; a URL that does
	// not parse must not show them either.
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	start := 0
	if i := strings.Index(s, "://"); i >= 0 && i < at {
		start = i + len("://")
	}
	return s[:start] + redact(s[start:at]) + s[at:]
}

// Format redacts under every verb of package fmt.
func (p ProxyURL) Format(f fmt.State, verb rune) { formatRedacted(f, verb, p.String()) }

// GoString redacts, for callers that use it without package fmt.
func (p ProxyURL) GoString() string { return fmt.Sprintf("config.ProxyURL(%q)", p.String()) }

// MarshalText redacts.
func (p ProxyURL) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// MarshalYAML redacts.
func (p ProxyURL) MarshalYAML() (any, error) { return p.String(), nil }

// LogValue redacts.
func (p ProxyURL) LogValue() slog.Value { return slog.StringValue(p.String()) }

func formatRedacted(f fmt.State, verb rune, s string) {
	if verb == 'q' || (verb == 'v' && f.Flag('#')) {
		s = fmt.Sprintf("%q", s)
	}
	io.WriteString(f, s) //nolint:errcheck // fmt.State offers no way to report it
}

// The structs that hold secrets, themselves or by pointer, format themselves:
// under a verb that does not fit them, such as %s, fmt would print what they
// point to without asking the fields.

// Format writes the configuration on one line, redacted, under every verb.
func (c Config) Format(f fmt.State, _ rune) { formatStruct(f, c) }

// Format writes the target on one line, redacted, under every verb.
func (t Target) Format(f fmt.State, _ rune) { formatStruct(f, t) }

// Format writes the listener on one line, redacted, under every verb.
func (a Admin) Format(f fmt.State, _ rune) { formatStruct(f, a) }

// Format writes the tenant on one line, redacted, under every verb.
func (t Tenant) Format(f fmt.State, _ rune) { formatStruct(f, t) }

// Format writes the key on one line, redacted, under every verb.
func (k Key) Format(f fmt.State, _ rune) { formatStruct(f, k) }

// Format writes the settings on one line, redacted, under every verb.
func (p Prefix) Format(f fmt.State, _ rune) { formatStruct(f, p) }

// Format writes the plugin on one line, redacted, under every verb.
func (p Plugin) Format(f fmt.State, _ rune) { formatStruct(f, p) }

// Format writes the settings on one line, redacted, under every verb.
func (u Uploads) Format(f fmt.State, _ rune) { formatStruct(f, u) }

func formatStruct(f fmt.State, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte("unprintable")
	}
	f.Write(text) //nolint:errcheck // fmt.State offers no way to report it
}
