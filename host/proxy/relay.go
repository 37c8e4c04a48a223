package proxy

import (
	"errors"
	"io"
	"time"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
	"weir/host/upstream"
)

// mode is how a relay treats what it passes on.
type mode uint8

const (
	raw    mode = iota // bytes as they come
	events             // whole server-sent events, each read by the dialect
)

// relay is the body of a streamed answer. In events mode it passes on whole
// events only, byte for byte, so that what follows a fault is never glued to half
// an event; the part of an event that has come is kept, up to limits.event.
type relay struct {
	x      *exchange
	mode   mode
	watch  bool // plugins watch: what goes out next is shown, not buf[o:e]
	shown  []byte
	due    bool // the next read ends early for them
	active bool
	size   int64 // of the body; -1 when only its end will tell

	buf     []byte
	o, e, w int // buf[o:e] goes out next; buf[e:w] is the beginning of an event
	scanned int // of buf[e:w], searched for the event's end already
	ended   bool
	err     error     // what to end with when there is no clean end
	last    time.Time // the last complete event, without the time the client took since
	heard   time.Time // when the target last said something
	tail    []byte    // end of a long unstreamed answer, for its usage
}

const (
	relayBuffer = 4 << 10  // holds some dozens of ordinary events
	rawBuffer   = 32 << 10 // for answers that are only passed on
)

// tailSize is how much of the end of a long answer is kept to find its usage.
const tailSize = 16 << 10

func (r *relay) start(x *exchange, m mode, read []byte) {
	r.x, r.mode, r.active, r.size = x, m, true, -1
	r.watch = m == events && x.watches()
	if h := &x.resp.Head; m == raw && h.Framing == http1.Length {
		r.size = h.Length
	}
	r.last = x.seen
	r.heard = r.last
	if len(read) > 0 {
		r.buf = read[:cap(read)]
		r.e, r.w = len(read), len(read)
		r.remember(read)
		x.rec.TTFT = x.seen.Sub(x.start)
		return
	}
	size := relayBuffer
	if m == raw && (r.size < 0 || r.size > relayBuffer) {
		size = rawBuffer
	}
	if len(r.buf) < size {
		r.buf = make([]byte, size)
	}
}

func (r *relay) reset() {
	buf, tail, shown := r.buf, r.tail[:0], r.shown[:0]
	if len(buf) > 16*relayBuffer {
		buf = nil
	}
	if cap(shown) > 16*relayBuffer {
		shown = nil
	}
	*r = relay{buf: buf, tail: tail, shown: shown}
}

// ready tells whether next has something without waiting for the target.
func (r *relay) ready() bool { return r.o < r.e || len(r.shown) > 0 || r.x.resp.Ready() }

// next gives what is ready for the client, or waits for it. Without more it is the
// end of an answer that is complete, or that ends with its dialect's error event;
// after an error there is nothing to give and the connection must be broken off.
func (r *relay) next() (p []byte, more bool, err error) {
	for {
		if r.o < r.e {
			p = r.buf[r.o:r.e]
			r.o = r.e
			return p, !r.ended || r.err != nil, nil
		}
		if p = r.shown; len(p) > 0 {
			r.shown = p[:0]
			return p, !r.ended || r.err != nil, nil
		}
		switch {
		case r.err != nil:
			return nil, false, r.err
		case r.ended:
			return nil, false, nil
		case r.mode == raw:
			r.fillRaw()
		default:
			r.fill()
		}
	}
}

// fillRaw takes bytes from the target as they come.
func (r *relay) fillRaw() {
	x := r.x
	x.resp.ReadBy(time.Now().Add(x.target.Idle), x.target.Idle/8)
	n, err := x.resp.Read(r.buf)
	r.o, r.e, r.w = 0, n, n
	if n > 0 {
		if x.rec.TTFT == 0 {
			x.rec.TTFT = time.Since(x.start)
		}
		r.remember(r.buf[:n])
		r.ended = r.size >= 0 && x.resp.Done()
	} else if r.ended = true; err != io.EOF { //nolint:errorlint // Response.Read returns it bare
		_ = r.note(err)
		r.err = err
		return
	}
	if r.ended && x.answered {
		x.ans.Tail(r.tail)
	}
}

// remember keeps the last bytes of a long unstreamed answer.
func (r *relay) remember(p []byte) {
	if !r.x.answered {
		return
	}
	if len(p) >= tailSize {
		r.tail = append(r.tail[:0], p[len(p)-tailSize:]...)
		return
	}
	if over := len(r.tail) + len(p) - tailSize; over > 0 {
		r.tail = r.tail[:copy(r.tail, r.tail[over:])]
	}
	r.tail = append(r.tail, p...)
}

// fill waits for bytes from the target and finds the events that they complete.
// The deadline runs from the last complete event: a target that dribbles is as
// stuck as one that is silent.
func (r *relay) fill() {
	x := r.x
	r.w = copy(r.buf, r.buf[r.e:r.w])
	r.o, r.e = 0, 0
	if r.w == len(r.buf) && !r.grow() {
		r.fault(&upstream.Failure{Target: x.target.Name, Phase: upstream.Reading, Reason: "event_too_long", Err: errEventTooLong})
		return
	}
	// A client that was slow to take what the target said says nothing about the target.
	r.last = r.last.Add(time.Since(r.heard))
	r.expect(r.last.Add(x.target.Idle))
	n, err := x.resp.Read(r.buf[r.w:])
	r.heard = time.Now()
	r.w += n
	if gerr := r.split(); gerr != nil {
		r.fault(&upstream.Failure{Target: x.target.Name, Phase: upstream.Reading, Reason: "garbage", Err: gerr})
		return
	}
	switch {
	case err == nil:
	case err == io.EOF: //nolint:errorlint // Response.Read returns it bare
		r.end()
		return
	case !r.due || !timedOut(err):
		r.fault(err)
		return
	}
	if r.watch {
		r.pass(false)
	}
}

var (
	errEventTooLong = errors.New("event is longer than limits.event")
	errTruncated    = errors.New("the stream ended without its closing event")
)

func (r *relay) grow() bool {
	limit := r.x.st.Limits.Event
	if len(r.buf) >= limit {
		return false
	}
	buf := make([]byte, min(2*len(r.buf), limit))
	copy(buf, r.buf[:r.w])
	r.buf = buf
	return true
}

// split reads the complete events in buf[e:w] and moves e behind them. An event
// that the client did not ask for is taken out.
func (r *relay) split() error {
	x := r.x
	for {
		end, next := dialect.EventEnd(r.buf[r.e:r.w], r.scanned)
		if end == 0 {
			r.scanned = next
			return nil
		}
		r.scanned = 0
		hide, err := x.ans.Event(r.buf[r.e : r.e+end])
		if err != nil {
			return err
		}
		r.last = r.heard
		if x.rec.TTFT == 0 && x.ans.FirstToken {
			x.rec.TTFT = r.last.Sub(x.start)
		}
		if hide {
			r.w = r.e + copy(r.buf[r.e:], r.buf[r.e+end:r.w])
			continue
		}
		if r.watch {
			if err := x.policed.stream.Event(r.buf[r.e : r.e+end]); err != nil {
				return err
			}
			r.o += end
		}
		r.e += end
	}
}

// end judges an answer whose body ended as HTTP wants it. A proxy between the
// target and Weir may have made that end up, so the dialect's own must be there
// too. The last event may lack its blank line.
func (r *relay) end() {
	if r.e < r.w {
		if hide, err := r.x.ans.Event(r.buf[r.e:r.w]); err != nil || hide {
			r.w = r.e
		} else if r.watch {
			if err := r.x.policed.stream.Event(r.buf[r.e:r.w]); err != nil {
				r.fault(&upstream.Failure{Target: r.x.target.Name, Phase: upstream.Reading, Reason: "garbage", Err: err})
				return
			}
			r.o, r.e = r.w, r.w
		}
	}
	if !r.x.ans.Complete() {
		r.fault(&upstream.Failure{Target: r.x.target.Name, Phase: upstream.Reading, Reason: "cut", Err: errTruncated})
		return
	}
	r.e = r.w
	if r.watch && !r.pass(true) {
		return
	}
	r.ended = true
	if r.x.ans.Failed {
		r.x.rec.Outcome, r.x.rec.ErrorType = telemetry.UpstreamError, "error_event"
	}
}

// fault ends the stream with the dialect's error event, in place of the event
// that is not complete. Nobody hears it when the client has left.
func (r *relay) fault(err error) {
	if r.watch && !r.ended && !r.pass(true) {
		return
	}
	r.ended = true
	e := r.note(err)
	if e.Kind == dialect.ClientClosed {
		r.err = err
		return
	}
	if r.watch {
		r.shown = r.x.ans.AppendErrorEvent(r.shown, e, r.x.rec.RequestID)
		return
	}
	r.buf = r.x.ans.AppendErrorEvent(r.buf[:r.e], e, r.x.rec.RequestID)
	r.e, r.w = len(r.buf), len(r.buf)
	r.buf = r.buf[:cap(r.buf)]
}

// note puts a failure in mid-answer into the record.
func (r *relay) note(err error) *dialect.Error {
	x := r.x
	e := x.explain(failure(err, x.target))
	if x.rec.Outcome == telemetry.UpstreamError {
		x.rec.Outcome = telemetry.UpstreamCut
	}
	return e
}
