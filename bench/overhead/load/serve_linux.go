package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"

	"weir/bench/overhead/loop"
)

// Serve obeys Commands, one JSON object a line, and answers with Messages, until in ends. Between commands nobody serves the upstream. It keeps its thread.
//
// A Command is answered with Ready; it goes on at the next line, whatever that says, and ends in a Result or an Error. Its connections stay open until
// the next line, so that closing them is in nobody's measurement. First alone begins and ends without Ready.
func Serve(in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Timers of ordinary threads may be 50 µs late.
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set the timer slack: %w", err)
	}
	l, err := loop.New()
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	u, err := newUpstream(l)
	if err != nil {
		return err
	}
	defer u.close()
	s := &server{loop: l, upstream: u, lines: bufio.NewReader(in), out: json.NewEncoder(out), buf: make([]byte, 256<<10)}
	return s.serve()
}

type server struct {
	loop     *loop.Loop
	upstream *upstream
	lines    *bufio.Reader
	out      *json.Encoder
	buf      []byte
	clients  []*client
}

func (s *server) serve() error {
	if err := s.out.Encode(Message{Upstream: s.upstream.addr.String()}); err != nil {
		return err
	}
	for {
		line, err := s.lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var c Command
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("read a command: %w", err)
		}
		var m Message
		if m.Result, err = s.run(&c); err != nil {
			m = Message{Error: err.Error()}
			s.end()
			s.upstream.reset()
		}
		if err := s.out.Encode(m); err != nil {
			return err
		}
	}
}

// run does one command. Bodies and buffers of earlier ones are collected first, so that no collection falls into the measurement's beginning.
func (s *server) run(c *Command) (*Result, error) {
	s.end()
	addr, err := netip.ParseAddrPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("the proxy's address: %w", err)
	}
	switch c.Do {
	case Closed, Open:
		return s.unary(c, addr)
	case Streams, Hold:
		return s.stream(c, addr)
	case First:
		return s.first(c, addr)
	}
	return nil, fmt.Errorf("no such command: %q", c.Do)
}

// end closes the connections of the last command.
func (s *server) end() {
	for _, c := range s.clients {
		c.close()
	}
	s.clients = s.clients[:0]
	s.loop.Clear()
	s.upstream.streams, s.upstream.bodySize = nil, 0
}

// connect opens the clients of a command.
func (s *server) connect(c *Command, addr netip.AddrPort, d driver) error {
	for range c.Connections {
		one, err := dial(s.loop, addr, s.buf)
		if err != nil {
			return err
		}
		one.driver = d
		s.clients = append(s.clients, one)
	}
	return nil
}

// ready says so, and waits for the line to go on.
func (s *server) ready() error {
	runtime.GC()
	if err := s.out.Encode(Message{Ready: true}); err != nil {
		return err
	}
	if _, err := s.lines.ReadBytes('\n'); err != nil {
		return fmt.Errorf("wait for the line to go on: %w", err)
	}
	return nil
}

// during runs the loop; patience after allowed it gives up.
func (s *server) during(allowed time.Duration, c *Command, open func() int) error {
	patience := c.Patience
	if patience == 0 {
		patience = 20 * time.Second
	}
	w := &watchdog{loop: s.loop, limit: allowed + patience, open: open}
	s.loop.At(s.loop.Now()+int64(w.limit), w)
	err := s.loop.Run()
	s.loop.Clear()
	return err
}

// A watchdog ends a measurement in which an answer stays away.
type watchdog struct {
	loop  *loop.Loop
	limit time.Duration
	open  func() int
}

// Due is the end of patience.
func (w *watchdog) Due(int64) (int64, error) {
	return 0, fmt.Errorf("%d requests are without an answer after %v", w.open(), w.limit)
}

// newHistogram is for durations from 1 ns to a minute, to three digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(time.Minute), 3) }

func distribution(h *hdrhistogram.Histogram) *Distribution {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	q := func(p float64) time.Duration { return time.Duration(h.ValueAtQuantile(p)) }
	return &Distribution{Count: h.TotalCount(), P50: q(50), P90: q(90), P99: q(99), Max: time.Duration(h.Max())}
}
