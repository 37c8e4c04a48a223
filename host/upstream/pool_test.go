package upstream

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// closable is a connection that knows whether it was closed.
type closable struct {
	net.Conn
	closed bool
}

func (c *closable) Close() error { c.closed = true; return nil }

// poolModel is what the pool is held to: who holds which connection, who waits.
type poolModel struct {
	p       pool
	idle    []*conn
	used    []*conn   // in use
	rights  int       // to open one, or opening
	waiters []*waiter // in their order
	served  []*waiter // taken out of the queue; a grant is in their channels
	closed  bool
}

// use notes what a caller was given.
func (m *poolModel) use(c *conn) {
	if c == nil {
		m.rights++
		return
	}
	m.used = append(m.used, c)
}

func (m *poolModel) isClosed(c *conn) bool { return c.Conn.(*closable).closed }

func newTestConn() *conn {
	raw := &closable{}
	return &conn{Conn: raw, raw: raw}
}

// granted moves the first waiter from the queue to the served.
func (m *poolModel) granted(t *rapid.T, c *conn) {
	w := m.waiters[0]
	m.waiters = m.waiters[1:]
	m.served = append(m.served, w)
	if len(w.ch) != 1 {
		t.Fatal("the first waiter was passed over")
	}
	if got := <-w.ch; got != c {
		t.Fatalf("granted %p, want %p", got, c)
	}
	w.ch <- c // for whoever receives it, or leaves
}

func take[T any](t *rapid.T, list *[]T, what string) T {
	if len(*list) == 0 {
		t.Skip("none")
	}
	i := rapid.IntRange(0, len(*list)-1).Draw(t, what)
	v := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return v
}

// actions are everything that can happen to a pool.
func (m *poolModel) actions() map[string]func(*rapid.T) {
	give := func(t *rapid.T, c *conn) {
		m.p.put(c, time.Now())
		switch {
		case len(m.waiters) > 0:
			m.granted(t, c)
		case m.closed:
			if !m.isClosed(c) {
				t.Fatal("kept by a closed pool")
			}
		default:
			m.idle = append(m.idle, c)
		}
	}
	forget := func(t *rapid.T) {
		m.p.forget()
		if len(m.waiters) > 0 {
			m.granted(t, nil)
		}
	}
	return map[string]func(*rapid.T){
		"take": func(t *rapid.T) {
			c, w := m.p.take()
			switch n := len(m.idle); {
			case n > 0:
				if c != m.idle[n-1] || w != nil {
					t.Fatal("want the connection used last")
				}
				m.idle = m.idle[:n-1]
				m.use(c)
			case len(m.used)+m.rights+len(m.served) < m.p.max:
				if c != nil || w != nil {
					t.Fatal("want the right to open one")
				}
				m.use(nil)
			default:
				if w == nil {
					t.Fatal("more than max")
				}
				m.waiters = append(m.waiters, w)
			}
		},
		"opened": func(t *rapid.T) {
			if m.rights == 0 {
				t.Skip("none")
			}
			m.rights--
			m.use(newTestConn())
		},
		"not opened": func(t *rapid.T) {
			if m.rights == 0 {
				t.Skip("none")
			}
			m.rights--
			forget(t)
		},
		"put":    func(t *rapid.T) { give(t, take(t, &m.used, "put")) },
		"broken": func(t *rapid.T) { take(t, &m.used, "broken"); forget(t) },
		"found dead": func(t *rapid.T) {
			take(t, &m.used, "dead")
			c := m.p.next()
			if n := len(m.idle); n > 0 {
				if c != m.idle[n-1] {
					t.Fatal("want the next idle connection")
				}
				m.idle = m.idle[:n-1]
			} else if c != nil {
				t.Fatal("a connection out of nothing")
			}
			m.use(c)
		},
		"receive": func(t *rapid.T) { m.use(<-take(t, &m.served, "receive").ch) },
		"leave queue": func(t *rapid.T) {
			m.p.leave(take(t, &m.waiters, "leave"), time.Now())
		},
		"leave with grant": func(t *rapid.T) {
			w := take(t, &m.served, "leave")
			c := <-w.ch
			w.ch <- c
			m.p.leave(w, time.Now())
			switch {
			case len(m.waiters) > 0:
				m.granted(t, c)
			case c == nil:
			case m.closed:
				if !m.isClosed(c) {
					t.Fatal("kept by a closed pool")
				}
			default:
				m.idle = append(m.idle, c)
			}
		},
		"purge": func(*rapid.T) { m.p.purge(); m.idle = nil },
		"expire": func(t *rapid.T) {
			if n := len(m.idle); n > 0 {
				old := rapid.IntRange(0, n).Draw(t, "old")
				for _, c := range m.idle[:old] {
					c.idle = time.Now().Add(-idleTimeout)
				}
				m.idle = m.idle[old:]
			}
			m.p.expire()
		},
		"close": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
				t.Skip("seldom")
			}
			m.p.close()
			m.idle, m.closed = nil, true
		},
		"": m.check,
	}
}

// check compares the pool's counts with the model's.
func (m *poolModel) check(t *rapid.T) {
	open, idle, waiting := m.p.counts()
	if want := len(m.idle) + len(m.used) + m.rights + len(m.served); open != want || open > m.p.max {
		t.Fatalf("%d open, want %d of at most %d", open, want, m.p.max)
	}
	if idle != len(m.idle) || waiting != len(m.waiters) {
		t.Fatalf("%d idle, want %d; %d waiting, want %d", idle, len(m.idle), waiting, len(m.waiters))
	}
	if waiting > 0 && (idle > 0 || open < m.p.max) {
		t.Fatalf("%d wait, though %d of %d are open and %d idle", waiting, open, m.p.max, idle)
	}
	if !slices.Equal(m.p.idle, m.idle) {
		t.Fatal("other connections are idle")
	}
	for _, c := range append(slices.Clone(m.idle), m.used...) {
		if m.isClosed(c) {
			t.Fatal("a connection in the pool or in use was closed")
		}
	}
	if m.p.timer == nil && idle > 0 || m.p.timer != nil && m.closed {
		t.Fatalf("timer set: %t, with %d idle, closed: %t", m.p.timer != nil, idle, m.closed)
	}
}

func TestPoolProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &poolModel{p: pool{max: rapid.IntRange(1, 4).Draw(t, "max")}}
		defer m.p.close()
		t.Repeat(m.actions())
	})
}

// Connections that rest are closed after idleTimeout each, by one timer that
// ends with the last of them.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pool{max: 10}
		var conns []*conn
		for range 3 {
			p.take()
		}
		for i := range 3 {
			c := newTestConn()
			conns = append(conns, c)
			p.put(c, time.Now())
			if i < 2 {
				time.Sleep(idleTimeout / 3) // the bubble's clock
			}
		}
		for want := 3; want > 0; want-- {
			if open, idle, _ := p.counts(); open != want || idle != want {
				t.Fatalf("%d open, %d idle, want %d", open, idle, want)
			}
			time.Sleep(idleTimeout/3 + 10*time.Millisecond)
			synctest.Wait()
		}
		if open, idle, _ := p.counts(); open+idle > 0 || p.timer != nil {
			t.Errorf("%d open, %d idle, timer set: %t", open, idle, p.timer != nil)
		}
		for i, c := range conns {
			if !c.Conn.(*closable).closed {
				t.Errorf("connection %d was left open", i)
			}
		}
	})
}

// As many connections as allowed, waiters served in their order, and those that
// leave missed by nobody.
func TestWaiters(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	target := open(t, p, func(o *Options) { o.Connections = 2 })
	var busy [2]Call
	for i := range busy {
		if _, err := target.Do(&busy[i], get()); err != nil {
			t.Fatal(err)
		}
	}
	const waiters = 20
	var calls [waiters]Call
	var order []int
	var mu sync.Mutex
	ended := make(chan error, waiters)
	for i := range waiters {
		go func() {
			resp, err := target.Do(&calls[i], get())
			if err == nil {
				mu.Lock()
				order = append(order, i) // while one connection circulates, one waiter at a time is here
				mu.Unlock()
				_, err = readBody(resp)
				resp.Close()
			}
			ended <- err
		}()
		eventually(t, "it waits", func() bool { _, _, w := target.Connections(); return w == i+1 })
	}
	counts(t, target, 2, 0, waiters)
	for i := 0; i < waiters; i += 3 {
		calls[i].Cancel()
		failed(t, receive(t, ended, "cancelled waiter"), Failure{Reason: "cancelled", Phase: Connecting})
	}
	left := waiters - 7
	counts(t, target, 2, 0, left)
	if _, err := io.ReadFull(&busy[0].resp, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	busy[0].resp.Close()
	for range left {
		if err := receive(t, ended, "waiter"); err != nil {
			t.Error(err)
		}
	}
	if len(order) != left || !slices.IsSorted(order) {
		t.Errorf("served in the order %v", order)
	}
	counts(t, target, 2, 1, 0)
	busy[1].resp.Close() // unread: closed
	counts(t, target, 1, 1, 0)
	if n := p.accepted.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// A connection that breaks leaves its place to the first waiter, who dials.
func TestWaiterDials(t *testing.T) {
	t.Parallel()
	target := open(t, listen(t, replying(hello)), func(o *Options) { o.Connections = 1 })
	var busy Call
	if _, err := target.Do(&busy, get()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, _, err := fetch(target, get())
		ended <- err
	}()
	eventually(t, "it waits", func() bool { _, _, w := target.Connections(); return w == 1 })
	busy.Cancel()
	busy.resp.Close()
	if err := receive(t, ended, "waiter"); err != nil {
		t.Error(err)
	}
	counts(t, target, 1, 1, 0)
}

func TestBusy(t *testing.T) {
	t.Parallel()
	target := open(t, listen(t, replying(hello)), func(o *Options) { o.Connections = 1 })
	var busy Call
	if _, err := target.Do(&busy, get()); err != nil {
		t.Fatal(err)
	}
	target.opt.FirstByte = 10 * time.Millisecond
	_, _, err := fetch(target, get())
	target.opt.FirstByte = patience
	if f := failed(t, err, Failure{Reason: "busy", Phase: Connecting, Timeout: true}); !errors.Is(f, errBusy) {
		t.Error(f)
	}
	counts(t, target, 1, 0, 0)
	busy.resp.Close()
	mustFetch(t, target, get(), "hello")
}
