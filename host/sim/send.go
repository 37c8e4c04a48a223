package sim

import (
	"bytes"
	"strconv"
	"time"
)

// poison follows a body that is longer than its Content-Length says. A client
// that reuses the connection takes it for the answer to its next request.
const poison = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"poison\":\"weir\"}"

// send writes the events of src after the head, each in its time and in a write
// of its own, up to the point where the fault strikes.
func (x *exchange) send(src source, how framing) error {
	f := &x.fault
	for i := 0; ; i++ {
		if f.at == i {
			switch f.wire {
			case cutBetween, resetAfter, stallAfter:
				return x.strike()
			}
		}
		var at int
		var ok bool
		x.ev, at, ok = src.next(x.ev[:0])
		if !ok {
			break
		}
		if at >= 0 || i == 0 {
			if err := x.pace(max(at, 0)); err != nil {
				return err
			}
		}
		begin := len(x.out)
		x.frame(x.ev, how)
		if f.wire == cutInside && f.at == i+1 {
			x.out = x.out[:begin+(len(x.out)-begin)/2]
			return x.strike()
		}
		x.srv.events.Add(1)
		if f.wire == badChunk {
			x.out = append(x.out, "zz\r\nthis chunk has no size\r\n"...)
			return x.strike()
		}
		if f.wire == longBody {
			x.out = append(x.out, poison...)
		}
		if err := x.flush(); err != nil {
			return err
		}
	}
	if how == framedChunks {
		x.out = append(x.out, "0\r\n\r\n"...)
	}
	if err := x.flush(); err != nil {
		return err
	}
	return x.after(how)
}

// after decides what becomes of the connection when the answer is complete.
func (x *exchange) after(how framing) error {
	switch {
	case x.fault.stale:
		x.conn.stale = true
	case x.fault.wire == wireNone, x.fault.wire == longBody:
	case x.fault.wire >= cutBetween && x.fault.wire <= stallAfter:
		// The answer had fewer events than the fault waited for.
	default:
		return errCut
	}
	if how == framedClose {
		return errCut
	}
	return nil
}

// strike sends what is pending and lets the fault happen.
func (x *exchange) strike() error {
	if err := x.flush(); err != nil {
		return err
	}
	switch x.fault.wire {
	case resetAfter:
		x.conn.reset()
	case stallAfter:
		return x.stall()
	}
	return errCut
}

// stall sends nothing until the client leaves.
func (x *exchange) stall() error {
	x.conn.wait(time.Time{})
	return errLeft
}

// frame appends an event in the framing of the body.
func (x *exchange) frame(ev []byte, how framing) {
	if how != framedChunks {
		x.out = append(x.out, ev...)
		return
	}
	if len(ev) == 0 {
		return // an empty chunk would be the last one
	}
	x.out = strconv.AppendInt(x.out, int64(len(ev)), 16)
	x.out = append(x.out, '\r', '\n')
	x.out = append(x.out, ev...)
	x.out = append(x.out, '\r', '\n')
}

// flush writes what is pending.
func (x *exchange) flush() error {
	p := x.out
	x.out = x.out[:0]
	if len(p) == 0 {
		return nil
	}
	x.wrote = true
	if x.fault.slow > 0 {
		return x.dribble(p)
	}
	if _, err := x.conn.Conn.Write(p); err != nil {
		return errLeft
	}
	return nil
}

// dribble writes a byte at a time.
func (x *exchange) dribble(p []byte) error {
	next := time.Now()
	for i := range p {
		if _, err := x.conn.Conn.Write(p[i : i+1]); err != nil {
			return errLeft
		}
		next = next.Add(x.fault.slow)
		if time.Now().Before(next) && x.conn.wait(next) {
			return errLeft
		}
	}
	return nil
}

// eventEnd is what separates the events of a stream.
var eventEnd = []byte("\n\n")

func trimEvent(ev []byte) []byte { return bytes.TrimSuffix(ev, eventEnd) }
