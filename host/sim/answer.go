package sim

import (
	"errors"
	"strconv"

	"github.com/valyala/fasthttp"
)

// answer is what to send: a body, or what a model generates, whole or streamed.
type answer struct {
	status     int
	body       []byte
	mime       string // "" is application/json
	generated  bool   // made once there is a slot
	stream     bool
	encoding   string
	allow      string
	location   string
	retryAfter string
}

// source hands out the events of an answer one by one.
type source interface {
	// next appends the next event to dst. at is the number of the token it carries,
	// from 0, or -1 if it is not held back for one; ok is false after the last.
	next(dst []byte) (event []byte, at int, ok bool)
}

// whole is a body as its only event.
type whole struct {
	body []byte
	at   int
	done bool
}

func (w *whole) next(dst []byte) ([]byte, int, bool) {
	if w.done {
		return dst, -1, false
	}
	w.done = true
	return append(dst, w.body...), w.at, true
}

// framing is how the end of a body is told.
type framing uint8

const (
	framedLength framing = iota
	framedChunks
	framedClose
)

// deliver sends a and reports whether the connection can be used again.
func (x *exchange) deliver(a *answer) (keep bool) {
	err := x.transmit(a)
	if errors.Is(err, errLeft) {
		x.left()
	}
	return err == nil && !x.close
}

// transmit sends a with whatever fault is asked for. It returns errLeft or errCut
// if the connection must end now.
func (x *exchange) transmit(a *answer) error {
	x.out = x.out[:0]
	switch x.fault.wire {
	case cutHeaders:
		return errCut
	case stallHeaders:
		return x.stall()
	}
	if x.fault.early {
		x.out = append(x.out, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"...)
	}
	if a.status == 204 || a.status == 304 { // has no body
		a.body, a.stream, a.generated = nil, false, false
	}
	x.close = x.close || x.fault.slow > 0 || x.fault.wire == untilClose
	if a.stream && !x.wantsLength() {
		return x.transmitStream(a)
	}
	return x.transmitWhole(a)
}

// wantsLength reports a fault that only a body with Content-Length can have.
func (x *exchange) wantsLength() bool {
	switch x.fault.wire {
	case shortBody, longBody, badLength, twoLengths:
		return true
	}
	return false
}

// transmitWhole makes the whole answer in its time, and then sends it.
func (x *exchange) transmitWhole(a *answer) error {
	if a.generated {
		if err := x.begin(x.flush); err != nil {
			return err
		}
		if err := x.pace(x.steps() - 1); err != nil {
			return err
		}
		x.compose(a)
	}
	if x.fault.clean == 1 {
		a.body = nil
	}
	if x.fault.garbage != noGarbage {
		a.body = spoil(a.body, x.fault.garbage)
	}
	if x.fault.gzip {
		a.encoding, a.body = "gzip", compress(a.body)
	}
	var src source = &whole{body: a.body, at: -1}
	how := framedLength
	switch {
	case x.fault.wire == untilClose:
		how = framedClose
	case x.fault.wire == badChunk, x.fault.wire == lengthAndChunked:
		how = framedChunks
	case x.fault.garbage == garbageEndless:
		src, how = &endless{x: x, lead: a.body}, framedChunks
	}
	if x.old && how == framedChunks {
		how = framedClose
	}
	x.appendHead(a, how)
	if x.head {
		return x.flush()
	}
	return x.send(src, how)
}

// transmitStream sends the head at once unless the first token is there too.
func (x *exchange) transmitStream(a *answer) error {
	a.mime = "text/event-stream; charset=utf-8"
	how := framedChunks
	if x.fault.wire == untilClose || x.old {
		how = framedClose
	}
	if x.fault.gzip {
		a.encoding = "gzip"
	}
	x.appendHead(a, how)
	if x.ttft > 0 {
		if err := x.flush(); err != nil {
			return err
		}
	}
	if err := x.begin(x.flush); err != nil {
		return err
	}
	return x.send(x.spoiled(x.open()), how)
}

// open is the stream of events of a generation.
func (x *exchange) open() source {
	switch x.route.endpoint {
	case endpointChat:
		return newChatStream(x)
	case endpointCompletions:
		return newCompletionStream(x)
	case endpointResponses:
		return newResponseStream(x)
	default:
		return newMessageStream(x)
	}
}

// compose makes the body of a generation that is not streamed, or the whole text
// of a stream.
func (x *exchange) compose(a *answer) {
	if a.stream {
		a.mime = "text/event-stream; charset=utf-8"
		src := x.open()
		for ok := true; ok; {
			a.body, _, ok = src.next(a.body)
		}
		return
	}
	switch x.route.endpoint {
	case endpointChat:
		x.ev = x.appendChat(x.ev[:0])
	case endpointCompletions:
		x.ev = x.appendCompletion(x.ev[:0])
	case endpointResponses:
		x.ev = x.appendResponse(x.ev[:0], x.outcome(), true)
	case endpointEmbeddings:
		x.ev = x.appendEmbeddings(x.ev[:0])
	default:
		x.ev = x.appendMessage(x.ev[:0])
	}
	a.body = x.ev
}

// appendHead appends status line and headers, malformed if that is asked for.
func (x *exchange) appendHead(a *answer, how framing) {
	eol := "\r\n"
	if x.fault.wire == bareLF {
		eol = "\n"
	}
	line := func(name, v string) {
		if v != "" {
			x.out = append(append(append(append(x.out, name...), ':', ' '), v...), eol...)
		}
	}
	if x.fault.wire == badStatus {
		x.out = append(x.out, "HTTP/1.1 2OO OKAY"...)
	} else {
		x.out = strconv.AppendInt(append(x.out, "HTTP/1.1 "...), int64(a.status), 10)
		x.out = append(append(x.out, ' '), fasthttp.StatusMessage(a.status)...)
	}
	x.out = append(x.out, eol...)
	line("Server", "weir-sim")
	if x.fault.wire != bareLF {
		x.out = append(x.out, x.srv.dateHeader()...)
	}
	id := "x-request-id"
	if x.dialect == anthropicDialect {
		id = "request-id"
	}
	x.out = append(append(append(append(x.out, id...), ':', ' '), x.id...), eol...)
	switch {
	case a.mime != "":
		line("Content-Type", a.mime)
	case a.location == "":
		line("Content-Type", "application/json")
	}
	if a.stream {
		line("Cache-Control", "no-cache")
		line("X-Accel-Buffering", "no")
	}
	line("Content-Encoding", a.encoding)
	line("Allow", a.allow)
	line("Location", a.location)
	line("Retry-After", a.retryAfter)
	switch x.fault.wire {
	case badHeader:
		x.out = append(x.out, "This line is no header"+"\r\n"...)
	case foldedHeader:
		x.out = append(x.out, "X-Folded: one\r\n two\r\n"...)
	case hugeHeader:
		x.out = append(x.out, "X-Huge: "...)
		for range hugeHeaderSize {
			x.out = append(x.out, 'x')
		}
		x.out = append(x.out, "\r\n"...)
	}
	x.appendFraming(a, how, eol)
	if x.close {
		line("Connection", "close")
	}
	x.out = append(x.out, eol...)
}

const hugeHeaderSize = 1 << 20

func (x *exchange) appendFraming(a *answer, how framing, eol string) {
	length := func(n int, suffix string) {
		x.out = strconv.AppendInt(append(x.out, "Content-Length: "...), int64(n), 10)
		x.out = append(append(x.out, suffix...), eol...)
	}
	n := len(a.body)
	switch {
	case how == framedClose:
	case how == framedChunks:
		if x.fault.wire == lengthAndChunked {
			length(5, "")
		}
		x.out = append(append(x.out, "Transfer-Encoding: chunked"...), eol...)
	case x.fault.wire == badLength:
		length(n, "bytes")
	case x.fault.wire == twoLengths:
		length(n, "")
		length(n+1, "")
	case x.fault.wire == shortBody:
		length(n+x.fault.at, "")
	case a.status != 204:
		length(n, "")
	}
}
