package policy

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"weir/host/dialect"
	"weir/host/frame"
)

// Codes of refusals, for clients and records, where the plugin gave no word of its own.
const (
	CodeDenied      = "policy_denied"      // a plugin said DENY
	CodeStopped     = "policy_stopped"     // a plugin said STOP
	CodeUnavailable = "policy_unavailable" // a plugin failed and its fail mode is deny
	CodeUninspected = "uninspected"        // the policy's on_uninspected is deny
)

// kindOf is the dialects' error for a status that a plugin chose; one they have no words for has those of a bad request.
func kindOf(status uint16) dialect.Kind {
	switch status {
	case 401:
		return dialect.Unauthorized
	case 403, 451:
		return dialect.Forbidden
	case 404:
		return dialect.NotFound
	case 408:
		return dialect.RequestTimeout
	case 413:
		return dialect.TooLarge
	case 415:
		return dialect.UnsupportedMedia
	case 429:
		return dialect.RateLimited
	case 503:
		return dialect.Unavailable
	default:
		return dialect.BadRequest
	}
}

// refuseDenied makes the refusal of a DENY.
func (r *Run) refuseDenied(st *stage, a *frame.Action) {
	status := a.Status
	if status == 0 {
		status = 403
	}
	r.refusal = Refusal{Err: spoken(a, CodeDenied, "a policy of this gateway refuses the request"), Status: int(status), Plugin: st.label}
	r.refusal.Err.Kind = kindOf(status)
	// What was decided once is decided again, whatever SDKs think of the status; only these two are about the moment.
	r.refusal.Err.NoRetry = status != 429 && status != 503
}

// refuseStopped makes the refusal of a STOP.
func (r *Run) refuseStopped(st *stage, a *frame.Action) *Refusal {
	r.refusal = Refusal{Err: spoken(a, CodeStopped, "a policy of this gateway stopped the answer"), Status: 403, Plugin: st.label}
	r.refusal.Err.Kind, r.refusal.Err.NoRetry = dialect.Forbidden, true
	return &r.refusal
}

// spoken is an error in a plugin's words, as far as it has some.
func spoken(a *frame.Action, code, message string) dialect.Error {
	e := dialect.Error{Code: code, Message: message}
	if len(a.Name) > 0 {
		e.Code = string(a.Name)
	}
	if m := plain(a.Text); m != "" {
		e.Message = m
	}
	return e
}

// plain is a plugin's message without what could make a reader, a terminal or a log see something else: control characters, line
// ends and those that turn the direction of text.
func plain(text []byte) string {
	s := strings.Map(func(c rune) rune {
		switch {
		case c < ' ', c >= 0x7f && c < 0xa0, c == '\u2028', c == '\u2029':
			return ' '
		case c >= '\u202a' && c <= '\u202e', c >= '\u2066' && c <= '\u2069', c == '\u200e', c == '\u200f', c == '\u061c', c == utf8.RuneError:
			return -1
		}
		return c
	}, string(text))
	return strings.TrimSpace(s)
}

// refuses tells whether a fault of the plugin ends the request or the answer.
func (st *stage) refuses(fault *frame.Fault) bool { return !st.observe && st.deny[fault.Class] }

// fail is what becomes of a request whose plugin failed: a refusal, or nil when its fail mode lets it go on.
func (r *Run) fail(st *stage, fault *frame.Fault) *Refusal {
	if !st.refuses(fault) {
		return nil
	}
	r.refusal = Refusal{
		Err: dialect.Error{
			Kind: dialect.Unavailable, Code: CodeUnavailable, RetryAfter: time.Second,
			Message: "policy " + strconv.Quote(st.entry.Name) + " of this gateway could not be run, and nothing passes without it",
		},
		Status: dialect.Unavailable.Status(), Plugin: st.label, Fault: true,
	}
	return &r.refusal
}

// refuseUninspected refuses a request with content that no plugin can be shown.
func (r *Run) refuseUninspected() *Refusal {
	u := &r.subject.Request.Uninspected
	var what []string
	for _, of := range [...]struct {
		n    int32
		name string
	}{
		{u.Images, "images"}, {u.Audio, "audio"}, {u.Files, "files"}, {u.StoredPrompts, "stored prompts"},
		{u.PreviousResponses, "earlier responses"}, {u.Encrypted, "encrypted content"}, {u.Tokens, "token arrays"}, {u.Other, "other content"},
	} {
		if of.n > 0 {
			what = append(what, of.name)
		}
	}
	r.refusal = Refusal{
		Err: dialect.Error{
			Kind: dialect.Forbidden, Code: CodeUninspected, NoRetry: true,
			Message: "the policy of this gateway lets nothing pass that it cannot read; the request has " + strings.Join(what, ", "),
		},
		Status: dialect.Forbidden.Status(),
	}
	return &r.refusal
}
