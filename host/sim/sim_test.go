package sim

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds whatever should happen at once, on however slow a machine.
const patience = 20 * time.Second

// launch starts a server on a free port of loopback and ends it with the test.
func launch(t testing.TB, opt Options) (s *Server, addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = New(opt)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if st := s.Stats(); st.InFlight != 0 || st.OpenConns != 0 || st.Generating != 0 || st.Waiting != 0 {
			t.Errorf("left behind: %+v", st)
		}
	})
	return s, ln.Addr().String()
}
