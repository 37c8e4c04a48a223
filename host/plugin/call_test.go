package plugin

import (
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

func TestCallNoop(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	p := configure(t, r, "noop", Limits{}, Setting{})
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, make([]byte, 900))}
	if f := p.For("acme").Call(&c); f != nil {
		t.Fatal(f)
	}
	if c.Verdict != nil || c.Fuel < 0 || c.Size != c.Frame.Size() || c.Took() <= 0 || c.Stateful {
		t.Errorf("results: %+v", c)
	}
}
