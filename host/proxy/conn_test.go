package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"weir/host/upstream"
)

// pair is a loopback connection, guarded on one side.
func pair(t *testing.T, s *Server) (c *conn, client net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	raw, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	l := &listener{srv: s}
	s.open.Add(1)
	c = l.guard(raw)
	t.Cleanup(func() { _ = client.Close(); _ = c.Close() })
	return c, client
}

// A reader that takes nothing loses its connection when limits.write is over,
// one that is slow but keeps taking does not.
func TestWriteDeadlineFollowsTheReader(t *testing.T) {
	t.Parallel()
	lim := testLimits()
	lim.Write = time.Second
	s := newServer(t, lim)
	big := make([]byte, 16<<20)

	stuck, _ := pair(t, s)
	began := time.Now()
	if _, err := stuck.Write(big); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a reader that takes nothing: %v", err)
	}
	if took := time.Since(began); took < lim.Write {
		t.Errorf("given up after %v", took)
	}

	slow, client := pair(t, s)
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 64<<10)
		tick := time.NewTicker(6 * time.Millisecond) // the whole takes longer than one deadline
		defer tick.Stop()
		for {
			if _, err := io.ReadFull(client, buf); err != nil {
				return
			}
			<-tick.C
		}
	})
	began = time.Now()
	n, err := slow.Write(big)
	if err != nil || n != len(big) {
		t.Errorf("a slow reader: %d bytes, %v, after %v", n, err, time.Since(began))
	}
	if took := time.Since(began); took < lim.Write {
		t.Logf("the slow reader was not slow: %v", took)
	}
	_ = slow.Close()
	wg.Wait()
}

func TestReadAboutRenewsSeldom(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	nc := &script{}
	c := scripted(s, nc)
	c.readAbout(time.Now(), time.Hour)
	first := nc.due
	if d := time.Until(first); d < time.Hour || d > time.Hour+time.Hour/8 {
		t.Errorf("due in %v", d)
	}
	if c.readAbout(time.Now(), time.Hour); nc.due != first {
		t.Error("renewed at once")
	}
	if c.readAbout(time.Now(), time.Minute); time.Until(nc.due) > 2*time.Minute {
		t.Errorf("not shortened: due in %v", time.Until(nc.due))
	}
	if c.readAbout(time.Now(), time.Hour); time.Until(nc.due) < time.Hour {
		t.Errorf("not lengthened: due in %v", time.Until(nc.due))
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	c, _ := pair(t, s)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _ = c.Close() })
	}
	wg.Wait()
	if s.open.Load() != 0 || s.metrics.Connections() != 0 || len(s.connections()) != 0 {
		t.Errorf("open %d, metric %d, known %d", s.open.Load(), s.metrics.Connections(), len(s.connections()))
	}
}

// The call is cancelled when the client leaves while it is attached, and when it
// has left before.
func TestLeavingCancels(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	c, client := pair(t, s)
	var before, detached, after upstream.Call
	c.attach(&detached)
	c.detach()
	c.attach(&before)
	_ = client.Close()
	for end := time.Now().Add(10 * time.Second); !c.left(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the client's leaving is not seen")
		}
	}
	c.attach(&after)
	if !before.Cancelled() || !after.Cancelled() || detached.Cancelled() {
		t.Errorf("attached %v, attached later %v, detached %v", before.Cancelled(), after.Cancelled(), detached.Cancelled())
	}
}
