package load

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"weir/bench/overhead/loop"
	"weir/bench/overhead/machine"
)

// knock is how often First tries to connect.
const knock = 200 * time.Microsecond

// first waits for a proxy to listen and asks it once.
type first struct {
	*server
	addr    netip.AddrPort
	request []byte
	failed  error
}

func (s *server) first(c *Command, addr netip.AddrPort) (*Result, error) {
	rng := rand.New(rand.NewPCG(c.Seed, uint64(c.Size))) // #nosec G404 G115 -- input of a benchmark
	f := &first{server: s, addr: addr, request: Request(c.Addr, Body(rng, max(c.Size, 1<<10), "u000000", false))}
	s.loop.At(1, f)
	if err := s.during(c.Duration, c, func() int { return 1 }); err != nil {
		return nil, errors.Join(err, f.failed)
	}
	at, err := machine.Clock()
	if err != nil {
		return nil, err
	}
	return &Result{Requests: 1, At: &at}, nil
}

// Due tries to connect.
func (f *first) Due(now int64) (int64, error) {
	c, err := dial(f.loop, f.addr, f.buf)
	if errors.Is(err, unix.ECONNREFUSED) {
		f.failed = err
		return now + int64(knock), nil
	}
	if err != nil {
		return 0, err
	}
	f.clients = append(f.clients, c)
	c.driver = f
	return 0, c.send(f.request, []byte(answerBody))
}

func (f *first) progress(*client) error { return nil }

func (f *first) answered(*client) error {
	f.loop.Stop()
	return nil
}

var _ loop.Timer = (*first)(nil)
