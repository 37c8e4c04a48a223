package policy

import (
	"slices"
	"strings"

	"weir/host/frame"
	"weir/sdk/abi"
)

// Authority: what a tenant's own plugins may say, beside what the operator's may.
//
//	DENY, EDIT, INSERT, STOP, DELTA_EDIT, HOLD, SCORE, TAG   as the operator's: the request is the tenant's
//	ROUTE, PREFER, SHADOW   among the candidates of the request; another name is ignored
//	EXCLUDE                 only ever tightens, whoever says it
//	CLASS                   is added to what others said: the request has to stay within each. An operator's replaces an operator's
//	COST                    not below the host's estimate, which takes its place
//	WEIGHT, FLOW, LANE      apart from the operator's: they divide the tenant's share (Decision.Own)
//	BUDGET                  names are the tenant's own
//	PARAM                   max_tokens not above, and temperature not instead of, what an operator's plugin set
//	SET_HEADER, VARIANT     not instead of what an operator's plugin set
//
// What is ignored is counted (Verdict.Ignored); what an action may never be is a fault, and the verdict is not taken.

// allowed are the actions of each hook.
var allowed = [abi.Hooks]uint32{
	abi.HookRequest: actions(abi.ActionDeny, abi.ActionRoute, abi.ActionExclude, abi.ActionCost, abi.ActionWeight, abi.ActionFlow,
		abi.ActionEdit, abi.ActionSetHeader, abi.ActionScore, abi.ActionTag, abi.ActionStreamState, abi.ActionWantText, abi.ActionParam,
		abi.ActionInsert, abi.ActionClass, abi.ActionLane, abi.ActionBudget, abi.ActionPrefer, abi.ActionVariant, abi.ActionShadow,
		abi.ActionEscalate),
	abi.HookDelta: actions(abi.ActionScore, abi.ActionTag, abi.ActionDeltaEdit, abi.ActionHold, abi.ActionStop, abi.ActionStreamState),
	abi.HookEnd:   actions(abi.ActionScore, abi.ActionTag),
	abi.HookJudge: actions(abi.ActionDeny, abi.ActionRoute, abi.ActionExclude, abi.ActionClass, abi.ActionPrefer,
		abi.ActionScore, abi.ActionTag),
	abi.HookFeedback: actions(abi.ActionScore, abi.ActionTag),
}

func actions(of ...abi.Action) uint32 {
	var set uint32
	for _, k := range of {
		set |= 1 << k
	}
	return set
}

// gravity orders actions: of a verdict the gravest is recorded. Those not named weigh the same.
func gravity(k abi.Action) int {
	switch k {
	case abi.ActionNone:
		return 0
	case abi.ActionStreamState, abi.ActionWantText:
		return 1
	case abi.ActionTag:
		return 2
	case abi.ActionScore:
		return 3
	case abi.ActionHold:
		return 4
	case abi.ActionEscalate:
		return 6
	case abi.ActionRoute, abi.ActionExclude, abi.ActionClass:
		return 7
	case abi.ActionEdit, abi.ActionDeltaEdit, abi.ActionInsert, abi.ActionParam:
		return 8
	case abi.ActionDeny, abi.ActionStop:
		return 9
	default:
		return 5
	}
}

// withheld are the columns of TARGETS that a plugin is not shown.
type withheld struct{ load, price bool }

// credentials are the request headers that carry somebody's key, in lower case.
var credentials = []string{
	"api-key", "authorization", "cookie", "ocp-apim-subscription-key", "proxy-authorization", "set-cookie",
	"x-amz-security-token", "x-api-key", "x-goog-api-key",
}

// credential tells whether a header (lower case) is never shown to a plugin.
func credential(name string) bool {
	return slices.Contains(credentials, name)
}

// hostOwned are the request headers, in lower case, that say how a message is framed, where it goes or in which version of an API it
// speaks: hop-by-hop ones (RFC 9110, section 7.6.1), and those the gateway writes.
var hostOwned = []string{
	"accept", "accept-encoding", "anthropic-version", "connection", "expect", "forwarded", "host", "http2-settings", "keep-alive",
	"te", "trailer", "transfer-encoding", "upgrade", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
}

// reserved tells whether a header (lower case) is never set by a plugin.
func reserved(name string) bool {
	return credential(name) || slices.Contains(hostOwned, name) ||
		strings.HasPrefix(name, "x-weir-") || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "proxy-") || strings.IndexByte(name, '_') >= 0
}

// maySet checks a SET_HEADER against what the plugin's manifest announced; announced names are never reserved.
func (st *stage) maySet(name []byte) *frame.Fault {
	for _, s := range st.sets {
		if foldedEqual(name, s) {
			return nil
		}
	}
	lower := strings.ToLower(string(name))
	if reserved(lower) {
		return frame.Faultf(frame.BadVerdict, "set_header: %s is the gateway's own to set", lower)
	}
	return frame.Faultf(frame.BadVerdict, "set_header: %s is not among set_headers of the plugin's manifest; add it there", lower)
}

// foldedEqual tells whether a header's name is lower, in any case.
func foldedEqual(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
