package frame

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/sdk/abi"
)

// DefaultManifest is the manifest of a plugin that has none; has tells which hooks it exports. A plugin that sees requests or
// answers guards, until its author or its operator says otherwise: its failure is not skipped in silence.
func DefaultManifest(has func(abi.Hook) bool) *Manifest {
	m := &Manifest{Guard: has(abi.HookRequest) || has(abi.HookDelta)}
	for h, set := range defaultSections {
		if has(abi.Hook(h)) {
			m.Sections[h] = set
		}
	}
	return m
}

var defaultSections = [abi.Hooks]abi.Set{
	abi.HookConfigure: sections(abi.SectionConfig),
	abi.HookRequest: sections(abi.SectionRequest, abi.SectionTenant, abi.SectionModel, abi.SectionMessages,
		abi.SectionText),
	abi.HookDelta:    sections(abi.SectionDelta, abi.SectionText, abi.SectionStreamState),
	abi.HookEnd:      sections(abi.SectionUsage),
	abi.HookJudge:    sections(abi.SectionJudge),
	abi.HookFeedback: sections(abi.SectionFeedback),
}

func sections(of ...abi.Section) abi.Set { return abi.Set(0).With(of...) }

// whose are the sections that tell whose request a hook is called for.
var whose = sections(abi.SectionTenant, abi.SectionRoute, abi.SectionModel, abi.SectionRequestID, abi.SectionSession)

// SectionsOf are the sections that frames of a hook can hold.
func SectionsOf(h abi.Hook) abi.Set {
	switch h {
	case abi.HookConfigure:
		return sections(abi.SectionConfig, abi.SectionTenant)
	case abi.HookRequest:
		return whose | sections(abi.SectionRequest, abi.SectionMessages, abi.SectionText, abi.SectionSignals,
			abi.SectionPrefix, abi.SectionTools, abi.SectionHeaders, abi.SectionTargets, abi.SectionBody,
			abi.SectionScores, abi.SectionTags, abi.SectionMemo)
	case abi.HookDelta:
		return whose | sections(abi.SectionRequest, abi.SectionDelta, abi.SectionText, abi.SectionStreamState,
			abi.SectionScores, abi.SectionTags)
	case abi.HookEnd:
		return whose | sections(abi.SectionRequest, abi.SectionUsage, abi.SectionResponseText, abi.SectionStreamState,
			abi.SectionScores, abi.SectionTags)
	case abi.HookTick:
		return sections(abi.SectionTenant)
	case abi.HookJudge:
		return whose | sections(abi.SectionJudge, abi.SectionRequest)
	case abi.HookFeedback:
		return whose | sections(abi.SectionFeedback)
	default:
		return 0
	}
}

func sectionNames(set abi.Set) string {
	var names []string
	for k := abi.SectionNone + 1; k < abi.Sections; k++ {
		if set.Has(k) {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, ", ")
}

// capabilities are what a manifest may ask for; the operator grants them.
var capabilities = []string{"clock", "random", "load", "price"}

func capability(s string) error {
	_, err := choose(s, capabilities, capabilities)
	return err
}

// choose is the value of the name that s is.
func choose[T any](s string, names []string, values []T) (T, error) {
	if i := slices.Index(names, s); i >= 0 {
		return values[i], nil
	}
	var zero T
	return zero, fmt.Errorf("%s is not known; it is one of %s", quoted(s), strings.Join(names, ", "))
}

func pluginName(s string) error {
	ok := s != "" && len(s) <= maxManifestName && s[0] >= 'a' && s[0] <= 'z'
	for i := range len(s) {
		c := s[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return fmt.Errorf("%s is no name; a name has 1 to %d of a-z, 0-9 and -, and begins with a letter", quoted(s), maxManifestName)
	}
	return nil
}

func printable(s string, limit int) error {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return fmt.Errorf("%s has a byte that is not printable ASCII", quoted(s))
		}
	}
	if len(s) > limit {
		return fmt.Errorf("%d bytes, at most %d", len(s), limit)
	}
	return nil
}

func deltaEvery(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxDeltaEvery {
		return 0, fmt.Errorf("%s is no duration from 0s to %s, such as 50ms", quoted(s), maxDeltaEvery)
	}
	return d, nil
}

// credentials are request headers that carry somebody's key: no plugin sees or sets them.
var credentials = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key",
	"x-goog-api-key", "ocp-apim-subscription-key", "x-amz-security-token"}

// framing are request headers that are the host's to write: how long the body is, where the request goes and in what form.
var framing = []string{"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
	"proxy-connection", "proxy-authenticate", "expect", "content-type", "content-encoding", "accept-encoding", "accept"}

func shownHeader(s string) error {
	if err := headerName(s); err != nil {
		return err
	}
	if slices.Contains(credentials, s) {
		return fmt.Errorf("%s carries credentials, which no plugin is shown; the section tenant says whose request it is", s)
	}
	return nil
}

func settableHeader(s string) error {
	switch err := headerName(s); {
	case err != nil:
		return err
	case slices.Contains(credentials, s):
		return fmt.Errorf("%s carries credentials, which no plugin sets", s)
	case slices.Contains(framing, s), strings.HasPrefix(s, "x-weir-"):
		return fmt.Errorf("%s is the host's own to set", s)
	default:
		return nil
	}
}

// headerName holds a name to a token of RFC 9110 §5.6.2 in lower case.
func headerName(s string) error {
	if s == "" || len(s) > abi.MaxName {
		return fmt.Errorf("the name of a header has 1 to %d bytes", abi.MaxName)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			return fmt.Errorf("%s: write names of headers in lower case", quoted(s))
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return errors.New(quoted(s) + " is no name of a header")
		}
	}
	return nil
}
