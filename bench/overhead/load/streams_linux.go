package load

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"weir/bench/overhead/loop"
)

// streams drives clients that ask for streams, and the upstream's side of them.
type streams struct {
	loop     *loop.Loop
	script   *script
	pace     string
	interval int64
	rng      *rand.Rand
	until    int64
	busy     int
	done     int
	events   int
	delays   *hdrhistogram.Histogram // nil while warming up

	hold  bool
	begun int
	open  func() error // called when every stream of a Hold has begun
	all   int
}

// streamBody is the size of a request for a stream.
const streamBody = 1 << 10

func (s *server) stream(c *Command, addr netip.AddrPort) (*Result, error) {
	if c.Events < 4 {
		return nil, fmt.Errorf("a stream of %d events: 4 are the least", c.Events)
	}
	d := &streams{loop: s.loop, script: newScript(c.Events), pace: c.Pace, interval: int64(c.Interval), hold: c.Do == Hold, all: c.Connections}
	d.rng = rand.New(rand.NewPCG(c.Seed, 2)) // #nosec G404 -- input of a benchmark
	if err := s.connect(c, addr, d); err != nil {
		return nil, err
	}
	for i, client := range s.clients {
		body := Body(d.rng, streamBody, fmt.Sprintf("s%06d", i), true)
		client.stream = &stream{streams: d, client: client, request: Request(c.Addr, body), sentAt: make([]int64, c.Events)}
	}
	s.upstream.streams = func(i int) *stream {
		if i >= len(s.clients) {
			return nil
		}
		return s.clients[i].stream
	}
	length := c.Interval * time.Duration(c.Events) // of a paced stream
	if !d.hold {
		if err := d.start(s.clients, c.Warmup); err != nil {
			return nil, err
		}
		if err := s.during(c.Warmup+length, c, func() int { return d.busy }); err != nil {
			return nil, err
		}
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	d.done, d.events, d.delays = 0, 0, newHistogram()
	if d.hold {
		d.open = func() error { return s.out.Encode(Message{Open: true}) }
	}
	began := s.loop.Now()
	if err := d.start(s.clients, c.Duration); err != nil {
		return nil, err
	}
	if err := s.during(c.Duration+length, c, func() int { return d.busy }); err != nil {
		return nil, err
	}
	return &Result{Requests: d.done, Events: d.events, Wall: time.Duration(s.loop.Now() - began), Delay: distribution(d.delays)}, nil
}

// start lets all clients ask for streams for so long, once each at least.
func (d *streams) start(clients []*client, lasting time.Duration) error {
	d.until = d.loop.Now() + int64(lasting)
	for _, c := range clients {
		if err := d.ask(c); err != nil {
			return err
		}
	}
	return nil
}

func (d *streams) ask(c *client) error {
	d.busy++
	return c.send(c.stream.request, d.script.body)
}

// firstGap spreads paced streams evenly, so that their events do not come in step.
func (d *streams) firstGap() int64 { return 1 + d.rng.Int64N(max(d.interval, 1)) }

func (d *streams) progress(c *client) error {
	first := c.stream.seen == 0
	if err := c.stream.received(); err != nil {
		return err
	}
	if first && c.stream.seen > 0 && d.open != nil {
		if d.begun++; d.begun == d.all {
			return d.open()
		}
	}
	return nil
}

func (d *streams) answered(c *client) error {
	d.busy--
	d.done++
	if !d.hold && d.loop.Now() < d.until {
		return d.ask(c)
	}
	if d.busy == 0 {
		d.loop.Stop()
	}
	return nil
}
