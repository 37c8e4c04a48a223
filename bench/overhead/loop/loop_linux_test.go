package loop

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func open(t *testing.T) *Loop {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	})
	return l
}

type due func(now int64) (int64, error)

func (d due) Due(now int64) (int64, error) { return d(now) }

type ready func(events uint32) error

func (r ready) Ready(events uint32) error { return r(events) }

func TestTimers(t *testing.T) {
	t.Parallel()
	l := open(t)
	var order []string
	at := func(when int64, name string, then func(int64) (int64, error)) {
		l.At(when, due(func(now int64) (int64, error) {
			if now < when {
				t.Errorf("%s comes %d ns early", name, when-now)
			}
			order = append(order, name)
			return then(now)
		}))
	}
	never := func(int64) (int64, error) { return 0, nil }
	base := l.Now()
	at(base+2e6, "third", func(int64) (int64, error) { l.Stop(); return 0, nil })
	at(base+1e6, "second", never)
	times := 0
	at(base, "first", func(now int64) (int64, error) {
		if times++; times == 2 {
			return 0, nil
		}
		return now + 1, nil
	})
	at(base+1e15, "never", never)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "first", "second", "third"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	l.Clear()
	l.At(1, due(func(int64) (int64, error) { return 0, errors.New("over") }))
	if err := l.Run(); err == nil || err.Error() != "over" {
		t.Errorf("got %v", err)
	}
}

func TestHeap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h heap
		var want []int64
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if len(want) > 0 && rapid.Bool().Draw(t, "pop") {
				if got := h.pop().at; got != want[0] {
					t.Fatalf("got %d, want %d", got, want[0])
				}
				want = want[1:]
				continue
			}
			v := rapid.Int64Range(0, 20).Draw(t, "at")
			h.push(entry{at: v})
			want = append(want, v)
			slices.Sort(want)
		}
	})
}

// echo listens on the loop and sends back what comes.
func echo(t *testing.T, l *Loop) netip.AddrPort {
	t.Helper()
	fd, addr, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	buf := make([]byte, 4096)
	accept := func(uint32) error {
		for {
			c, err := Accept(fd)
			if err != nil || c < 0 {
				return err
			}
			err = l.Add(c, ready(func(uint32) error {
				n, closed, err := Read(c, buf)
				if closed {
					return errors.Join(err, l.Remove(c))
				}
				if err == nil {
					_, err = Write(c, buf[:n])
				}
				return err
			}))
			if err != nil {
				return err
			}
		}
	}
	if err := l.Add(fd, ready(accept)); err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestSockets(t *testing.T) {
	t.Parallel()
	l := open(t)
	addr := echo(t, l)
	buf := make([]byte, 64)
	for round := range 3 { // descriptors are used again, by other handlers
		c, err := Dial(addr)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := l.Add(c, ready(func(events uint32) error {
			if events&Readable == 0 {
				return nil
			}
			n, _, err := Read(c, buf)
			if got += string(buf[:n]); got == "hello" {
				l.Stop()
			}
			return err
		})); err != nil {
			t.Fatal(err)
		}
		if rest, err := Write(c, []byte("hello")); err != nil || len(rest) > 0 {
			t.Fatal(rest, err)
		}
		if err := l.Run(); err != nil || got != "hello" {
			t.Errorf("round %d: got %q, %v", round, got, err)
		}
		if err := l.Remove(c); err != nil {
			t.Error(err)
		}
	}
}

func TestDialRefused(t *testing.T) {
	t.Parallel()
	fd, addr, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(addr); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}
