package load

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"weir/bench/overhead/loop"
)

// variety is how many bodies of one size take turns, so that no peer meets the same bytes again and again.
const variety = 16

// unary drives clients that ask for unstreamed answers: first in a closed loop to warm up, then in a closed or an open one.
type unary struct {
	loop     *loop.Loop
	requests [][]byte
	want     []byte
	next     int   // of requests
	until    int64 // when clients stop to ask; the closed loop
	busy     int
	done     int

	schedule *schedule // the open loop; nil in the closed one
	waiting  []int64   // intended times of requests for which no connection was free
	free     []*client
	latency  *hdrhistogram.Histogram
	late     *hdrhistogram.Histogram
}

func (s *server) unary(c *Command, addr netip.AddrPort) (*Result, error) {
	u := &unary{loop: s.loop, want: []byte(answerBody)}
	rng := rand.New(rand.NewPCG(c.Seed, uint64(c.Size))) // #nosec G404 G115 -- input of a benchmark
	for range variety {
		u.requests = append(u.requests, Request(c.Addr, Body(rng, c.Size, "u000000", false)))
	}
	s.upstream.bodySize = c.Size
	if err := s.connect(c, addr, u); err != nil {
		return nil, err
	}
	open := func() int { return u.busy + len(u.waiting) }
	if err := u.start(s.clients, c.Warmup); err != nil {
		return nil, err
	}
	if err := s.during(c.Warmup, c, open); err != nil {
		return nil, err
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	u.done = 0
	began := s.loop.Now()
	begin := u.start
	if c.Do == Open {
		begin = func(clients []*client, _ time.Duration) error { return u.open(clients, newSchedule(c, began)) }
	}
	if err := begin(s.clients, c.Duration); err != nil {
		return nil, err
	}
	if err := s.during(c.Duration, c, open); err != nil {
		return nil, err
	}
	return &Result{Requests: u.done, Wall: time.Duration(s.loop.Now() - began), Latency: distribution(u.latency), Late: distribution(u.late)}, nil
}

// start lets all clients ask in a closed loop for so long, once each at least.
func (u *unary) start(clients []*client, d time.Duration) error {
	u.until = u.loop.Now() + int64(d)
	for _, c := range clients {
		if err := u.ask(c); err != nil {
			return err
		}
	}
	return nil
}

func (u *unary) ask(c *client) error {
	u.busy++
	u.next++
	return c.send(u.requests[u.next%len(u.requests)], u.want)
}

func (u *unary) progress(*client) error { return nil }

func (u *unary) answered(c *client) error {
	u.busy--
	u.done++
	now := u.loop.Now()
	if u.schedule == nil {
		if now < u.until {
			return u.ask(c)
		}
		if u.busy == 0 {
			u.loop.Stop()
		}
		return nil
	}
	if err := u.latency.RecordValue(now - c.intended); err != nil {
		return err
	}
	if len(u.waiting) > 0 {
		first := u.waiting[0]
		u.waiting = append(u.waiting[:0], u.waiting[1:]...)
		return u.askAt(c, first, now)
	}
	u.free = append(u.free, c)
	if u.busy == 0 && u.schedule.over() {
		u.loop.Stop()
	}
	return nil
}

// open begins the open loop.
func (u *unary) open(clients []*client, s *schedule) error {
	u.schedule, u.latency, u.late = s, newHistogram(), newHistogram()
	u.free = append(u.free, clients...)
	at := s.next()
	if at == 0 {
		return errors.New("no request falls into the time measured")
	}
	u.loop.At(at, u)
	return nil
}

// Due sends what is to be sent by now. The connection used last is taken first, as pools of clients do.
func (u *unary) Due(now int64) (int64, error) {
	for {
		if len(u.free) == 0 {
			u.waiting = append(u.waiting, u.schedule.at)
		} else {
			c := u.free[len(u.free)-1]
			u.free = u.free[:len(u.free)-1]
			if err := u.askAt(c, u.schedule.at, now); err != nil {
				return 0, err
			}
		}
		if at := u.schedule.next(); at == 0 || at > now {
			return at, nil
		}
	}
}

func (u *unary) askAt(c *client, intended, now int64) error {
	c.intended = intended
	if err := u.late.RecordValue(now - intended); err != nil {
		return err
	}
	return u.ask(c)
}

// A schedule is a Poisson process: gaps are exponential, so requests also meet, as they do in practice.
type schedule struct {
	rng  *rand.Rand
	mean float64 // gap, ns
	at   int64
	end  int64
}

func newSchedule(c *Command, from int64) *schedule {
	return &schedule{rng: rand.New(rand.NewPCG(c.Seed, 1)), mean: 1e9 / c.Rate, at: from, end: from + int64(c.Duration)} // #nosec G404
}

// next moves on to the next time, and returns 0 after the last.
func (s *schedule) next() int64 {
	if s.over() {
		return 0
	}
	s.at += int64(s.rng.ExpFloat64() * s.mean)
	if s.over() {
		return 0
	}
	return s.at
}

func (s *schedule) over() bool { return s.at >= s.end }
