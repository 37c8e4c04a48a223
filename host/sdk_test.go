package host_test

import (
	"testing"
	"time"

	"weir/host/sim"
)

const acmeKey = "acme-key-0123456789"

const acme = simulated + "tenants: { acme: { keys: [ { value: " + acmeKey + " } ] } }\n"

// waitCancel is how long a test waits for a client's leaving to reach the model.
const waitCancel = 5 * time.Second

// newWatched is a slow model that tells of clients that leave.
func newWatched(t testing.TB) (*model, chan time.Time) {
	t.Helper()
	left := make(chan time.Time, 16)
	return newModel(t, sim.Options{TPOT: 10 * time.Millisecond, OnCancel: func(at time.Time) { left <- at }}), left
}

func wantLeft(t *testing.T, m *model, left <-chan time.Time, aborted time.Time) {
	t.Helper()
	select {
	case at := <-left:
		t.Logf("the abort reached the model in %v", at.Sub(aborted))
	case <-time.After(waitCancel):
		t.Fatal("the model still generates")
	}
	if n := m.Stats().Cancelled; n != 1 {
		t.Errorf("%d generations cancelled, want 1", n)
	}
}

// brokenStreams are the ways in which a target breaks off or spoils a stream.
// Each must end in an error that the client's SDK raises.
var brokenStreams = []string{
	"cut=between:3", "cut=inside:3", "cut=clean:3", "reset:3", "stall=3", "malformed=chunk",
	"garbage=json:2", "garbage=utf8:2", "garbage=binary:2", "garbage=html:2",
}

// waitGenerating waits until the model is at work on a request.
func waitGenerating(t testing.TB, m *model) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(waitCancel); m.Stats().Generating == 0; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("no request has reached the model")
		}
	}
}
