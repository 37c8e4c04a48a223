package proxy

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"weir/host/dialect"
)

func TestNormalPath(t *testing.T) {
	t.Parallel()
	good := []string{
		"/", "/v1/chat/completions", "/v1/models/meta-llama%2FLlama-3.1-8B", "/v1/models/meta-llama/Llama-3.1-8B", "/v1/files/",
		"/v1/models/a%20b", "/v1/models/%C3%A9", "/v1/models/x:free", "/.well-known/x", "/a..b", "/a./b", "/..a", "/...", "/a/...%2Fb", "/@x/$y,z=1", "/v1/models/a%2fb",
		"/v1/models/a%3Ab", // a colon needs no encoding, but both spellings are common
	}
	bad := []string{
		"", "v1", "*", "//", "/v1//x", "/v1/./x", "/v1/../x", "/v1/.", "/v1/..", "/.", "/..", "/../", "/v1/x/..", "//v1",
		"/v1/%2e%2e/x", "/v1/%2E/x", "/v1/.%2e/x", "/v1/%61", "/v1/%7E", "/v1/%2D", "/v1/%252e", "/v1/%25", "/v1/%5c", "/v1/%00", "/v1/%0d%0a", "/v1/%7f",
		"/v1/%", "/v1/%2", "/v1/%zz", "/v1/a;b=c", "/v1/..;/x", "/v1/a%3Bb",
		"/v1/models/..%2Fchat%2Fcompletions", "/v1/models/x%2F..%2F..%2Fchat/completions", "/v1/models/x%2f.%2fy", "/v1/models/x%2F..", "/v1/%2Fchat", "/v1/x%2F%2Fy", "/v1/x%2F/y",
	}
	for _, p := range good {
		if !normalPath([]byte(p)) {
			t.Errorf("%q is refused", p)
		}
	}
	for _, p := range bad {
		if normalPath([]byte(p)) {
			t.Errorf("%q passes", p)
		}
	}
}

func TestPlainPath(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"/v1/chat/completions":          "",
		"/":                             "",
		"/v1/chat/completions/":         "/v1/chat/completions",
		"/V1/Chat/Completions":          "/v1/chat/completions",
		"/v1/chat%2Fcompletions":        "/v1/chat/completions",
		"/v1/chat%2fcompletions%2F":     "/v1/chat/completions",
		"/v1/chat/completions%3Fx=1":    "/v1/chat/completions",
		"/v1/chat/completions%23x":      "/v1/chat/completions",
		"/v1/chat/completions%20":       "/v1/chat/completions",
		"/v1/models/Meta/Llama":         "", // model ids are spelled as their owners like
		"/v1/%E2%84%AA":                 "/v1/k",
		"/v1/files/F1":                  "/v1/files/f1",
		"/v1/messages/count%5Ftokens":   "/v1/messages/count_tokens", // normalPath refuses it before
		"/v1/responses/resp_1%2Fcancel": "/v1/responses/resp_1/cancel",
	} {
		if got := plainPath([]byte(written)); got != want {
			t.Errorf("%q reads %q, want %q", written, got, want)
		}
	}
}

// FuzzPath: a path that passes and is no inspected endpoint stays none however a
// target decodes, folds, cuts or cleans it.
func FuzzPath(f *testing.F) {
	for _, p := range []string{
		"/v1/chat/completions", "/v1/./chat/completions", "/v1/chat%2Fcompletions", "/x/../v1/chat/completions", "/x%2F..%2Fv1/chat/completions",
		"/v1/models/..%2fmessages", "/v1//messages", "/v1/messages%3f", "/v1/messages;x", "/V1/MESSAGES", "/v1/messages/", "/v1/messages%252f",
	} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		// http1 lets no other bytes into a target, and splitTarget no "?" into a path.
		if strings.ContainsFunc(p, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' || c == '?' || c == '\\' }) {
			return
		}
		if !normalPath([]byte(p)) {
			return
		}
		here := dialect.EndpointOf(p)
		if plain := plainPath([]byte(p)); plain != "" && dialect.EndpointOf(plain) != here {
			return // refused
		}
		for _, lenient := range readings(p) {
			there := dialect.EndpointOf(lenient)
			if there != here && there != dialect.Models && here != dialect.Models {
				t.Fatalf("%q is %v here and %v when read as %q", p, here, there, lenient)
			}
			if here == dialect.Models && there != here && there != dialect.None {
				t.Fatalf("%q is %v here and %v when read as %q", p, here, there, lenient)
			}
		}
	})
}

// readings are what lenient servers make of a path.
func readings(p string) []string {
	out := []string{path.Clean(p), strings.ToLower(p), strings.TrimRight(p, "/")}
	if d, err := url.PathUnescape(p); err == nil {
		cut, _, _ := strings.Cut(d, "?")
		out = append(out, d, path.Clean(d), cut, strings.ToLower(path.Clean(cut)))
		if dd, err := url.PathUnescape(d); err == nil {
			out = append(out, path.Clean(dd))
		}
	}
	return out
}
