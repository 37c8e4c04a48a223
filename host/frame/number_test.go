package frame_test

import (
	"testing"

	"weir/host/dialect"
	"weir/host/signal"
	"weir/host/telemetry"
	"weir/sdk/abi"
)

// TestNumbers holds the ABI's numbers to those of the packages they come from: a guest compiled years ago reads them.
func TestNumbers(t *testing.T) {
	t.Parallel()
	of := map[string]func(uint32) string{
		"endpoint": func(n uint32) string { return dialect.Endpoint(n).String() },
		"dialect":  func(n uint32) string { return dialect.Dialect(n).String() },
		"role":     func(n uint32) string { return dialect.Role(n).String() },
		"channel":  func(n uint32) string { return dialect.Channel(n).String() },
		"outcome":  func(n uint32) string { return telemetry.Outcome(n).String() },
		"delta":    func(n uint32) string { return dialect.DeltaChannel(n).String() },
		"signal":   func(n uint32) string { return signal.Kind(n).String() },
		"part": func(n uint32) string {
			return [...]string{dialect.PartString: "string", dialect.PartJoined: "joined", dialect.PartDecoded: "decoded", 3: "unknown"}[n]
		},
	}
	for _, e := range abi.Enums() {
		name, ok := of[e.Name]
		if !ok {
			continue
		}
		delete(of, e.Name)
		known := map[string]bool{"unknown": true}
		for _, v := range e.Values {
			if got := name(v.Value); got != v.Name {
				t.Errorf("%s %d is %q in the host and %q in the ABI", e.Name, v.Value, got, v.Name)
			}
			known[v.Name] = true
		}
		// Of a number that is none the host says that, in one of the words above.
		if n := uint32(len(e.Values)); !known[name(n)] {
			t.Errorf("%s %d is %q in the host and nothing in the ABI", e.Name, n, name(n))
		}
	}
	if len(of) > 0 {
		t.Errorf("the ABI lacks %v", of)
	}
	if n := len(abi.SignalNames()); n != signal.Kinds {
		t.Errorf("the ABI has %d signals, the host counts %d", n, signal.Kinds)
	}
	if dialect.ChannelParameter != abi.ChannelParameter || dialect.RoleTool != abi.RoleTool || dialect.CountTokens != abi.EndpointCountTokens {
		t.Error("the ABI's last numbers are not the host's")
	}
}
