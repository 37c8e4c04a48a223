package socket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// networks are the kinds of socket that every test is run on.
func networks(t *testing.T, f func(t *testing.T, c *Conn, peer net.Conn)) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			c, peer := pair(t, network)
			f(t, c, peer)
		})
	}
}

func pair(t testing.TB, network string) (*Conn, net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		dir, err := os.MkdirTemp("", "s") // t.TempDir may be too long a path for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		address = dir + "/s"
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	peer, err := net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = peer.Close() })
	late := time.Now().Add(20 * time.Second) // nothing hangs
	_ = c.SetDeadline(late)
	_ = peer.SetDeadline(late)
	return c, peer
}

func TestRead(t *testing.T) {
	t.Parallel()
	networks(t, func(t *testing.T, c *Conn, peer net.Conn) {
		if n, err := c.Read(nil); n != 0 || err != nil {
			t.Errorf("nothing: %d, %v", n, err)
		}
		go func() {
			_, _ = io.WriteString(peer, "hello")
			_ = peer.Close()
		}()
		got, err := io.ReadAll(c)
		if string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("behind the end: %d, %v", n, err)
		}
	})
}

func TestDeadlineAndClose(t *testing.T) {
	t.Parallel()
	networks(t, func(t *testing.T, c *Conn, peer net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
		if !c.Quiet() {
			t.Error("a deadline that has passed is no sign of life")
		}
		if sent, _, err := c.Ask([][]byte{{'a'}}, make([]byte, 1)); sent != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ask after the deadline: %d, %v", sent, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		asked := make(chan struct{})
		c.Sent = func() { close(asked) }
		go func() { <-asked; _ = c.Close() }()
		if sent, n, err := c.Ask([][]byte{{'a'}}, make([]byte, 1)); sent != 1 || n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("ask and close: %d, %d, %v", sent, n, err)
		}
		if c.Quiet() {
			t.Error("quiet after Close")
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
	})
}

func TestAsk(t *testing.T) {
	t.Parallel()
	networks(t, func(t *testing.T, c *Conn, peer net.Conn) {
		told := 0
		c.Sent = func() { told++ }
		go echo(peer)
		in := make([]byte, 64)
		for range 100 {
			sent, n, err := c.Ask([][]byte{[]byte("how "), nil, []byte("are "), []byte("you")}, in)
			for err == nil && n < 11 {
				var k int
				k, err = c.Read(in[n:])
				n += k
			}
			if sent != 11 || string(in[:n]) != "how are you" || err != nil {
				t.Fatalf("%d, %q, %v", sent, in[:n], err)
			}
		}
		if told != 100 {
			t.Errorf("Sent was called %d times", told)
		}
	})
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// What came before is not lost and nothing is written on top of it; nor may an
// end that came before be waited for.
func TestAskSpoken(t *testing.T) {
	t.Parallel()
	type halfCloser interface{ CloseWrite() error }
	for name, speak := range map[string]func(net.Conn){
		"bytes":       func(p net.Conn) { _, _ = p.Write([]byte("x")) },
		"closed":      func(p net.Conn) { _ = p.Close() },
		"half-closed": func(p net.Conn) { _ = p.(halfCloser).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			networks(t, func(t *testing.T, c *Conn, peer net.Conn) {
				if !c.Quiet() {
					t.Error("not quiet")
				}
				speak(peer)
				for c.Quiet() { // loopback delivers at once, but on another goroutine's time
				}
				if sent, n, err := c.Ask([][]byte{[]byte("a")}, make([]byte, 8)); sent != 0 || n != 0 || err != ErrSpoken {
					t.Errorf("%d, %d, %v", sent, n, err)
				}
			})
		})
	}
}

// A reset is told as such by the read that it ends.
func TestReset(t *testing.T) {
	t.Parallel()
	c, peer := pair(t, "tcp")
	_ = peer.(*net.TCPConn).SetLinger(0)
	c.Sent = func() { _ = peer.Close() }
	if sent, _, err := c.Ask([][]byte{{'a'}}, make([]byte, 1)); sent != 1 || !errors.Is(err, syscall.ECONNRESET) || !strings.Contains(err.Error(), "read tcp 127.0.0.1") {
		t.Errorf("%d, %v", sent, err)
	}
}

// A peer that takes only part of it: Ask comes back and the rest can be written.
func TestAskPartly(t *testing.T) {
	t.Parallel()
	networks(t, func(t *testing.T, c *Conn, peer net.Conn) {
		c.Sent = func() { t.Error("not all was sent") }
		whole := bytes.Repeat([]byte("0123456789abcdef"), 4<<20)
		sent, n, err := c.Ask([][]byte{whole[:100], whole[100:]}, make([]byte, 8))
		if sent == 0 || sent >= len(whole) || n != 0 || err != nil {
			t.Fatalf("%d, %d, %v", sent, n, err)
		}
		go func() {
			_, _ = c.Write(whole[sent:])
			_ = c.Close()
		}()
		got, err := io.ReadAll(peer)
		if !bytes.Equal(got, whole) || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

func TestAskTooManySegments(t *testing.T) {
	t.Parallel()
	c, _ := pair(t, "tcp")
	segments := make([][]byte, MaxSegments+1)
	for i := range segments {
		segments[i] = []byte("x")
	}
	for _, out := range [][][]byte{segments, nil, {nil}} {
		if sent, n, err := c.Ask(out, make([]byte, 1)); sent != 0 || n != 0 || err != nil {
			t.Errorf("%d, %d, %v", sent, n, err)
		}
	}
}

// Send writes everything, however slowly it is taken.
func TestSend(t *testing.T) {
	t.Parallel()
	networks(t, func(t *testing.T, c *Conn, peer net.Conn) {
		whole := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
		sent := make(chan error, 1)
		go func() {
			sent <- c.Send([][]byte{whole[:1], nil, whole[1:100], whole[100 : 1<<20], whole[1<<20:]})
			_ = c.Close()
		}()
		got, err := io.ReadAll(peer)
		if serr := <-sent; !bytes.Equal(got, whole) || err != nil || serr != nil {
			t.Errorf("%d bytes, %v, %v", len(got), err, serr)
		}
	})
	c, peer := pair(t, "tcp")
	if err := c.Send(make([][]byte, MaxSegments+1)); err != nil {
		t.Errorf("nothing in many segments: %v", err)
	}
	many := make([][]byte, MaxSegments+1)
	for i := range many {
		many[i] = []byte("x")
	}
	if err := c.Send(many); err != ErrSegments {
		t.Errorf("too many: %v", err)
	}
	_ = c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	if err := c.Send([][]byte{make([]byte, 64<<20)}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("not taken: %v", err)
	}
	_ = c.SetWriteDeadline(time.Time{})
	_ = peer.Close()
	for err := error(nil); err == nil; {
		if err = c.Send([][]byte{[]byte("x")}); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("closed: %v", err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer func() { _ = a.Close(); _ = b.Close() }()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	for _, c := range []net.Conn{a, udp.(*net.UDPConn)} {
		if _, err := New(c); err != ErrUnsupported {
			t.Errorf("%T: %v", c, err)
		}
	}
}

func TestAllocations(t *testing.T) {
	c, peer := pair(t, "tcp")
	go echo(peer)
	out, in := [][]byte{[]byte("question")}, make([]byte, 64)
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := c.Ask(out, in); err != nil {
			t.Fatal(err)
		}
		_ = c.Quiet()
	}); n != 0 {
		t.Errorf("Ask and Quiet: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := c.Send(out); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Send and Read: %v allocations", n)
	}
}

// BenchmarkAsk is one question and answer, beside the same with Go's own calls.
func BenchmarkAsk(b *testing.B) {
	question, in := bytes.Repeat([]byte("q"), 1000), make([]byte, 4096)
	b.Run("socket", func(b *testing.B) {
		c, peer := pair(b, "tcp")
		go echo(peer)
		out := [][]byte{question[:100], question[100:]}
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := c.Ask(out, in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net", func(b *testing.B) {
		c, peer := pair(b, "tcp")
		go echo(peer)
		var vec [2][]byte
		var out net.Buffers
		b.ReportAllocs()
		for b.Loop() {
			vec[0], vec[1] = question[:100], question[100:]
			out = vec[:]
			if _, err := out.WriteTo(c.Conn); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Conn.Read(in); err != nil {
				b.Fatal(err)
			}
		}
	})
}
