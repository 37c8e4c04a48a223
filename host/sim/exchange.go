package sim

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

var (
	errLeft = errors.New("the client left")
	errCut  = errors.New("the connection is to be cut") // a fault's doing
)

// exchange is one request and its answer. It belongs to the goroutine of its
// connection and is reused.
type exchange struct {
	srv     *Server
	conn    *conn
	dialect dialect
	head    bool // a HEAD request: no body
	close   bool // the connection ends after this answer, and the answer says so
	old     bool // an HTTP/1.0 client: no chunks
	route   route
	doc     document
	req     request
	gen     generation

	// From the x-sim headers.
	fault      fault
	ttft, tpot time.Duration
	forced     int // tokens to answer with; 0: as the model likes
	calls      int // tools to call at once
	echo       bool

	serial  uint64 // number of the request
	id      []byte // request id
	created int64
	ticket  ticket
	origin  time.Time // when its generation began

	wrote bool // a part of the answer has gone out

	out []byte // written next
	ev  []byte // an event
}

// handle answers one request.
func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	x := s.acquire(ctx)
	keep := false
	defer func() {
		if p := recover(); p != nil {
			x.apologise(p)
		}
		if !keep {
			ctx.SetConnectionClose()
		}
		s.release(x)
	}()
	s.chunked.Delete(&ctx.Request.Header)
	a, err := x.answer(ctx)
	if err != nil {
		a = x.refusal(err)
	}
	keep = x.deliver(&a)
}

// apologise answers a panic with its stack, unless a part of an answer has gone
// out already. The connection ends in either case.
func (x *exchange) apologise(p any) {
	if x.wrote {
		return
	}
	x.fault, x.close = fault{}, true
	a := x.refusal(&problem{status: 500, message: fmt.Sprintf("panic: %v\n%s", p, debug.Stack())})
	_ = x.transmit(&a)
}

func (s *Server) acquire(ctx *fasthttp.RequestCtx) *exchange {
	x := s.pool.Get().(*exchange)
	x.conn = ctx.Conn().(*conn)
	x.serial = s.requests.Add(1)
	x.id = x.appendID(append(x.id[:0], "req_"...), 0)
	x.created = s.opt.Now().Unix()
	x.head = ctx.IsHead()
	x.old = !ctx.Request.Header.IsHTTP11()
	x.close = x.old || ctx.Request.Header.ConnectionClose()
	x.ttft, x.tpot, x.forced, x.calls, x.echo = s.opt.TTFT, s.opt.TPOT, 0, 1, false
	x.ticket.conn = x.conn
	s.inFlight.Add(1)
	return x
}

func (s *Server) release(x *exchange) {
	s.gate.leave(&x.ticket)
	s.inFlight.Add(-1)
	x.conn, x.fault, x.route, x.wrote = nil, fault{}, route{}, false
	x.ticket = ticket{}
	x.req.reset()
	x.doc.reset()
	clear(x.gen.choices)
	x.gen = generation{choices: x.gen.choices[:0]}
	const keep = 256 << 10 // a pooled exchange keeps no more than this of each buffer
	if cap(x.out) > keep || cap(x.ev) > keep || cap(x.req.prompt) > keep || cap(x.doc.nodes) > keep/16 {
		x.out, x.ev, x.req.prompt, x.doc.nodes = nil, nil, nil, nil
	}
	s.pool.Put(x)
}

// appendID appends 24 hexadecimal digits: the same for the same seed, request
// number and salt, and different from all others.
func (x *exchange) appendID(dst []byte, salt uint64) []byte {
	dst = appendHex(dst, mix(x.srv.opt.Seed^mix(x.serial)+salt), 16)
	return appendHex(dst, x.serial, 8)
}

// control reads the x-sim headers and decides whether the fault applies.
func (x *exchange) control(h *fasthttp.RequestHeader) error {
	key := ""
	for name, v := range h.All() { // names come in canonical form
		if len(name) < 6 || string(name[:6]) != "X-Sim-" {
			continue
		}
		var err error
		switch arg := strings.TrimSpace(string(v)); string(name[6:]) {
		case "Fault":
			x.fault, err = parseFault(arg)
		case "Key":
			key = arg
		case "Echo":
			if x.echo = arg == "headers"; !x.echo {
				err = errors.New("x-sim-echo: want headers")
			}
		case "Ttft":
			x.ttft, err = pause(name, arg)
		case "Tpot":
			x.tpot, err = pause(name, arg)
		case "Tokens":
			x.forced, err = setting(name, arg, maxForced)
		case "Calls":
			x.calls, err = setting(name, arg, 128)
		}
		if err != nil {
			x.fault = fault{} // of another header: the refusal must arrive
			return &problem{status: 400, message: err.Error(), code: "bad_x_sim_header"}
		}
	}
	if x.fault != (fault{}) {
		if x.fault.fail > 0 && !x.srv.fails(key, x.fault.fail) {
			x.fault = fault{}
			return nil
		}
		x.srv.faults.Add(1)
	}
	return nil
}

func pause(name []byte, arg string) (time.Duration, error) {
	d, err := time.ParseDuration(arg)
	if err != nil || d < 0 || d > time.Hour {
		return 0, fmt.Errorf("%s: want a duration up to 1h, such as 20ms", strings.ToLower(string(name)))
	}
	return d, nil
}

func setting(name []byte, arg string, most int) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s: want a number from 1 to %d", strings.ToLower(string(name)), most)
	}
	return n, nil
}

// begin waits for a slot and makes the answer's tokens. flush is called before a
// wait begins.
func (x *exchange) begin(flush func() error) error {
	if !x.srv.gate.enter(&x.ticket) {
		if err := flush(); err != nil {
			return err
		}
		for !x.srv.gate.granted(&x.ticket) {
			if x.conn.watch() {
				return errLeft
			}
		}
	}
	if x.ttft > 0 || x.tpot > 0 {
		x.origin = time.Now()
	}
	s := x.srv
	for i := range x.req.ends {
		prompt := x.req.span(i)
		cached, stored := s.cache.admit(x.req.model, prompt)
		x.gen.usage.prompt += tokens(len(prompt))
		x.gen.usage.cached += cached
		x.gen.usage.stored += stored
	}
	if x.route.endpoint != endpointEmbeddings {
		x.gen.generate(s.opt.Seed, &x.req, x.forced, x.calls)
	}
	u := x.gen.usage
	s.prompted.Add(uint64(u.prompt))
	s.cached.Add(uint64(u.cached))
	s.output.Add(uint64(u.output))
	if u.cached > 0 {
		s.hits.Add(1)
	}
	return nil
}

// pace sleeps until the time of the n-th token, from 0. Times are counted from
// the beginning of the generation, so that lateness does not add up.
func (x *exchange) pace(n int) error {
	if n < 0 || x.ttft == 0 && x.tpot == 0 {
		return nil
	}
	due := x.origin.Add(x.ttft + time.Duration(n)*x.tpot)
	if !time.Now().Before(due) {
		return nil
	}
	if x.conn.wait(due) {
		return errLeft
	}
	return nil
}

// steps is the number of token times that the whole answer takes.
func (x *exchange) steps() int {
	n := 1
	for i := range x.gen.choices {
		n = max(n, x.gen.choices[i].steps)
	}
	return n
}

// left records that the client went away before the end of its answer.
func (x *exchange) left() {
	if x.srv.closing.Load() {
		return // it was this server that went
	}
	at := time.Now()
	x.srv.cancelled.Add(1)
	if x.srv.opt.OnCancel != nil {
		x.srv.opt.OnCancel(at)
	}
}
