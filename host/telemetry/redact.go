package telemetry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
)

// Secret is a string that shows only its length and the beginning of its hash, however it is printed: enough to tell two keys apart, and nothing to use.
type Secret string

func (s Secret) String() string { return mask(string(s)) }

// GoString keeps %#v from showing the secret.
func (s Secret) GoString() string { return mask(string(s)) }

// Format keeps every verb from showing the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask(string(s))) }

// LogValue keeps slog from showing the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask(string(s))) }

// MarshalText keeps JSON and YAML from showing the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask(string(s))), nil }

func mask(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return "[redacted " + strconv.Itoa(len(secret)) + " bytes sha256:" + hex.EncodeToString(sum[:4]) + "]"
}

// anchors holds a letter of every word credential looks for; a text without any, or "://", need not be searched, and most have none.
const anchors = "zkbZKB"

// masked is what mask leaves, as credential finds it: masking it again would only lose the hash.
var masked = regexp.MustCompile(`^\[?redacted \d+ bytes sha256:[0-9a-f]{8}\]?$`)

// SecretHeader reports whether the values of a header are credentials. Case does not count, nor whether words are joined by - or _.
func SecretHeader(name string) bool {
	switch strings.ReplaceAll(strings.ToLower(name), "_", "-") {
	case "authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "set-cookie", "x-goog-api-key", "x-amz-security-token":
		return true
	}
	return false
}

// RedactHeader returns what may be logged of a header's value.
func RedactHeader(name, value string) string {
	if SecretHeader(name) {
		return mask(value)
	}
	return Redact(value)
}

// credential finds credentials in running text: what follows Bearer or Basic, the values of credential headers, passwords in URLs, and keys in the
// form most providers give them. Groups in pairs: what stays, what is masked.
var credential = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`(\b(?:authorization|x-api-key|api-key|x-goog-api-key|x-amz-security-token|set-cookie|cookie)["']?\s*[:=]\s*["'\[]*(?:(?:bearer|basic)\s+)?)([^\s"'\]][^\r\n"'\]]*)`,
	`(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{8,})`, // but for plain words: "basic authentication"
	`(://[^/\s@:]*:)([^/\s@]+)@`,
	`(\b)((?:sk|pk|rk)-[A-Za-z0-9_-]{8,})`,
}, "|"))

// schemeGroup is where the second form's masked half begins in the indices of a match.
const schemeGroup = 8

// Redact masks what looks like a credential in running text. It is the last net, for texts made by others (errors of libraries, logs of servers); what
// is known to be secret never gets here.
func Redact(text string) string {
	if !strings.ContainsAny(text, anchors) && !strings.Contains(text, "://") {
		return text
	}
	found := credential.FindAllStringSubmatchIndex(text, -1)
	if found == nil {
		return text
	}
	var b strings.Builder
	from := 0
	for _, at := range found {
		for group := 4; group < len(at); group += 4 { // the masked half of each pair
			if at[group] < 0 {
				continue
			}
			secret := text[at[group]:at[group+1]]
			if masked.MatchString(secret) || group == schemeGroup && strings.Trim(secret, "abcdefghijklmnopqrstuvwxyz") == "" {
				continue
			}
			b.WriteString(text[from:at[group]])
			b.WriteString(mask(secret))
			from = at[group+1]
		}
	}
	b.WriteString(text[from:])
	return b.String()
}
