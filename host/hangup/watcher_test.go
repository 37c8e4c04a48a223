package hangup

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func pair(t testing.TB, network, addr string) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	client, err = net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	return client, server
}

func newWatcher(t testing.TB) *Watcher {
	t.Helper()
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func await(t testing.TB, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		t.Fatal("no hang-up seen")
	}
}

func TestSeesEveryWayToLeave(t *testing.T) {
	t.Parallel()
	ways := map[string]func(net.Conn){
		"close":      func(c net.Conn) { _ = c.Close() },
		"half-close": func(c net.Conn) { _ = c.(interface{ CloseWrite() error }).CloseWrite() },
		"reset": func(c net.Conn) {
			if tc, ok := c.(*net.TCPConn); ok {
				_ = tc.SetLinger(0)
			}
			_ = c.Close()
		},
		"close with bytes unread": func(c net.Conn) { _, _ = c.Write([]byte("pipelined")); _ = c.Close() },
	}
	for _, network := range []string{"tcp", "unix"} {
		for name, leave := range ways {
			t.Run(network+" "+name, func(t *testing.T) {
				t.Parallel()
				addr := "127.0.0.1:0"
				if network == "unix" {
					addr = filepath.Join(t.TempDir(), "s")
				}
				w := newWatcher(t)
				client, server := pair(t, network, addr)
				gone := make(chan struct{})
				if _, err := w.Add(server, func() { close(gone) }); err != nil {
					t.Fatal(err)
				}
				leave(client)
				await(t, gone)
			})
		}
	}
}

func TestDataIsNoHangUp(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	client, server := pair(t, "tcp", "127.0.0.1:0")
	other, watched := pair(t, "tcp", "127.0.0.1:0")
	if _, err := w.Add(server, func() { t.Error("data was taken for a hang-up") }); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	if _, err := w.Add(watched, func() { close(gone) }); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	_ = other.Close() // events come in order: by now the data's would have come
	await(t, gone)
	w.Close()
}

// A descriptor that is closed and reused must not deliver its predecessor's
// event, nor an entry that was removed.
func TestRemovedEntriesStaySilent(t *testing.T) {
	t.Parallel()
	w := newWatcher(t)
	for range 200 {
		client, server := pair(t, "tcp", "127.0.0.1:0")
		e, err := w.Add(server, func() { t.Error("callback after Remove") })
		if err != nil {
			t.Fatal(err)
		}
		w.Remove(e)
		w.Remove(e)
		_ = client.Close()
		_ = server.Close()
	}
	if n := len(w.slots); n > 2 {
		t.Errorf("%d slots for one socket at a time", n)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const n = 300 // more than one batch of events
	w := newWatcher(t)
	var wg sync.WaitGroup
	clients := make([]net.Conn, n)
	for i := range clients {
		client, server := pair(t, "tcp", "127.0.0.1:0")
		clients[i] = client
		wg.Add(1)
		if _, err := w.Add(server, wg.Done); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clients {
		_ = c.Close()
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	await(t, done)
}

func TestNoSocket(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer func() { _ = a.Close(); _ = b.Close() }()
	if _, err := newWatcher(t).Add(a, func() {}); err == nil {
		t.Error("a pipe has no socket to watch")
	}
}

func BenchmarkDelay(b *testing.B) {
	w := newWatcher(b)
	var total time.Duration
	for b.Loop() {
		client, server := pair(b, "tcp", "127.0.0.1:0")
		gone := make(chan time.Time, 1)
		e, err := w.Add(server, func() { gone <- time.Now() })
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		_ = client.Close()
		total += (<-gone).Sub(start)
		_ = server.Close()
		w.Remove(e)
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N), "µs/hangup")
}
